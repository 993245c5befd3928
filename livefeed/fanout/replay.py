"""Readers whose offset has left the tail: the log is paged for all of them together.

One task per channel, and only while somebody is behind. It goes round the readers; each that takes bytes gets
its next piece. Blocks of the log are aligned, so readers near each other share one read, and only one read is
under way at a time: a herd of late readers is a queue for the store, not a storm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from livefeed.events import Event
from livefeed.fanout.reader import Reader
from livefeed.frames import Form
from livefeed.store import Store, StoreError
from livefeed.tail import Entry, Tail, empty, joined

log = structlog.get_logger()

BLOCK_EVENTS = 256  # events of the log read at once
LARGEST_WRITE = 256 * 1024  # one reader takes at most this much at once, so that everybody gets a turn
TURN = 20  # readers served, or frames made, before the loop may do something else: 5 to 15 ms
RETRY_INTERVAL = 0.2  # seconds until the log is tried again while the store is away

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Replay:
    """Serves the readers of one channel who are behind its tail."""

    def __init__(
        self,
        name: str,
        store: Store,
        *,
        spawn: Spawn,
        tail: Callable[[], Tail],
        caught_up: Callable[[Reader], None],
        reborn: Callable[[], None],
    ) -> None:
        """`tail()` is the channel's; `caught_up(reader)` takes a reader back; `reborn()` is told of another
        epoch in the log than in the tail."""
        self._name = name
        self._store = store
        self._spawn = spawn
        self._tail = tail
        self._caught_up = caught_up
        self._reborn = reborn
        self._readers: dict[Reader, None] = {}
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._block: list[Entry] = []
        self._withdrawals = 0

    def take(self, reader: Reader) -> None:
        """Serve `reader` from the log until it has come up to the tail."""
        reader.behind = True
        self._readers[reader] = None
        self._stirred.set()
        if self._task is None or self._task.done():
            self._task = self._spawn(self._serve_all())

    def stir(self) -> None:
        """A reader takes bytes again."""
        self._stirred.set()

    def forget(self, reader: Reader) -> None:
        self._readers.pop(reader, None)

    def forget_all(self) -> None:
        """A new epoch began: offsets and blocks mean nothing any more."""
        for reader in self._readers:
            reader.behind = False
        self._readers.clear()
        self._block = []

    def withdraw(self, event: Event) -> None:
        """Empty what was read of an update that has just been retracted."""
        self._withdrawals += 1
        empty(self._block, event)

    async def _serve_all(self) -> None:
        while self._readers:
            self._stirred.clear()
            served = False
            for place, reader in enumerate(list(self._readers), 1):
                if place % TURN == 0:
                    await asyncio.sleep(0)
                if reader in self._readers and not reader.draining:
                    served = True
                    try:
                        await self._serve(reader)
                    except Exception:
                        # What cannot be shown to one must not keep the others waiting for ever.
                        log.exception("a replay failed", channel=self._name, offset=reader.offset)
                        reader.transport.abort()
                        reader.left()
            if served:
                await asyncio.sleep(0)
                continue
            try:
                async with asyncio.timeout(1.0):
                    await self._stirred.wait()
            except TimeoutError:
                continue  # a reader may have been dropped meanwhile

    async def _serve(self, reader: Reader) -> None:
        if reader.offset >= self._tail().first - 1:
            self.forget(reader)
            reader.behind = False
            self._caught_up(reader)
            return
        entries = await self._after(reader.offset)
        block = self._block
        await self._make_frames(entries, reader.form)
        if entries and block is self._block and reader in self._readers and not reader.draining:
            piece, reader.offset = joined(entries, reader.form, LARGEST_WRITE, self._tail().render)
            reader.transport.write(piece)

    async def _make_frames(self, entries: list[Entry], form: Form) -> None:
        """Make the frames of the next piece in turns: a fragment of HTML takes a millisecond."""
        size = made = 0
        for entry in entries:
            if form not in entry.frames:
                made += 1
                if made % TURN == 0:
                    await asyncio.sleep(0)
            size += len(entry.frame(form, self._tail().render))
            if size > LARGEST_WRITE:
                break

    async def _after(self, offset: int) -> list[Entry]:
        """Entries right after `offset`; none when the store is away or the log has a new epoch."""
        block = self._block
        if not (block and block[0].event.offset <= offset + 1 <= block[-1].event.offset):
            block = await self._read(offset)
        return block[offset + 1 - block[0].event.offset :] if block else []

    async def _read(self, offset: int) -> list[Entry]:
        withdrawals = self._withdrawals
        aligned = offset // BLOCK_EVENTS * BLOCK_EVENTS
        try:
            page = await self._store.read(self._name, aligned, BLOCK_EVENTS)
            if (
                page.events and page.events[-1].offset <= offset
            ):  # the block is cut short by its size in bytes
                page = await self._store.read(self._name, offset, BLOCK_EVENTS)
        except StoreError:
            await asyncio.sleep(RETRY_INTERVAL)
            return []
        if page.epoch != self._tail().epoch:
            self._reborn()
            await asyncio.sleep(RETRY_INTERVAL)
            return []
        if withdrawals != self._withdrawals:
            return []  # read before a retraction that came meanwhile: it may hold what was withdrawn
        self._block = [Entry(event) for event in page.events]
        return self._block
