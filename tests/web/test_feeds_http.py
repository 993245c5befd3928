"""Feeds over HTTP: what they hold, in the moment they hold it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import listparser
import pytest
from feed_checks import FAULTS
from live_server import Answer, Server, running

from livefeed import filings, metrics
from livefeed.feeds import ARCHIVE_ITEMS
from livefeed.settings import Settings
from livefeed.web import app

FORMS = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


async def feed(server: Server, path: str, **options: Any) -> Answer:
    answer = await server.ask("GET", path, role=None, **options)
    assert answer.status == 200, answer.text
    return answer


def links(answer: Answer) -> list[str]:
    """The addresses of a feed's items, newest first."""
    if answer.headers["Content-Type"].startswith("application/feed+json"):
        return [item["url"] for item in json.loads(answer.body)["items"]]
    parsed = feedparser.parse(answer.body)
    assert not parsed.bozo, parsed.bozo_exception
    return [entry["link"] for entry in parsed.entries]


async def change(server: Server, method: str, update: dict[str, Any], path: str = "", **fields: Any) -> None:
    address = f"/api/v1/coverages/{update['coverage']}/updates/{update['id']}{path}"
    answer = await server.ask(method, address, json=fields)
    assert answer.status in {200, 201}, answer.text


@pytest.mark.parametrize("form", FORMS)
async def test_a_feed_answers_as_a_feed_for_everybody_without_cookies(server: Server, form: str) -> None:
    await server.open()
    await server.publish(breaking=True)
    for path in ("/feeds/breaking", "/live/story/breaking", "/live/story/updates"):
        answer = await feed(server, f"{path}.{form}")
        assert answer.headers["Content-Type"].partition(";")[0] == FORMS[form]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Expose-Headers"] == "ETag, Last-Modified, Link"
        home = "/" if path.startswith("/feeds") else "/live/story"
        assert answer.headers["Link"] == (
            f'<{server.url}{path}.{form}>; rel="self"; type="{FORMS[form]}", '
            f'<{server.url}{home}>; rel="alternate"; type="text/html", <{server.url}/hub>; rel="hub"'
        )
        assert "max-age=60" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
        assert "ETag" in answer.headers
        assert "Last-Modified" in answer.headers


@pytest.mark.parametrize("form", FORMS)
async def test_breaking_feeds_hold_exactly_the_breaking_items(server: Server, form: str) -> None:
    for slug in ("story", "other"):
        await server.open(slug)
    updates = [
        await server.publish(slug, breaking=number % 3 == 0, headline=f"{slug} {number}")
        for number in range(9)
        for slug in ("story", "other")
    ]
    later = updates[2]  # becomes breaking afterwards
    await change(server, "PATCH", later, breaking=True)
    await change(server, "PATCH", updates[0], breaking=False)
    await server.publish(status="draft", breaking=True)

    def of(*slugs: str, breaking: bool = True) -> set[str]:
        breaks = {update["id"]: update["breaking"] for update in updates}
        breaks |= {later["id"]: True, updates[0]["id"]: False}
        return {
            update["url"]
            for update in updates
            if update["coverage"] in slugs and (breaks[update["id"]] or not breaking)
        }

    assert set(links(await feed(server, f"/feeds/breaking.{form}"))) == of("story", "other")
    for slug in ("story", "other"):
        assert set(links(await feed(server, f"/live/{slug}/breaking.{form}"))) == of(slug)
        assert set(links(await feed(server, f"/live/{slug}/updates.{form}"))) == of(slug, breaking=False)


@pytest.mark.parametrize("form", FORMS)
async def test_every_change_shows_in_page_and_feed_right_after_its_answer(server: Server, form: str) -> None:
    await server.open()
    paths = ("/feeds/breaking", "/live/story/breaking", "/live/story/updates")
    for path in paths:
        assert links(await feed(server, f"{path}.{form}")) == []
    update = await server.publish(breaking=True, headline="الأول", body="اسم المصدر")
    tags: set[str] = set()

    async def shows(*words: str, without: str = "§") -> None:
        for path in (
            *(f"{path}.{form}" for path in paths),
            "/live/story",
            f"/live/story/updates/{update['id']}",
        ):
            answer = await feed(server, path)
            for word in words:
                assert word in _readable(answer), (path, word)
            assert without not in _readable(answer), path
            assert answer.headers["ETag"] not in tags
            tags.add(answer.headers["ETag"])

    await shows("الأول", "اسم المصدر")
    await change(server, "PATCH", update, headline="الثاني")
    await shows("الثاني", without="الأول")
    await change(server, "POST", update, "/corrections", note="كان خطأ", headline="الثالث")
    await shows("الثالث", "كان خطأ", without="الثاني")
    await change(server, "POST", update, "/retraction", reason="سر المكتب", note="سُحب")
    await shows("سُحب", without="اسم المصدر")
    assert "سر المكتب" not in (await feed(server, "/live/story")).text
    await change(server, "DELETE", update, "/retraction")
    await shows("الثالث", without="سُحب")


def _readable(answer: Answer) -> str:
    if answer.headers["Content-Type"].startswith("application/feed+json"):
        return json.dumps(json.loads(answer.body), ensure_ascii=False)
    return answer.text


async def test_an_update_that_is_not_breaking_leaves_the_breaking_feed_as_it_was(server: Server) -> None:
    await server.open()
    await server.publish(breaking=True)
    before = await feed(server, "/live/story/breaking.atom")
    renders = metrics.RENDERS.labels("feed")._value.get()
    for _ in range(3):
        await server.publish()
        after = await feed(server, "/live/story/breaking.atom")
        assert after.headers["ETag"] == before.headers["ETag"]
        assert after.body == before.body
    assert metrics.RENDERS.labels("feed")._value.get() == renders


async def test_an_item_that_leaves_changes_the_validator(server: Server) -> None:
    await server.open()
    await server.publish(breaking=True)
    update = await server.publish(breaking=True)
    before = await feed(server, "/feeds/breaking.rss")
    await change(server, "PATCH", update, breaking=False)
    headers = {"If-None-Match": before.headers["ETag"], "If-Modified-Since": before.headers["Last-Modified"]}
    after = await feed(server, "/feeds/breaking.rss", headers=headers)
    assert len(links(after)) == len(links(before)) - 1


async def test_a_feed_is_rendered_once_while_updates_and_readers_storm(server: Server) -> None:
    await server.open()
    await server.publish(breaking=True)
    before = metrics.RENDERS.labels("feed")._value.get()

    async def read() -> None:
        for _ in range(10):
            await feed(server, "/feeds/breaking.rss")

    await asyncio.gather(*(read() for _ in range(10)), *(server.publish(breaking=True) for _ in range(5)))
    answer = await feed(server, "/feeds/breaking.rss")
    assert len(links(answer)) == 6
    assert metrics.RENDERS.labels("feed")._value.get() - before <= 6  # one a state


async def test_unknown_feeds_are_404_and_posts_405(server: Server) -> None:
    await server.open()
    for path in (
        "/live/none/updates.rss",
        "/live/story/updates.xml",
        "/feeds/breaking",
        "/live/story/other.rss",
    ):
        assert (await server.ask("GET", path, role=None)).status == 404, path
    answer = await server.ask("POST", "/feeds/breaking.rss", role=None, data=b"x")
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD"}


class Clock:
    """A clock that the test sets forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(server: Server) -> Clock:
    server.rooms.clock = clock = Clock()
    return clock


def entries(answer: Answer) -> list[dict[str, Any]]:
    """The items of a feed, newest first, under the same names whatever its form."""
    if answer.headers["Content-Type"].startswith("application/feed+json"):
        return [
            {"link": item["url"], "updated": item["date_modified"], **item}
            for item in json.loads(answer.body)["items"]
        ]
    return [dict(entry) for entry in feedparser.parse(answer.body).entries]


FEEDS = ("/feeds/breaking", "/live/story/breaking", "/live/story/updates", "/feeds/sections/news")


@pytest.mark.parametrize("form", FORMS)
async def test_a_correction_republishes_the_item_and_is_an_item_of_its_own(server: Server, form: str) -> None:
    await server.open(section="News")
    update = await server.publish(breaking=True, headline="الأول")
    before = entries(await feed(server, f"/live/story/updates.{form}"))
    await change(server, "POST", update, "/corrections", note="كان العدد خطأ", headline="الثاني")
    for path in FEEDS:
        correction, corrected = entries(await feed(server, f"{path}.{form}"))
        assert (corrected["id"], corrected["title"]) == (before[0]["id"], "الثاني")
        assert corrected["updated"] > before[0]["updated"]
        assert correction["id"] == f"{corrected['id']}/corrections/1"
        assert correction["title"] == "تصحيح: كان العدد خطأ"
        assert correction["link"] == f"{update['url']}/corrections#correction-1"
    await change(server, "POST", update, "/retraction", reason="سر", note="سُحب")
    for path in FEEDS:
        answer = await feed(server, f"{path}.{form}")
        assert "كان العدد خطأ" not in _readable(answer)
        assert [entry["id"] for entry in entries(answer)] == [correction["id"], corrected["id"]]
        gone = entries(answer)[0]["updated"]
    await change(server, "DELETE", update, "/retraction")
    for path in FEEDS:
        correction = entries(await feed(server, f"{path}.{form}"))[0]
        assert correction["title"] == "تصحيح: كان العدد خطأ"
        assert correction["updated"] > gone


@pytest.mark.parametrize("form", FORMS)
async def test_a_retraction_stays_for_two_days_and_then_leaves(
    server: Server, clock: Clock, form: str
) -> None:
    await server.open(section="News")
    kept = await server.publish(breaking=True)
    update = await server.publish(breaking=True, headline="سيُسحب")
    await change(server, "POST", update, "/retraction", reason="سر", note="سُحب")
    paths = [f"{path}.{form}" for path in FEEDS]
    clock.ahead = timedelta(hours=47, minutes=59)
    before = {path: await feed(server, path) for path in paths}
    assert all(links(answer) == [update["url"], kept["url"]] for answer in before.values())
    clock.ahead = timedelta(hours=48, seconds=1)
    for path, answer in before.items():
        assert answer.text.count("at:deleted-entry ") == (form == "atom")
        validators = {
            "If-None-Match": answer.headers["ETag"],
            "If-Modified-Since": answer.headers["Last-Modified"],
        }
        assert links(await feed(server, path, headers=validators)) == [kept["url"]]
    await change(server, "DELETE", update, "/retraction")
    assert links(await feed(server, paths[2])) == [update["url"], kept["url"]]


async def test_what_happens_to_an_update_too_old_for_the_feed_reaches_its_readers(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "NEWEST", 60)
    monkeypatch.setattr(filings, "NEWEST", 60)
    async with running(make_settings(feed_most_items=60, page_size=10)) as server:
        server.rooms.clock = clock = Clock()
        await server.open(section="News")
        updates = [await server.publish(breaking=True, headline=str(number)) for number in range(75)]
        corrected, withdrawn = updates[:2]
        await change(server, "POST", corrected, "/corrections", note="كان العدد خطأ", headline="مصحح")
        await change(server, "POST", withdrawn, "/retraction", reason="سر", note="سُحب")
        newest = [update["url"] for update in reversed(updates)]
        for path in FEEDS:
            answer = await feed(server, f"{path}.atom")
            told = [
                f"{corrected['url']}/corrections#correction-1",
                *newest[:58],
                withdrawn["url"],
                corrected["url"],
            ]
            assert links(answer) == told
            assert answer.text.count("at:deleted-entry ") == 1
        clock.ahead = timedelta(hours=49)
        for path in FEEDS:
            assert links(await feed(server, f"{path}.atom")) == newest[:50]


async def test_a_feed_has_all_of_two_days_and_never_fewer_than_fifty(server: Server, clock: Clock) -> None:
    await server.open(section="News")
    updates = [await server.publish(breaking=True) for _ in range(60)]
    newest = [update["url"] for update in reversed(updates)]
    for hours, count in ((0, 60), (47, 60), (49, 50), (1000, 50)):
        clock.ahead = timedelta(hours=hours)
        for path in FEEDS:
            assert links(await feed(server, f"{path}.json")) == newest[:count]


async def test_a_feed_has_all_of_two_days_however_much_it_was_and_after_a_restart(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "NEWEST", 50)
    monkeypatch.setattr(filings, "NEWEST", 50)
    settings = make_settings(tail_events=20, page_size=10)
    async with running(settings) as server:
        await server.open(section="News")
        await server.publish(breaking=True, headline="يُراجع")
        updates = [
            await server.publish(breaking=number % 25 > 0, headline=str(number)) for number in range(130)
        ]
        paths = {
            f"{path}.json": [update for update in reversed(updates) if update["breaking"]]
            for path in FEEDS[:2]
        }
        paths |= dict.fromkeys((f"{path}.json" for path in FEEDS[2:]), updates[::-1])
        before = {path: (await feed(server, path)).body for path in paths}
        for path, newest in paths.items():
            links_ = [update["url"] for update in newest]
            assert links(await feed(server, path))[:-1] == links_
    async with running(settings) as server:
        for path in paths:
            again = (await feed(server, path)).body
            assert len(json.loads(again)["items"]) == len(json.loads(before[path])["items"])


@pytest.mark.parametrize("form", FORMS)
async def test_a_closed_coverage_keeps_its_feeds_for_good_and_says_that_it_ended(
    server: Server, clock: Clock, form: str
) -> None:
    await server.open(section="News")
    updates = [await server.publish(breaking=True) for _ in range(ARCHIVE_ITEMS)]
    newest = [update["url"] for update in reversed(updates)]
    paths = [f"{path}.{form}" for path in FEEDS]
    before = {path: await feed(server, path) for path in paths}
    assert (await server.ask("POST", "/api/v1/coverages/story/closure")).status in {200, 201}
    clock.ahead = timedelta(days=4000)
    for path in paths:
        again = {"If-None-Match": before[path].headers["ETag"]}
        ended = path.startswith("/live") and form == "json"
        answer = await server.ask("GET", path, role=None, headers=again)
        # What was closed in the second of its newest update has the same bytes, but where it says `expired`.
        assert answer.status in ({200} if ended else {200, 304} if path.startswith("/live") else {304}), path
        closed = await feed(server, path)
        assert links(closed) == newest, path
        if form == "json":
            assert json.loads(closed.body).get("expired", False) is ended
    assert links(await feed(server, f"/live/story/archive/1.{form}")) == newest
    assert (await server.ask("DELETE", "/api/v1/coverages/story/closure")).status == 200
    for path in paths:
        reopened = await feed(server, path)
        assert links(reopened) == newest
        assert b'"expired"' not in reopened.body


async def test_a_clock_that_changes_nothing_costs_no_rendering(server: Server, clock: Clock) -> None:
    await server.open()
    await server.publish(breaking=True)
    before = await feed(server, "/live/story/updates.rss")
    renders = metrics.RENDERS.labels("feed")._value.get()
    for hours in (1, 47, 49, 1000, -1000):
        clock.ahead = timedelta(hours=hours)
        assert (await feed(server, "/live/story/updates.rss")).body == before.body
    assert metrics.RENDERS.labels("feed")._value.get() == renders


def link_header(answer: Answer) -> dict[str, str]:
    """What the `Link` header leads to, by relation."""
    return {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="([^"]+)"', answer.headers["Link"])}


async def walk(server: Server, form: str) -> list[Answer]:
    """The feed of everything and its archive documents, found by the links to older ones."""
    answers = [await feed(server, f"/live/story/updates.{form}")]
    while older := link_header(answers[-1]).get("prev-archive"):
        answers.append(await feed(server, older.removeprefix(server.url)))
    return answers


@pytest.mark.parametrize("form", FORMS)
async def test_archive_documents_have_every_update_once_and_lead_to_each_other(
    server: Server, form: str
) -> None:
    await server.open()
    count = 2 * ARCHIVE_ITEMS + 3
    published = [(await server.publish(headline=str(number)))["url"] for number in range(count)]
    current, second, first = await walk(server, form)
    assert links(first) == published[:ARCHIVE_ITEMS][::-1]
    assert links(second) == published[ARCHIVE_ITEMS : 2 * ARCHIVE_ITEMS][::-1]
    assert set(links(current)) >= set(published[2 * ARCHIVE_ITEMS :])
    archive = f"{server.url}/live/story/archive"
    assert link_header(first)["next-archive"] == f"{archive}/2.{form}"
    assert "prev-archive" not in link_header(first)
    assert "next-archive" not in link_header(second)
    for answer in (first, second):
        assert link_header(answer)["current"] == f"{server.url}/live/story/updates.{form}"
        assert link_header(answer)["alternate"] == f"{server.url}/live/story"
        assert FAULTS[form](answer.body) == []
        assert "stale-if-error" not in answer.headers["Cache-Control"]
    if form == "json":
        following = [json.loads(answer.body).get("next_url") for answer in (current, second, first)]
        assert following == [f"{archive}/2.json", f"{archive}/1.json", None]


async def test_what_comes_later_changes_no_byte_of_an_archive_document(server: Server, clock: Clock) -> None:
    await server.open()
    for _ in range(2 * ARCHIVE_ITEMS):
        await server.publish()
    before = await feed(server, "/live/story/archive/1.atom")
    renders = metrics.RENDERS.labels("feed")._value.get()
    for _ in range(ARCHIVE_ITEMS):
        await server.publish(breaking=True)
    clock.ahead = timedelta(days=400)
    after = await feed(server, "/live/story/archive/1.atom")
    assert (after.body, after.headers["ETag"]) == (before.body, before.headers["ETag"])
    assert metrics.RENDERS.labels("feed")._value.get() == renders
    newer = link_header(await feed(server, "/live/story/archive/2.atom"))["next-archive"]
    assert newer == f"{server.url}/live/story/archive/3.atom"


@pytest.mark.parametrize("form", FORMS)
async def test_a_retraction_empties_its_place_in_the_archive_for_ever(
    server: Server, clock: Clock, form: str
) -> None:
    await server.open()
    updates = [await server.publish(headline=f"السر {number:02}") for number in range(ARCHIVE_ITEMS)]
    path = f"/live/story/archive/1.{form}"
    await change(server, "POST", updates[7], "/corrections", note="اسم المصدر")
    before = await feed(server, path)
    assert "السر 07" in _readable(before)
    assert "اسم المصدر" in _readable(before)
    await change(server, "POST", updates[7], "/retraction", reason="سر المكتب", note="سُحب")
    clock.ahead = timedelta(days=400)
    after = await feed(server, path, headers={"If-None-Match": before.headers["ETag"]})
    assert links(after) == links(before)
    for secret in ("السر 07", "اسم المصدر", "سر المكتب"):
        assert secret not in _readable(after)
    assert "سُحب" in _readable(after)


async def test_an_archive_document_that_is_not_there_names_those_that_are(server: Server) -> None:
    await server.open()
    for _ in range(ARCHIVE_ITEMS):
        await server.publish()
    for number in ("0", "2", "01", "9" * 30, "x", "1.0", "-1", "١"):
        answer = await server.ask("GET", f"/live/story/archive/{number}.atom", role=None)
        assert answer.status == 404
        assert "has 1 of them" in answer.json()["detail"]
    for path in ("/live/none/archive/1.atom", "/live/story/archive/1.xml"):
        assert (await server.ask("GET", path, role=None)).status == 404


async def test_no_header_of_a_feed_reader_gets_it_anything_else(server: Server) -> None:
    await server.open()
    await server.publish(breaking=True)
    plain = await feed(server, "/feeds/breaking.atom")
    for headers in (
        {"A-IM": "feed"},  # feedparser and `reader` ask for differences only (RFC 3229)
        {"Accept": "text/html, application/rss+xml;q=0.9, */*;q=0.1"},  # Miniflux
        {"Accept-Language": "en", "Cookie": "a=b", "Range": "bytes=0-9", "Connection": "close"},
    ):
        answer = await feed(server, "/feeds/breaking.atom", headers=headers)
        assert answer.body == plain.body
        assert answer.headers["ETag"] == plain.headers["ETag"]
        assert answer.headers["Content-Type"] == plain.headers["Content-Type"]


async def test_the_list_of_coverages_leads_to_the_feed_of_each(server: Server) -> None:
    await server.open("one", headline="الأولى & الثانية")
    before = await feed(server, "/feeds/coverages.opml")
    await server.open("two", headline="أخرى")
    answer = await feed(server, "/feeds/coverages.opml", headers={"If-None-Match": before.headers["ETag"]})
    assert answer.headers["Content-Type"] == "text/x-opml; charset=utf-8"
    parsed = listparser.parse(answer.body)
    assert not parsed.bozo
    assert [outline.title for outline in parsed.feeds] == ["الأولى & الثانية", "أخرى"]
    for outline in parsed.feeds:
        await feed(server, outline.url.removeprefix(server.url))
    await server.publish("two", breaking=True)
    again = {"If-None-Match": answer.headers["ETag"]}
    assert (await server.ask("GET", "/feeds/coverages.opml", role=None, headers=again)).status == 304
