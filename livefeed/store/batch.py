"""What one verb changes, as a writer hands it to the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from livefeed.audit import Act
from livefeed.events import Kind
from livefeed.model import Coverage, Update


@dataclass(frozen=True, slots=True)
class Key:
    """A client's idempotency key: its scope (account, method, path, key) and what was asked under it."""

    scope: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class FirstResult:
    """What the first write under a key led to. `subject` reads `update:ID`, `coverage:SLUG`, `media:ID`..."""

    fingerprint: str
    subject: str


@dataclass(frozen=True, slots=True)
class Fact:
    """An event to append: unnumbered, with the full state after the change."""

    channel: str
    kind: Kind
    state: Update | Coverage


@dataclass(frozen=True, slots=True)
class Expected:
    """What must still be true: the stored `version` of `subject` (0: it does not exist)."""

    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One line of an update's history, for the desk only."""

    update: Update
    kind: Kind
    at: datetime
    by: str
    note: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one verb changes, committed as one.

    updates     states to keep; a published one without `order` gets the offset of its live event
    coverages   states to keep
    revisions   lines of history to add
    emptied     states whose every earlier event, in the channels that carry it, gets this content instead;
                only whether it was breaking stays: the site ranks an update by the event that made it so
    deleted     never published updates to remove with their history; their desk events must be `emptied` too
    acts        what the audit log says of it
    key, subject   the idempotency key, and what its repetition should find
    """

    facts: tuple[Fact, ...] = ()
    updates: tuple[Update, ...] = ()
    coverages: tuple[Coverage, ...] = ()
    expected: tuple[Expected, ...] = ()
    revisions: tuple[Revision, ...] = ()
    emptied: tuple[Update, ...] = ()
    deleted: tuple[Update, ...] = ()
    acts: tuple[Act, ...] = ()
    key: Key | None = None
    subject: str = ""
