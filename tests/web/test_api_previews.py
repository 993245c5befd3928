"""Previews of pages of a real server outside: what is read, what is refused, what it cannot do to us."""

from __future__ import annotations

import contextlib
import gzip
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from live_server import Answer, Server, running
from PIL import Image
from receiver import LOOPBACK, Receiver, receiving

from livefeed import previews
from livefeed.previews.page import described
from livefeed.roles import Role
from livefeed.settings import Settings

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Not this</title>
<meta property="og:title" content="الميناء &quot;مفتوح&quot;&#x202e;">
<meta property="og:description" content="نص
  الخبر"><meta property="og:site_name" content="المرسى">
<meta name="author" content="ليلى"><meta property="og:image" content="/lead.png">
</head><body>…</body></html>"""


def png(width: int = 64, height: int = 32) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()


class Paper:
    """A newspaper outside. Its pages are what the test puts there, by path."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.pages: dict[str, Callable[[], Any]] = {}
        receiver.manner = self._answer

    def put(self, path: str, body: bytes | str, kind: str = "text/html", **headers: str) -> str:
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = lambda: web.Response(body=content, headers={"Content-Type": kind, **headers})
        return self.receiver.url + path

    def lead(self, path: str, place: str) -> str:
        self.pages[path] = lambda: web.Response(status=302, headers={"Location": place})
        return self.receiver.url + path

    def _answer(self, delivery: Any) -> web.StreamResponse:
        made = self.pages.get(delivery.path)
        answer: web.StreamResponse = made() if made else web.Response(status=404)
        return answer

    @property
    def asked(self) -> list[str]:
        return [delivery.path for delivery in self.receiver.deliveries]


@pytest.fixture
async def paper() -> AsyncIterator[Paper]:
    async with receiving() as receiver:
        yield Paper(receiver)


@pytest.fixture
async def server(make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    async with running(make_settings(private_networks=LOOPBACK, delivery_timeout=60)) as started:
        yield started


async def look(server: Server, url: str, role: Role = Role.CONTRIBUTOR) -> Answer:
    return await server.ask("POST", "/api/v1/previews", role=role, json={"url": url})


async def refused(server: Server, url: str) -> str:
    answer = await look(server, url)
    assert answer.status == 502, answer.text
    assert answer.json()["field"] == "url"
    return str(answer.json()["detail"])


async def test_a_preview_is_an_embed_and_a_link_that_an_update_takes_as_they_are(
    server: Server, paper: Paper
) -> None:
    await server.open()
    url = paper.put("/story", PAGE)
    paper.put("/lead.png", png(), "image/png")
    answer = await look(server, url)
    assert answer.status == 200, answer.text
    preview = answer.json()
    picture = preview["picture"]
    assert (picture["width"], picture["height"]) == (64, 32)
    assert preview["embed"] == {
        "url": url,
        "title": 'الميناء "مفتوح"',
        "provider": "المرسى",
        "author": "ليلى",
        "text": "نص الخبر",
        "picture": {"id": picture["id"], "alt": "", "caption": "", "credit": ""},
    }
    update = await server.publish(embeds=[preview["embed"]], related=[preview["related"]])
    assert update["embeds"][0]["picture"] == picture
    assert update["related"][0]["title"] == 'الميناء "مفتوح"'
    shown = await server.ask("GET", picture["url"].removeprefix(server.url), role=None)
    assert shown.status == 200
    (first, _) = paper.receiver.deliveries
    assert first.headers["Accept-Encoding"] == "identity"
    assert "Cookie" not in first.headers


async def test_redirects_are_followed_and_judged_one_by_one(server: Server, paper: Paper) -> None:
    paper.put("/end", PAGE)
    start = paper.lead("/start", "/middle")
    paper.lead("/middle", f"{paper.receiver.url}/end#part")
    answer = await look(server, start)
    assert answer.status == 200
    assert answer.json()["embed"]["url"] == start
    assert paper.asked[:3] == ["/start", "/middle", "/end"]

    for place in ("http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/meta-data"):
        inward = await look(server, paper.lead("/inward", place))
        assert inward.status == 422
        assert "not a public address" in inward.json()["detail"]
    for place in ("file:///etc/passwd", "gopher://x/", "http://user@10.0.0.1/"):
        assert (await look(server, paper.lead("/inward", place))).status == 422


async def test_a_loop_of_redirects_ends(server: Server, paper: Paper) -> None:
    assert "more than 4 times" in await refused(server, paper.lead("/loop", "/loop"))
    assert paper.asked == ["/loop"] * (previews.REDIRECTS + 1)


async def test_addresses_that_are_not_public_are_refused(make_settings: Callable[..., Settings]) -> None:
    async with running(make_settings()) as strict:
        for url in ("http://127.0.0.1:8080/", "http://[::1]/", "http://10.1.2.3/", "http://192.168.0.1:22/"):
            answer = await look(strict, url)
            assert answer.status == 422, url
        # Spelt so that only what it resolves to can tell.
        answer = await look(strict, "http://localhost/")
        assert answer.status == 502
        assert "not a public address" in answer.json()["detail"]


async def test_of_an_endless_page_the_beginning_is_read(server: Server, paper: Paper) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(PAGE.replace("/lead.png", "").encode())
        with contextlib.suppress(ConnectionError):  # they have read enough
            while True:
                await response.write(b"<p>more</p>" * 5000)
        return response

    app = web.Application()
    app.router.add_get("/", endless)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    answer = await look(server, f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await runner.cleanup()
    assert answer.status == 200, answer.text
    assert answer.json()["embed"]["title"] == 'الميناء "مفتوح"'


async def test_what_is_no_page_and_what_comes_compressed_is_refused(server: Server, paper: Paper) -> None:
    assert "application/pdf" in await refused(server, paper.put("/a.pdf", b"%PDF", "application/pdf"))
    assert "without a type" in await refused(server, paper.put("/none", PAGE, ""))
    assert "answered 404" in await refused(server, f"{paper.receiver.url}/nothing")
    bomb = paper.put("/bomb", gzip.compress(b" " * 50_000_000), **{"Content-Encoding": "gzip"})
    assert "compressed" in await refused(server, bomb)


@pytest.mark.parametrize(
    "content", [b"not a picture", b"\x89PNG\r\n\x1a\n" + b"x" * 100, b"<svg onload='x'/>"], ids=range(3)
)
async def test_a_picture_that_is_none_costs_the_picture_alone(
    server: Server, paper: Paper, content: bytes
) -> None:
    paper.put("/lead.png", content, "image/png")
    answer = await look(server, paper.put("/story", PAGE))
    assert answer.status == 200
    assert answer.json()["picture"] is None
    assert answer.json()["embed"]["picture"] is None


async def test_an_account_may_not_ask_for_ever(
    server: Server, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "MOST", 2)
    url = paper.put("/story", PAGE.replace("/lead.png", ""))
    for _ in range(2):
        assert (await look(server, url)).status == 200
    answer = await look(server, url)
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert (await look(server, url, Role.EDITOR)).status == 200, "others are not counted with them"


async def test_an_address_that_is_none_is_refused_by_name(server: Server) -> None:
    for url in ("javascript:alert(1)", "ftp://example.org/", "https://user@example.org/", ""):
        answer = await look(server, url)
        assert (answer.status, answer.json()["field"]) == (422, "url")


# Reading a page


def read(body: bytes, charset: str = "") -> str:
    return described(body, charset, "https://example.org/a/b", line=300).title


@pytest.mark.parametrize("encoding", ["windows-1256", "iso-8859-6", "utf-8", "utf-16"])
def test_pages_in_other_encodings_are_read(encoding: str) -> None:
    page = "<title>العاصفة تغلق الميناء</title>".encode(encoding)
    assert read(page, encoding) == "العاصفة تغلق الميناء"
    if encoding != "utf-16":
        assert read(f'<meta charset="{encoding}">'.encode() + page) == "العاصفة تغلق الميناء"


@pytest.mark.parametrize("name", ["utf-7", "unicode_escape", "idna", "zlib", "nothing", "iso-8859-99"])
def test_encodings_that_no_browser_knows_are_not_tried(name: str) -> None:
    assert read("<title>العاصفة</title>".encode(), name) == "العاصفة"


def test_texts_come_out_plain_and_bounded() -> None:
    page = f"<meta property='og:title' content='{'كلمة ' * 500}'>"
    page += "<meta name=description content='<b>x</b>&lt;i&gt;'>"
    said = described(page.encode(), "", "https://example.org/", line=300)
    assert len(said.title) <= 300
    assert "\n" not in said.title
    assert said.text == "<b>x</b><i>"  # text, which is escaped wherever it is shown


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0",
        b"<",
        b"<div>" * 100_000,
        b"<title>" * 50_000,
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><title>&a;</title>",
        b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>]><title>&b;</title>",
    ],
    ids=["empty", "zeros", "cut", "deep", "titles", "file", "entities"],
)
def test_no_page_breaks_the_reading(body: bytes) -> None:
    title = read(body)
    assert "root:" not in title
    assert len(title) <= 300


@pytest.mark.parametrize(
    ("written", "picture"),
    [
        ("/lead.png", "https://example.org/lead.png"),
        ("//cdn.example.org/x.png", "https://cdn.example.org/x.png"),
        ("javascript:alert(1)", ""),
        ("data:image/png;base64,xx", ""),
        ("https://[", ""),
    ],
)
def test_a_picture_is_an_absolute_web_address(written: str, picture: str) -> None:
    page = f'<meta property="og:image" content="{written}">'.encode()
    assert described(page, "", "https://example.org/a/b", line=300).picture == picture
