"""What is wrong, told to people as a page and to programs as a problem document."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import running, settings_for

pytestmark = pytest.mark.asyncio
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_browsers_get_a_page_in_the_site_s_language_and_programs_a_problem(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, metrics_token="t" * 20)) as server:
        for path, status, said in (
            ("/live/nothing", 404, "غير موجود"),
            ("/live/nothing/updates/x", 404, "غير موجود"),
            ("/nowhere", 404, "غير موجود"),
            ("/static/nothing.js", 404, "غير موجود"),
            ("/metrics", 403, "غير مسموح"),
        ):
            page = await server.ask("GET", path, role=None, headers=BROWSER)
            assert (page.status, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
            assert said in page.text
            assert '<html lang="ar" dir="rtl">' in page.text
            assert page.headers["Cache-Control"] == "no-store"
            problem = await server.ask("GET", path, role=None)
            assert problem.headers["Content-Type"].startswith("application/problem+json")
            assert problem.json()["status"] == status
        api = await server.ask("GET", "/api/v1/coverages/nothing", headers=BROWSER)
        assert api.headers["Content-Type"].startswith("application/problem+json")


async def test_a_defect_of_ours_is_a_page_that_says_nothing_of_the_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings_for(tmp_path, site_language="en")) as server:

        def broken(*_: object) -> str:
            raise RuntimeError("the inside")

        monkeypatch.setattr(server.rooms.pages, "index_page", broken)
        page = await server.ask("GET", "/", role=None, headers=BROWSER)
        assert page.status == 500
        assert "Something went wrong on our side." in page.text
        assert "inside" not in page.text
