"""Sitemaps over HTTP: what they name, in the moment it is there, and how they are asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from live_server import Answer, Server, running
from sitemap_checks import addresses, news_faults, sitemap_faults

from livefeed import metrics
from livefeed.demo import Player, admit, read_stories
from livefeed.feeds import sitemaps
from livefeed.settings import Settings

BOTH = ("/sitemap.xml", "/news-sitemap.xml")


async def get(server: Server, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await server.ask("GET", path, role=None, headers=named)


async def named(server: Server, path: str) -> list[str]:
    """The pages that a sitemap names, without the site's own name; a fault in it fails the test."""
    answer = await get(server, path)
    assert answer.status == 200, answer.text
    if path.startswith("/news"):
        assert news_faults(answer.body, server.url, datetime.now(UTC)) == []
    assert sitemap_faults(answer.body, server.url) == []
    return [address.removeprefix(server.url) for address in addresses(answer.body)]


async def write(server: Server, method: str, path: str, **fields: Any) -> None:
    answer = await server.ask(method, f"/api/v1/coverages/{path}", json=fields)
    assert answer.status in {200, 201}, answer.text


async def test_every_page_that_the_demos_sitemaps_name_is_there(server: Server) -> None:
    player = Player(server.rooms, (await admit(server.rooms.accounts)).editor)
    stories = read_stories()
    for story in stories:
        await player.tell(story)
    assert await named(server, "/sitemap.xml") == ["/", *(f"/live/{story.slug}" for story in stories)]
    news = await named(server, "/news-sitemap.xml")
    shown = set()
    for story in stories:
        shown.add(f"/live/{story.slug}")
        answer = await server.ask("GET", f"/api/v1/coverages/{story.slug}/updates?limit=50")
        shown |= {
            update["url"].removeprefix(server.url)
            for update in answer.json()["updates"]
            if update["status"] == "published"
        }
    assert set(news) == shown
    for path in news:
        assert (await get(server, path)).status == 200


async def test_each_change_shows_in_the_moment_the_page_shows_it(server: Server) -> None:
    assert await named(server, "/sitemap.xml") == ["/"]
    assert await named(server, "/news-sitemap.xml") == []
    await server.open()
    assert await named(server, "/sitemap.xml") == ["/", "/live/story"]
    update = await server.publish(headline="اسم المصدر")
    page = f"/live/story/updates/{update['id']}"
    assert await named(server, "/news-sitemap.xml") == [page, "/live/story"]
    draft = await server.publish(status="draft", headline="مسودة")
    await write(server, "PATCH", f"story/updates/{update['id']}", headline="اسم آخر")
    answer = await get(server, "/news-sitemap.xml")
    assert "اسم آخر" in answer.text
    assert not [word for word in ("اسم المصدر", "مسودة", draft["id"]) if word in answer.text]
    await write(server, "POST", f"story/updates/{update['id']}/retraction", reason="سر", note="سُحب")
    answer = await get(server, "/news-sitemap.xml")
    assert not [word for word in ("اسم آخر", "سُحب", "سر", update["id"]) if word in answer.text]
    await write(server, "POST", "story/closure")
    assert await named(server, "/news-sitemap.xml") == ["/live/story"]


async def test_what_was_closed_lately_is_still_news_after_a_restart(
    make_settings: Callable[..., Settings],
) -> None:
    async with running(make_settings()) as server:
        await server.open()
        update = await server.publish()
        await write(server, "POST", "story/closure")
    async with running(make_settings()) as server:
        assert server.rooms.fronts.in_memory() == {}
        page = f"/live/story/updates/{update['id']}"
        assert await named(server, "/news-sitemap.xml") == [page, "/live/story"]


@pytest.mark.parametrize("path", BOTH)
async def test_a_sitemap_answers_conditionally(server: Server, path: str) -> None:
    await server.open()
    await server.publish()
    first = await get(server, path)
    assert first.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert "max-age=60" in first.headers["Cache-Control"]
    assert "Set-Cookie" not in first.headers
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for asked in ({"If_None_Match": tag}, {"If_None_Match": f"W/{tag}"}, {"If_Modified_Since": modified}):
        again = await get(server, path, **asked)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"].strip('"').removesuffix("-gz") == tag.strip('"').removesuffix("-gz")
        assert again.headers["Last-Modified"] == modified
    head = await server.ask("HEAD", path, role=None)
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", tag)
    await server.publish()
    after = await get(server, path, If_None_Match=tag)
    assert after.status == 200
    assert after.headers["ETag"] != tag
    for method in ("POST", "PUT", "DELETE"):
        assert (await server.ask(method, path)).status == 405


async def test_a_sitemap_is_made_once_however_many_ask(server: Server) -> None:
    await server.open()
    renders = metrics.RENDERS.labels("sitemap")._value.get
    before = renders()
    answers = await asyncio.gather(*(get(server, "/sitemap.xml") for _ in range(20)))
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert renders() - before == 1


@pytest.fixture
async def large(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    """A site whose sitemap has three parts."""
    monkeypatch.setattr(sitemaps, "PART_COVERAGES", 2)
    async with running(make_settings()) as server:
        for number in range(5):
            await server.open(f"story-{number}")
        yield server


async def test_a_large_site_names_parts_and_each_part_is_there(large: Server) -> None:
    parts = await named(large, "/sitemap.xml")
    assert parts == [f"/sitemap.xml?part={part}" for part in (1, 2, 3)]
    pages = [page for part in parts for page in await named(large, part)]
    assert pages == ["/", *(f"/live/story-{number}" for number in range(5))]


@pytest.mark.parametrize("part", ["0", "-1", "x", "٢", "4", "1.0", "", "9999999999"])
async def test_a_part_that_is_not_there_names_those_that_are(large: Server, part: str) -> None:
    answer = await large.ask("GET", "/sitemap.xml", role=None, params={"part": part})
    assert answer.status == 404
    assert answer.json()["detail"].endswith("the parts of this sitemap are 1 to 3.")


async def test_robots_are_told_where_the_sitemaps_are(server: Server) -> None:
    lines = (await get(server, "/robots.txt")).text.splitlines()
    assert [line for line in lines if line.startswith("Sitemap: ")] == [
        f"Sitemap: {server.url}{path}" for path in BOTH
    ]
    assert "Disallow: /desk" in lines
