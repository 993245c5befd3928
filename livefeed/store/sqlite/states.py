"""What the log adds up to, read from the indexes inside one transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

from livefeed.events import SITE, Kind, decode_coverage, decode_update, live_channel
from livefeed.model import Corrected, Coverage, Position, Update
from livefeed.rubrics import Rubric
from livefeed.store import Filing, Revision
from livefeed.store.sqlite.log import current_epoch, top
from livefeed.store.sqlite.moments import microseconds
from livefeed.timeline import KEY_EVENTS, Front, Limits, SiteFront

LAST = 2**62  # beyond every order

_COVERAGE = "SELECT version, position, CAST(payload AS BLOB) FROM coverages"
_UPDATE = "SELECT live_order, version, position, CAST(payload AS BLOB) FROM updates"
_BY_ID = f"{_UPDATE} WHERE id = ?"
_NEWEST = (
    f"{_UPDATE} WHERE coverage = ? AND published_order IS NOT NULL ORDER BY published_order DESC LIMIT ?"
)
_BEFORE = f"{_UPDATE} WHERE coverage = ? AND published_order < ? ORDER BY published_order DESC LIMIT ?"
_RETRACTED = f"{_UPDATE} WHERE coverage = ? AND retracted_order < ? ORDER BY retracted_order DESC LIMIT ?"
_RANGE = f"{_UPDATE} WHERE coverage = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal"
_KEY = f"{_UPDATE} WHERE coverage = ? AND key_order IS NOT NULL ORDER BY key_order DESC LIMIT ?"
_BREAKING = (
    f"{_UPDATE} WHERE coverage = ? AND breaking_order IS NOT NULL ORDER BY breaking_order DESC LIMIT ?"
)
_ON_SITE = (
    "SELECT live_order, version, position, CAST(payload AS BLOB), site_rank FROM updates "
    "WHERE site_rank IS NOT NULL ORDER BY site_rank DESC LIMIT ?"
)
_UNPUBLISHED = f"{_UPDATE} WHERE coverage = ? AND written IS NOT NULL ORDER BY written DESC LIMIT ?"
_DUE = f"{_UPDATE} WHERE due_at <= ? ORDER BY due_at, id LIMIT ?"
_RANKED = (
    "SELECT live_order, version, position, CAST(payload AS BLOB), released FROM updates "
    "JOIN filed USING (released) WHERE rubric = ?"
)
_FILED = f"{_RANKED} ORDER BY released DESC LIMIT ?"
_REFILED = f"{_RANKED} AND changed > ? ORDER BY changed DESC LIMIT ?"
_CORRECTED = (
    "SELECT live_order, version, position, CAST(payload AS BLOB), number "
    "FROM corrections JOIN updates USING (id) "
    "WHERE corrections.coverage = ? AND (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?"
)
_CHANGES = "SELECT changes, moves FROM rubrics WHERE name = ?"
_ORDINAL = "SELECT ordinal FROM updates WHERE id = ? AND coverage = ?"
_TOTAL = "SELECT max(ordinal) FROM updates WHERE coverage = ? AND ordinal IS NOT NULL"

_NEVER = (1 << 63) - 1  # later than any time

StateRow = tuple[int, int, int | None, bytes]


def coverage(connection: sqlite3.Connection, slug: str) -> Coverage | None:
    """A coverage as it is now."""
    row = connection.execute(f"{_COVERAGE} WHERE slug = ?", (slug,)).fetchone()
    return _coverage(current_epoch(connection), row) if row else None


def update(connection: sqlite3.Connection, id: str) -> Update | None:
    """An update as it is now."""
    row = connection.execute(_BY_ID, (id,)).fetchone()
    return _update(current_epoch(connection), row) if row else None


def front(connection: sqlite3.Connection, slug: str, limits: Limits) -> Front | None:
    """A coverage's first page."""
    story = coverage(connection, slug)
    if story is None:
        return None
    return Front(
        position=Position(current_epoch(connection), top(connection, live_channel(slug))),
        coverage=story,
        updates=tuple(_updates(connection, _NEWEST, slug, limits.updates)),
        pinned=update(connection, story.pinned_id) if story.pinned_id else None,
        key_events=tuple(_updates(connection, _KEY, slug, KEY_EVENTS)),
        breaking=tuple(_updates(connection, _BREAKING, slug, limits.breaking)),
        total=connection.execute(_TOTAL, (slug,)).fetchone()[0] or 0,
    )


def site(connection: sqlite3.Connection, breaking_limit: int) -> SiteFront:
    """The index."""
    epoch = current_epoch(connection)
    coverages = connection.execute(f"{_COVERAGE} ORDER BY opened")
    breaking = connection.execute(_ON_SITE, (breaking_limit,))
    return SiteFront(
        position=Position(epoch, top(connection, SITE)),
        coverages=tuple(_coverage(epoch, row) for row in coverages),
        breaking=tuple((row[4], _update(epoch, row[:4])) for row in breaking),
    )


def published_before(
    connection: sqlite3.Connection, slug: str, before: int | None, limit: int
) -> list[Update]:
    """Published or retracted updates below an order, newest first."""
    if before is None:
        return _updates(connection, _NEWEST, slug, limit)
    return _updates(connection, _BEFORE, slug, before, limit)


def retracted(connection: sqlite3.Connection, slug: str, before: int | None, limit: int) -> list[Update]:
    """Retracted updates below an order, newest first."""
    return _updates(connection, _RETRACTED, slug, LAST if before is None else before, limit)


def published_range(connection: sqlite3.Connection, slug: str, first: int, last: int) -> list[Update]:
    """The first-th to last-th published update, oldest first."""
    return _updates(connection, _RANGE, slug, first, last)


def ordinal(connection: sqlite3.Connection, slug: str, id: str) -> int | None:
    """The place of a published update in its coverage, from 1."""
    row = connection.execute(_ORDINAL, (id, slug)).fetchone()
    return row[0] if row else None


def filed(connection: sqlite3.Connection, rubric: Rubric, newest: int, changed: int, after: int) -> Filing:
    """The newest updates under a rubric, newest first, and those changed last, the last first."""
    row = connection.execute(_CHANGES, (rubric.key,)).fetchone()
    if row is None:
        return Filing("")
    epoch = current_epoch(connection)

    def ranked(query: str, *parameters: int) -> tuple[tuple[int, Update], ...]:
        rows = connection.execute(query, (rubric.key, *parameters)) if parameters[-1] else ()
        return tuple((row[4], _update(epoch, row[:4])) for row in rows)

    return Filing(
        str(Position(epoch, row[0])), row[1], ranked(_FILED, newest), ranked(_REFILED, after, changed)
    )


def corrections(
    connection: sqlite3.Connection, slug: str, before: tuple[datetime, str] | None, limit: int
) -> list[Corrected]:
    """Corrections of a coverage below a rank, newest first."""
    epoch = current_epoch(connection)
    at, id = (microseconds(before[0]), before[1]) if before else (_NEVER, "")
    rows = connection.execute(_CORRECTED, (slug, at, id, limit))
    return [Corrected(_update(epoch, row[:4]), row[4]) for row in rows]


def unpublished(connection: sqlite3.Connection, slug: str, limit: int) -> list[Update]:
    """What readers have not seen yet, last changed first."""
    return _updates(connection, _UNPUBLISHED, slug, limit)


def due(connection: sqlite3.Connection, now: datetime, limit: int) -> list[Update]:
    """Scheduled updates whose time has come, earliest first."""
    return _updates(connection, _DUE, microseconds(now), limit)


def revisions(connection: sqlite3.Connection, id: str) -> list[Revision]:
    """An update's history, oldest first."""
    rows = connection.execute(
        "SELECT kind, at, by, note, reason, CAST(payload AS BLOB) FROM revisions "
        "WHERE subject = ? ORDER BY line",
        (id,),
    )
    return [
        Revision(decode_update(payload), Kind(kind), datetime.fromisoformat(at), by, note, reason)
        for kind, at, by, note, reason, payload in rows
    ]


def media_withdrawn(connection: sqlite3.Connection, media_id: str) -> bool:
    """True when the picture was used and no use is visible any more."""
    row = connection.execute("SELECT max(visible) FROM media_uses WHERE media = ?", (media_id,)).fetchone()
    return bool(row[0] == 0)  # None: never used


def _updates(connection: sqlite3.Connection, query: str, *parameters: str | int) -> list[Update]:
    epoch = current_epoch(connection)
    return [_update(epoch, row) for row in connection.execute(query, parameters)]


def _update(epoch: str, row: StateRow) -> Update:
    order, version, offset, payload = row
    position = Position(epoch, offset) if offset else None
    return replace(decode_update(payload), order=order, version=version, position=position)


def _coverage(epoch: str, row: tuple[int, int | None, bytes]) -> Coverage:
    version, offset, payload = row
    position = Position(epoch, offset) if offset else None
    return replace(decode_coverage(payload), version=version, position=position)
