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


async def test_the_login_and_what_goes_wrong_at_the_desk_are_in_the_language_that_was_chosen(
    tmp_path: Path,
) -> None:
    async with running(settings_for(tmp_path)) as server:
        await server.open()

        async def seen(path: str, cookies: str = "") -> tuple[str, str]:
            headers = BROWSER | ({"Cookie": cookies} if cookies else {})
            page = await server.ask("GET", path, role=None, headers=headers)
            said = "en" if '<html lang="en" dir="ltr">' in page.text else "ar"
            return said, page.headers.get("Set-Cookie", "").partition(";")[0]

        assert await seen("/desk/login") == ("ar", "")
        said, cookie = await seen("/desk/login?language=en&code=abc")
        assert (said, cookie) == ("en", "livefeed_language=en")
        assert await seen("/desk/login", cookie) == ("en", "")
        assert await seen("/desk/login?language=xx", cookie) == ("en", "")
        assert await seen("/desk/login", "livefeed_language=xx") == ("ar", "")

        session = await server.session("editor")
        chosen = await server.ask(
            "POST", "/desk/account/language", role=None, headers=session, data={"language": "en"}
        )
        kept = chosen.headers["Set-Cookie"].partition(";")[0]
        assert kept == "livefeed_language=en"
        assert await seen("/desk/nothing", f"{session['Cookie']}; {kept}") == ("en", "")
        assert await seen("/live/nothing", kept) == ("ar", ""), "the site's pages speak the site's language"
