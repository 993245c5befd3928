"""The static files: compressed, cached for ever where their address says which they are, and the theme's."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from live_server import Answer, running, settings_for

from livefeed.pages import STATIC

pytestmark = pytest.mark.asyncio


async def test_static_files_are_compressed_and_cached_by_their_version(tmp_path: Path) -> None:
    theme = tmp_path / "theme"
    (theme / "static").mkdir(parents=True)
    (theme / "static" / "theme.css").write_text(":root { --brand: #00594c; }")
    (theme / "static" / "icon.svg").write_text("<svg/>")
    async with running(settings_for(tmp_path, templates=theme)) as server:
        sheet = STATIC / "livefeed.css"
        versioned = server.rooms.pages.theme.static_address("livefeed.css")
        answer = await server.ask("GET", versioned, role=None)
        assert (answer.status, answer.body) == (200, sheet.read_bytes())
        assert answer.headers["Content-Encoding"] == "br"
        assert int(answer.headers["Content-Length"]) <= 8 * 1024
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"

        other = await server.ask("GET", "/static/livefeed.css?v=000000000000", role=None)
        assert other.headers["Cache-Control"] == "no-cache", "the version of another process of the fleet"

        module = await server.ask("GET", "/static/connection.js", role=None)
        assert module.headers["Cache-Control"] == "no-cache"
        assert module.headers["Content-Type"].startswith("text/javascript")
        tag = {"If-None-Match": module.headers["ETag"]}
        assert (await server.ask("GET", "/static/connection.js", role=None, headers=tag)).status == 304

        font = "fonts/livefeed-sans-arabic-400.woff2"
        answer = await server.ask("GET", f"/static/{font}", role=None)
        assert answer.body == (STATIC / font).read_bytes()
        assert answer.headers["Content-Type"] == "font/woff2"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Content-Encoding" not in answer.headers

        assert (await server.ask("GET", "/static/icon.svg", role=None)).text == "<svg/>"
        assert "--brand" in (await server.ask("GET", "/static/theme.css", role=None)).text
        assert "/static/theme.css?v=" in (await server.ask("GET", "/", role=None)).text
        for name in ("nothing.css", "..%2Ferror.html", "%2e%2e/app.py", "fonts"):
            assert (await server.ask("GET", f"/static/{name}", role=None)).status == 404


async def test_what_a_reader_loads_is_small_and_all_ours(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path)) as server:
        await server.open(language="ar")
        for _ in range(30):
            await server.publish(headline="العاصفة تغلق الميناء", body="نقلت الإذاعة أن الميناء مغلق. " * 10)
        page = await server.ask("GET", "/live/story", role=None)
        loaded = re.findall(r'<script[^>]*\ssrc="([^"]*)"', page.text)
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]*)"', page.text)
        assert all(address.startswith("/static/") for address in (*loaded, *sheets))
        scripts: dict[str, Answer] = {}
        while loaded:
            address = loaded.pop()
            scripts[address] = answer = await server.ask("GET", address, role=None)
            assert answer.status == 200
            imported = {f"/static/{name}" for name in re.findall(r"from '\./([\w-]+\.js)'", answer.text)}
            loaded += imported - scripts.keys()
        assert len(scripts) > 6
        assert sum(_sent(answer) for answer in scripts.values()) <= 10 * 1024
        styles = [await server.ask("GET", address, role=None) for address in sheets]
        assert sum(_sent(answer) for answer in styles) <= 8 * 1024


async def test_the_service_worker_is_small_asked_for_again_and_another_with_any_static_file(
    tmp_path: Path,
) -> None:
    theme = tmp_path / "theme"
    theme.mkdir()
    texts = []
    for _ in range(2):
        async with running(settings_for(tmp_path, templates=theme)) as server:
            answer = await server.ask("GET", "/sw.js", role=None)
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert _sent(answer) <= 1024
        texts.append(answer.text)
        (theme / "static").mkdir(exist_ok=True)
        (theme / "static" / "theme.css").write_text(":root { --brand: #00594c; }")
    assert texts[0].splitlines()[1:] == texts[1].splitlines()[1:]
    assert texts[0] != texts[1]


async def test_where_nothing_is_to_be_kept_no_page_names_the_worker_and_the_old_one_goes(
    tmp_path: Path,
) -> None:
    async with running(settings_for(tmp_path, offline=False)) as server:
        await server.open()
        for path in ("/", "/live/story"):
            assert "offline.js" not in (await server.ask("GET", path, role=None)).text
        worker = (await server.ask("GET", "/sw.js", role=None)).text
        assert "registration.unregister()" in worker
        assert "respondWith" not in worker


async def test_scripts_go_without_comments_but_for_those_with_a_text_over_several_lines(
    tmp_path: Path,
) -> None:
    theme = tmp_path / "theme"
    (theme / "static").mkdir(parents=True)
    (theme / "static" / "own.js").write_text("  // ours\n  start();\n")
    async with running(settings_for(tmp_path, templates=theme)) as server:
        assert (await server.ask("GET", "/static/own.js", role=None)).text == "  // ours\n  start();\n"
        whole = (STATIC / "embed.js").read_bytes()
        assert (await server.ask("GET", "/static/embed.js", role=None)).body == whole
        lines = (await server.ask("GET", "/static/connection.js", role=None)).text.splitlines()
        assert not any(line.startswith(("//", " ")) or "; //" in line for line in lines)
        assert "open() {" in lines


def _sent(answer: Answer) -> int:
    return len(gzip.compress(answer.body, 6))
