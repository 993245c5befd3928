"""The readers of one channel who are at its tail, and the passes that write to them.

Theory of operation
    When the tail grows, a *pass* walks the readers and gives each whose write buffer is empty everything
    after its offset in one write. One that is still draining is skipped and met again when it has drained,
    so it costs nothing and delays nobody, and a burst coalesces by itself. After a pass the channel rests for
    as long as the pass took, and longer in a burst (at most `LONGEST_REST`): updates that arrive meanwhile
    share the next one.

Invariants
    1. A reader is written every offset of the tail once, in order.
    2. What a reader is skipped for is remembered in its offset alone, so nothing is lost by skipping.
    3. A heartbeat goes only to readers who were written everything up to the position in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

import structlog

from livefeed import metrics
from livefeed.fanout.arrival import Arrivals
from livefeed.fanout.reader import RELOAD, Reader
from livefeed.fanout.replay import LARGEST_WRITE
from livefeed.frames import Form, heartbeat, on_wire, reload
from livefeed.tail import Tail

log = structlog.get_logger()

SLICE = 200  # readers served before the loop may do something else: about 2 ms
LONGEST_REST = 0.05  # seconds; more would be felt by a reader who waits for the next update
BURST = 3  # events that came during one pass and its rest: the next rest is twice as long
SHARED_PIECES = (
    64  # joined frames kept for readers at the same offset: 16 MiB at most while a herd comes back
)


class Passes:
    """Serves the readers of one channel from its tail."""

    def __init__(
        self, name: str, *, tail: Callable[[], Tail], arrivals: Arrivals, late: Callable[[Reader], None]
    ) -> None:
        """`tail()` is the channel's; `late(reader)` takes over a reader whose offset has left it."""
        self.readers: list[Reader] = []
        self._name = name
        self._tail = tail
        self._arrivals = arrivals
        self._late = late
        self._draining: dict[Reader, tuple[int, float]] = {}
        self._pieces: dict[tuple[int, Form], tuple[bytes, int]] = {}
        self._passing = False
        self._again = False
        self._next = 0  # the next reader of the pass under way
        self._pass_began = 0.0
        self._pass_top = 0
        self._rest = 0.0

    def add(self, reader: Reader) -> None:
        """Meet `reader` in every pass from now on."""
        reader.place = len(self.readers)
        self.readers.append(reader)

    def remove(self, reader: Reader) -> None:
        """Forget a reader. The last one takes its place, so leaving costs the same for any number."""
        self._draining.pop(reader, None)
        last = self.readers.pop()
        if last is not reader:
            self.readers[reader.place] = last
            last.place = reader.place
            # The last one may have moved to where the pass under way has been already.
            self._again = True
        reader.place = -1

    def soon(self) -> None:
        """Serve every reader who lacks something, soon and not more often than pays."""
        if self._passing:
            self._again = True
        elif self.readers:
            self._passing = True
            self._next = 0
            self._pass_began = monotonic()
            self._pass_top = self._tail().top
            asyncio.get_running_loop().call_soon(self._slice)

    def serve(self, reader: Reader) -> None:
        """Write what `reader` lacks, until it has everything or its buffer fills."""
        try:
            self._write_missing(reader)
        except Exception:
            # An event that a site's own template cannot show must not silence the channel for everybody.
            log.exception("a frame could not be made", channel=self._name, offset=reader.offset)
            reader.transport.abort()
            reader.left()

    def renew(self) -> None:
        """The tail has changed: joined frames end too early now, or hold what was withdrawn."""
        self._pieces.clear()

    def drain_began(self, reader: Reader) -> None:
        """`reader` takes no more for now."""
        self._draining[reader] = (reader.transport.get_write_buffer_size(), monotonic())

    def drain_ended(self, reader: Reader) -> None:
        """`reader` has taken everything that was written."""
        self._draining.pop(reader, None)

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
        position = self._tail().position
        frames: dict[Form, bytes] = {}
        readers = list(self.readers)  # a reader who moves to a place that was passed is met all the same
        for at in range(0, len(readers), SLICE):
            for reader in readers[at : at + SLICE]:
                if self._tail().position != position:
                    return  # it grew: the events themselves prove that the connection lives
                if reader.place < 0:
                    continue  # it has left meanwhile
                if reader.offset == position.offset and not (reader.draining or reader.behind):
                    frame = frames.get(reader.form)
                    if frame is None:
                        frame = on_wire(reader.form.wire, heartbeat(position), "heartbeat")
                        frames[reader.form] = frame
                    reader.transport.write(frame)
            await asyncio.sleep(0)

    def _slice(self) -> None:
        """Serve the next readers of the pass, then let the loop do something else."""
        readers, pieces, top = self.readers, self._pieces, self._tail().top
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
                    self.serve(reader)
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
        self._arrivals.passed(self._pass_top, self._draining)
        self._rest = min(max(took, self._rest), LONGEST_REST)
        loop.call_later(self._rest, self._rested)

    def _rested(self) -> None:
        self._passing = False
        self._rest = 2 * self._rest if self._tail().top - self._pass_top >= BURST else 0.0
        if self._again:
            self._again = False
            self.soon()

    def _write_missing(self, reader: Reader) -> None:
        while reader.offset < self._tail().top and not reader.draining and reader.place >= 0:
            key = (reader.offset, reader.form)
            piece = self._pieces.get(key)
            if piece is None:
                piece = self._piece(*key)
                if piece is None:
                    self._late(reader)
                    return
                if len(self._pieces) >= SHARED_PIECES:
                    self._pieces.clear()
                self._pieces[key] = piece
            reader.offset = piece[1]
            reader.transport.write(piece[0])

    def _piece(self, offset: int, form: Form) -> tuple[bytes, int] | None:
        if offset == RELOAD:
            metrics.RELOADS.inc()
            position = self._tail().position
            return on_wire(form.wire, reload(position), "reload", position), position.offset
        return self._tail().bytes_after(offset, form, LARGEST_WRITE)
