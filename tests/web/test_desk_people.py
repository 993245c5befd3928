"""The desk's pages about people and keys, as forms without any script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_browser import Browser, arrived, deeds
from live_server import Server, running, settings_for

from livefeed.accounts import Accounts, Hasher, Logins, Seen
from livefeed.audit import Search
from livefeed.roles import Role
from livefeed.web.guard import SESSION_COOKIE

GOOD, BETTER = "قهوة الصباح في دمشق", "kitchen-window-7-lemon"


def id_of(html: str, name: str) -> str:
    """The account's id, from the form that changes it."""
    found = re.search(rf'<li id="p-([\w-]+)">\s*<p><strong><bdi dir="auto">{name}</bdi>', html)
    assert found, html
    return found[1]


# one's own account


async def test_the_first_login_asks_for_a_password_which_then_logs_in(server: Server) -> None:
    browser = await arrived(server, "سامر", Role.EDITOR)
    assert 'href="/desk/account"' in (await browser.get("/desk")).text.partition("<h1>")[2]
    page = await browser.get("/desk/account")
    assert 'name="current"' not in page.text
    answer = await browser.post("/desk/account/password", {"password": GOOD, "again": GOOD})
    assert (answer.status, answer.headers["Location"]) == (303, "/desk/account?done=password")
    assert 'href="/desk/account"' not in (await browser.get("/desk")).text.partition("<h1>")[2]
    other = Browser(server, agent="curl/8")
    assert (await other.log_in("سامر", "wrong")).status == 403
    assert (await other.log_in(" سامر ", GOOD)).headers["Location"] == "/desk"
    assert (await other.get("/desk")).status == 200
    assert "Firefox, Android" in (await other.get("/desk/account")).text
    assert await deeds(server) == ["log-in", "set-password", "refuse-log-in", "log-in"]


async def test_another_password_takes_the_current_one_and_ends_every_other_session(server: Server) -> None:
    await arrived(server, "Sara", Role.EDITOR)
    await server.rooms.logins.set_password("Sara", GOOD, ())
    here, there = Browser(server), Browser(server)
    for browser in (here, there):
        await browser.log_in("Sara", GOOD)
    new = {"password": BETTER, "again": BETTER}
    for fields, said in (
        (new | {"current": "wrong"}, 422),
        (new, 422),
        ({"current": GOOD, "password": BETTER, "again": "other"}, 422),
        ({"current": GOOD, "password": "password1234", "again": "password1234"}, 422),
        ({"current": GOOD, "password": "short", "again": "short"}, 422),
        ({"current": GOOD, "password": "Sara2026!!!!!", "again": "Sara2026!!!!!"}, 422),
    ):
        assert (await here.post("/desk/account/password", fields)).status == said
    assert (await there.get("/desk")).status == 200
    assert (await here.post("/desk/account/password", new | {"current": GOOD})).status == 303
    assert (await here.get("/desk")).status == 200
    assert (await there.get("/desk")).status == 303
    assert (await Browser(server).log_in("Sara", GOOD)).status == 403
    assert (await Browser(server).log_in("Sara", BETTER)).status == 303


async def test_a_login_by_link_stands_for_the_current_password_for_a_quarter_of_an_hour(
    server: Server,
) -> None:
    store, editor = server.rooms.store, "Sara"
    await server.rooms.accounts.people.add(editor, Role.EDITOR)
    await server.rooms.logins.set_password(editor, GOOD, ())
    for minutes, status in ((20, 422), (10, 303)):

        def then(minutes: int = minutes) -> datetime:
            return datetime.now(UTC) - timedelta(minutes=minutes)

        former = Accounts(store.records, session_idle=7200, session_lifetime=7200, now=then)
        redeemed = await former.sessions.redeem(await former.sessions.login_code(editor), Seen())
        assert redeemed
        browser = Browser(server, cookie=f"{SESSION_COOKIE}={redeemed[0]}")
        answer = await browser.post("/desk/account/password", {"password": BETTER, "again": BETTER})
        assert answer.status == status, f"{minutes} minutes after the login"


async def test_the_sites_own_name_makes_a_password_no_better(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, site_title="Qasiouniya")) as server:
        browser = await arrived(server, "Sara", Role.EDITOR)
        for password in ("Qasiouniya 7$k", "livefeed-7$k"):
            answer = await browser.post("/desk/account/password", {"password": password, "again": password})
            assert answer.status == 422, password


async def test_sessions_end_one_by_one_and_all_others_at_once(server: Server) -> None:
    here = await arrived(server, "Sara", Role.EDITOR)
    others = []
    for _ in range(3):
        browser = Browser(server)
        await browser.post("/desk/login", {"code": await server.rooms.accounts.sessions.login_code("Sara")})
        others.append(browser)
    page = (await here.get("/desk/account")).text
    ids = re.findall(r'name="session" value="([\w-]{12})"', page)
    assert len(ids) == 4
    assert not any(browser.cookie.partition("=")[2] in page for browser in (here, *others))
    own = (await server.rooms.accounts.sessions.find(here.cookie.partition("=")[2])).id  # type: ignore[union-attr]
    first = next(id for id in ids if id != own)
    assert (await here.post("/desk/account/sessions", {"session": first})).status == 303
    states = [(await browser.get("/desk")).status for browser in others]
    assert sorted(states) == [200, 200, 303]
    await here.post("/desk/account/sessions", {"session": "others"})
    assert [(await browser.get("/desk")).status for browser in others] == [303] * 3
    assert (await here.get("/desk")).status == 200
    last = await here.post("/desk/account/sessions", {"session": own})
    assert last.headers["Location"] == "/desk/login"
    assert (await here.get("/desk")).status == 303


async def test_nobody_ends_anothers_sessions_from_their_own_account(server: Server) -> None:
    sara, zaid = await arrived(server, "Sara", Role.EDITOR), await arrived(server, "Zaid", Role.ADMIN)
    (session,) = await server.rooms.accounts.sessions.of_editor("Sara")
    await zaid.post("/desk/account/sessions", {"session": session.id})
    assert (await sara.get("/desk")).status == 200


async def test_guessing_is_slowed_and_says_how_long(server: Server) -> None:
    await arrived(server, "Sara", Role.EDITOR)
    rooms, now = server.rooms, datetime.now(UTC)
    # A clock that stands: how long the answers took on this machine must not count.
    rooms.logins = Logins(rooms.store.records, rooms.accounts, Hasher(), now=lambda: now)
    await rooms.logins.set_password("Sara", GOOD, ())
    browser = Browser(server)
    for name in ("Sara", "Nobody"):
        answers = [await browser.log_in(name, "wrong") for _ in range(4)]
        assert [answer.status for answer in answers] == [403, 403, 403, 429], name
        assert answers[-1].headers["Retry-After"] == "1"
        assert "Set-Cookie" not in answers[-1].headers
    acts = [
        (entry.act.deed, bool(entry.act.subject.removeprefix("account:")), entry.act.address)
        for entry in await server.rooms.store.acts(Search(), limit=100, after=1)
    ]
    assert acts == [("refuse-log-in", True, "127.0.0.1")] * 3 + [("refuse-log-in", False, "127.0.0.1")] * 3


# people


async def test_an_admin_adds_an_editor_and_sees_the_link_once(server: Server) -> None:
    await server.open("storm")
    await server.open("flood")
    admin = await arrived(server, "Mona", Role.ADMIN)
    fields = [("name", "ليلى"), ("role", "editor"), ("reach", "some"), ("coverage", "storm")]
    answer = await admin.post("/desk/people", fields)
    (link,) = re.findall(r"<code dir=\"ltr\">(\S+/desk/login\?code=[\w-]+)</code>", answer.text)
    assert "code=" not in (await admin.get("/desk/people")).text
    account = await server.rooms.accounts.people.known("ليلى")
    assert (account.role, account.coverages) == (Role.EDITOR, ("storm",))
    leila = Browser(server)
    await leila.post("/desk/login", {"code": link.partition("code=")[2]})
    index = (await leila.get("/desk")).text
    assert ("/desk/storm" in index, "/desk/flood" in index, "/desk/people" in index) == (True, False, False)
    assert (await leila.get("/desk/flood")).status == 403
    assert (await leila.get("/desk/people")).status == 403
    again = await admin.post("/desk/people", fields)
    assert (again.status, "code=" in again.text) == (422, False)
    assert (await deeds(server))[-3:] == ["add-editor", "make-link", "log-in"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "role": "editor"},
        {"name": "x" * 81, "role": "editor"},
        {"name": "\u202e", "role": "editor"},
        {"name": "Leila", "role": "king"},
        {"name": "Leila", "role": ""},
        {"name": "Leila", "role": "editor", "reach": "some"},
        {"name": "Leila", "role": "admin", "reach": "some", "coverage": "storm"},
        {"name": "Leila", "role": "editor", "reach": "some", "coverage": "No Slug"},
        {},
    ],
)
async def test_what_cannot_be_added_adds_nobody(server: Server, fields: dict[str, str]) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    answer = await admin.post("/desk/people", fields)
    assert answer.status == 422
    assert [account.name for account in await server.rooms.accounts.people.all()] == ["Mona"]
    assert await deeds(server) == ["log-in"]


async def test_grants_links_sessions_and_access_change_and_count_at_once(server: Server) -> None:
    await server.open("storm")
    admin, sara = await arrived(server, "Mona", Role.ADMIN), await arrived(server, "Sara", Role.EDITOR)
    place = f"/desk/people/{id_of((await admin.get('/desk/people')).text, 'Sara')}"
    granted = {"role": "chief", "reach": "some", "coverage": "storm"}
    assert (await admin.post(f"{place}/grants", granted)).status == 303
    assert (await sara.get("/desk/storm")).status == 200
    account = await server.rooms.accounts.people.known("Sara")
    assert (account.role, account.coverages) == (Role.CHIEF, ("storm",))
    linked = await admin.post(f"{place}/link")
    assert "/desk/login?code=" in linked.text
    assert (await admin.post(f"{place}/logout")).status == 303
    assert (await sara.get("/desk")).status == 303
    code = re.findall(r"code=([\w-]+)", linked.text)[0]
    assert (await sara.post("/desk/login", {"code": code})).status == 303
    assert (await admin.post(f"{place}/exclusion")).status == 303
    assert (await sara.get("/desk")).status == 303
    assert (await admin.post(f"{place}/link")).status == 422
    assert (await admin.post(f"{place}/admission")).status == 303
    assert (await sara.get("/desk")).status == 303, "a shut out editor logs in anew"
    assert (await deeds(server))[3:] == [
        "grant",
        "make-link",
        "end-sessions",
        "log-in",
        "disable",
        "enable",
    ]


async def test_an_admin_cannot_lock_everybody_out_by_accident(server: Server) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    place = f"/desk/people/{id_of((await admin.get('/desk/people')).text, 'Mona')}"
    for path, fields in (("grants", {"role": "chief", "reach": "all"}), ("exclusion", {})):
        assert (await admin.post(f"{place}/{path}", fields)).status == 422
    account = await server.rooms.accounts.people.known("Mona")
    assert (account.role, account.disabled) == (Role.ADMIN, False)


# tokens


async def test_a_token_is_made_narrowed_shown_once_and_revoked(server: Server) -> None:
    await server.open("storm")
    admin = await arrived(server, "Mona", Role.ADMIN)
    account = await server.rooms.accounts.people.known("Mona")
    fields = {"editor": account.id, "label": "وكالة", "role": "editor", "reach": "some", "coverage": "storm"}
    made = await admin.post("/desk/tokens", fields)
    (secret,) = re.findall(r"lf_[\w-]{43}", made.text)
    listed = (await admin.get("/desk/tokens")).text
    assert "وكالة" in listed
    assert secret not in listed
    headers = {"Authorization": f"Bearer {secret}"}
    posted = await server.ask("POST", "/live/storm", role=None, data="نص", headers=headers)
    assert posted.status == 201
    closed = await server.ask("POST", "/api/v1/coverages/storm/closure", role=None, headers=headers)
    assert closed.status == 403
    (token,) = await server.rooms.accounts.tokens.of_editor("Mona")
    assert token.used_at
    assert (await admin.post(f"/desk/tokens/{token.id}/revocation")).status == 303
    assert (await server.ask("POST", "/live/storm", role=None, data="نص", headers=headers)).status == 401
    assert (await admin.post(f"/desk/tokens/{token.id}/revocation")).status == 404
    assert [deed for deed in await deeds(server) if "token" in deed] == ["add-token", "revoke-token"]


async def test_what_cannot_be_a_token_is_none(server: Server) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    await server.rooms.accounts.people.add("Sara", Role.EDITOR)
    sara = (await server.rooms.accounts.people.known("Sara")).id
    for fields in (
        {"editor": "nobody"},
        {"editor": sara, "role": "chief"},
        {"editor": sara, "role": "king"},
        {"editor": sara, "reach": "some"},
        {"editor": sara, "label": "x" * 81},
    ):
        assert (await admin.post("/desk/tokens", fields)).status == 422, fields
    assert await server.rooms.accounts.tokens.of_editor("Sara") == []


# the audit log


async def test_the_audit_page_shows_filters_and_goes_back(server: Server) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    await server.open("storm")
    for number in range(60):
        await server.publish("storm", headline=f"{number}")
    first = (await admin.get("/desk/audit")).text
    assert first.count("<li value=") == 50
    assert 'lang="ar"' in first
    older = re.search(r'href="(/desk/audit\?[^"]*before=\d+)"', first)
    assert older
    rest = (await admin.get(older[1].replace("&amp;", "&"))).text
    assert rest.count("<li value=") == 12
    assert "before=" not in rest
    assert (await admin.get("/desk/audit?coverage=storm&by=Mona")).text.count("<li value=") == 0
    assert (await admin.get("/desk/audit?before=x")).status == 400
    exported = re.search(r'href="(/api/v1/audit\?format=csv[^"]*)"', first)
    assert exported
    file = await admin.get(exported[1].replace("&amp;", "&"))
    assert file.text.count("\r\n") == 63


async def test_a_role_in_one_coverage_is_given_on_the_page_and_shows_on_its_desk(server: Server) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    sara = await arrived(server, "Sara", Role.CONTRIBUTOR)
    for slug in ("storm", "flood"):
        await server.open(slug)
    place = f"/desk/people/{id_of((await admin.get('/desk/people')).text, 'Sara')}/grants"
    lines = [("role_coverage", "storm"), ("role_there", "chief"), ("role_coverage", ""), ("role_there", "")]
    fields = [("role", "contributor"), ("reach", "all"), *lines]
    assert (await admin.post(place, fields)).headers["Location"] == "/desk/people?done=changed"
    page = (await admin.get("/desk/people")).text
    assert '<bdi dir="auto">storm</bdi>: رئيس تحرير' in page
    assert page.count('<option value="storm" selected>') == 1
    for slug, leads in (("storm", True), ("flood", False)):
        desk = (await sara.get(f"/desk/{slug}")).text
        assert (f"/desk/{slug}/coverage" in desk, 'name="breaking"' in desk) == (leads, leads)
        assert 'href="/desk/administration"' not in desk
        assert 'href="/desk/snippets"' not in desk
    assert "/desk/new" not in (await sara.get("/desk")).text
    assert (await sara.post("/desk/people", {"name": "x", "role": "admin"})).status == 403

    for wrong, status in (("admin", 422), ("king", 422)):
        lines[1] = ("role_there", wrong)
        answer = await admin.post(place, [("role", "contributor"), ("reach", "all"), *lines])
        assert answer.status == status
    assert (await server.rooms.accounts.people.known("Sara")).roles == (("storm", Role.CHIEF),)
    acts = await server.rooms.store.acts(Search(), limit=100, after=0)
    assert [entry.act.detail for entry in acts if entry.act.deed == "grant"] == [
        "Sara contributor storm=chief"
    ]

    await server.ask("GET", "/desk/storm", role=None, headers={"Cookie": sara.cookie})
    headers = {"Cookie": sara.cookie, "Origin": server.url}
    closed = await server.ask("POST", "/api/v1/coverages/storm/closure", role=None, headers=headers)
    assert closed.status == 200
    told = (await server.rooms.store.acts(Search(), limit=1))[0].act
    assert (told.deed, told.role) == ("close", "chief")
    refused = await server.ask("POST", "/api/v1/coverages/flood/closure", role=None, headers=headers)
    assert (refused.status, "contributor" in refused.json()["detail"]) == (403, True)


async def test_a_desk_speaks_the_language_that_its_editor_chose(server: Server) -> None:
    await server.open("storm")
    sara, zaid = await arrived(server, "Sara", Role.ADMIN), await arrived(server, "Zaid", Role.EDITOR)
    answer = await sara.post("/desk/account/language", {"language": "en"})
    assert answer.headers["Location"] == "/desk/account?done=language"
    for path in ("", "/storm", "/account", "/people", "/limits", "/administration", "/new", "/storm/running"):
        html = (await sara.get(f"/desk{path}")).text
        assert 'lang="en" dir="ltr"' in html or path == "/storm/running", path
    assert "open page" in (await sara.get("/desk/storm/running")).text
    assert "45,678 bytes" not in html
    assert 'lang="ar" dir="rtl"' in (await zaid.get("/desk")).text
    assert 'lang="ar" dir="rtl"' in (await sara.get("/live/storm")).text
    assert (await sara.post("/desk/account/language", {"language": "xx"})).status == 422
    assert '<option value="en" lang="en" selected>English</option>' in (await sara.get("/desk/account")).text
    await sara.post("/desk/account/language", {"language": ""})
    assert 'lang="ar" dir="rtl"' in (await sara.get("/desk")).text
    assert (await deeds(server)).count("set-language") == 2


async def test_what_admins_have_in_hand_is_one_entry_that_leads_to_all_of_it(server: Server) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    assert 'href="/desk/administration"' in (await admin.get("/desk")).text
    listed = set(re.findall(r'<h2><a href="(/desk/[a-z]+)">', (await admin.get("/desk/administration")).text))
    assert len(listed) == 7
    for page in listed:
        html = (await admin.get(page)).text
        assert set(re.findall(r'<li><a href="(/desk/[a-z]+)"', html)) >= listed
        assert f'href="{page}" aria-current="page"' in html
