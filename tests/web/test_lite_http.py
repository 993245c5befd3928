"""Text-only pages as they are asked for: at the address of each page with `lite=1`, cached apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import running, settings_for

pytestmark = pytest.mark.asyncio


async def test_each_page_has_a_text_only_one_that_caches_may_keep(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, page_size=1)) as server:
        await server.open("storm")
        ids = [(await server.publish("storm", body=f"خبر {n}"))["id"] for n in range(3)]
        for path in ("/", "/live/storm", "/live/storm?page=1", f"/live/storm/updates/{ids[0]}"):
            whole = await server.ask("GET", path, role=None)
            address = f"{path}{'&' if '?' in path else '?'}lite=1"
            lite = await server.ask("GET", address, role=None)
            assert "/static/livefeed.css" in whole.text
            assert "/static/lite.css" in lite.text
            assert lite.headers["Cache-Control"] == whole.headers["Cache-Control"]
            assert lite.headers["ETag"] != whole.headers["ETag"]
            tag = {"If-None-Match": lite.headers["ETag"]}
            assert (await server.ask("GET", address, role=None, headers=tag)).status == 304
            assert (await server.ask("GET", path, role=None, headers=tag)).status == 200
        assert "/static/livefeed.css" in (await server.ask("GET", "/live/storm?lite=0", role=None)).text
        led = await server.ask("GET", f"/live/storm?with={ids[0]}&lite=1", role=None)
        assert led.headers["Location"] == f"/live/storm?page=1&lite=1#u-{ids[0]}"

        await server.ask("POST", f"/api/v1/coverages/storm/updates/{ids[0]}/retraction", json={"reason": "x"})
        for path in ("/live/storm?page=1&lite=1", f"/live/storm/updates/{ids[0]}?lite=1"):
            assert "خبر 0" not in (await server.ask("GET", path, role=None)).text
        gone = await server.ask("GET", "/live/none?lite=1", role=None, headers={"Accept": "text/html"})
        assert gone.status == 404
        assert "/static/lite.css" in gone.text
