"""Sessions against forged requests, and the one-time login link."""

from __future__ import annotations

import re
from typing import Any

import pytest
from live_server import Server, running

from livefeed.roles import Role
from livefeed.web.guard import ACCOUNT, SESSION_COOKIE

UPDATES = "/api/v1/coverages/story/updates"


async def code_of(server: Server, name: str = "lina") -> str:
    await server.rooms.accounts.people.add(name, Role.EDITOR)
    return await server.rooms.accounts.sessions.login_code(name)


async def write(server: Server, headers: dict[str, str], **body: Any) -> int:
    body = body or {"json": {"body": "x"}}
    before = len(await server.events())
    answer = await server.ask("POST", UPDATES, role=None, headers=headers, **body)
    assert len(await server.events()) - before == (answer.status == 201)
    return answer.status


async def test_a_sessions_write_must_come_from_our_own_pages(server: Server) -> None:
    await server.open()
    cookie = {"Cookie": (await server.session())["Cookie"]}
    ours = server.url
    for headers in (
        {"Origin": ours},
        {"Origin": ours, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
    ):
        assert await write(server, cookie | headers) == 201, headers
    for headers in (
        {},
        {"Referer": f"{ours}/desk"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": f"{ours}.evil.example"},
        {"Origin": ours.replace("http:", "https:") + "1"},
        {"Origin": f"{ours}@evil.example"},
        {"Origin": ours, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ours, "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert await write(server, cookie | headers) == 403, headers


async def test_every_writing_route_refuses_a_foreign_origin(server: Server) -> None:
    await server.open()
    update = await server.publish()
    session = await server.session(Role.ADMIN) | {"Origin": "https://evil.example"}
    from livefeed.web import api, desk

    for route in (*api.routes, *desk.routes):
        if route.method != "GET":
            path = route.path.format(slug="story", id=update["id"])
            answer = await server.ask(route.method, path, role=None, headers=session)
            assert answer.status == 403, path
    assert len(await server.events()) == 2


async def test_the_form_posts_that_other_sites_can_make_write_nothing(server: Server) -> None:
    await server.open()
    cookie = {"Cookie": (await server.session())["Cookie"]}
    forged = b'{"body": "x", "a": "=1"}'
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        headers = cookie | {"Content-Type": content_type}
        for origin in ("https://evil.example", "null"):
            assert await write(server, headers | {"Origin": origin}, data=forged) == 403
        assert await write(server, headers, data=forged) == 403
        # Even from our own pages a form cannot pass for JSON.
        assert await write(server, headers | {"Origin": server.url}, data=forged) == 415


async def test_a_token_needs_no_origin_and_wins_over_a_cookie(server: Server) -> None:
    await server.open()
    token = {"Authorization": f"Bearer {await server.token(Role.EDITOR)}", "Origin": "https://cms.example"}
    assert await write(server, token) == 201
    session = await server.session(Role.ADMIN)
    assert await write(server, session | {"Authorization": "Bearer lf_wrong"}) == 401


async def test_a_page_that_somebody_else_opened_writes_nothing_in_a_session(server: Server) -> None:
    await server.open()
    session = await server.session(Role.EDITOR)
    person = await server.rooms.accounts.people.known(f"{Role.EDITOR} at the desk")
    assert await write(server, session | {ACCOUNT: "another"}) == 401
    assert await write(server, session | {ACCOUNT: person.id}) == 201


async def test_reading_by_session_needs_no_origin_but_no_other_site_may_see_it(server: Server) -> None:
    await server.open()
    cookie = {"Cookie": (await server.session())["Cookie"], "Origin": "https://evil.example"}
    answer = await server.ask("GET", UPDATES, role=None, headers=cookie)
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "\xff", "a;b"])
async def test_a_cookie_of_nobody_is_no_login(server: Server, cookie: str) -> None:
    await server.open()
    headers = {"Cookie": f"{SESSION_COOKIE}={cookie}", "Origin": server.url}
    assert await write(server, headers) == 401


async def test_a_disabled_editor_is_out_at_once(make_settings: Any) -> None:
    async with running(make_settings()) as server:
        await server.open()
        session = await server.session(Role.EDITOR)
        assert await write(server, session | {"Idempotency-Key": "a"}) == 201
        await server.rooms.accounts.people.disable("editor at the desk")
        assert await write(server, session) == 401


# The login link


async def test_opening_the_link_spends_nothing_and_sending_the_form_logs_in_once(server: Server) -> None:
    code = await code_of(server)
    for _ in range(3):
        page = await server.ask("GET", f"/desk/login?code={code}", role=None)
        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
    field = re.search(rf'<input[^>]*name="(\w+)"[^>]*value="{code}"', page.text)
    assert field
    ours = {"Origin": server.url}
    answer = await server.ask("POST", "/desk/login", role=None, headers=ours, data={field[1]: code})
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in flags, "this site is http"
    session = {"Cookie": cookie.partition(";")[0]}
    assert (await server.ask("GET", "/desk", role=None, headers=session)).status == 200
    again = await server.ask("POST", "/desk/login", role=None, headers=ours, data={field[1]: code})
    assert again.status == 403
    assert "Set-Cookie" not in again.headers
    out = await server.ask("POST", "/desk/logout", role=None, headers=ours | session)
    assert out.status == 303
    gone = await server.ask("GET", "/desk", role=None, headers=session)
    assert (gone.status, gone.headers["Location"]) == (303, "/desk/login")


async def test_the_cookie_is_secure_where_the_site_is(make_settings: Any) -> None:
    async with running(make_settings()) as server:
        local, server.rooms.base_url = server.rooms.base_url, "https://live.example"
        code = await code_of(server)
        ours = {"Origin": "https://live.example"}
        answer = await server.ask("POST", "/desk/login", role=None, headers=ours, data={"code": code})
        assert "secure" in {flag.strip().lower() for flag in answer.headers["Set-Cookie"].split(";")}
        assert answer.headers["Strict-Transport-Security"]
        server.rooms.base_url = local


async def test_no_other_site_can_log_somebody_in(server: Server) -> None:
    code = await code_of(server)
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await server.ask("POST", "/desk/login", role=None, headers=headers, data={"code": code})
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers
    ours = {"Origin": server.url}
    assert (
        await server.ask("POST", "/desk/login", role=None, headers=ours, data={"code": code})
    ).status == 303


@pytest.mark.parametrize("code", ["", "x", "x" * 43, "\u202e", "<script>"])
async def test_a_wrong_code_logs_nobody_in(server: Server, code: str) -> None:
    ours = {"Origin": server.url}
    answer = await server.ask("POST", "/desk/login", role=None, headers=ours, data={"code": code})
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers
    for way in ({"data": b"\xff=\xfe"}, {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}}):
        headers = ours | way.get("headers", {"Content-Type": "application/x-www-form-urlencoded"})
        odd = await server.ask("POST", "/desk/login", role=None, data=way["data"], headers=headers)
        assert odd.status in {400, 403}


async def test_the_desk_sends_people_without_a_session_to_the_login_and_may_not_be_framed(
    server: Server,
) -> None:
    await server.open()
    for path in ("/desk", "/desk/story"):
        answer = await server.ask("GET", path, role=None)
        assert (answer.status, answer.headers["Location"]) == (303, "/desk/login")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        session = {"Cookie": (await server.session(Role.ADMIN if path == "/desk" else Role.CHIEF))["Cookie"]}
        page = await server.ask("GET", path, role=None, headers=session)
        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
