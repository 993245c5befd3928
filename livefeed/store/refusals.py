"""What a store answers instead of doing what it was asked."""

from __future__ import annotations

from livefeed.store.batch import FirstResult


class StoreError(Exception):
    """What a store can answer instead of doing what it was asked."""


class StoreAway(StoreError):
    """The store cannot be reached; nothing was changed."""


class OutcomeUnknown(StoreError):
    """The store went silent in the middle of a write; repeat it with the same key to find out."""


class StoreFull(StoreError):
    """There is no room left; nothing was changed."""


class StoreRefused(StoreError):
    """The store must not be used as it is configured, or is in use already; a sentence says what to do."""


class Conflict(StoreError):
    """Somebody changed `subject` first; nothing was changed."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} was changed by somebody else in the meantime")
        self.subject = subject


class KeyUsed(StoreError):
    """The idempotency key already has a first result; nothing was changed."""

    def __init__(self, first: FirstResult) -> None:
        super().__init__("this idempotency key was used before")
        self.first = first
