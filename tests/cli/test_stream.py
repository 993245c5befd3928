"""Following across lost connections, against a scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from livefeed.cli.client import Site
from livefeed.cli.outcome import Failed
from livefeed.cli.stream import Frame, Move, Place, follow

Script = list[list[dict[str, Any]] | int]


def frame(kind: str, position: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "position": position, **more}


class Scripted:
    """A server that sends one list of frames to each connection in turn, or refuses it with a status."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str | None] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.query["counted"] == "no"  # a terminal is no open page
        self.asked.append(request.query.get("after"))
        frames = self.script.pop(0)
        if isinstance(frames, int):
            return web.Response(status=frames)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for document in frames:
            await socket.send_json(document)
        await socket.close()
        return socket


@asynccontextmanager
async def followed(
    server: Scripted, cursor: str | None = None
) -> AsyncIterator[AsyncIterator[tuple[Frame, Move]]]:
    app = web.Application()
    app.router.add_get("/live/storm/ws", server.answer)
    async with TestServer(app) as listening, aiohttp.ClientSession() as session:
        site = Site(str(listening.make_url("")).rstrip("/"), session, chance=lambda: 0.0)
        async with aclosing(follow(site, "storm", Place(cursor))) as frames:
            yield frames


async def kinds(frames: AsyncIterator[tuple[Frame, Move]], until: str) -> list[str]:
    found = []
    async for seen, _ in frames:
        found.append(f"{seen.kind} {seen.document.get('position')}")
        if found[-1] == f"published {until}":
            break
    return found


async def test_a_lost_connection_is_taken_up_after_the_last_event() -> None:
    server = Scripted(
        [
            [frame("hello", "e-4"), frame("published", "e-5")],
            503,
            [frame("hello", "e-5"), frame("published", "e-6")],
        ]
    )
    async with followed(server) as frames:
        assert await kinds(frames, "e-6") == ["hello e-4", "published e-5", "hello e-5", "published e-6"]
    assert server.asked == [None, "e-5", "e-5"]


async def test_a_heartbeat_ahead_of_what_arrived_is_a_gap_and_asked_for_again() -> None:
    server = Scripted(
        [
            [frame("hello", "e-4"), frame("heartbeat", "e-4"), frame("heartbeat", "e-6"), frame("x", "e-9")],
            [frame("hello", "e-4"), frame("published", "e-5"), frame("published", "e-6")],
        ]
    )
    async with followed(server, "e-4") as frames:
        assert (await kinds(frames, "e-6"))[-2:] == ["published e-5", "published e-6"]
    assert server.asked == ["e-4", "e-4"]


async def test_after_a_goodbye_and_a_reload_it_goes_on_from_where_the_server_said() -> None:
    server = Scripted(
        [
            [frame("hello", "e-4"), frame("goodbye", retry=0)],
            [frame("hello", "f-1"), frame("reload", "f-7")],
            [frame("hello", "f-7"), frame("published", "f-8")],
        ]
    )
    async with followed(server, "e-4") as frames:
        assert (await kinds(frames, "f-8"))[-3:] == ["reload f-7", "hello f-7", "published f-8"]
    assert server.asked == ["e-4", "e-4", "f-7"]


async def test_a_coverage_that_is_gone_ends_it_with_a_sentence() -> None:
    server = Scripted([[frame("hello", "e-4")], 404])
    async with followed(server) as frames:
        with pytest.raises(Failed, match="no such coverage any more"):
            async for _ in frames:
                pass


def test_what_is_no_frame_is_passed_over() -> None:
    assert Frame.parse("[1]") is None
    assert Frame.parse("{") is None
