"""A Redis that is away: what is in memory keeps answering, the rest says so, and all heals by itself."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from live_doors import WAYS, Way
from live_server import Answer, Server, running
from PIL import Image
from redis_server import PATIENCE, RedisServer, binaries, until
from redis_wire import Wire

from livefeed.feeds import ARCHIVE_ITEMS
from livefeed.settings import Settings
from livefeed.store.redis.scripts import script

MEMORY = ["/", "/live/story", "/feeds/breaking.rss", "/live/story/updates.json", "/live/story/breaking.atom"]
MEMORY += [
    "/live/story/changes?after=0",
    "/changes?after=0",
    "/live/story?page=1",
    "/sitemap.xml",
    "/news-sitemap.xml",
    "/feeds/sections/news.atom",
]


@pytest.fixture
def redis(tmp_path: Path) -> RedisServer:
    return RedisServer(tmp_path / "redis", binaries()["valkey"])


@pytest.fixture
async def served(redis: RedisServer, make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    redis.start()
    settings = make_settings(store=redis.url, page_size=5, heal_interval=0.2)
    try:
        async with running(settings) as server:
            await server.open(section="News")
            for number in range(12):
                await server.publish(breaking=number % 2 == 0)
            yield server
    finally:
        redis.stop()


async def lost(server: Server, redis: RedisServer) -> None:
    redis.kill()
    await until(lambda: server.rooms.store.away)


async def back(server: Server, redis: RedisServer) -> None:
    redis.start()
    await until(lambda: not server.rooms.store.away)


async def test_an_archive_document_goes_on_from_memory_but_never_with_what_was_retracted(
    served: Server, redis: RedisServer
) -> None:
    for _ in range(ARCHIVE_ITEMS - 12):
        await served.publish()
    path = "/live/story/archive/1.atom"
    before = await served.ask("GET", path, role=None)
    await lost(served, redis)
    assert (await served.ask("GET", path, role=None)).body == before.body
    assert (await served.ask("GET", "/live/story/archive/1.rss", role=None)).status == 503
    await back(served, redis)
    update = (await served.events())[1]["update"]
    retraction = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
    answer = await served.ask("POST", retraction, json={"reason": "x", "note": "سُحب"})
    assert answer.status == 200, answer.text
    await lost(served, redis)
    assert (await served.ask("GET", path, role=None)).status == 503
    await back(served, redis)
    assert "سُحب" in (await served.ask("GET", path, role=None)).text


async def test_reading_goes_on_from_memory_and_writing_says_when_to_come_back(
    served: Server, redis: RedisServer
) -> None:
    before = {path: await served.ask("GET", path, role=None) for path in MEMORY}
    token = await served.token()
    await lost(served, redis)
    for path in MEMORY:
        answer = await served.ask("GET", path, role=None)
        assert answer.status == 200, path
        assert answer.headers["Livefeed-Store"] == "away", path
        if "feed" in path or "changes" in path:
            assert answer.body == before[path].body, path
    ready = await served.ask("GET", "/readyz", role=None)
    assert (ready.status, ready.json()["store"]) == (200, "away")
    for method, path, document in [
        ("POST", "/api/v1/coverages/story/updates", {"body": "x"}),
        ("POST", "/api/v1/coverages", {"slug": "fresh", "headline": "x"}),
        ("POST", "/api/v1/coverages/story/closure", {}),
    ]:
        began = monotonic()
        headers = {"Authorization": f"Bearer {token}"}
        answer = await served.ask(method, path, role=None, json=document, headers=headers)
        assert monotonic() - began < 2
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
    assert (await served.ask("GET", "/live/none", role=None)).status == 404
    unknown = await served.ask("GET", "/live/story/updates/0123456789abcdef", role=None)
    assert (unknown.status, "Retry-After" in unknown.headers) == (503, True)
    await back(served, redis)
    update = await served.publish(body="عاد المخزن")
    page = await served.ask("GET", "/live/story", role=None)
    assert update["id"] in page.text
    assert "Livefeed-Store" not in page.headers
    assert (await served.ask("GET", "/readyz", role=None)).json()["store"] == "here"


@pytest.mark.parametrize("way", WAYS[::2], ids=str)
async def test_an_open_connection_outlives_the_outage_and_misses_nothing(
    served: Server, redis: RedisServer, way: Way
) -> None:
    async with way.follow(served) as stream:
        hello = await stream.next()
        await lost(served, redis)
        async with way.follow(served, after=hello["position"]) as newcomer:
            assert await newcomer.next() == hello
            await back(served, redis)
            for _ in range(3):
                update = await served.publish()
            for reader in (stream, newcomer):
                witness = await reader.until(update["position"])
                assert (len(witness.events), witness.reloads) == (3, 0)


async def test_a_cursor_that_nobody_can_judge_waits_and_a_poll_is_told_so(
    served: Server, redis: RedisServer
) -> None:
    position = (await served.ask("GET", "/live/story/changes", role=None)).json()["position"]
    epoch, _, offset = position.rpartition("-")
    ahead = f"{epoch}-{int(offset) + 1}"
    await lost(served, redis)
    poll = await served.ask("GET", f"/live/story/changes?after={ahead}", role=None)
    assert (poll.status, "Retry-After" in poll.headers) == (503, True)
    ways = [Way("websocket", True), Way("sse", True)]
    async with ways[0].follow(served, after=ahead) as near, ways[1].follow(served, after="gone-9") as far:
        assert (await near.next())["position"] == ahead
        assert (await far.next())["position"] == "gone-9"
        waiting = [asyncio.create_task(near.next()), asyncio.create_task(far.next())]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        await back(served, redis)
        frames = await asyncio.gather(*waiting)
        assert {frame["kind"] for frame in frames} == {"reload"}


async def upload(server: Server, shade: int) -> dict[str, Any]:
    """A picture of this shade, taken in by the server."""
    picture = io.BytesIO()
    Image.new("L", (8, 8), shade).save(picture, "PNG")
    form = aiohttp.FormData()
    form.add_field("file", picture.getvalue(), filename="p.png", content_type="image/png")
    answer = await server.ask("POST", "/api/v1/media", data=form)
    assert answer.status == 201, answer.text
    return dict(answer.json(), path=answer.json()["url"].removeprefix(server.url))


async def test_nothing_that_was_retracted_comes_back_from_memory(served: Server, redis: RedisServer) -> None:
    shown, withdrawn, unused = [await upload(served, shade) for shade in (1, 2, 3)]
    await served.publish(media=[{"id": shown["id"], "alt": "x"}])
    secret = {"headline": "سري جدا", "body": "اسم المصدر"}
    update = await served.publish(**secret, media=[{"id": withdrawn["id"], "alt": "x"}])
    for _ in range(6):
        await served.publish()
    archive = "/live/story?page=3"
    assert "سري جدا" in (await served.ask("GET", archive, role=None)).text
    for picture in (shown, withdrawn):
        assert (await served.ask("GET", picture["path"], role=None)).status == 200
    address = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
    assert (await served.ask("POST", address, json={"reason": "r", "note": "سُحب"})).status == 200
    await lost(served, redis)
    for path in [*MEMORY, archive, f"/live/story/updates/{update['id']}"]:
        answer = await served.ask("GET", path, role=None)
        assert "سري جدا" not in answer.text, path
        assert "اسم المصدر" not in answer.text, path
    statuses = [
        (await served.ask("GET", kept["path"], role=None)).status for kept in (shown, withdrawn, unused)
    ]
    assert statuses == [200, 503, 503]


async def test_a_server_that_starts_without_its_store_is_ready_when_it_comes(
    redis: RedisServer, make_settings: Callable[..., Settings]
) -> None:
    settings = make_settings(store=redis.url, heal_interval=0.2)
    try:
        async with running(settings) as server:
            ready = await server.ask("GET", "/readyz", role=None)
            assert (ready.status, ready.json()) == (503, {"status": "starting", "store": "away"})
            for path in ("/", "/live/story", "/feeds/breaking.rss", "/changes", "/live/story/sse"):
                answer = await server.ask("GET", path, role=None)
                assert (answer.status, "Retry-After" in answer.headers) == (503, True), path
            assert (await server.ask("GET", "/healthz", role=None)).status == 200
            redis.start()
            await until(lambda: server.rooms.synced)
            await server.open()
            await server.publish()
            assert (await server.ask("GET", "/readyz", role=None)).status == 200
    finally:
        redis.stop()


async def test_a_write_whose_outcome_nobody_knows_says_so_and_its_key_finds_it_out(
    redis: RedisServer, make_settings: Callable[..., Settings]
) -> None:
    redis.start()
    try:
        async with running(make_settings(store=redis.url)) as patient:
            await patient.open()
        async with (
            Wire(redis.port) as wire,
            running(make_settings(store=wire.url, write_timeout=0.5)) as server,
        ):
            server.tokens.update(patient.tokens)
            wire.cut_reply_to, wire.replies_to_cut = script("append").sha.encode(), 10_000

            async def post() -> Answer:
                path, key = "/api/v1/coverages/story/updates", {"Idempotency-Key": "once"}
                return await server.ask("POST", path, json={"body": "وصل"}, headers=key)

            answers = [await post()]
            async with asyncio.timeout(PATIENCE):
                while wire.replies_to_cut == 10_000:  # on a busy machine the time may be up before it is sent
                    answers.append(await post())
            assert answers[0].json()["type"] == "outcome-unknown"
            for answer in answers:
                assert (answer.status, int(answer.headers["Retry-After"]) >= 1) == (503, True)
            wire.replies_to_cut = 0
            async with asyncio.timeout(PATIENCE):
                while (answer := await post()).status == 503:
                    await until(lambda: not server.rooms.store.away)
            assert (answer.status, answer.headers["Idempotency-Replayed"]) == (201, "true")
            assert [event["kind"] for event in await server.events()] == ["coverage", "published"]
    finally:
        redis.stop()
