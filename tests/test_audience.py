"""Audiences: what each process counts, added up over a fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from live_server import Server, running
from redis_server import RedisServer, binaries

from livefeed.audience import Audience
from livefeed.settings import Settings

PLACE = "/api/v1/coverages/story/audience"


async def audience(server: Server) -> dict[str, Any]:
    answer = await server.ask("GET", PLACE)
    assert answer.status == 200
    document: dict[str, Any] = answer.json()
    return document


async def until(server: Server, **expected: int) -> None:
    """Wait until the audience is as expected; the test's own timeout is the watchdog."""
    while not expected.items() <= (await audience(server)).items():  # noqa: ASYNC110 - counted, not announced
        await asyncio.sleep(0.05)


async def connected(server: Server) -> aiohttp.ClientWebSocketResponse:
    socket = await server.client.ws_connect(f"{server.url}/live/story/ws")
    assert (await socket.receive_json())["kind"] == "hello"
    return socket


async def test_open_pages_are_counted_by_their_way_and_by_what_has_reached_them(
    server: Server,
) -> None:
    await server.open()
    assert (await audience(server))["readers"] == 0
    socket = await connected(server)
    async with server.client.get(f"{server.url}/live/story/sse") as events:
        assert events.status == 200
        await until(server, readers=2, websocket=1, sse=1, reached=2)
        await server.publish()
        await until(server, readers=2, reached=2)
        await socket.close()
        await until(server, readers=1, websocket=0)


async def test_webhooks_of_other_coverages_are_not_told_and_not_counted(server: Server) -> None:
    await server.open()
    for coverages in (None, ["story"], ["other"]):
        body = {"url": "https://hooks.example.org/in", **({"coverages": coverages} if coverages else {})}
        assert (await server.ask("POST", "/api/v1/webhooks", json=body)).status == 201
    assert (await audience(server))["webhooks"] == 2


async def test_a_fleet_adds_its_processes_up(tmp_path: Path, make_settings: Callable[..., Settings]) -> None:
    redis = RedisServer(tmp_path / "redis", next(iter(binaries().values()))).start()
    try:
        settings = make_settings(store=redis.url)
        async with running(settings) as one, running(settings) as two:
            await one.open()
            two.tokens = one.tokens
            sockets = [await connected(one), await connected(two), await connected(two)]
            for server in (one, two):
                await until(server, readers=3, reached=3)
            for socket in sockets:
                await socket.close()
            for server in (one, two):
                await until(server, readers=0)
    finally:
        redis.stop()


def test_audiences_add_up() -> None:
    assert Audience(2, 1, 3) + Audience(1, 0, 0) == Audience(3, 1, 3)
    assert Audience(2, 1, 0).readers == 3
