"""One followed log and everybody who follows it: tail, healing, readers, passes.

Theory of operation
    When the tail grows, a *pass* walks the readers and gives each whose write buffer is empty everything
    after its offset in one write. One that is still draining is skipped and met again when it has drained,
    so it costs nothing and delays nobody, and a burst coalesces by itself. After a pass the channel rests for
    as long as the pass took, and longer in a burst (at most `LONGEST_REST`): updates that arrive meanwhile
    share the next one.

    Announcements are hints: an event that is next is taken, a known one ignored, anything else makes the
    channel heal from the log, as do a (re)connected store and a timer.

Invariants
    1. A reader is written every offset once, in order, or is told `reload`.
    2. A tail never passes its log: should the log turn out shorter, a new epoch begins.
    3. What a reader is skipped for is remembered in its offset alone, so nothing is lost by skipping.
    4. A cursor is called worthless only by comparison with the log, never with this process's tail; while the
       store is away such a reader waits.
    5. A heartbeat goes only to readers who were written everything up to the position in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic
from typing import Protocol

import structlog

from livefeed import metrics
from livefeed.events import Event, Kind
from livefeed.fanout.arrival import Arrivals
from livefeed.fanout.reader import RELOAD, Reader, Start
from livefeed.fanout.replay import BLOCK_EVENTS, LARGEST_WRITE, Replay, Spawn
from livefeed.frames import Form, heartbeat, hello, on_wire, reload
from livefeed.model import Position
from livefeed.store import Store, StoreError
from livefeed.tail import Tail

log = structlog.get_logger()

SLICE = 200  # readers served before the loop may do something else: about 2 ms
LONGEST_REST = 0.05  # seconds; more would be felt by a reader who waits for the next update
BURST = 3  # events that came during one pass and its rest: the next rest is twice as long
SHARED_PIECES = (
    64  # joined frames kept for readers at the same offset: 16 MiB at most while a herd comes back
)


class Follower(Protocol):
    """Somebody in this process who keeps something fresh from a channel. Called synchronously."""

    def apply(self, event: Event) -> None:
        """The next event, exactly once, in order."""

    def restart(self) -> None:
        """A new epoch began: what was known is worthless."""


class Channel:
    """A tail, its readers and its followers. `arrived` is called when everybody has the newest update;
    `waiting` says how many wait for a change that they will be answered: those who poll."""

    def __init__(
        self, name: str, tail: Tail, store: Store, spawn: Spawn, arrived: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.tail = tail
        self.arrivals = Arrivals(arrived)
        self.waiting = 0
        self.readers: list[Reader] = []
        self.followers: list[Follower] = []
        self.used_at = monotonic()
        self.beaten_at = monotonic()
        self._store = store
        self._spawn = spawn
        self._grown = asyncio.Event()
        self._waits_ended = False
        self._healing: asyncio.Task[None] | None = None
        self._heal_again = False
        self._draining: dict[Reader, tuple[int, float]] = {}
        self._unjudged: set[Reader] = set()
        self._replay = Replay(
            name,
            store,
            spawn=spawn,
            tail=lambda: self.tail,
            caught_up=self._serve,
            reborn=lambda: self.heal_soon("epoch"),
        )
        self._pieces: dict[tuple[int, Form], tuple[bytes, int]] = {}
        self._passing = False
        self._again = False
        self._next = 0  # the next reader of the pass under way
        self._pass_began = 0.0
        self._pass_top = 0
        self._rest = 0.0

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

    async def changed(self, position: Position, timeout: float) -> None:
        """Wait until the tail is past `position` (or in another epoch), at most `timeout` seconds and not
        beyond `end_waits`."""
        self.waiting += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    while self.tail.position == position and not self._waits_ended:
                        await self._grown.wait()
        finally:
            self.waiting -= 1

    def end_waits(self) -> None:
        """Let nobody wait for events any more: the server stops, and would otherwise cut who waits."""
        self._waits_ended = True
        self._wake()

    def _take(self, event: Event) -> None:
        self.tail.append(event)
        self.arrivals.take(event)
        metrics.EVENTS.labels(event.kind).inc()
        self._pieces.clear()
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
        self._pieces.clear()
        self._replay.forget_all()
        self.arrivals.restart()
        for reader in self.readers:
            if reader.cursor is None:
                reader.offset = RELOAD
        for follower in self.followers:
            follower.restart()
        self._wake()

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()  # one Event a generation: waiters share no future
        grown.set()
        self.pass_soon()

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
        reader.place = len(self.readers)
        self.readers.append(reader)
        self.used_at = monotonic()
        reader.offset = RELOAD if worthless else position.offset
        reader.transport.write(on_wire(reader.form.wire, hello(position), "hello"))
        if not start.judged:
            reader.cursor = position
            reader.behind = True
            self._unjudged.add(reader)
            self.heal_soon("cursor")
        elif reader.offset < self.tail.top:
            self.pass_soon()

    def leave(self, reader: Reader) -> None:
        """Forget a reader. The last one takes its place, so leaving costs the same for any number."""
        reader.channel = None
        self._draining.pop(reader, None)
        self.arrivals.left(reader)
        self._unjudged.discard(reader)
        self._replay.forget(reader)
        last = self.readers.pop()
        if last is not reader:
            self.readers[reader.place] = last
            last.place = reader.place
            # The last one may have moved to where the pass under way has been already.
            self._again = True
        reader.place = -1

    def judge(self) -> None:
        """The tail equals the log at this moment: decide about cursors that waited for that."""
        for reader in self._unjudged:
            if reader.cursor is not None:
                reader.offset = reader.cursor.offset if self._knows(reader.cursor) else RELOAD
            reader.cursor = None
            reader.behind = False
        if self._unjudged:
            self._unjudged.clear()
            self.pass_soon()

    def _knows(self, position: Position) -> bool:
        return position.epoch == self.tail.epoch and position.offset <= self.tail.top

    # Passes

    def pass_soon(self) -> None:
        """Serve every reader who lacks something, soon and not more often than pays."""
        if self._passing:
            self._again = True
        elif self.readers:
            self._passing = True
            self._next = 0
            self._pass_began = monotonic()
            self._pass_top = self.tail.top
            asyncio.get_running_loop().call_soon(self._slice)

    def _slice(self) -> None:
        """Serve the next readers of the pass, then let the loop do something else."""
        readers, pieces, top = self.readers, self._pieces, self.tail.top
        served, at = 0, self._next
        end = min(at + SLICE, len(readers))
        # Nearly all readers are at the same place and want the same bytes: those are looked up once.
        offset, form, frame = top, None, b""
        while at < end and at < len(readers):
            reader = readers[at]
            at += 1
            if reader.offset == top or reader.draining or reader.behind:
                continue
            served += 1
            if reader.offset != offset or reader.form is not form:
                piece = pieces.get((reader.offset, reader.form))
                if piece is None or piece[1] != top:
                    self._serve(reader)
                    continue
                offset, form, frame = reader.offset, reader.form, piece[0]
            reader.offset = top
            reader.transport.write(frame)
        metrics.DELIVERIES.inc(served)
        self._next = at
        loop = asyncio.get_running_loop()
        if at < len(readers):
            loop.call_soon(self._slice)
            return
        took = monotonic() - self._pass_began
        metrics.PASS_SECONDS.observe(took)
        self.arrivals.passed(self._pass_top, self._draining)
        self._rest = min(max(took, self._rest), LONGEST_REST)
        loop.call_later(self._rest, self._rested)

    def _rested(self) -> None:
        self._passing = False
        self._rest = 2 * self._rest if self.tail.top - self._pass_top >= BURST else 0.0
        if self._again:
            self._again = False
            self.pass_soon()

    def _serve(self, reader: Reader) -> None:
        """Write what a reader lacks, until it has everything or its buffer fills."""
        try:
            self._write_missing(reader)
        except Exception:
            # An event that a site's own template cannot show must not silence the channel for everybody.
            log.exception("a frame could not be made", channel=self.name, offset=reader.offset)
            reader.transport.abort()
            self.leave(reader)

    def _write_missing(self, reader: Reader) -> None:
        while reader.offset < self.tail.top and not reader.draining and reader.channel is self:
            key = (reader.offset, reader.form)
            piece = self._pieces.get(key)
            if piece is None:
                piece = self._piece(*key)
                if piece is None:
                    self._replay.take(reader)
                    return
                if len(self._pieces) >= SHARED_PIECES:
                    self._pieces.clear()
                self._pieces[key] = piece
            reader.offset = piece[1]
            reader.transport.write(piece[0])

    def _piece(self, offset: int, form: Form) -> tuple[bytes, int] | None:
        if offset == RELOAD:
            metrics.RELOADS.inc()
            position = self.tail.position
            return on_wire(form.wire, reload(position), "reload", position), position.offset
        return self.tail.bytes_after(offset, form, LARGEST_WRITE)

    # Slow readers, and proof of life

    def drain_began(self, reader: Reader) -> None:
        self._draining[reader] = (reader.transport.get_write_buffer_size(), monotonic())

    def drain_ended(self, reader: Reader) -> None:
        self._draining.pop(reader, None)
        self.arrivals.drained(reader)
        if reader.behind:
            self._replay.stir()
        else:
            self._serve(reader)
            if not reader.draining:
                self.arrivals.drained(reader)

    def drop_stalled(self, timeout: float) -> None:
        """Cut off readers that took nothing for `timeout` seconds; they resume with their cursors."""
        for reader, (size, began) in list(self._draining.items()):
            left = reader.transport.get_write_buffer_size()
            if left < size:
                self._draining[reader] = (left, monotonic())
            elif monotonic() - began > timeout:
                metrics.STALLED.inc()
                reader.transport.abort()

    async def beat(self) -> None:
        """Send a heartbeat to every reader who has everything."""
        position = self.tail.position
        self.beaten_at = monotonic()
        frames: dict[Form, bytes] = {}
        readers = list(self.readers)  # a reader who moves to a place that was passed is met all the same
        for at in range(0, len(readers), SLICE):
            for reader in readers[at : at + SLICE]:
                if self.tail.position != position:
                    return  # it grew: the events themselves prove that the connection lives
                if reader.channel is not self:
                    continue
                if reader.offset == position.offset and not (reader.draining or reader.behind):
                    frame = frames.get(reader.form)
                    if frame is None:
                        frame = on_wire(reader.form.wire, heartbeat(position), "heartbeat")
                        frames[reader.form] = frame
                    reader.transport.write(frame)
            await asyncio.sleep(0)
