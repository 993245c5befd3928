"""Feeds of several processes on one Redis: the page's moment and one process's bytes, whoever is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from live_server import Answer, Server, running
from redis_server import RedisServer, binaries

from livefeed.feeds import ARCHIVE_ITEMS
from livefeed.settings import Settings

FORMS = ("rss", "atom", "json")
TAG = "%D8%A5%D8%AF%D9%84%D8%A8"  # «إدلب»
STEMS = ("/feeds/breaking", "/live/story/breaking", "/live/story/updates", f"/feeds/tags/{TAG}")
ENCODINGS = ("identity", "gzip", "br")


@pytest.fixture
async def fleet(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[tuple[Server, Server]]:
    """Two servers on one Redis, with one public address, as behind a load balancer."""
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    redis.start()
    settings = make_settings(store=redis.url)
    try:
        async with running(settings) as first, running(settings) as second:
            first.rooms.base_url = second.rooms.base_url = "https://live.example.org"
            second.tokens = first.tokens
            yield first, second
    finally:
        redis.stop()


async def raw(server: Server, path: str, encoding: str = "identity") -> Answer:
    """A document as it comes over the wire."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as client,
        client.get(server.url + path, headers={"Accept-Encoding": encoding}) as response,
    ):
        assert response.status == 200, (path, await response.text())
        return Answer(response.status, response.headers, await response.read())


async def shown(server: Server, word: str) -> None:
    """Wait until a process's page has the word: it learns of what others write by an announcement."""
    async with asyncio.timeout(20):
        while word not in (await raw(server, "/live/story")).text:  # noqa: ASYNC110 - nobody announces a page
            await asyncio.sleep(0.01)


async def test_every_process_shows_a_change_in_the_feeds_when_its_page_does_and_in_the_same_bytes(
    fleet: tuple[Server, Server],
) -> None:
    first = fleet[0]
    await first.open("story", tags=["إدلب"])
    update = await first.publish("story", headline="الأول", breaking=True, tags=["عاجل جدا"])
    address = f"/api/v1/coverages/story/updates/{update['id']}"
    changes: list[tuple[str, str, dict[str, Any], str]] = [
        ("PATCH", address, {"headline": "الثاني"}, "الثاني"),
        ("POST", f"{address}/corrections", {"note": "كان خطأ", "headline": "الثالث"}, "كان خطأ"),
        ("POST", f"{address}/retraction", {"reason": "سر", "note": "ملاحظة السحب"}, "ملاحظة السحب"),
        ("DELETE", f"{address}/retraction", {}, "الثالث"),
    ]
    for number, (method, path, body, word) in enumerate(changes):
        writer, reader = fleet[number % 2], fleet[(number + 1) % 2]
        answer = await writer.ask(method, path, json=body)
        assert answer.status in {200, 201}, answer.text
        await shown(reader, word)
        for stem in STEMS:
            for form in FORMS:
                here, there = await raw(reader, f"{stem}.{form}"), await raw(writer, f"{stem}.{form}")
                text = json.dumps(json.loads(here.body), ensure_ascii=False) if form == "json" else here.text
                assert word in text, (stem, form)
                assert (here.body, here.headers["ETag"]) == (there.body, there.headers["ETag"])


async def test_processes_compress_alike_so_that_a_validator_of_one_is_good_at_the_other(
    fleet: tuple[Server, Server],
) -> None:
    first, second = fleet
    await first.open("story", tags=["إدلب"])
    updates = [
        await first.publish("story", headline=f"خبر {number}", breaking=True)
        for number in range(ARCHIVE_ITEMS)
    ]
    await shown(second, updates[-1]["id"])
    for path in [*(f"{stem}.{form}" for stem in STEMS for form in FORMS), "/live/story/archive/1.atom"]:
        for encoding in ENCODINGS:
            one, other = await raw(first, path, encoding), await raw(second, path, encoding)
            assert one.body == other.body, (path, encoding)
            assert one.headers["ETag"] == other.headers["ETag"]
            assert one.headers["Last-Modified"] == other.headers["Last-Modified"]
            headers = {"If-None-Match": one.headers["ETag"], "Accept-Encoding": encoding}
            assert (await second.ask("GET", path, role=None, headers=headers)).status == 304
