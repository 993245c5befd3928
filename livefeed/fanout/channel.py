"""One followed log and everybody who follows it: its tail, and its healing.

Theory of operation
    Announcements are hints: an event that is next is taken, a known one ignored, anything else makes the
    channel heal from the log, as do a (re)connected store and a timer. Readers at the tail are served by
    `passes`, those behind it by `replay`.

Invariants
    1. A reader is written every offset once, in order, or is told `reload`.
    2. A tail never passes its log: should the log turn out shorter, a new epoch begins.
    3. A cursor is called worthless only by comparison with the log, never with this process's tail; while the
       store is away such a reader waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

import structlog

from livefeed import metrics
from livefeed.events import Event, Kind
from livefeed.fanout.arrival import Arrivals
from livefeed.fanout.passes import Passes
from livefeed.fanout.reader import RELOAD, Reader, Start
from livefeed.fanout.replay import BLOCK_EVENTS, Replay, Spawn
from livefeed.frames import View, hello, hint, on_wire
from livefeed.model import Position
from livefeed.store import Store, StoreError
from livefeed.tail import Tail

log = structlog.get_logger()


class Follower(Protocol):
    """Somebody in this process who keeps something fresh from a channel. Called synchronously."""

    def apply(self, event: Event) -> None:
        """The next event, exactly once, in order."""

    def restart(self) -> None:
        """A new epoch began: what was known is worthless."""


class Channel:
    """A tail, its readers and its followers. `arrived` is called when everybody has the newest update;
    `waiting` says how many pages wait for a change that they will be answered: those who poll."""

    def __init__(
        self, name: str, tail: Tail, store: Store, spawn: Spawn, arrived: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.tail = tail
        self.arrivals = Arrivals(arrived)
        self.waiting = 0
        self.followers: list[Follower] = []
        self.used_at = monotonic()
        self.beaten_at = monotonic()
        self._store = store
        self._spawn = spawn
        self._grown = asyncio.Event()
        self._waits_ended = False
        self._healing: asyncio.Task[None] | None = None
        self._heal_again = False
        self._unjudged: set[Reader] = set()
        self._passes = Passes(name, tail=lambda: self.tail, arrivals=self.arrivals, late=self._late)
        self._replay = Replay(
            name,
            store,
            spawn=spawn,
            tail=lambda: self.tail,
            caught_up=self._passes.serve,
            reborn=lambda: self.heal_soon("epoch"),
        )

    @property
    def readers(self) -> Sequence[Reader]:
        """Who is connected."""
        return self._passes.readers

    # Events and healing

    def receive(self, event: Event) -> None:
        """Take an announced event if it is the next one; heal if it is ahead."""
        if event.position.epoch != self.tail.epoch or event.offset > self.tail.top + 1:
            self.heal_soon("gap")
        elif event.offset == self.tail.top + 1:
            self._take(event)

    def heal_soon(self, cause: str) -> None:
        """Compare with the log in the background."""
        metrics.HEALS.labels(cause).inc()
        if self._healing is None or self._healing.done():
            self._healing = self._spawn(self._heal())
        else:
            self._heal_again = True  # the read under way may have begun before what the caller knows of

    async def heal(self) -> None:
        """Take over everything that the log has. Raises `StoreAway`.

        All who ask while one comparison is under way share the next: a herd of unknown cursors costs two.
        """
        under_way = self._healing
        if under_way is not None and not under_way.done():
            await asyncio.wait([under_way])  # it may have begun before what the caller knows of
        if self._healing is None or self._healing is under_way:
            self._healing = self._spawn(self._heal())
        await asyncio.shield(self._healing)

    async def changed(self, position: Position, timeout: float, *, counted: bool = True) -> None:
        """Wait until the tail is past `position` (or in another epoch), at most `timeout` seconds and not
        beyond `end_waits`; as an open page if `counted`."""
        self.waiting += counted
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    while self.tail.position == position and not self._waits_ended:
                        await self._grown.wait()
        finally:
            self.waiting -= counted

    def end_waits(self) -> None:
        """Let nobody wait for events any more: the server stops, and would otherwise cut who waits."""
        self._waits_ended = True
        self._wake()

    def _take(self, event: Event) -> None:
        self.tail.append(event)
        if any(reader.counted for reader in self.readers):
            self.arrivals.take(event)
        metrics.EVENTS.labels(event.kind).inc()
        self._passes.renew()
        if event.kind in (Kind.RETRACTED, Kind.DELETED):
            self._replay.withdraw(event)
        for follower in self.followers:
            follower.apply(event)
        self._wake()

    async def _heal(self) -> None:
        self._heal_again = True
        while self._heal_again:
            self._heal_again = False
            await self._catch_up()

    async def _catch_up(self) -> None:
        while True:
            known = self.tail.top  # before the read: what is announced meanwhile may be newer than its answer
            page = await self._store.read(self.name, known, BLOCK_EVENTS)
            if page.epoch != self.tail.epoch:
                await self._restart()
                break
            if page.top < known:
                # Events were announced that the log has not: it went backwards. Offsets that readers know
                # would be given again, therefore this life of the log is over.
                log.error("the log went backwards", channel=self.name, known=known, log=page.top)
                await self._store.begin_epoch(page.epoch)
                await self._restart()
                break
            for event in page.events:
                if event.offset == self.tail.top + 1:
                    self._take(event)
            if self.tail.top >= page.top or not page.events:
                break
        self.judge()

    async def _restart(self) -> None:
        page = await self._store.recent(self.name, self.tail.capacity)
        self.tail = self.tail.reborn(page.epoch, page.top, page.events)
        self._passes.renew()
        self._replay.forget_all()
        self.arrivals.restart()
        for reader in self.readers:
            if reader.cursor is None:
                reader.offset = RELOAD
        for follower in self.followers:
            follower.restart()
        self._wake()

    def _late(self, reader: Reader) -> None:
        self._replay.take(reader)

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()  # one Event a generation: waiters share no future
        grown.set()
        self._passes.soon()

    # Joining and leaving

    async def start_of(self, cursor: str | None) -> Start:
        """Where a stream with this cursor begins: None is "live from now on", "0" the beginning."""
        self.used_at = monotonic()
        if cursor is None:
            return Start(self.tail.position)
        if cursor == "0":
            return Start(Position(self.tail.epoch, 0))
        position = Position.parse(cursor)
        if position is None:
            return Start(self.tail.position, worthless=True)
        if not self._knows(position):
            try:
                await self.heal()
            except StoreError:
                return Start(position, judged=False)
        return Start(position) if self._knows(position) else Start(self.tail.position, worthless=True)

    def join(self, reader: Reader, start: Start) -> None:
        """Begin a stream: its hello, and from now on every pass."""
        position, worthless = start.position, start.worthless
        if start.judged and position.epoch != self.tail.epoch:
            position, worthless = self.tail.position, True
        reader.channel = self
        self._passes.add(reader)
        self.used_at = monotonic()
        reader.offset = RELOAD if worthless else position.offset
        reader.transport.write(on_wire(reader.form.wire, hello(position), "hello"))
        if not start.judged:
            reader.cursor = position
            reader.behind = True
            self._unjudged.add(reader)
            self.heal_soon("cursor")
        elif reader.offset < self.tail.top:
            self._passes.soon()

    def leave(self, reader: Reader) -> None:
        """End a stream: nothing is written to `reader` any more."""
        reader.channel = None
        self._passes.remove(reader)
        self.arrivals.left(reader)
        self._unjudged.discard(reader)
        self._replay.forget(reader)

    def judge(self) -> None:
        """The tail equals the log at this moment: decide about cursors that waited for that."""
        for reader in self._unjudged:
            if reader.cursor is not None:
                reader.offset = reader.cursor.offset if self._knows(reader.cursor) else RELOAD
            reader.cursor = None
            reader.behind = False
        if self._unjudged:
            self._unjudged.clear()
            self._passes.soon()

    def _knows(self, position: Position) -> bool:
        return position.epoch == self.tail.epoch and position.offset <= self.tail.top

    # Slow readers, and proof of life

    def drain_began(self, reader: Reader) -> None:
        """See `Meeting`."""
        self._passes.drain_began(reader)

    def drain_ended(self, reader: Reader) -> None:
        """See `Meeting`."""
        self._passes.drain_ended(reader)
        self.arrivals.drained(reader)
        if reader.behind:
            self._replay.stir()
        else:
            self._passes.serve(reader)
            if not reader.draining:
                self.arrivals.drained(reader)

    def drop_stalled(self, timeout: float) -> None:
        """Cut off readers that took nothing for `timeout` seconds; they resume with their cursors."""
        self._passes.drop_stalled(timeout)

    def hint(self, kind: str) -> None:
        """Tell whoever follows in hints of something that is in no log. It names the top, so it goes only to
        those who have that: the events that the others are written yet are hints as well."""
        position = self.tail.position
        for reader in list(self.readers):
            if (
                reader.form.view is View.HINTS
                and reader.offset == position.offset
                and not (reader.behind or reader.transport.is_closing())
            ):
                reader.transport.write(on_wire(reader.form.wire, hint(kind, position), kind))

    async def beat(self) -> None:
        """Send a heartbeat to every reader who has everything."""
        self.beaten_at = monotonic()
        await self._passes.beat()
