"""The ways to follow a channel, as readers' programs use them: one interface over all of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from live_server import Server
from redis_server import PATIENCE
from witness import Witness

Frame = dict[str, Any]


class Stream:
    """One reader's frames, as they come."""

    def __init__(self, read: Callable[[], Awaitable[Frame]]) -> None:
        self._read = read
        self.witness = Witness()

    async def next(self) -> Frame:
        """The next frame, heartbeats included."""
        frame = await asyncio.wait_for(self._read(), PATIENCE)
        self.witness.take(frame)
        return frame

    async def event(self) -> Frame:
        """The next frame that is no heartbeat."""
        while (frame := await self.next())["kind"] == "heartbeat":
            pass
        return frame

    async def until(self, position: str) -> Witness:
        """The witness, once everything up to `position` has come."""
        while self.witness.position != position:
            await self.next()
        return self.witness


@dataclass(frozen=True)
class Way:
    """A way to follow, and whether the server takes the connection out of aiohttp's hands."""

    name: str
    detach: bool

    def __str__(self) -> str:
        return f"{self.name}-{'detached' if self.detach else 'plain'}"

    @contextlib.asynccontextmanager
    async def follow(
        self, server: Server, channel: str = "/live/story", **asked: str
    ) -> AsyncIterator[Stream]:
        """Follow `channel` (a path; empty is the site's) with the query `asked`."""
        opened = {"websocket": _socket, "sse": _events, "polling": _polling}[self.name]
        async with opened(server, channel, asked) as read:
            yield Stream(read)


def address(server: Server, channel: str, door: str, asked: dict[str, str]) -> str:
    return f"{server.url}{channel}/{door}?{urlencode(asked)}"


@contextlib.asynccontextmanager
async def _socket(
    server: Server, channel: str, asked: dict[str, str]
) -> AsyncIterator[Callable[[], Awaitable[Frame]]]:
    async with server.client.ws_connect(address(server, channel, "ws", asked)) as socket:

        async def read() -> Frame:
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, message
            frame: Frame = json.loads(message.data)
            return frame

        yield read


@contextlib.asynccontextmanager
async def _events(
    server: Server, channel: str, asked: dict[str, str]
) -> AsyncIterator[Callable[[], Awaitable[Frame]]]:
    headers = {"Last-Event-ID": asked.pop("last_event_id")} if "last_event_id" in asked else {}
    async with server.client.get(address(server, channel, "sse", asked), headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"

        async def read() -> Frame:
            fields: dict[str, str] = {}
            while (line := (await response.content.readline()).decode()) != "\n":
                assert line, "the stream has ended"
                name, _, value = line.rstrip("\n").partition(": ")
                assert name not in fields, f"{name} twice in one message"
                fields[name] = value
            frame: Frame = json.loads(fields["data"])
            assert fields["event"] == frame["kind"]
            # Only what a reader may resume from has an id: not the hello, and not the proof of life.
            silent = frame["kind"] in {"hello", "heartbeat", "goodbye"}
            assert fields.get("id") == (None if silent else frame["position"])
            return frame

        yield read


@contextlib.asynccontextmanager
async def _polling(
    server: Server, channel: str, asked: dict[str, str]
) -> AsyncIterator[Callable[[], Awaitable[Frame]]]:
    asked = dict(asked)
    waiting: list[Frame] = []
    greeted = False

    async def ask() -> None:
        nonlocal greeted
        async with server.client.get(address(server, channel, "changes", asked)) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
            caching = response.headers["Cache-Control"]
        reload = answer.get("reload", False)
        if not greeted:
            # A poll says no hello: the stream starts at the cursor that was asked with, or at the top.
            epoch = answer["position"].rpartition("-")[0]
            after = asked.get("after")
            start = answer["position"] if after is None or reload else f"{epoch}-0" if after == "0" else after
            waiting.append({"kind": "hello", "position": start})
            greeted = True
        if reload:
            assert (answer["events"], answer["more"], caching) == ([], False, "no-store")
            waiting.append({"kind": "reload", "position": answer["position"]})
        waiting.extend(answer["events"])
        if answer["events"]:
            assert answer["position"] == answer["events"][-1]["position"]
        if not answer["more"]:
            waiting.append({"kind": "heartbeat", "position": answer["position"]})
        asked.update(after=answer["position"], wait="20")

    async def read() -> Frame:
        while not waiting:
            await ask()
        return waiting.pop(0)

    yield read


WAYS = [
    Way("websocket", True),
    Way("websocket", False),
    Way("sse", True),
    Way("sse", False),
    Way("polling", True),
]
