"""How a coverage runs, as the desk says it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from desk_browser import Browser, arrived
from live_server import running
from receiver import LOOPBACK, receiving

from livefeed.audience import Audience
from livefeed.fanout import Arrival
from livefeed.fetches import Fetched
from livefeed.model import Coverage, Position
from livefeed.pages import Pages
from livefeed.roles import Editor, Role
from livefeed.settings import Settings
from livefeed.timeline import Front
from livefeed.websub import Known, Subscription

EDITOR = Editor("a", "Mona", Role.EDITOR)


def said(language: str, audience: Audience, total: int = 57, closing: datetime | None = None) -> str:
    pages = Pages(base_url="https://x.example", site_title="X", site_language=language, page_size=5)
    front = Front(Position("e", 80), Coverage("story", "Story"), total=total)
    return pages.running_part(front, audience, EDITOR, closing=closing, standing=None)


def pages_line(html: str) -> str:
    found = re.search(r'data-running="pages"[^>]*>(.*?)</p>', html)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("readers", "arabic", "english"),
    [
        (0, "لا صفحات مفتوحة", "0 open pages"),
        (1, "وصل التحديث 57 إلى الصفحة المفتوحة الوحيدة", "The open page has update 57"),
        (2, "وصل التحديث 57 إلى الصفحتين المفتوحتين كلتيهما", "All 2 open pages have update 57"),
        (3, "وصل التحديث 57 إلى الصفحات الـ3 المفتوحة كلها", "All 3 open pages have update 57"),
        (11, "وصل التحديث 57 إلى الصفحات الـ11 المفتوحة كلها", "All 11 open pages have update 57"),
        (100, "وصل التحديث 57 إلى الصفحات الـ100 المفتوحة كلها", "All 100 open pages have update 57"),
        (1204, "وصل التحديث 57 إلى الصفحات الـ1,204 المفتوحة كلها", "All 1,204 open pages have update 57"),
    ],
)
def test_the_delivered_position_is_told_in_words(readers: int, arabic: str, english: str) -> None:
    audience = Audience(websocket=readers, reached=readers)
    assert pages_line(said("ar", audience)) == arabic
    assert pages_line(said("en", audience)) == english


@pytest.mark.parametrize(
    ("reached", "readers", "arabic", "english"),
    [
        (0, 1, "لم يصل التحديث 57 بعد إلى الصفحة المفتوحة الوحيدة", "0 of 1 open page has update 57"),
        (1, 2, "وصل التحديث 57 إلى 1 من صفحتين مفتوحتين", "1 of 2 open pages have update 57"),
        (2, 3, "وصل التحديث 57 إلى 2 من 3 صفحات مفتوحة", "2 of 3 open pages have update 57"),
        (9, 11, "وصل التحديث 57 إلى 9 من 11 صفحة مفتوحة", "9 of 11 open pages have update 57"),
        (
            1190,
            1204,
            "وصل التحديث 57 إلى 1,190 من 1,204 صفحات مفتوحة",
            "1,190 of 1,204 open pages have update 57",
        ),
    ],
)
def test_an_update_on_its_way_is_told_with_how_far_it_came(
    reached: int, readers: int, arabic: str, english: str
) -> None:
    audience = Audience(sse=readers, reached=reached)
    assert pages_line(said("ar", audience)) == arabic
    assert pages_line(said("en", audience)) == english
    assert "data-under-way" in said("en", audience)


def test_connections_and_the_time_to_the_last_page_are_told() -> None:
    html = said("en", Audience(1100, 4, 100, 1204, Arrival(80, 0.0123)))
    assert "WebSocket 1,100" in html
    assert "SSE 4" in html
    assert "polling <bdi>100</bdi>" in html
    assert "<dd>12 ms</dd>" in html
    assert "<dd>1.5 s</dd>" in said("en", Audience(1, arrival=Arrival(80, 1.46)))
    assert "Nothing was published while a page was open." in said("en", Audience())
    assert "WebSub" not in html


def test_fetches_of_feeds_are_told_by_format() -> None:
    html = said("en", Audience(feeds=Fetched(1200, 3, 9), site_feeds=Fetched(atom=7)))
    assert re.findall(r"<dt>(.*?)</dt>\n<dd>(.*?)</dd>", html)[2:] == [
        (
            "Its feeds, fetched in the last hour",
            "<bdi>RSS 1,200</bdi> · <bdi>Atom 3</bdi> · <bdi>JSON Feed 9</bdi>",
        ),
        (
            "The site's breaking feed, fetched in the last hour",
            "<bdi>RSS 0</bdi> · <bdi>Atom 7</bdi> · <bdi>JSON Feed 0</bdi>",
        ),
    ]


def test_fetches_counted_for_less_than_an_hour_are_told_as_such() -> None:
    assert "Counted for" not in said("en", Audience())
    assert "Counted for 12 minutes only" in said("en", Audience(minutes=12))
    assert "منذ دقيقتين فقط" in said("ar", Audience(minutes=2))


def test_before_the_first_update_pages_are_counted_only() -> None:
    assert pages_line(said("en", Audience(2), total=0)) == "2 open pages"


def test_a_coverage_that_is_about_to_close_is_told_with_the_time() -> None:
    closing = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
    assert "closes by itself at 18:05" in said("en", Audience(), closing=closing)
    assert "closes by itself" not in said("en", Audience())


async def shown(browser: Browser, *expected: str) -> str:
    """The part, once it says all that is expected; the test's own timeout is the watchdog."""
    while True:
        answer = await browser.get("/desk/story/running?deliveries=1")
        assert answer.status == 200
        if all(words in answer.text for words in expected):
            return answer.text
        await asyncio.sleep(0.05)


async def test_webhooks_and_pushes_of_a_coverage_are_told_to_editors_and_to_nobody_else(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings(
        site_language="en", private_networks=LOOPBACK, webhook_attempts=2, webhook_pause=0.02
    )
    async with running(settings) as server, receiving() as receiver:
        editor = await arrived(server, "Mona", Role.EDITOR)
        await server.open()
        topic, later = f"{server.url}/live/story/updates.rss", datetime.now(UTC) + timedelta(days=1)
        for callback in ("https://a.example/s3cret", "https://b.example/s3cret"):
            await server.rooms.subscriptions.keep(Subscription(callback, topic, "", later, Known()))
        for path, description in (("/s3cret", "Telegram"), ("/other", "")):
            body = {"url": receiver.url + path, "description": description}
            assert (await server.ask("POST", "/api/v1/webhooks", json=body)).status == 201
        html = await shown(editor, "2 subscribers of its feeds", "nothing to tell yet")
        assert "s3cret" not in html

        receiver.manner = lambda found: web.Response(status=500 if found.path == "/other" else 204)
        await server.publish()
        html = await shown(editor, "has everything, last told at", "1 message did not arrive")
        assert 'the last message was given up (<bdi lang="en" dir="ltr">it answered 500' in html
        assert f'<bdi dir="auto">127.0.0.1:{receiver.port}</bdi>' in html

        contributor = await arrived(server, "Suha", Role.CONTRIBUTOR)
        html = (await contributor.get("/desk/story/running?deliveries=1")).text
        assert "open page" in html
        assert "Telegram" not in html
        assert "WebSub" not in html
        assert (await editor.get("/desk/nothing/running")).status == 404


async def test_an_external_hub_is_told_of_by_its_host(make_settings: Callable[..., Settings]) -> None:
    async with receiving() as receiver:
        settings = make_settings(
            site_language="en", private_networks=LOOPBACK, hub=f"{receiver.url}/hub?key=s3cret"
        )
        async with running(settings) as server:
            await server.open()
            await server.publish()
            editor = await arrived(server, "Mona", Role.EDITOR)
            html = await shown(editor, f"127.0.0.1:{receiver.port}</bdi>: has everything, last told at")
            assert "s3cret" not in html
