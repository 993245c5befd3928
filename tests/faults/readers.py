"""Readers who misbehave as real ones do: they leave in the middle, fall silent, and come back another way.

A `Reader` keeps one cursor and folds what it gets by id, knowing no more than the wire contract. It moves
between servers and transports, cuts connections, and takes nothing for a while, as its `Habits` say. What it
saw is in `reading`; `violations` judges it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from history import Began, Proof, Reading, Reloaded, Seen

from livefeed.model import Position

TRANSPORTS = ("websocket", "sse", "polling")
SILENCE = 15.0  # seconds without a frame, thirty heartbeats, after which a reader thinks the connection dead
NARROW = 4096  # bytes a slow reader's kernel takes


@dataclass(frozen=True, slots=True)
class Habits:
    """How a reader behaves. `lifetime` is the mean of a connection's seconds, `stall` the chance that a frame
    is followed by a pause of up to `longest_stall` seconds."""

    transports: Sequence[str] = TRANSPORTS
    view: str = "json"
    lifetime: float = 0.5
    stall: float = 0.02
    longest_stall: float = 0.4
    start: str = "0"  # "0": from the beginning; "page": from the position of a page just read


CALM = Habits(lifetime=3600, stall=0)


class _Over(Exception):
    """This connection has served its purpose."""


class Reader:
    """One reader of the channel at the path `channel`: a coverage's `/live/SLUG`, or empty for the site's.
    `addresses()` are the servers that it may try."""

    def __init__(
        self,
        name: str,
        channel: str,
        addresses: Callable[[], Sequence[str]],
        habits: Habits,
        *,
        seed: int,
    ) -> None:
        self.reading = Reading(name)
        self.counts: Counter[str] = Counter()
        self.calm = False
        self.position: Position | None = None
        self.connected = False
        self.channel = channel
        self.addresses = addresses
        self._habits = habits
        self._chance = random.Random(seed)
        self._cursor: str | None = None if habits.start == "page" else "0"
        self._fresh = True
        self._transport = ""

    async def read(self) -> None:
        """Read until cancelled."""
        connector = aiohttp.TCPConnector(limit=0, socket_factory=_narrow)
        async with aiohttp.ClientSession(connector=connector, read_bufsize=NARROW) as client:
            failures = 0
            while True:
                try:
                    await self._connect(client)
                    failures = 0
                except (aiohttp.ClientError, OSError, TimeoutError):
                    self.counts["failures"] += 1
                    failures += 1
                finally:
                    self.connected = False
                await asyncio.sleep(self._chance.uniform(0.005, min(0.02 * 2 ** min(failures, 4), 0.25)))

    def cursor_again(self) -> str | None:
        """The cursor of the next connection."""
        return self._cursor

    async def _connect(self, client: aiohttp.ClientSession) -> None:
        addresses = self.addresses()
        if not addresses:
            return
        url = self._chance.choice(addresses) + self.channel
        if self._cursor is None:
            await self._open_page(client, url)
        transport = self._chance.choice(self._habits.transports)
        self.counts["connects"] += 1
        if self._transport and transport != self._transport:
            self.counts["switches"] += 1
        self._transport = transport
        lifetime = None if self.calm else self._chance.expovariate(1 / self._habits.lifetime)
        try:
            async with asyncio.timeout(lifetime):
                await getattr(self, f"_{transport}")(client, url)
        except TimeoutError:
            self.counts["cuts"] += 1
        except _Over:
            pass

    async def _open_page(self, client: aiohttp.ClientSession, url: str) -> None:
        async with client.get(url) as response:
            response.raise_for_status()
            page = await response.text()
        self._cursor = page.partition('data-position="')[2].partition('"')[0]
        self._begin(self._cursor)

    async def _websocket(self, client: aiohttp.ClientSession, url: str) -> None:
        query = self._query()
        window = self._chance.choice((0, 15))  # half of them take deflated frames
        async with client.ws_connect(f"{url}/ws", params=query, max_msg_size=0, compress=window) as wire:
            self.counts["deflated"] += bool(wire.compress)
            self.connected = True
            try:
                while True:
                    message = await wire.receive(SILENCE)
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        return
                    await self._take(json.loads(message.data))
            finally:
                opened: socket.socket | None = wire.get_extra_info("socket")
                if opened is not None and self._chance.random() < 0.5:  # a phone in a tunnel says no goodbye
                    with contextlib.suppress(OSError):
                        opened.shutdown(socket.SHUT_RDWR)

    async def _sse(self, client: aiohttp.ClientSession, url: str) -> None:
        query, headers = self._query(), {}
        if "after" in query and self._chance.random() < 0.5:
            headers["Last-Event-ID"] = query.pop("after")
        timeout = aiohttp.ClientTimeout(sock_read=SILENCE)
        async with client.get(f"{url}/sse", params=query, headers=headers, timeout=timeout) as response:
            response.raise_for_status()
            self.connected = True
            received = b""
            async for piece in response.content.iter_any():
                *messages, received = (received + piece).split(b"\n\n")
                for message in messages:
                    await self._take(_frame(message.decode()))

    async def _polling(self, client: aiohttp.ClientSession, url: str) -> None:
        while True:
            wait = self._chance.choice(("0.2", "1", "25"))
            query = self._query() | {"wait": wait, "limit": str(self._chance.randint(1, 200))}
            timeout = aiohttp.ClientTimeout(total=float(wait) + SILENCE)
            async with client.get(f"{url}/changes", params=query, timeout=timeout) as response:
                response.raise_for_status()
                self.connected = True
                answer = await response.json()
            self.counts["polls"] += 1
            if answer.get("reload"):
                await self._take({"kind": "reload", "position": answer["position"]})
            if self._fresh:
                # `after=0` asked for everything from the first on, in the epoch that the answer names.
                self._begin(f"{answer['position'].rpartition('-')[0]}-0")
            for frame in answer["events"]:
                await self._take(frame)

    def _query(self) -> dict[str, str]:
        cursor = self.cursor_again()
        return {"view": self._habits.view} | ({} if cursor is None else {"after": cursor})

    async def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["kind"]
        if kind == "hello":
            if self._fresh:
                self._begin(frame["position"])
            return
        if kind == "goodbye":
            self.counts["goodbyes"] += 1
            await asyncio.sleep(frame["retry"] / 1000)
            raise _Over
        position = Position.parse(frame["position"])
        assert position is not None, frame
        if kind == "heartbeat":
            self.counts["heartbeats"] += 1
            self.reading.steps.append(Proof(position))
            return
        if kind == "reload":
            self.counts["reloads"] += 1
            self.reading.steps.append(Reloaded(position))
            self.reading.folded.clear()
            # As a page does: throw everything away and load anew.
            self._cursor, self._fresh, self.position = "0", True, None
            raise _Over
        self.counts["events"] += 1
        seen = seen_in(frame)
        self.reading.steps.append(seen)
        self.reading.folded[seen.subject] = seen.state
        self.position, self._cursor = position, str(position)
        if not self.calm and self._chance.random() < self._habits.stall:
            self.counts["stalls"] += 1
            await asyncio.sleep(self._chance.uniform(0, self._habits.longest_stall))

    def _begin(self, cursor: str) -> None:
        position = Position.parse(cursor)
        assert position is not None, cursor
        self._fresh, self.position = False, position
        self._cursor = cursor
        self.reading.steps.append(Began(position))


class Forgetful(Reader):
    """A reader without the protection: it comes back without its cursor."""

    def cursor_again(self) -> str | None:
        return "0" if self._fresh else None


def seen_in(frame: dict[str, Any]) -> Seen:
    """The event in a frame. A coverage's state goes under the empty name."""
    position = Position.parse(frame["position"])
    assert position is not None, frame
    if "html" in frame:
        return Seen(position, frame["kind"], frame["id"] or "", {"html": frame["html"]})
    state = frame.get("update") or frame["coverage"]
    return Seen(position, frame["kind"], state.get("id", ""), state)


def _frame(message: str) -> dict[str, Any]:
    """The frame in one event of a stream; only what a reader may resume from carries an id."""
    fields = dict(line.split(": ", 1) for line in message.splitlines())
    frame: dict[str, Any] = json.loads(fields["data"])
    assert fields["event"] == frame["kind"], message
    resumable = frame["kind"] not in {"hello", "heartbeat", "goodbye"}
    assert fields.get("id") == (frame["position"] if resumable else None), message
    return frame


def _narrow(address: tuple[Any, ...]) -> socket.socket:
    """A socket whose kernel buffer is small, so that a reader who takes nothing is felt by the server."""
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
    opened.setblocking(False)
    return opened
