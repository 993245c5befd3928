"""What other sites embed: who may frame what, what a widget shows, and how its refusals read."""

from __future__ import annotations

import gzip
import re
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

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


# oEmbed


async def oembed(server: Server, url: str, **asked: str) -> Answer:
    return await server.ask("GET", "/oembed", role=None, params={"url": url, **asked})


async def test_oembed_answers_for_a_coverage_and_for_an_update(server: Server) -> None:
    await server.open("العاصفة", headline='العاصفة "ريم" & البحر')
    update = await server.publish("العاصفة", headline="الميناء مفتوح")
    home = f"{server.url}/live/{quote('العاصفة')}"
    frame = f"{server.url}/embed/{quote('العاصفة')}"
    for url, title, source in (
        (home, 'العاصفة "ريم" & البحر', frame),
        (f"{server.url}/live/العاصفة?page=1#updates", 'العاصفة "ريم" & البحر', frame),
        (update["url"], "الميناء مفتوح", f"{frame}/updates/{update['id']}"),
    ):
        answer = await oembed(server, url)
        assert answer.status == 200, answer.text
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        document = answer.json()
        assert {name: document[name] for name in ("version", "type", "title", "provider_name")} == {
            "version": "1.0",
            "type": "rich",
            "title": title,
            "provider_name": "livefeed",
        }
        iframe = html5lib.parseFragment(document["html"], namespaceHTMLElements=False)[0]
        assert iframe.tag == "iframe"
        assert (iframe.get("src"), iframe.get("title")) == (source, title)
        assert (await server.ask("GET", source.removeprefix(server.url), role=None)).status == 200


async def test_oembed_keeps_to_the_room_there_is(server: Server) -> None:
    await server.open("storm")
    url = f"{server.url}/live/storm"
    small = (await oembed(server, url, maxwidth="320", maxheight="240")).json()
    assert (small["width"], small["height"]) == (320, 240)
    assert 'width="320" height="240"' in small["html"]
    large = (await oembed(server, url, maxwidth="9000", maxheight="9000")).json()
    assert (large["width"], large["height"]) == (600, 600)


async def test_oembed_speaks_xml_and_nothing_else(server: Server) -> None:
    await server.open("storm", headline="<العاصفة> & البحر")
    url = f"{server.url}/live/storm"
    answer = await oembed(server, url, format="xml")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "oembed"
    document = (await oembed(server, url)).json()
    assert {part.tag: part.text for part in root} == {name: str(value) for name, value in document.items()}
    refused = await oembed(server, url, format="yaml")
    assert (refused.status, refused.json()["field"]) == (501, "format")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/live/storm",
        "https://example.org/live/storm",
        "{site}/",
        "{site}/live/nothing",
        "{site}/live/storm/updates/nothing",
        "{site}/desk/storm",
        "{site}.example.org/live/storm",
        "ftp://[",
    ],
)
async def test_oembed_knows_no_other_address(server: Server, url: str) -> None:
    await server.open("storm")
    assert (await oembed(server, url.format(site=server.url))).status == 404


@pytest.mark.parametrize("asked", [{"maxwidth": "0"}, {"maxheight": "wide"}, {"maxwidth": "-5"}])
async def test_oembed_refuses_a_room_that_is_none(server: Server, asked: dict[str, str]) -> None:
    await server.open("storm")
    answer = await oembed(server, f"{server.url}/live/storm", **asked)
    assert answer.status == 400
    assert answer.json()["field"] in asked


async def test_pages_lead_to_their_oembed_and_the_live_page_offers_its_code(server: Server) -> None:
    await server.open("storm", headline='"<b>العاصفة</b>" & البحر')
    update = await server.publish("storm", headline="الميناء مفتوح")
    for path in ("/live/storm", f"/live/storm/updates/{update['id']}"):
        page = html5lib.parse((await ask(server, path)).text, namespaceHTMLElements=False)
        links = {link.get("type"): link.get("href") for link in page.iter("link")}
        for type_ in ("application/json+oembed", "text/xml+oembed"):
            answer = await server.client.get(links[type_])
            assert answer.status == 200
            assert ("/updates/" in path) == ("/updates/" in await answer.text())
    page = html5lib.parse((await ask(server, "/live/storm")).text, namespaceHTMLElements=False)
    codes = ["".join(code.itertext()) for code in page.iter("code")]
    script, element = html5lib.parseFragment(codes[0], namespaceHTMLElements=False)
    assert script.get("src") == f"{server.url}/embed.js"
    assert (element.tag, element.get("slug")) == ("livefeed-coverage", "storm")
    assert (element[0].get("href"), element[0].text) == (
        f"{server.url}/live/storm",
        '"<b>العاصفة</b>" & البحر',
    )
    (iframe,) = html5lib.parseFragment(codes[1], namespaceHTMLElements=False)
    assert iframe.get("src") == f"{server.url}/embed/storm"
    assert iframe.get("title") == '"<b>العاصفة</b>" & البحر'


async def test_the_widget_of_one_update_shows_it_alone(server: Server) -> None:
    await server.open("storm")
    update = await server.publish("storm", headline="1")
    await server.publish("storm", headline="2")
    answer = await ask(server, f"/embed/storm/updates/{update['id']}")
    assert shown(answer) == [update["id"]]
    assert frame_ancestors(answer) == "*"
    assert f'data-only="{update["id"]}"' in answer.text
    assert (await ask(server, "/embed/storm/updates/nothing")).status == 404
