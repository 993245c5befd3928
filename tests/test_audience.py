"""Audiences: what each process counts, added up over a fleet."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from live_server import Server, running
from redis_server import RedisServer, binaries
from yarl import URL

from livefeed.audience import Audience
from livefeed.fanout import Arrival
from livefeed.fetches import Fetched, Fetches
from livefeed.settings import Settings

HANDSHAKE = (
    b"GET /live/story/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
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
        assert (await audience(server))["arrived_after"] is None
        await server.publish()
        await until(server, readers=2, reached=2)
        assert (await audience(server))["arrived_after"] >= 0
        await socket.close()
        await until(server, readers=1, websocket=0)


async def test_desks_and_whoever_says_so_are_no_open_pages_and_are_served_alike(server: Server) -> None:
    position = (await server.open())["position"]
    desk = await server.client.ws_connect(f"{server.url}/live/story/ws?counted=no")
    assert (await desk.receive_json())["kind"] == "hello"
    poll = asyncio.create_task(
        server.ask("GET", f"/live/story/changes?after={position}&wait=25&counted=no", role=None)
    )
    async with server.client.get(f"{server.url}/live/story/sse?counted=no") as events:
        assert events.status == 200
        page = await connected(server)
        await until(server, readers=1, websocket=1, sse=0, polling=0, reached=1)
        await page.close()
        await until(server, readers=0)
        await server.publish()
        assert (await desk.receive_json())["kind"] == "published"
        assert len((await poll).json()["events"]) == 1
        assert (await audience(server))["arrived_after"] is None, "no page was open"
    await desk.close()
    for door in ("ws", "sse", "changes"):
        handshake = {"Connection": "Upgrade", "Upgrade": "websocket"} if door == "ws" else {}
        answer = await server.ask("GET", f"/live/story/{door}?counted=perhaps", headers=handshake)
        assert (answer.status, answer.json()["field"]) == (400, "counted")


async def test_fetches_of_feeds_are_counted_by_format(server: Server) -> None:
    await server.open()
    for path in ("updates.rss", "updates.rss", "breaking.rss", "updates.atom", "breaking.json"):
        assert (await server.ask("GET", f"/live/story/{path}", role=None)).status == 200
    tag = (await server.ask("GET", "/feeds/breaking.json", role=None)).headers["ETag"]
    again = await server.ask("GET", "/feeds/breaking.json", role=None, headers={"If-None-Match": tag})
    assert again.status == 304
    for path in ("/live/none/updates.rss", "/feeds/coverages.opml", "/live/story"):
        await server.ask("GET", path, role=None)
    await server.ask("HEAD", "/live/story/updates.rss", role=None)
    found = await audience(server)
    assert found["feeds"] == {"rss": 3, "atom": 1, "json": 1}
    assert found["site_feeds"] == {"rss": 0, "atom": 0, "json": 2}
    assert server.rooms.fetches.owners() == {"story", ""}


def test_a_fetch_counts_for_an_hour() -> None:
    now = 30.0
    fetches = Fetches(clock=lambda: now)
    fetches.count("story", "rss")
    now += 59 * 60
    fetches.count("story", "rss")
    fetches.count("story", "atom")
    assert fetches.of("story") == Fetched(2, 1, 0)
    assert fetches.of("other") == Fetched()
    now += 60
    assert fetches.of("story") == Fetched(1, 1, 0)
    now += 60 * 60
    assert fetches.owners() == set()
    assert fetches.of("story") == Fetched()


def test_the_minutes_that_are_counted_are_an_hour_at_most() -> None:
    now = 1000.0
    fetches = Fetches(clock=lambda: now)
    assert fetches.minutes == 1
    now += 150
    assert fetches.minutes == 3
    now += 3600
    assert fetches.minutes == 60


def test_what_one_process_has_counted_for_a_shorter_time_all_have_together() -> None:
    assert (Audience(minutes=60) + Audience(minutes=7)).minutes == 7


async def test_a_page_that_takes_nothing_is_open_and_not_reached(server: Server) -> None:
    await server.open()
    taking = socket.socket()
    taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taking.setblocking(False)
    await asyncio.get_running_loop().sock_connect(taking, ("127.0.0.1", URL(server.url).port))
    reader, writer = await asyncio.open_connection(sock=taking, limit=1024)
    writer.write(HANDSHAKE)
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    await until(server, readers=1, reached=1)
    other = await connected(server)
    for _ in range(12):
        await server.publish(body="كثير " * 10_000)
        assert (await other.receive_json())["kind"] == "published"
    await until(server, readers=2, reached=1)
    writer.transport.abort()
    await until(server, readers=1, reached=1)


async def test_what_was_written_and_not_taken_yet_has_not_reached_anybody(server: Server) -> None:
    await server.open()
    socket = await connected(server)
    await until(server, readers=1, reached=1)
    channel = server.rooms.fanout.channel("live:story")
    assert channel
    (reader,) = channel.readers
    reader.drain_begins()  # as its transport says when the kernel is full
    await until(server, readers=1, reached=0)
    reader.drain_ends()
    await until(server, readers=1, reached=1)
    await socket.close()


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
            one.rooms.fetches._began -= 2 * 3600  # the other one was started just now
            while (await one.rooms.audiences.of("story")).minutes == 60:  # noqa: ASYNC110 - filed, not announced
                await asyncio.sleep(0.05)
            await two.publish()
            for server, times in ((one, 1), (two, 2)):
                for _ in range(times):
                    assert (await server.ask("GET", "/live/story/updates.rss", role=None)).status == 200
            for server in (one, two):
                await until(server, readers=3, reached=3)
                while (await audience(server))["feeds"]["rss"] != 3:  # noqa: ASYNC110 - filed, not announced
                    await asyncio.sleep(0.05)
                while (await audience(server))["arrived_after"] is None:  # noqa: ASYNC110 - filed, not announced
                    await asyncio.sleep(0.05)
            for socket in sockets:
                await socket.close()
            for server in (one, two):
                await until(server, readers=0)
    finally:
        redis.stop()


async def test_a_long_poll_counts_while_it_waits(server: Server) -> None:
    position = (await server.open())["position"]
    path = f"/live/story/changes?after={position}&wait=25"
    poll = asyncio.create_task(server.ask("GET", path, role=None))
    await until(server, readers=1, polling=1, reached=1)
    await server.publish()
    assert len((await poll).json()["events"]) == 1
    await until(server, readers=0, polling=0)


async def test_who_has_all_that_its_process_knew_of_may_lack_what_another_published(
    tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    redis = RedisServer(tmp_path / "redis", next(iter(binaries().values()))).start()
    try:
        async with running(make_settings(store=redis.url)) as server:
            await server.open()
            records = server.rooms.store.records
            behind = {"live:story": ["e-0", 4, 0, 0, 4, None]}
            await records.put("readers", "another", json.dumps(behind))
            found = await audience(server)
            assert (found["readers"], found["reached"]) == (4, 0)
            level = {"live:story": [(await server.open("story-2"))["position"], 4, 0, 0, 4, [1, 0.25]]}
            await records.put("readers", "another", json.dumps(level))
            found = await audience(server)
            assert (found["reached"], found["arrived_after"]) == (4, 0.25)
    finally:
        redis.stop()


def test_audiences_add_up_and_the_slowest_arrival_of_the_newest_update_counts() -> None:
    one, other = Audience(2, 1, 1, 3, Arrival(7, 0.2)), Audience(1, 0, 0, 0, Arrival(7, 0.3))
    assert one + other == Audience(3, 1, 1, 3, Arrival(7, 0.3))
    assert (one + Audience(1, arrival=Arrival(8, 0.1))).arrival == Arrival(8, 0.1)
    assert one.readers == 4
    fetched = Audience(feeds=Fetched(1, 2, 3), site_feeds=Fetched(rss=4))
    assert fetched + fetched == Audience(feeds=Fetched(2, 4, 6), site_feeds=Fetched(rss=8))
