"""Feeds of sections and tags over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from feed_checks import FAULTS
from live_server import Answer, Server, running
from redis_server import RedisServer, binaries

from livefeed.filings import KEPT

FORMS = ("rss", "atom", "json")
NEWS = f"/feeds/sections/{quote('أخبار')}"


@pytest.fixture(params=["sqlite", "redis"])
async def site(request: pytest.FixtureRequest, make_settings: Any, tmp_path: Path) -> AsyncIterator[Server]:
    """A server on each store, with two coverages in one section."""
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    store = {"store": redis.start().url} if request.param == "redis" else {}
    try:
        async with running(make_settings(**store)) as server:
            await server.open("storm", section="أخبار", tags=["الشمال"])
            await server.open("flood", section=" أخبار ")
            yield server
    finally:
        redis.stop()


async def titles(server: Server, path: str) -> list[str]:
    answer = await server.ask("GET", f"{path}.json", role=None)
    assert answer.status == 200, answer.text
    return [item["title"] for item in json.loads(answer.body)["items"]]


async def revise(server: Server, update: dict[str, Any], **fields: Any) -> None:
    path = f"/api/v1/coverages/{update['coverage']}/updates/{update['id']}"
    assert (await server.ask("PATCH", path, json=fields)).status == 200


async def test_a_section_has_everything_of_all_its_coverages_newest_first(site: Server) -> None:
    await site.publish("storm", headline="الأول")
    await site.publish("flood", headline="الثاني", breaking=True)
    await site.publish("storm", headline="مسودة", status="draft")
    await site.open("elsewhere")
    await site.publish("elsewhere", headline="بعيد")
    assert await titles(site, NEWS) == ["الثاني", "الأول"]


async def test_a_change_of_tags_shows_in_the_moment_it_is_answered(site: Server) -> None:
    tag = f"/feeds/tags/{quote('خرائط')}"
    update = await site.publish("flood", headline="خبر", tags=["خرائط"])
    assert await titles(site, tag) == ["خبر"]
    await revise(site, update, headline="خبر آخر")
    assert await titles(site, tag) == ["خبر آخر"]
    await revise(site, update, tags=["الشمال"])
    assert await titles(site, tag) == []
    assert await titles(site, f"/feeds/tags/{quote('الشمال')}") == ["خبر آخر"]
    answer = await site.ask("PATCH", "/api/v1/coverages/flood", json={"section": "رياضة", "tags": ["خرائط"]})
    assert answer.status == 200
    assert await titles(site, tag) == ["خبر آخر"]
    assert await titles(site, NEWS) == []


@pytest.mark.parametrize("form", FORMS)
async def test_a_feed_of_a_rubric_is_a_feed_like_every_other(server: Server, form: str) -> None:
    await server.open("storm", section="أخبار", tags=["الشمال السوري"])
    await server.publish("storm", headline="خبر", tags=["خرائط"])
    for path, name in (
        (NEWS, "أخبار"),
        (f"/feeds/tags/{quote('الشمال السوري')}", "الشمال السوري"),
        (f"/feeds/tags/{quote('خرائط')}", "خرائط"),
    ):
        answer = await server.ask("GET", f"{path}.{form}", role=None)
        assert answer.status == 200
        assert not FAULTS[form](answer.body)
        assert f'<{server.url}{path}.{form}>; rel="self"' in answer.headers["Link"]
        assert 'rel="hub"' in answer.headers["Link"]
        assert f"— {name}" in answer.text
        again = await server.ask(
            "GET", f"{path}.{form}", role=None, headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert (again.status, again.headers["ETag"]) == (304, answer.headers["ETag"])


async def test_a_feed_of_one_language_says_that_language_and_a_mixed_one_the_sites(site: Server) -> None:
    async def language() -> str:
        answer = await site.ask("GET", "/feeds/tags/trams.json", role=None)
        return str(json.loads(answer.body)["language"])

    await site.open("tram", language="en", tags=["Trams"])
    await site.publish("tram")
    assert await language() == "en"
    await site.publish("storm", tags=["trams"])
    assert await language() == "ar"


async def test_another_spelling_of_a_name_leads_to_its_one_address(server: Server) -> None:
    await server.open("storm", tags=["Breaking News"])
    await server.publish("storm")
    for spelling in ("Breaking%20News", "BREAKING%20%20NEWS", "%20breaking%20news"):
        answer = await server.ask("GET", f"/feeds/tags/{spelling}.rss", role=None)
        assert (answer.status, answer.headers["Location"]) == (308, "/feeds/tags/breaking%20news.rss")
    assert (await server.ask("GET", "/feeds/tags/breaking%20news.rss", role=None)).status == 200


@pytest.mark.parametrize(
    "name", ["a/b", "a.rss", "..", "breaking", "🌊 موج", "100%", "a?b#c", "<b>&amp;", "+"]
)
async def test_every_name_that_an_editor_may_write_has_a_feed(server: Server, name: str) -> None:
    await server.open("storm")
    await server.publish("storm", headline="خبر", tags=[name])
    for form in FORMS:
        answer = await server.ask("GET", f"/feeds/tags/{quote(name, safe='')}.{form}", role=None)
        assert answer.status == 200, name
        assert not FAULTS[form](answer.body)
    assert await titles(server, f"/feeds/tags/{quote(name, safe='')}") == ["خبر"]


async def test_made_up_names_are_told_so_and_cost_no_memory(server: Server) -> None:
    await server.open("storm", section="أخبار")
    for number in range(100):
        answer = await server.ask("GET", f"/feeds/tags/x{number}.rss", role=None)
        assert answer.status == 404
        assert f"'x{number}'" in answer.json()["detail"]
    assert (await server.ask("GET", f"{NEWS}.rss", role=None)).status == 404  # nothing published yet
    assert (await server.ask("GET", "/feeds/authors/x.rss", role=None)).status == 404
    assert len(server.rooms.filings._kept) == 0


async def test_only_so_many_rubrics_stay_in_memory(server: Server) -> None:
    await server.open("storm")
    tags = [f"t{number}" for number in range(KEPT + 5)]
    for first in range(0, len(tags), 20):
        await server.publish("storm", tags=tags[first : first + 20])
    for tag in tags:
        await titles(server, f"/feeds/tags/{tag}")
    assert len(server.rooms.filings._kept) == KEPT


async def test_the_page_of_a_coverage_leads_to_the_feeds_of_its_section_and_tags(server: Server) -> None:
    await server.open("storm", section="أخبار", tags=["R&D", *(f"t{number}" for number in range(20))])
    page = (await server.ask("GET", "/live/storm", role=None)).text
    assert f'title="livefeed — أخبار" href="{server.url}{NEWS}.atom"' in page
    assert f'title="livefeed — R&amp;D" href="{server.url}/feeds/tags/r%26d.atom"' in page
    assert page.count("/feeds/tags/") == 5


async def test_a_retraction_reaches_who_follows_a_tag_without_its_text(server: Server) -> None:
    await server.open("storm")
    update = await server.publish("storm", headline="سر", tags=["خرائط"])
    path = f"/api/v1/coverages/storm/updates/{update['id']}/retraction"
    assert (await server.ask("POST", path, json={"reason": "خطأ", "note": "سُحب"})).status == 200
    answer: Answer = await server.ask("GET", f"/feeds/tags/{quote('خرائط')}.atom", role=None)
    assert "سر" not in answer.text
    assert answer.text.count("at:deleted-entry ") == 1
