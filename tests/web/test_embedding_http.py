"""What other sites embed: who may frame what, what a widget shows, and how its refusals read."""

from __future__ import annotations

import gzip
import re
from typing import Any

import html5lib
import pytest
from live_server import Answer, Server

from livefeed.pages import STATIC


def frame_ancestors(answer: Answer) -> str:
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
    )
    return str(policy["frame-ancestors"])


def shown(answer: Answer) -> list[str]:
    """The ids of the updates of a widget, from the top."""
    assert answer.status == 200, answer.text
    return re.findall(r'<article id="u-(\w+)"', answer.text)


async def ask(server: Server, path: str, **options: Any) -> Answer:
    return await server.ask("GET", path, role=None, **options)


async def test_only_widgets_may_be_framed(server: Server) -> None:
    await server.open("storm")
    update = await server.publish("storm")
    for path in ("/embed/storm", "/embed/breaking", "/embed/nothing"):
        answer = await ask(server, path, headers={"Accept": "text/html"})
        assert frame_ancestors(answer) == "*"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
    for path in ("/", "/live/storm", f"/live/storm/updates/{update['id']}", "/desk/login", "/embed.js"):
        assert frame_ancestors(await ask(server, path)) == "'none'", path


async def test_a_widget_shows_the_newest_few_in_the_coverages_own_direction(server: Server) -> None:
    for slug, language, direction in (("storm", "ar", "rtl"), ("tram", "en", "ltr")):
        await server.open(slug, language=language)
        ids = [(await server.publish(slug, headline=f"{number}"))["id"] for number in range(4)]
        answer = await ask(server, f"/embed/{slug}?limit=3")
        assert shown(answer) == ids[:0:-1]
        root = html5lib.HTMLParser(strict=True).parse(answer.text)
        assert (root.get("lang"), root.get("dir")) == (language, direction)
        live = root.find(".//{*}live-coverage")
        assert live is not None
        top = (await ask(server, f"/live/{slug}/changes")).json()["position"]
        assert (live.get("data-position"), live.get("data-channel")) == (top, f"/live/{slug}")


async def test_a_widget_of_breaking_news_follows_the_flag(server: Server) -> None:
    await server.open("storm")
    await server.open("tram", language="en")
    first = await server.publish("storm", headline="1", breaking=True)
    await server.publish("storm", headline="2")
    third = await server.publish("tram", headline="3", breaking=True)
    assert shown(await ask(server, "/embed/storm?breaking=1")) == [first["id"]]
    assert shown(await ask(server, "/embed/breaking")) == [third["id"], first["id"]]
    assert shown(await ask(server, "/embed/breaking?limit=1")) == [third["id"]]
    path = f"/api/v1/coverages/tram/updates/{third['id']}"
    assert (await server.ask("PATCH", path, json={"breaking": False})).status == 200
    assert shown(await ask(server, "/embed/breaking")) == [first["id"]]


async def test_a_retracted_update_leaves_nothing_of_its_text_in_a_widget(server: Server) -> None:
    await server.open("storm")
    update = await server.publish("storm", headline="اسم المصدر", breaking=True)
    for path in ("/embed/storm", "/embed/breaking"):
        assert "اسم المصدر" in (await ask(server, path)).text
    path = f"/api/v1/coverages/storm/updates/{update['id']}/retraction"
    assert (await server.ask("POST", path, json={"reason": "خطأ"})).status == 200
    for path in ("/embed/storm", "/embed/breaking"):
        answer = await ask(server, path)
        assert shown(answer) == [update["id"]]
        assert "اسم المصدر" not in answer.text


async def test_a_widget_looks_as_it_is_asked_to(server: Server) -> None:
    await server.open("storm")
    page = (await ask(server, "/embed/storm?theme=dark&accent=%23FC0")).text
    assert 'data-scheme="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page
    assert 'href="/embed/accents/ffcc00.css"' in page
    sheet = await ask(server, "/embed/accents/ffcc00.css")
    assert sheet.status == 200
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "data-scheme" not in (await ask(server, "/embed/storm")).text.partition("<body>")[0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=31", "limit"),
        ("limit=x", "limit"),
        ("limit=٣", "limit"),
        ("theme=blue", "theme"),
        ("accent=red", "accent"),
        ("accent=fff;}", "accent"),
        ("breaking=yes", "breaking"),
    ],
)
async def test_a_query_that_cannot_be_is_refused_by_name(server: Server, query: str, field: str) -> None:
    await server.open("storm")
    answer = await ask(server, f"/embed/storm?{query}")
    assert answer.status == 400
    assert answer.json()["field"] == field
    assert field in answer.json()["detail"]


async def test_a_widget_answers_304_and_from_memory_as_pages_do(server: Server) -> None:
    await server.open("storm")
    answer = await ask(server, "/embed/storm")
    again = await ask(server, "/embed/storm", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    assert "s-maxage" in answer.headers["Cache-Control"]
    await server.publish("storm")
    again = await ask(server, "/embed/storm", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 200


async def test_the_script_is_small_and_for_every_origin_and_keeps_its_address(server: Server) -> None:
    answer = await ask(server, "/embed.js")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert answer.body == (STATIC / "embed.js").read_bytes()
    assert len(gzip.compress(answer.body)) <= 2 * 1024
    again = await ask(server, "/embed.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


def test_what_a_widget_adds_to_the_live_pages_files_is_little() -> None:
    size = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in ("widget.js", "widget.css"))
    assert size <= 2 * 1024
