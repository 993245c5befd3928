"""How a batch is written down for `append.lua`, and what scripts answer is read back. Pure.

Payloads are opaque to the scripts: each distinct one is passed once, as an argument of its own, and the plan
refers to it by number. A stored state is four lines: version, order (update) or pinned id (coverage), offset
of its newest live event (0: none), payload. A stored event is three: kind, order, payload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from livefeed.audit import Act, Entry, decode_act, encode_act
from livefeed.events import (
    SITE,
    STORED_BREAKING,
    Event,
    Kind,
    decode_coverage,
    decode_update,
    encode,
    live_channel,
)
from livefeed.model import Corrected, Coverage, Position, Status, Update
from livefeed.rubrics import REFILED, rubrics_of
from livefeed.store import Batch, Expected, Fact, FirstResult, Revision

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {"update": "updates", "coverage": "coverages"}


@dataclass(slots=True)
class Texts:
    """The payloads beside a plan, each kept once and named by its place from 1."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places) + 1)


def arguments(batch: Batch, known_epoch: str, known: Mapping[str, int]) -> list[str]:
    """The plan and its texts. `known` are offsets that this process was given in `known_epoch`: a log whose
    top is lower has gone backwards."""
    texts = Texts()
    channels = {fact.channel for fact in batch.facts}
    plan: dict[str, object] = {
        "known_epoch": known_epoch,
        "known": {channel: known[channel] for channel in channels if channel in known},
        "expected": [_expected(expected) for expected in batch.expected],
        "facts": [_fact(fact, texts) for fact in batch.facts],
        "updates": [_update(update, batch.facts, texts) for update in batch.updates],
        "coverages": [_coverage(coverage, batch.facts, texts) for coverage in batch.coverages],
        "refiled": REFILED,
        "emptied": [_emptied(update, texts) for update in batch.emptied],
        "revisions": [
            {"id": line.update.id, "text": texts.place(_revision(line))} for line in batch.revisions
        ],
        "acts": _acts(batch.acts, texts),
        "deleted": [{"id": update.id, "coverage": update.coverage} for update in batch.deleted],
    }
    if batch.key:
        plan["scope"] = batch.key.scope
        plan["first"] = json.dumps([batch.key.fingerprint, batch.subject])
    return [json.dumps(plan, ensure_ascii=False), *texts.places]


def note_arguments(act: Act) -> list[str]:
    """An act and its text, for `note.lua`."""
    texts = Texts()
    acts = _acts([act], texts)
    return [json.dumps(acts, ensure_ascii=False), *texts.places]


def entry(number: str, stored: str) -> Entry:
    """The act stored under `number`."""
    at, payload = stored.split("\n", 1)
    return Entry(int(number), moment(int(at)), decode_act(payload))


def appended(batch: Batch, epoch: str, numbers: str) -> tuple[Event, ...]:
    """The events of a batch under the numbers that the script gave: `offset:order` each, in order."""
    return tuple(
        _numbered(fact, epoch, *map(int, pair.split(":")))
        for fact, pair in zip(batch.facts, numbers.split(), strict=True)
    )


def event(channel: str, epoch: str, offset: int, entry: str) -> Event:
    """The event stored or announced as `entry`."""
    kind, order, payload = entry.split("\n", 2)
    return Event.decode(channel, Position(epoch, offset), kind, int(order), payload)


def first_result(entry: str) -> FirstResult:
    """What is kept under an idempotency key."""
    fingerprint, subject = json.loads(entry)
    return FirstResult(fingerprint, subject)


def update(epoch: str, entry: str) -> Update:
    """A stored update with its numbers."""
    version, order, offset, payload = entry.split("\n", 3)
    return replace(
        decode_update(payload), order=int(order), version=int(version), position=_position(epoch, offset)
    )


def updates(epoch: str, entries: Iterable[str | None]) -> list[Update]:
    """Stored updates with their numbers."""
    return [update(epoch, entry) for entry in entries if entry is not None]


def corrected(epoch: str, entries: Sequence[str]) -> list[Corrected]:
    """Corrections, each answered as its number and the state of its update."""
    pairs = zip(entries[::2], entries[1::2], strict=True)
    return [Corrected(update(epoch, entry), int(number)) for number, entry in pairs]


def ranked(epoch: str, entries: Sequence[str]) -> tuple[tuple[int, Update], ...]:
    """Updates under a rubric, each answered as its rank and its state."""
    pairs = zip(entries[::2], entries[1::2], strict=True)
    return tuple((int(rank), update(epoch, entry)) for rank, entry in pairs)


def coverage(epoch: str, entry: str) -> Coverage:
    """A stored coverage with its numbers."""
    version, _, offset, payload = entry.split("\n", 3)
    return replace(decode_coverage(payload), version=int(version), position=_position(epoch, offset))


def revision(entry: str) -> Revision:
    """A stored line of history."""
    head, payload = entry.split("\n", 1)
    kind, at, by, note, reason = json.loads(head)
    return Revision(decode_update(payload), Kind(kind), datetime.fromisoformat(at), by, note, reason)


def microseconds(moment: datetime) -> int:
    """A time as an exact number: a double, such as a sorted set's score, holds it whole."""
    return (moment - UNIX_EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """The time that `microseconds` stands for."""
    return UNIX_EPOCH + timedelta(microseconds=microseconds)


def _acts(acts: Iterable[Act], texts: Texts) -> list[dict[str, object]]:
    return [{"by": act.by, "coverage": act.coverage, "text": texts.place(encode_act(act))} for act in acts]


def _expected(expected: Expected) -> dict[str, object]:
    sort, _, name = expected.subject.partition(":")
    if sort not in _KINDS:
        raise ValueError(f"expected subject {expected.subject!r} must begin with update: or coverage:")
    return {"subject": expected.subject, "kind": _KINDS[sort], "id": name, "version": expected.version}


def _fact(fact: Fact, texts: Texts) -> dict[str, object]:
    written: dict[str, object] = {
        "channel": fact.channel,
        "kind": fact.kind.value,
        "text": texts.place(encode(fact.state)),
        "order": 0,
    }
    if isinstance(fact.state, Update):
        written |= {"update": fact.state.id, "order": fact.state.order}
    return written


def _emptied(update: Update, texts: Texts) -> dict[str, object]:
    breaking, other = (texts.place(encode(replace(update, breaking=breaking))) for breaking in (True, False))
    return {"id": update.id, "mark": STORED_BREAKING, "breaking": breaking, "other": other}


def _update(update: Update, facts: Sequence[Fact], texts: Texts) -> dict[str, object]:
    live = _places(facts, live_channel(update.coverage), update)
    site = _places(facts, SITE, update)
    scheduled_at = update.publish_at if update.status is Status.SCHEDULED else None
    return {
        "id": update.id,
        "coverage": update.coverage,
        "order": update.order,
        "public": update.status.public,
        "withdrawn": update.status is Status.RETRACTED,
        "rubrics": [rubric.key for rubric in rubrics_of(update)],
        "breaking": update.breaking,
        "key_event": update.key_event and update.status is Status.PUBLISHED,
        "due": str(microseconds(scheduled_at)) if scheduled_at else "",
        "first_live": live[0] if live else 0,
        "last_live": live[-1] if live else 0,
        "site": site[0] if site else 0,
        "media": [media.id for media in update.pictures],
        "corrected": [str(microseconds(correction.at)) for correction in update.corrections],
        "text": texts.place(encode(update)),
    }


def _coverage(coverage: Coverage, facts: Sequence[Fact], texts: Texts) -> dict[str, object]:
    live = _places(facts, live_channel(coverage.slug), coverage)
    return {
        "slug": coverage.slug,
        "pinned": coverage.pinned_id or "",
        "rubrics": [rubric.key for rubric in rubrics_of(coverage)],
        "last_live": live[-1] if live else 0,
        "media": [coverage.lead_media.id] if coverage.lead_media else [],
        "text": texts.place(encode(coverage)),
    }


def _places(facts: Sequence[Fact], channel: str, state: Update | Coverage) -> list[int]:
    return [
        place
        for place, fact in enumerate(facts, 1)
        if fact.channel == channel and _subject(fact.state) == _subject(state)
    ]


def _subject(state: Update | Coverage) -> str:
    return f"update:{state.id}" if isinstance(state, Update) else f"coverage:{state.slug}"


def _revision(line: Revision) -> str:
    head = json.dumps([line.kind.value, line.at.isoformat(), line.by, line.note, line.reason])
    return f"{head}\n{encode(line.update)}"


def _numbered(fact: Fact, epoch: str, offset: int, order: int) -> Event:
    # Decoded from what was written, so that the answer is what a replay will read.
    return Event.decode(fact.channel, Position(epoch, offset), fact.kind, order, encode(fact.state))


def _position(epoch: str, offset: str) -> Position | None:
    return Position(epoch, int(offset)) if offset != "0" else None
