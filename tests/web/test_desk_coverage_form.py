"""Coverages are opened and changed by chiefs, and never under an address that the desk itself has."""

from __future__ import annotations

import re
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from live_server import Server

from livefeed.roles import Role
from livefeed.text import RESERVED
from livefeed.web.app import DOORS


async def test_a_new_coverage_begins_like_an_earlier_one_but_for_its_own_words(server: Server) -> None:
    await server.open("storm", kicker="طقس", timezone="Asia/Damascus", place="دمشق", standfirst="رياح شديدة")
    session = await server.session(Role.CHIEF)
    page = (await server.ask("GET", "/desk/new?like=storm", role=None, headers=session)).text
    for value in ("طقس", "Asia/Damascus", "دمشق"):
        assert f'value="{value}"' in page
    assert "رياح شديدة" not in page
    assert '<input id="headline" name="headline" value=""' in page
    assert 'href="/desk/new?like=storm"' in page
    missing = await server.ask("GET", "/desk/new?like=none", role=None, headers=session)
    assert missing.status == 404


async def test_an_address_is_proposed_of_the_headline_that_no_coverage_and_no_page_has(
    server: Server,
) -> None:
    session = await server.session(Role.CHIEF)

    async def proposed(headline: str) -> str:
        page = await server.ask("GET", f"/desk/new?headline={quote(headline)}", role=None, headers=session)
        assert page.status == 200
        found = re.search(r'<input id="slug" name="slug" value="([^"]*)"', page.text)
        assert found
        return found[1]

    assert await proposed("") == ""
    assert await proposed("السيول في الساحل") == "السيول-في-الساحل"
    await server.open("السيول-في-الساحل")
    assert await proposed("السيول في الساحل") == "السيول-في-الساحل-2"
    for word in RESERVED:
        assert await proposed(word) not in RESERVED
    again = await server.ask("POST", "/api/v1/coverages", json={"slug": "السيول-في-الساحل", "headline": "x"})
    assert (again.status, again.json()["type"], again.json()["field"]) == (409, "slug-taken", "slug")


async def test_time_zones_are_offered_with_their_cities_in_the_language_of_the_desk(server: Server) -> None:
    session = await server.session(Role.CHIEF)
    page = (await server.ask("GET", "/desk/new", role=None, headers=session)).text
    assert 'list="timezones"' in page
    offered = dict(re.findall('<option value="([^"]+)">([^<]+)</option>', page))
    assert offered["Asia/Damascus"] == "دمشق · سوريا"
    assert offered["Asia/Kolkata"] == "كالكتا · الهند"
    assert len(offered) > 400
    for name in offered:
        assert ZoneInfo(name).key == name


async def test_hostile_words_in_a_lead_picture_stay_words(server: Server) -> None:
    await server.open("storm", headline="<script>\"'")
    session = await server.session(Role.CHIEF)
    page = (await server.ask("GET", "/desk/storm/coverage", role=None, headers=session)).text
    assert "<script>" not in page.partition("<main")[2]


@pytest.mark.parametrize("slug", sorted(RESERVED))
async def test_a_coverage_cannot_take_an_address_of_the_desk(server: Server, slug: str) -> None:
    answer = await server.ask("POST", "/api/v1/coverages", json={"slug": slug, "headline": "x"})
    assert (answer.status, answer.json()["field"]) == (422, "slug")
    assert "name of a page of the desk" in answer.json()["detail"]


def test_every_word_after_desk_is_kept_from_coverages() -> None:
    paths = [route.path.split("/") for door in DOORS for route in door.routes]
    words = {parts[2] for parts in paths if len(parts) > 2 and parts[1] == "desk"} - {"{slug}"}
    assert words <= RESERVED
