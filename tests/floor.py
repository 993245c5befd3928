"""A channel's surroundings: a real SQLite store that loses, doubles, delays and reorders what it announces,
and readers whose transports remember, and can be slow."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from redis_server import PATIENCE, until
from store_desk import Desk
from witness import Witness

from livefeed.events import Event, Kind, live_channel, public_coverage, public_update
from livefeed.fanout import Channel, Fanout, Reader, Start
from livefeed.frames import View, Wire, content_of, event_text, form_of, hint, html_content
from livefeed.store import Batch, Fact, Listener, Page, StoreAway
from livefeed.store.sqlite import SQLiteStore

SLUG = "idlib"
LIVE = live_channel(SLUG)


def render(event: Event, view: View) -> str:
    """As the server does, with a plainer fragment."""
    if view is View.HINTS:
        return hint(event.kind, event.position)
    if view is View.HTML:
        update = event.update
        html = f"<p>{update.headline}{update.body}</p>" if update else "<header></header>"
        return event_text(event, html_content(update.id if update else None, html))
    if event.update is not None:
        return event_text(event, content_of("update", public_update(event.update, "")))
    assert event.coverage is not None
    return event_text(event, content_of("coverage", public_coverage(event.coverage, "")))


class Rumours:
    """A listener in front of another one that passes on what `chance` lets through, as it likes."""

    def __init__(self, listener: Listener, chance: Random) -> None:
        self._listener = listener
        self._chance = chance
        self._held: list[Event] = []

    def receive(self, event: Event) -> None:
        fate = self._chance.random()
        if fate < 0.2:
            return
        self._held.append(event)
        if fate < 0.4:
            self._held.append(event)
        if fate > 0.6:
            self._chance.shuffle(self._held)
            held, self._held = self._held, []
            for late in held:
                self._listener.receive(late)

    def heal(self) -> None:
        self._listener.heal()


class TroubledStore(SQLiteStore):
    """A store whose reads are counted, can be refused (`cut_off`) and held back (`gate`).

    A held read has been made already: it answers late with what was true before.
    """

    def __init__(self, path: Path, chance: Random | None = None) -> None:
        super().__init__(path, serving=True, write_timeout=PATIENCE)
        self.cut_off = False
        self.deaf = False
        self.reads: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.held = asyncio.Event()
        self._chance = chance

    async def start(
        self, listener: Listener | None = None, hear: Callable[[str], None] | None = None
    ) -> None:
        if listener is not None and self._chance is not None:
            listener = Rumours(listener, self._chance)
        await super().start(_Ear(self, listener) if listener else None, hear)

    async def read(self, channel: str, after: int, limit: int, max_bytes: int = 1 << 20) -> Page:
        self._refuse()
        self.reads.append(after)
        page = await super().read(channel, after, limit, max_bytes)
        if not self.gate.is_set():
            self.held.set()
            await self.gate.wait()
        return page

    async def recent(self, channel: str, limit: int) -> Page:
        self._refuse()
        return await super().recent(channel, limit)

    async def tops(self, channels: Any) -> tuple[str, dict[str, int]]:
        self._refuse()
        return await super().tops(channels)

    @contextlib.contextmanager
    def reads_held(self) -> Iterator[None]:
        """Reads that end meanwhile are answered afterwards."""
        self.gate.clear()
        self.held.clear()
        try:
            yield
        finally:
            self.gate.set()

    def _refuse(self) -> None:
        if self.cut_off:
            raise StoreAway("cut off by the test")


class _Ear:
    """Passes announcements on unless the store is `deaf`."""

    def __init__(self, store: TroubledStore, listener: Listener) -> None:
        self._store = store
        self._listener = listener

    def receive(self, event: Event) -> None:
        if not self._store.deaf:
            self._listener.receive(event)

    def heal(self) -> None:
        if not self._store.deaf:
            self._listener.heal()


class Line(asyncio.Transport):
    """A transport that remembers every write. While `slow` it keeps them until `take`."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.slow = False
        self.aborted = False
        self.reader: Reader | None = None
        self._buffered = 0
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.aborted, "written to after its end"
        self.writes.append(bytes(data))
        if self.slow and self.reader is not None:
            self._buffered += len(data)
            if not self.reader.draining:
                self.reader.drain_begins()

    def take(self, size: int | None = None) -> None:
        """The peer takes `size` bytes (None: all) of what is buffered."""
        if not self._buffered:
            return
        self._buffered -= min(self._buffered, size or self._buffered)
        if self._buffered == 0 and self.reader is not None and not self.aborted:
            self.reader.drain_ends()

    def get_write_buffer_size(self) -> int:
        return self._buffered

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = self.aborted = True
        if self.reader is not None:
            asyncio.get_running_loop().call_soon(self.reader.left)


class Visitor:
    """A reader on a `Line`, with a witness of what it was written."""

    def __init__(self, wire: Wire = Wire.WEBSOCKET, view: View = View.JSON) -> None:
        self.line = Line()
        self.reader = self.line.reader = Reader(self.line, form_of(wire, view))

    def join(self, channel: Channel, start: Start) -> Visitor:
        channel.join(self.reader, start)
        return self

    async def come(self, channel: Channel, cursor: str | None = None) -> Visitor:
        return self.join(channel, await channel.start_of(cursor))

    @property
    def texts(self) -> list[str]:
        """The JSON texts written so far."""
        return list(texts_of(b"".join(self.line.writes)))

    @property
    def witness(self) -> Witness:
        """A witness of all that was written so far."""
        witness = Witness()
        for text in self.texts:
            witness.take(json.loads(text))
        return witness

    def has(self, channel: Channel) -> bool:
        """True when the reader was written everything up to the top."""
        return self.reader.offset == channel.tail.top and not (self.reader.draining or self.reader.behind)


def texts_of(received: bytes) -> Iterator[str]:
    """The text messages in a server's unmasked WebSocket frames."""
    while received:
        opcode, size, at = received[0], received[1], 2
        if size == 126:
            size, at = int.from_bytes(received[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(received[2:10], "big"), 10
        if opcode == 0x81:
            yield received[at : at + size].decode()
        received = received[at + size :]


class Floor:
    """A store, its desk and a fan-out that listens to it."""

    def __init__(self, store: TroubledStore, fanout: Fanout) -> None:
        self.store = store
        self.desk = Desk(store, SLUG)
        self.fanout = fanout

    async def channel(self) -> Channel:
        return await self.fanout.open(LIVE)

    async def publish(self, count: int, first: int = 1, **fields: Any) -> None:
        for number in range(first, first + count):
            await self.desk.publish(f"u{number}", **fields)

    async def flood(self, count: int, size: int = 0) -> None:
        """Revise one update `count` times, each text `size` characters long, in few transactions."""
        await self.desk.publish("flood")
        update = replace(await self.desk.update("flood"), text="ن" * size)
        for at in range(0, count, 500):
            facts = (Fact(LIVE, Kind.REVISED, update),) * min(500, count - at)
            await self.store.append(Batch(facts=facts, updates=(update,)))

    async def seen(self, *visitors: Visitor) -> None:
        """Wait until the visitors were written everything."""
        channel = await self.channel()
        await until(lambda: all(visitor.has(channel) for visitor in visitors))

    async def level(self) -> Channel:
        """Wait until the tail has what the log has."""
        channel = await self.channel()
        epoch, tops = await SQLiteStore.tops(self.store, [LIVE])
        await until(lambda: channel.tail.epoch == epoch and channel.tail.top >= tops[LIVE])
        return channel


@contextlib.asynccontextmanager
async def floor(
    folder: Path, *, chance: Random | None = None, started: bool = True, **changes: Any
) -> AsyncIterator[Floor]:
    """A floor whose heartbeats and timed comparisons come only when a test says so."""
    store = TroubledStore(folder / "live.db", chance)
    settings: dict[str, Any] = {
        "tail_events": 20,
        "heartbeat_interval": 1000.0,
        "heal_interval": 1000.0,
        "stall_timeout": 1000.0,
        **changes,
    }
    fanout = Fanout(store, settings.pop("render", render), **settings)
    await store.start(fanout)
    if started:
        await fanout.start()
    try:
        yield Floor(store, fanout)
    finally:
        await fanout.aclose()
        await store.aclose()
