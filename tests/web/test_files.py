"""The static files: compressed, cached for ever where their address says which they are, and the theme's."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import running, settings_for

from livefeed.pages import STATIC

pytestmark = pytest.mark.asyncio


async def test_static_files_are_compressed_and_cached_by_their_version(tmp_path: Path) -> None:
    theme = tmp_path / "theme"
    (theme / "static").mkdir(parents=True)
    (theme / "static" / "theme.css").write_text(":root { --brand: #00594c; }")
    (theme / "static" / "icon.svg").write_text("<svg/>")
    async with running(settings_for(tmp_path, templates=theme)) as server:
        sheet = STATIC / "livefeed.css"
        answer = await server.ask("GET", "/static/livefeed.css?v=1", role=None)
        assert (answer.status, answer.body) == (200, sheet.read_bytes())
        assert answer.headers["Content-Encoding"] == "br"
        assert int(answer.headers["Content-Length"]) <= 8 * 1024
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"

        module = await server.ask("GET", "/static/connection.js", role=None)
        assert module.headers["Cache-Control"] == "no-cache"
        assert module.headers["Content-Type"].startswith("text/javascript")
        tag = {"If-None-Match": module.headers["ETag"]}
        assert (await server.ask("GET", "/static/connection.js", role=None, headers=tag)).status == 304

        font = "fonts/ibm-plex-sans-arabic-arabic-400-normal.woff2"
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
