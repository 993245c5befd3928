"""The courier: deliveries to the outside, made by one process of the fleet.

Theory of operation
    Every process runs a `Courier`; the one that holds the lease works. It keeps one task per recipient (a
    webhook's endpoint, a WebSub callback), so a recipient that is slow or down delays nobody else, and a
    recipient gets one request at a time, in order. What a task does is its `Round`: deliver what is due, note
    how far it came, and say when to try again. The log is the queue: a round reads it from the stored
    position, so nothing is lost by a crash, and an announcement is only a reason to look at once.

Invariants
    - A round calls `Lease.require` before each request and stores its progress by compare-and-set: a process
      that lost the lease stops, and what it may still write is refused.
    - At least once: a crash between a delivery and its note repeats that one delivery, under the same id.
    - Without recipients nothing is written, not even the lease.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from livefeed.courier.lease import Lease, LeaseLost
from livefeed.events import Event
from livefeed.store import StoreError
from livefeed.tasks import cancel

__all__ = ["Courier", "Lease", "LeaseLost", "Round", "Source"]

log = structlog.get_logger()

STORE_PATIENCE = 3.0  # seconds for finding out who is to be served, and renewing the lease
FAREWELL = 2.0  # seconds that deliveries on their way are waited for at a stop
TROUBLED_PAUSE = 1.0  # seconds until a round that met a lost store or a defect is tried again


class Round(Protocol):
    """The work for one recipient."""

    async def run(self) -> float | None:
        """Deliver what is due. Seconds until it should be run again; None: when something happens.

        Raises the store's errors, after which it is run again, and `LeaseLost`, which ends it.
        """


class Source(Protocol):
    """Who has recipients."""

    async def rounds(self) -> Mapping[str, Callable[[], Round]]:
        """What makes the round of each recipient, by the recipient's name. Raises `StoreAway`."""


class Courier:
    """Runs the rounds of all `sources` while this process holds `lease`; `interval` seconds pass at most
    until a new recipient, or an event whose announcement was lost, is noticed."""

    def __init__(self, lease: Lease, sources: Sequence[Source], *, interval: float) -> None:
        self._lease = lease
        self._sources = tuple(sources)
        self._interval = interval
        self._news = asyncio.Event()
        self._bells: dict[str, asyncio.Event] = {}
        self._working: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run_for_ever(), name="courier")

    async def aclose(self) -> None:
        """End after the deliveries that are on their way, so that a planned stop repeats none of them."""
        if self._task is not None:
            await cancel([self._task])
        self._lease.resign()
        self._ring()
        if self._working:
            await asyncio.wait(self._working.values(), timeout=FAREWELL)
        await self._stop(list(self._working))
        if self._lease.term:  # or it was never held here, and a store that is away need not be asked
            with contextlib.suppress(StoreError):
                await self._lease.release()

    def receive(self, event: Event) -> None:
        """See `Listener`."""
        self._ring()

    def heal(self) -> None:
        """See `Listener`. Also: recipients were changed here, look at once."""
        self._news.set()

    async def _run_for_ever(self) -> None:
        while True:
            called = self._news.is_set()
            self._news.clear()
            try:
                # A store that hangs must not keep a lease's end from being noticed.
                async with asyncio.timeout(STORE_PATIENCE):
                    await self._tend()
                if called:  # now that it is known who has something to do
                    self._ring()
            except (StoreError, TimeoutError) as reason:
                log.debug("the courier waits for the store", reason=str(reason))
            except Exception:  # one defect must not end all deliveries for good
                log.exception("the courier failed")
            if not self._lease.held:
                await self._stop(list(self._working))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._news.wait()

    def _ring(self) -> None:
        for bell in self._bells.values():
            bell.set()

    async def _tend(self) -> None:
        """Renew the lease, and have one task for each recipient that there is now."""
        rounds: dict[str, Callable[[], Round]] = {}
        for source in self._sources:
            rounds.update(await source.rounds())
        if not rounds:
            await self._stop(list(self._working))
            return
        if not await self._lease.take():
            await self._stop(list(self._working))
            return
        await self._stop([name for name, task in self._working.items() if name not in rounds or task.done()])
        for name, made in rounds.items():
            if name not in self._working:
                self._bells[name] = asyncio.Event()
                self._working[name] = asyncio.create_task(
                    self._work(made(), self._bells[name]), name=f"deliver to {name}"
                )

    async def _work(self, round: Round, bell: asyncio.Event) -> None:
        while self._lease.held:
            bell.clear()  # before the work: what rings meanwhile is looked for again
            try:
                pause = await round.run()
            except LeaseLost:
                return
            except StoreError:
                pause = TROUBLED_PAUSE
            except Exception:  # the other recipients must not notice, nor this one for good
                log.exception("a delivery failed")
                pause = TROUBLED_PAUSE
            # Whatever the round says: a lost announcement, or what another process was asked to do for this
            # recipient, is found at the next interval.
            wait = self._interval if pause is None else min(pause, self._interval)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await bell.wait()

    async def _stop(self, names: Sequence[str]) -> None:
        await cancel([self._working[name] for name in names])
        for name in names:
            del self._working[name], self._bells[name]
