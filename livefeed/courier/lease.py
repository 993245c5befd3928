"""A fenced lease: however many processes there are, one of them delivers.

Theory of operation
    The lease is one record: who holds it, until when by the store's clock, and the term, which grows with
    every new holder. It is taken, renewed and released by compare-and-set. The record itself never expires,
    because a record's versions begin anew after it did, and then a late renewal of a former holder could
    overwrite the next one's.

Invariants
    - `held` turns False, by this process's own monotonic clock, before the lease ends for everybody else:
      the time is counted from before the store was asked.
    - A holder that sleeps through its time (a suspended machine, a stalled loop) finds `held` False when it
      wakes up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from livefeed.accounts.drawer import Drawer
from livefeed.store import Conflict, Store

KIND = "lease"
MARGIN = 0.9  # the part of the time in which it is used: clocks do not run equally fast


class LeaseLost(Exception):
    """Another process may hold the lease by now: what was about to be done must not be."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is kept of a lease."""

    holder: str
    until: datetime
    term: int


class Lease:
    """The lease `name` as this process sees it, for `seconds` at a time."""

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        seconds: float,
        clock: Callable[[], float] = monotonic,
        holder: str = "",
    ) -> None:
        self._store = store
        self._drawer = Drawer(store.records, KIND, Holding)
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._holder = holder or secrets.token_hex(8)
        self._deadline = 0.0
        self.term = 0

    @property
    def held(self) -> bool:
        """True while nobody else can hold it."""
        return self._clock() < self._deadline

    def require(self) -> None:
        """Raise `LeaseLost` unless it is held."""
        if not self.held:
            raise LeaseLost(f"the lease {self._name!r} is no longer held")

    async def take(self) -> bool:
        """Take the lease, or renew it once half of its time is over; False when another process holds it.
        Raises the store's errors."""
        asked_at = self._clock()
        if self._deadline - asked_at > self._seconds / 2:
            return True
        kept = await self._drawer.find(self._name)
        now = await self._store.now()
        term = 1
        if kept is not None:
            holding = kept.value
            mine = holding.holder == self._holder
            # An end too far off was set by a clock that has been put back since.
            future = holding.until - now > timedelta(seconds=2 * self._seconds)
            if not mine and holding.until > now and not future:
                self._deadline = 0.0
                return False
            term = holding.term if mine else holding.term + 1
        holding = Holding(self._holder, now + timedelta(seconds=self._seconds), term)
        try:
            await self._drawer.file(self._name, holding, expected=kept.version if kept else 0)
        except Conflict:
            self._deadline = 0.0
            return False
        self._deadline = asked_at + self._seconds * MARGIN
        self.term = term
        return True

    def resign(self) -> None:
        """Begin nothing more under it, while nobody else may begin either."""
        self._deadline = 0.0

    async def release(self) -> None:
        """Let the next one have it at once. Raises the store's errors."""
        self.resign()
        kept = await self._drawer.find(self._name)
        if kept is None or kept.value.holder != self._holder:
            return
        ended = Holding(self._holder, datetime.fromtimestamp(0, UTC), kept.value.term)
        try:
            await self._drawer.file(self._name, ended, expected=kept.version)
        except Conflict:
            return  # somebody has it already
