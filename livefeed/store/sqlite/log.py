"""The log: what one transaction appends, and how events are read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from livefeed.events import SITE, STORED_BREAKING, Event, encode, live_channel
from livefeed.model import Coverage, Position, Status, Update
from livefeed.rubrics import rubrics_of
from livefeed.store import Batch, Conflict, Fact, FirstResult, KeyUsed, Page, Revision
from livefeed.store.sqlite import acts, filing
from livefeed.store.sqlite.moments import microseconds

_TOP = "SELECT top FROM channels WHERE name = ?"
_VERSIONS = {
    "update": "SELECT version FROM updates WHERE id = ?",
    "coverage": "SELECT version FROM coverages WHERE slug = ?",
}
_RELEASED = "SELECT max(released) FROM updates WHERE released IS NOT NULL"
_EVENTS = "SELECT position, kind, live_order, CAST(payload AS BLOB) FROM events WHERE channel = ?"
# Upserts, not INSERT OR REPLACE: that would remove whichever other row a broken index collides with.
_KEEP_UPDATE = """INSERT INTO updates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET coverage = excluded.coverage, version = excluded.version,
    live_order = excluded.live_order, position = excluded.position, ordinal = excluded.ordinal,
    published_order = excluded.published_order, key_order = excluded.key_order,
    breaking_order = excluded.breaking_order, site_rank = excluded.site_rank, written = excluded.written,
    due_at = excluded.due_at, released = excluded.released, payload = excluded.payload,
    retracted_order = excluded.retracted_order"""
# Searched, not parsed: a broken payload, too, must lose its text.
_EMPTY = "UPDATE events SET payload = CASE WHEN instr(payload, ?) THEN ? ELSE ? END WHERE subject = ?"
_KEEP_COVERAGE = """INSERT INTO coverages VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (slug) DO UPDATE SET version = excluded.version, position = excluded.position,
    payload = excluded.payload"""


def append(connection: sqlite3.Connection, batch: Batch, at: datetime) -> tuple[Event, ...]:
    """Check, number and keep a batch inside the caller's transaction; the events, in the order of its facts.

    Raises `KeyUsed` or `Conflict`; the caller rolls back.
    """
    if batch.key and (first := first_result(connection, batch.key.scope)):
        raise KeyUsed(first)
    for expected in batch.expected:
        if _version(connection, expected.subject) != expected.version:
            raise Conflict(expected.subject)
    numbered = _number(connection, batch.facts)
    orders = {update.id: _keep_update(connection, update, numbered) for update in batch.updates}
    for coverage in batch.coverages:
        _keep_coverage(connection, coverage, numbered)
    for update in batch.emptied:  # before this batch's own events are there: those stay as they are
        forms = [encode(replace(update, breaking=breaking)) for breaking in (True, False)]
        connection.execute(_EMPTY, (STORED_BREAKING, *forms, _subject(update)))
    epoch = current_epoch(connection)
    events = tuple(_insert(connection, epoch, fact, offset, orders) for fact, offset in numbered)
    for revision in batch.revisions:
        _keep_revision(connection, revision)
    for update in batch.deleted:
        _delete(connection, update)
    acts.note(connection, batch.acts, at)
    if batch.key:
        connection.execute(
            "INSERT INTO keys VALUES (?, ?, ?)", (batch.key.scope, batch.key.fingerprint, batch.subject)
        )
    return events


def first_result(connection: sqlite3.Connection, scope: str) -> FirstResult | None:
    """What the first write under an idempotency key led to."""
    row = connection.execute("SELECT fingerprint, subject FROM keys WHERE scope = ?", (scope,)).fetchone()
    return FirstResult(*row) if row else None


def current_epoch(connection: sqlite3.Connection) -> str:
    """The epoch that every position has now."""
    return str(connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0])


def top(connection: sqlite3.Connection, channel: str) -> int:
    """The newest offset of a channel; 0 when nothing was ever appended."""
    row = connection.execute(_TOP, (channel,)).fetchone()
    return int(row[0]) if row else 0


def tops(connection: sqlite3.Connection, channels: Sequence[str]) -> tuple[str, dict[str, int]]:
    """The epoch and every channel's newest offset."""
    return current_epoch(connection), {channel: top(connection, channel) for channel in channels}


def read(connection: sqlite3.Connection, channel: str, after: int, limit: int, max_bytes: int) -> Page:
    """The events after an offset, bounded in number and bytes (one at least)."""
    epoch = current_epoch(connection)
    rows = connection.execute(
        f"{_EVENTS} AND position > ? ORDER BY position LIMIT ?", (channel, after, limit)
    )
    events: list[Event] = []
    for row in rows:
        max_bytes -= len(row[3])
        if events and max_bytes < 0:
            break
        events.append(_event(channel, epoch, row))
    return Page(epoch, top(connection, channel), tuple(events))


def recent(connection: sqlite3.Connection, channel: str, limit: int) -> Page:
    """The last events of a channel, oldest first."""
    epoch = current_epoch(connection)
    rows = connection.execute(f"{_EVENTS} ORDER BY position DESC LIMIT ?", (channel, limit)).fetchall()
    events = tuple(_event(channel, epoch, row) for row in reversed(rows))
    return Page(epoch, top(connection, channel), events)


def _event(channel: str, epoch: str, row: tuple[int, str, int, bytes]) -> Event:
    offset, kind, order, payload = row
    return Event.decode(channel, Position(epoch, offset), kind, order, payload)


def _subject(state: Update | Coverage) -> str:
    return f"update:{state.id}" if isinstance(state, Update) else f"coverage:{state.slug}"


def _version(connection: sqlite3.Connection, subject: str) -> int:
    sort, _, name = subject.partition(":")
    if sort not in _VERSIONS:
        raise ValueError(f"expected subject {subject!r} must begin with update: or coverage:")
    row = connection.execute(_VERSIONS[sort], (name,)).fetchone()
    return int(row[0]) if row else 0


def _number(connection: sqlite3.Connection, facts: Sequence[Fact]) -> list[tuple[Fact, int]]:
    newest: dict[str, int] = {}
    numbered = []
    for fact in facts:
        if fact.channel not in newest:
            newest[fact.channel] = top(connection, fact.channel)
        newest[fact.channel] += 1
        numbered.append((fact, newest[fact.channel]))
    connection.executemany("INSERT OR REPLACE INTO channels VALUES (?, ?)", newest.items())
    return numbered


def _offsets(numbered: Sequence[tuple[Fact, int]], channel: str, subject: str) -> list[int]:
    return [
        offset for fact, offset in numbered if fact.channel == channel and _subject(fact.state) == subject
    ]


def _keep_update(connection: sqlite3.Connection, update: Update, numbered: Sequence[tuple[Fact, int]]) -> int:
    subject = _subject(update)
    stored = connection.execute(
        "SELECT version, position, ordinal, site_rank, released FROM updates WHERE id = ?", (update.id,)
    ).fetchone()
    version, position, ordinal, site_rank, released = stored or (0, None, None, None, None)
    live = _offsets(numbered, live_channel(update.coverage), subject)
    site = _offsets(numbered, SITE, subject)
    public = update.status.public
    order = update.order or (live[0] if live and public else 0)
    if order and ordinal is None:
        ordinal = 1 + _newest(connection, "ordinal", update.coverage)
        released = 1 + (connection.execute(_RELEASED).fetchone()[0] or 0)
    if site_rank is None and site:
        site_rank = site[0]
    published = public and order
    scheduled_at = update.publish_at if update.status is Status.SCHEDULED else None
    connection.execute(
        _KEEP_UPDATE,
        (
            update.id,
            update.coverage,
            version + 1,
            order,
            live[-1] if live else position,
            ordinal,
            order if published else None,
            order if published and update.key_event and update.status is Status.PUBLISHED else None,
            order if published and update.breaking else None,
            site_rank if update.breaking else None,
            None if public else 1 + _newest(connection, "written", update.coverage),
            microseconds(scheduled_at) if scheduled_at else None,
            released,
            encode(update),
            order if published and update.status is Status.RETRACTED else None,
        ),
    )
    _show_media(connection, subject, [media.id for media in update.pictures])
    _list_corrections(connection, update)
    if published and released:
        filing.file(connection, update, released)
    return order


def _newest(connection: sqlite3.Connection, column: str, slug: str) -> int:
    row = connection.execute(
        f"SELECT max({column}) FROM updates WHERE coverage = ? AND {column} IS NOT NULL",  # noqa: S608 - our own names
        (slug,),
    ).fetchone()
    return row[0] or 0


def _keep_coverage(
    connection: sqlite3.Connection, coverage: Coverage, numbered: Sequence[tuple[Fact, int]]
) -> None:
    subject = _subject(coverage)
    stored = connection.execute(
        "SELECT version, opened, position FROM coverages WHERE slug = ?", (coverage.slug,)
    ).fetchone()
    former = filing.of_coverage(connection, coverage.slug)
    if stored is None:
        newest = connection.execute("SELECT max(opened) FROM coverages").fetchone()[0] or 0
        stored = (0, newest + 1, None)
    version, opened, position = stored
    live = _offsets(numbered, live_channel(coverage.slug), subject)
    connection.execute(
        _KEEP_COVERAGE,
        (coverage.slug, version + 1, opened, live[-1] if live else position, encode(coverage)),
    )
    _show_media(connection, subject, [coverage.lead_media.id] if coverage.lead_media else [])
    if former != rubrics_of(coverage):
        filing.refile(connection, coverage, former)


def _insert(
    connection: sqlite3.Connection, epoch: str, fact: Fact, offset: int, orders: dict[str, int]
) -> Event:
    order = orders.get(fact.state.id, fact.state.order) if isinstance(fact.state, Update) else 0
    payload = encode(fact.state)
    connection.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
        (fact.channel, offset, fact.kind, _subject(fact.state), order, payload),
    )
    # Decoded from what was written, so that what is announced is what a replay will read.
    return Event.decode(fact.channel, Position(epoch, offset), fact.kind, order, payload)


def _keep_revision(connection: sqlite3.Connection, revision: Revision) -> None:
    connection.execute(
        "INSERT INTO revisions (subject, kind, at, by, note, reason, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            revision.update.id,
            revision.kind,
            revision.at.isoformat(),
            revision.by,
            revision.note,
            revision.reason,
            encode(revision.update),
        ),
    )


def _show_media(connection: sqlite3.Connection, subject: str, shown: Sequence[str]) -> None:
    connection.execute("UPDATE media_uses SET visible = 0 WHERE subject = ? AND visible", (subject,))
    connection.executemany(
        "INSERT OR REPLACE INTO media_uses VALUES (?, ?, 1)", [(media, subject) for media in shown]
    )


def _list_corrections(connection: sqlite3.Connection, update: Update) -> None:
    connection.execute("DELETE FROM corrections WHERE id = ?", (update.id,))
    connection.executemany(
        "INSERT INTO corrections VALUES (?, ?, ?, ?)",
        [
            (update.coverage, microseconds(correction.at), update.id, number)
            for number, correction in enumerate(update.corrections, 1)
        ],
    )


def _delete(connection: sqlite3.Connection, update: Update) -> None:
    connection.execute("DELETE FROM updates WHERE id = ?", (update.id,))
    connection.execute("DELETE FROM revisions WHERE subject = ?", (update.id,))
    _show_media(connection, _subject(update), [])
