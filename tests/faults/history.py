"""The delivery checker: what writers did and readers saw, judged against what the store holds. Pure.

A scenario records one `History`; `violations` says what is wrong with it. A write whose outcome nobody knows
may have happened or not, but never twice; everything acknowledged must be there. A reader sees every offset
once, in order, from where it began, or is told `reload` before it is shown anything else.

After Jepsen's checkers (`set-full`, `total-queue`): an operation that timed out is *unknown*, never *failed*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from livefeed.model import Position

Document = Mapping[str, Any]  # a state in JSON, opaque but for the few fields that are named below


class Verb(StrEnum):
    """What a writer asks for; the value is the kind of the event that it leads to."""

    PUBLISH = "published"
    REVISE = "revised"
    CORRECT = "corrected"
    RETRACT = "retracted"
    RESTORE = "restored"
    PIN = "pinned"


class Outcome(StrEnum):
    """What the writer was told in the end."""

    ACKED = "acked"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(slots=True)
class Operation:
    """One write. `marker` is a word found nowhere else, at the start of the headline that it gives."""

    marker: str
    verb: Verb
    subject: str = ""  # the update's id; empty until a publication is answered
    outcome: Outcome = Outcome.UNKNOWN
    revision: int = 0  # of the update, as the answer has it
    position: Position | None = None  # of the event, as a first answer has it; None when it was replayed


@dataclass(frozen=True, slots=True)
class Seen:
    """One event, as a reader or the log has it. `subject` is the update's id, empty for the coverage itself;
    `state` holds `html` alone for a reader of fragments."""

    position: Position
    kind: str
    subject: str
    state: Document


@dataclass(frozen=True, slots=True)
class Began:
    """A reader with nothing in hand starts here."""

    position: Position


@dataclass(frozen=True, slots=True)
class Proof:
    """A heartbeat: everything up to here was written to this reader."""

    position: Position


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The reader was told that its cursor is worthless; it threw away what it had."""

    position: Position


Step = Seen | Began | Proof | Reloaded


@dataclass(slots=True)
class Reading:
    """What one reader saw, step by step, and what it has folded together: subject -> newest state."""

    name: str
    steps: list[Step] = field(default_factory=list)
    folded: dict[str, Document] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """One scenario on one channel. `log` is the whole log after healing, `states` what the API then says of
    each update.

    `operations` None: what was asked for is judged on another channel. `wiped`: the log was destroyed on
    purpose, so that readers may be told `reload`, and operations are those after it."""

    operations: Sequence[Operation] | None
    readings: Sequence[Reading]
    log: Sequence[Seen]
    states: Mapping[str, Document]
    wiped: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: which one, and what happened."""

    name: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


def violations(history: History) -> list[Violation]:
    """Everything that is wrong with `history`; nothing when every promise was kept."""
    return [
        *_of_log(history),
        *_of_states(history),
        *(_of_operations(history.operations, history) if history.operations is not None else ()),
        *(found for reading in history.readings for found in _of_reading(reading, history)),
    ]


def folded(log: Sequence[Seen]) -> dict[str, Document]:
    """The newest state of every subject."""
    return {event.subject: event.state for event in log}


def _of_log(history: History) -> Iterator[Violation]:
    for place, event in enumerate(history.log, 1):
        if event.position.offset != place or event.position.epoch != history.log[0].position.epoch:
            yield Violation("hole", f"place {place} of the log holds {event.position}")
            return


def _of_operations(operations: Sequence[Operation], history: History) -> Iterator[Violation]:
    known = {operation.subject for operation in operations if operation.outcome is Outcome.ACKED}
    asked = {operation.marker: operation for operation in operations}
    happened = Counter((event.subject, event.kind) for event in history.log)
    marks = Counter((marker, event.kind) for event in history.log if (marker := _marker(event)))
    published: dict[str, str] = {}  # marker of an unanswered publication -> the id that it turned out to have
    for event in history.log:
        if event.kind != Verb.PUBLISH:
            continue
        operation = asked.get(_marker(event))
        if event.subject in known and (operation is None or operation.subject == event.subject):
            continue  # the marker of one that was retracted since is gone
        if operation is None or operation.outcome is Outcome.REFUSED:
            yield Violation("phantom", f"{event.position} publishes {event.subject}, which nobody did")
        elif operation.subject and operation.subject != event.subject:
            yield Violation("double post", f"{operation.marker} is {operation.subject} and {event.subject}")
        else:
            published[operation.marker] = event.subject
    for (marker, kind), times in marks.items():
        if times > 1:
            yield Violation("double post", f"{marker} is {times} events of kind {kind}")
    yield from _of_counts(operations, happened, published)
    yield from _of_answers(operations, history)


def _of_counts(
    operations: Sequence[Operation], happened: Mapping[tuple[str, str], int], published: Mapping[str, str]
) -> Iterator[Violation]:
    """Per update and kind there are at least as many events as acknowledged operations, at most as many as
    were not refused. This holds for those too whose text was emptied."""
    least: Counter[tuple[str, str]] = Counter()
    most: Counter[tuple[str, str]] = Counter()
    for operation in operations:
        what = (operation.subject or published.get(operation.marker, ""), str(operation.verb))
        least[what] += operation.outcome is Outcome.ACKED
        most[what] += operation.outcome is not Outcome.REFUSED
    for (subject, kind), count in most.items():
        times = happened.get((subject, kind), 0)
        if subject and times < least[subject, kind]:
            yield Violation("lost", f"{subject} was {kind} {least[subject, kind]} times, the log has {times}")
        if subject and times > count:
            yield Violation("double post", f"{subject} was {kind} {count} times at most, the log has {times}")
    counted = {str(verb) for verb in Verb} - {str(Verb.PUBLISH)}
    for (subject, kind), times in happened.items():
        if kind in counted and not most[subject, kind]:
            yield Violation("phantom", f"{subject} was {kind} {times} times, and nobody asked for it")


def _of_answers(operations: Sequence[Operation], history: History) -> Iterator[Violation]:
    """A first answer names the position of its event, and that very event stands there. What was acknowledged
    is still so, or newer."""
    at = {event.position: event for event in history.log}
    for operation in operations:
        if operation.outcome is Outcome.ACKED and operation.position is not None:
            event = at.get(operation.position)
            if event is None or (event.subject, event.kind) != (operation.subject, operation.verb):
                there = f"{event.kind} {event.subject}" if event else "nothing"
                yield Violation(
                    "lost",
                    f"{operation.marker} was acknowledged as {operation.verb} {operation.subject} at "
                    f"{operation.position}, where the log has {there}",
                )
    for operation in operations:
        state = history.states.get(operation.subject)
        if operation.outcome is not Outcome.ACKED:
            continue
        if state is None:
            yield Violation("lost", f"{operation.marker} was acknowledged, {operation.subject} is not there")
        elif state["revision"] < operation.revision:
            yield Violation(
                "stale",
                f"{operation.subject} has revision {state['revision']}, not {operation.revision} as answered",
            )
    for subject in _withdrawn(operations):
        if history.states.get(subject, {}).get("status") == "published":
            yield Violation("resurrected", f"{subject} was retracted, and is published")


def _of_states(history: History) -> Iterator[Violation]:
    newest = folded(history.log)
    for subject in newest.keys() | history.states.keys():
        if newest.get(subject) != history.states.get(subject):
            yield Violation("state", f"the API's state of {subject} is not that of its last event")


def _withdrawn(operations: Iterable[Operation]) -> set[str]:
    """Updates whose retraction was acknowledged and never undone."""
    gone: set[str] = set()
    for operation in operations:
        if operation.verb is Verb.RETRACT and operation.outcome is Outcome.ACKED:
            gone.add(operation.subject)
        elif operation.verb is Verb.RESTORE and operation.outcome is not Outcome.REFUSED:
            gone.discard(operation.subject)
    return gone


def _of_reading(reading: Reading, history: History) -> Iterator[Violation]:
    log = {event.position: event for event in history.log}
    at: Position | None = None
    shown: set[Position] = set()
    whole = False  # the reader has everything since the beginning, so that its fold can be compared
    for step in reading.steps:
        match step:
            case Began(position):
                at, whole = position, position.offset == 0
                shown.clear()
            case Reloaded(position):
                at, whole = position, False
                if not history.wiped:
                    yield Violation("reload", f"{reading.name} was told to reload at {position} for nothing")
            case Proof(position):
                if position != at:
                    yield Violation("silent gap", f"{reading.name} has {at}, the heartbeat says {position}")
            case Seen(position):
                yield from _of_order(reading.name, at, position, shown)
                yield from _of_truth(reading.name, step, log, history)
                at = position
                shown.add(position)
    top = history.log[-1].position if history.log else at
    if at != top:
        yield Violation("behind", f"{reading.name} ended at {at}, the log at {top}")
    if whole:
        yield from _of_fold(reading, history)


def _of_order(
    name: str, at: Position | None, position: Position, shown: set[Position]
) -> Iterator[Violation]:
    """The next event after `at` is shown, neither another nor one again."""
    if at is None or position.epoch != at.epoch:
        yield Violation("silent gap", f"{name} went from {at} to {position} without a reload")
    elif position in shown:
        yield Violation("doubled", f"{name} was shown {position} again after {at}")
    elif position.offset <= at.offset:
        yield Violation("out of order", f"{name} was shown {position} after {at}")
    elif position.offset > at.offset + 1:
        yield Violation("silent gap", f"{name} went from {at} to {position}")


def _of_truth(name: str, event: Seen, log: Mapping[Position, Seen], history: History) -> Iterator[Violation]:
    """What is shown is what the log has there; its text may have been emptied since."""
    logged = log.get(event.position)
    if logged is None:
        if not history.wiped:
            yield Violation("phantom", f"{name} was shown {event.position}, which the log has not")
    elif (logged.kind, logged.subject) != (event.kind, event.subject):
        yield Violation("phantom", f"{name} was shown {event.kind} {event.subject} at {event.position}")


def _of_fold(reading: Reading, history: History) -> Iterator[Violation]:
    for subject in history.states.keys() | reading.folded.keys():
        state, own = history.states.get(subject), reading.folded.get(subject)
        if state is None or own is None:
            yield Violation("stale state", f"{reading.name} and the store do not both have {subject}")
        elif "html" in own:
            if state.get("headline", "") not in own["html"]:
                yield Violation("stale state", f"{reading.name} shows an older {subject}")
        elif own != state:
            yield Violation("stale state", f"{reading.name} has {dict(own)}, the store {dict(state)}")


def _marker(event: Seen) -> str:
    """The word that names the operation of an event; empty where it has none, or nothing is left of it."""
    if event.kind in {Verb.PUBLISH, Verb.REVISE, Verb.CORRECT}:
        return str(event.state.get("headline") or "").partition(" ")[0]
    return ""
