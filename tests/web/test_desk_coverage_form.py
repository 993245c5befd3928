"""Coverages are opened and changed by chiefs, and never under an address that the desk itself has."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from desk_browser import Browser, arrived, deeds
from live_server import Answer, Server

from livefeed.roles import Role
from livefeed.text import RESERVED
from livefeed.web.app import DOORS


@pytest_asyncio.fixture
async def chief(server: Server) -> Browser:
    return await arrived(server, "Mona", Role.CHIEF)


def filled(page: Answer, **typed: str) -> dict[str, str]:
    """What the form of a page sends when only `typed` was changed in it."""
    form = page.text.partition("<coverage-form")[2].partition("</coverage-form>")[0]
    form = form.partition("<template")[0] + form.partition("</template>")[2]  # the words of a picture to come
    inputs = re.findall(r'<input[^>]*name="(\w+)"[^>]*?value="([^"]*)"', form)
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?([^<]*)</textarea>', form)
    texts = {name: html.unescape(value) for name, value in [*inputs, *areas]}
    assert set(typed) - {"deed"} <= set(texts), "only fields of the form are typed into"
    return texts | typed


def fault(page: Answer, field: str) -> str:
    """The sentence that stands at a field."""
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"[^>]*{field}-fault', page.text)
    found = re.search(rf'id="{field}-fault"[^>]*>([^<]+)<', page.text)
    assert found
    return html.unescape(found[1])


async def told(server: Server, slug: str) -> Any:
    return (await server.ask("GET", f"/api/v1/coverages/{slug}")).json()


async def test_a_coverage_is_opened_by_a_plain_form_and_once_however_often_it_is_sent(
    server: Server, chief: Browser
) -> None:
    await server.open("storm", timezone="Asia/Damascus", place="دمشق", byline=["منى"])
    form = filled(
        await chief.get("/desk/new?like=storm"),
        headline="السيول في الساحل",
        starts_at="2099-07-01T09:00",
        tags="مطر، ساحل, طقس",
        byline="سارة\r\n\r\nمنى",
        deed="open",
    )
    answers = await asyncio.gather(*(chief.post("/desk/new", form) for _ in range(3)))  # pressed three times
    answers.append(await chief.post("/desk/new", form))  # and again after the answer was lost
    assert {answer.status for answer in answers} == {303}
    assert {answer.headers["Location"] for answer in answers} == {f"/desk/{quote('السيول-في-الساحل')}"}
    assert len((await server.ask("GET", "/api/v1/coverages")).json()["coverages"]) == 2
    opened = await told(server, quote("السيول-في-الساحل"))
    assert (opened["place"], opened["status"]) == ("دمشق", "scheduled")
    assert opened["starts_at"].startswith("2099-07-01T06:00:00"), "the clocks of Damascus, three hours ahead"
    assert (opened["tags"], opened["byline"]) == (["مطر", "ساحل", "طقس"], ["سارة", "منى"])

    refused = await chief.post("/desk/new", form | {"headline": "another one"})
    assert refused.status == 422
    assert "أُرسلت هذه الاستمارة من قبل" in refused.text
    again = filled(refused, deed="open")
    assert again["headline"] == "another one"
    assert again["key"] != form["key"], "sent knowingly it is another one"
    assert (await chief.post("/desk/new", again)).headers["Location"] == "/desk/another-one"


async def test_what_is_refused_stands_at_its_field_with_everything_that_was_typed(
    server: Server, chief: Browser
) -> None:
    await server.open("storm")
    form = filled(await chief.get("/desk/new"), headline='«"سيول" & <b>', slug="flood", standfirst="<i>\nثان")
    for field, value, says in (
        ("headline", " ", "لا يُترك"),
        ("headline", "x" * 301, "300"),
        ("slug", "storm", "توجد تغطية بهذا العنوان"),
        ("slug", "new", "محجوزة"),
        ("slug", "A flood", "محجوزة"),
        ("timezone", "دمشق", "منطقة زمنية"),
        ("language", "عربي", "رمزها"),
        ("byline", "x" * 301, "300"),
        ("starts_at", "2099-03-29T02:30", "لا تمرّ ساعات"),
        ("starts_at", "soon", "لا تمرّ ساعات"),
        ("lead_media", '{"id": "none"}', "الصور"),
        ("lead_media", "[", "الصور"),
    ):
        typed = form | {"timezone": "Europe/Berlin", field: value, "deed": "open"}
        refused = await chief.post("/desk/new", typed)
        assert refused.status in {409, 422}, (field, value)
        if field == "lead_media":
            assert 'id="lead_media-fault"' in refused.text
        else:
            assert says in fault(refused, field), (field, value)
            assert filled(refused) | {"key": "", "deed": "open"} == typed | {"key": ""}
    assert len((await server.ask("GET", "/api/v1/coverages")).json()["coverages"]) == 1
    assert (
        await chief.post("/desk/new", form | {"standfirst": "ش" * 30_000})
    ).status == 303  # long, and fits


async def test_a_coverage_is_changed_closed_archived_and_reopened_by_a_plain_form(
    server: Server, chief: Browser
) -> None:
    await server.open("storm", status="scheduled", starts_at="2099-01-01T00:00:00Z")
    place = "/desk/storm/coverage"
    steps: tuple[tuple[str, dict[str, str], tuple[str, bool]], ...] = (
        ("begin", {"standfirst": "أول\r\nثان"}, ("live", False)),
        ("close", {"summary": "غرق شارعين\n\nلا ضحايا"}, ("closed", False)),
        ("archive", {}, ("closed", True)),
        ("unarchive", {}, ("closed", False)),
        ("reopen", {"headline": "عودة العاصفة"}, ("live", False)),
        ("change", {}, ("live", False)),
    )
    for deed, typed, (status, archived) in steps:
        form = filled(await chief.get(place), **typed, deed=deed)
        answers = [await chief.post(place, form) for _ in range(2)]
        assert {answer.headers["Location"] for answer in answers} == {"/desk/storm"}, deed
        coverage = await told(server, "storm")
        assert coverage["status"] == status
        assert bool(await is_archived(server)) is archived
    assert (coverage["standfirst"], coverage["headline"]) == ("أول\nثان", "عودة العاصفة")
    assert coverage["summary"] == ["غرق شارعين", "لا ضحايا"]
    done = [deed for deed in await deeds(server) if deed in {name for name, _, _ in steps}]
    assert done == ["change", "change", "close", "archive", "unarchive", "change", "reopen"], "each once"
    premature = await chief.post(place, filled(await chief.get(place), kicker="طقس", deed="archive"))
    assert premature.status == 409
    assert 'value="طقس"' in premature.text


async def test_pages_say_without_scripts_what_needs_them_and_lose_no_word_while_scripts_load(
    server: Server, chief: Browser
) -> None:
    await server.open("storm")
    form = (await chief.get("/desk/storm/coverage")).text
    assert "لا تُضاف الصور إلا مع JavaScript" in " ".join(re.findall("<noscript>.*?</noscript>", form))
    desk = (await chief.get("/desk/storm")).text
    assert "JavaScript" in re.findall("<noscript>.*?</noscript>", desk)[0]
    writing = re.findall(r"<form[^>]*>", desk.partition('<div class="workplace">')[2])
    assert writing
    # Sent before its script is there, another form would make an address with the words in it.
    assert [tag for tag in writing if 'method="dialog"' not in tag and 'method="post"' not in tag] == []


async def is_archived(server: Server) -> bool:
    coverage = await server.rooms.newsroom.coverage("storm")
    return coverage.archived_at is not None


async def test_two_chiefs_change_a_coverage_and_nothing_of_either_is_lost(
    server: Server, chief: Browser
) -> None:
    await server.open("storm", kicker="طقس", place="دمشق")
    place = "/desk/storm/coverage"
    seen = await chief.get(place)
    changed = {"kicker": "عاصفة", "standfirst": "نص آخر"}
    assert (await server.ask("PATCH", "/api/v1/coverages/storm", json=changed)).status == 200
    refused = await chief.post(place, filled(seen, kicker="أحوال الطقس", place="حمص"))
    assert refused.status == 412
    assert "عاصفة" in fault(refused, "kicker")
    coverage = await told(server, "storm")
    assert (coverage["kicker"], coverage["place"]) == ("عاصفة", "دمشق"), "half a form is not kept"
    assert (await chief.post(place, filled(refused))).status == 303  # in sight of what stands there
    coverage = await told(server, "storm")
    assert (coverage["kicker"], coverage["place"]) == ("أحوال الطقس", "حمص")
    assert coverage["standfirst"] == "نص آخر", "what was not touched here stays as the other one has it"
    for nothing in ("", "[]", "{"):
        assert (await chief.post(place, {**filled(seen), "seen": nothing})).status == 400
    odd = {**filled(seen, kicker="أحوال"), "seen": '{"kicker": []}'}
    assert (await chief.post(place, odd)).status == 412  # it is no mark of what stands there


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
