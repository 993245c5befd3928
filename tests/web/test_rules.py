"""Every route that writes, and every page and read of editors, with everybody who must not come in.

The cases are made from the application's own routes and the rules declared beside them (`guard.RULES`), so a
new route is tested the moment it is there, and one without a rule fails.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from live_server import Answer, Server, running, settings_for

from livefeed.accounts import Seen
from livefeed.roles import Role
from livefeed.web.app import DOORS
from livefeed.web.guard import RULES, SESSION_COOKIE, Rule, Scope

SAFE = {"GET", "HEAD"}
PLACES = {"slug": "story", "id": "none"}  # no such update, webhook or token: who may come in meets a 404
OUT = {401, 403}
NONE: Mapping[str, Role] = {}
# What the verb refuses is not the rule's: a contributor may add drafts, and what is empty is published.
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/coverages/{slug}/updates": {"json": {"status": "draft", "body": "x"}}
}


@dataclass(frozen=True)
class Case:
    """A route and its rule."""

    method: str
    path: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        return self.path.format(**PLACES)


def routes() -> Iterator[web.RouteDef]:
    for door in DOORS:
        yield from door.routes


# What was agreed on, apart from what the routes declare: a rule loosened by mistake must not become its own
# expectation. The first pattern that fits the beginning of a case counts.
AGREED = (
    (r"(GET|POST) /desk/(people|tokens|audit)\b", Rule(Role.ADMIN, Scope.SITE, person=True)),
    (r"\w+ /desk/(administration|coverages|webhooks|subscribers|limits)\b", Rule(Role.ADMIN, Scope.SITE)),
    (r"\w+ /desk/account\b", Rule(Role.CONTRIBUTOR, Scope.OWN, person=True)),
    (r"\w+ /desk/snippets\b", Rule(Role.EDITOR, Scope.SITE)),
    (r"\w+ /desk/new$", Rule(Role.CHIEF, Scope.SITE)),
    (r"GET /desk$", Rule(Role.CONTRIBUTOR, Scope.OWN)),
    (r"\w+ /desk/\{slug\}/coverage$", Rule(Role.CHIEF, Scope.COVERAGE)),
    (r"GET /desk/\{slug\}/ws$", Rule(Role.EDITOR, Scope.COVERAGE)),
    (r"\w+ /desk/\{slug\}", Rule(Role.CONTRIBUTOR, Scope.COVERAGE)),
    (r"\w+ /api/v1/(webhooks|audit)\b", Rule(Role.ADMIN, Scope.SITE)),
    (r"GET /api/v1/(coverages|snippets)$", Rule(Role.CONTRIBUTOR, Scope.OWN)),
    (r"POST /api/v1/coverages$", Rule(Role.CHIEF, Scope.OWN)),
    (r"POST /api/v1/(media|previews)$", Rule(Role.CONTRIBUTOR, Scope.OWN)),
    (r"PATCH /api/v1/coverages/\{slug\}$", Rule(Role.CHIEF, Scope.COVERAGE)),
    (r"\w+ /api/v1/coverages/\{slug\}/(closure|archive)$", Rule(Role.CHIEF, Scope.COVERAGE)),
    (r"\w+ /api/v1/coverages/\{slug\}/updates/\{id\}/pin$", Rule(Role.CHIEF, Scope.COVERAGE)),
    (
        r"\w+ /api/v1/coverages/\{slug\}/updates/\{id\}/(corrections|retraction|publication)$",
        Rule(Role.EDITOR, Scope.COVERAGE),
    ),
    (r"\w+ /api/v1/coverages/\{slug\}", Rule(Role.CONTRIBUTOR, Scope.COVERAGE)),
    (r"POST /live/\{slug\}$", Rule(Role.EDITOR, Scope.COVERAGE)),
    (r"POST /desk/log(in|out)$", Rule(None, ours=True)),
    (r"GET /desk/login$|POST /hub$|OPTIONS ", Rule(None)),
)


CASES = [Case(route.method, route.path, RULES[route.handler]) for route in routes() if route.handler in RULES]
GUARDED = [case for case in CASES if case.rule.role is not None]
WRITES = [case for case in GUARDED if case.method not in SAFE]


class People:
    """Editors of every role with sessions and tokens, each made once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.accounts = server.rooms.accounts
        self._tokens: dict[str, str] = {}
        self._sessions: dict[str, str] = {}

    async def token(self, role: Role, coverage: str | None = None, narrowed: Role | None = None) -> str:
        """A token of an editor of `role`, narrowed to a coverage and a role."""
        name = f"{role} {coverage} {narrowed}"
        if name not in self._tokens:
            await self.accounts.people.add(name, role)
            coverages = [coverage] if coverage else None
            self._tokens[name] = await self.accounts.tokens.add(name, role=narrowed, coverages=coverages)
        return self._tokens[name]

    async def session(self, name: str, role: Role) -> str:
        await self.accounts.people.add(name, role)
        redeemed = await self.accounts.sessions.redeem(await self.accounts.sessions.login_code(name))
        assert redeemed
        return redeemed[0]

    async def as_person(
        self, case: Case, role: Role, coverage: str | None = None, roles: Mapping[str, Role] = NONE
    ) -> Answer:
        """From our own pages, in a session of an editor of `role`, perhaps of one coverage only, perhaps with
        other `roles` in single ones."""
        single = " ".join(f"{slug}={held}" for slug, held in roles.items())
        name = f"{role} {coverage} {single} at the desk"
        if name not in self._sessions:
            await self.accounts.people.add(name, role, [coverage] if coverage else None, roles)
            begun = await self.accounts.sessions.begin(name, Seen())
            assert begun
            self._sessions[name] = begun[0]
        cookie = f"{SESSION_COOKIE}={self._sessions[name]}"
        return await self.ask(case, {"Cookie": cookie, "Origin": self.server.url})

    async def ask(self, case: Case, headers: dict[str, str]) -> Answer:
        body = BODIES.get(str(case), {})
        return await self.server.ask(case.method, case.address, role=None, headers=headers, **body)

    async def with_token(self, case: Case, token: str) -> Answer:
        return await self.ask(case, {"Authorization": f"Bearer {token}"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[People]:
    folder: Path = tmp_path_factory.mktemp("rules")
    async with running(settings_for(folder)) as server:
        await server.open()
        yield People(server)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_route_that_needs_a_rule_declares_one() -> None:
    missing = [
        f"{route.method} {route.path}"
        for route in routes()
        if route.handler not in RULES
        and (route.method not in SAFE or route.path.startswith(("/desk", "/api/v1/")))
        and route.path not in {"/api/v1/openapi.json"}
    ]
    assert missing == [], "say beside the route who may use it: guard.needs or guard.anybody"
    assert len(WRITES) >= 20


async def test_every_rule_is_the_one_that_was_agreed_on() -> None:
    agreed = {
        str(case): next((rule for start, rule in AGREED if re.match(start, str(case))), None)
        for case in CASES
    }
    assert {str(case): case.rule for case in CASES} == agreed


@pytest.mark.parametrize("case", GUARDED, ids=str)
async def test_a_route_lets_in_whom_its_rule_lets_in_and_nobody_else(people: People, case: Case) -> None:
    """Without a login, with a worthless one, with each role, in one coverage only."""
    least = case.rule.role
    assert least is not None
    nobody = await people.ask(case, {})
    sent_to_login = nobody.status == 303 and nobody.headers["Location"] == "/desk/login"
    assert nobody.status == 401 or (sent_to_login and case.path.startswith("/desk"))
    for worthless in ("lf_" + "x" * 43, "nonsense"):
        assert (await people.with_token(case, worthless)).status in {401, 303}
    for role in Role:
        answer = await people.as_person(case, role)
        assert (answer.status not in OUT) == role.includes(least), (role, answer.text)
    # Who needs no more than to be a chief of one coverage may come in there, and nowhere else.
    here, elsewhere = [await people.as_person(case, Role.CHIEF, slug) for slug in ("story", "other")]
    allowed = Role.CHIEF.includes(least)
    assert (here.status not in OUT) == (allowed and case.rule.scope is not Scope.SITE), here.text
    assert (elsewhere.status not in OUT) == (allowed and case.rule.scope is Scope.OWN), elsewhere.text


@pytest.mark.parametrize("case", GUARDED, ids=str)
async def test_a_role_in_one_coverage_counts_there_and_nowhere_else(people: People, case: Case) -> None:
    """Raised and lowered, in the coverage that is asked for and in another one."""
    least, scope = case.rule.role, case.rule.scope
    assert least is not None
    for everywhere, single in ((Role.CONTRIBUTOR, Role.CHIEF), (Role.CHIEF, Role.CONTRIBUTOR)):
        for slug in ("story", "other"):
            answer = await people.as_person(case, everywhere, roles={slug: single})
            here = single if slug == "story" else everywhere
            held = {Scope.COVERAGE: here, Scope.SITE: everywhere, Scope.OWN: Role.CHIEF}[scope]
            assert (answer.status not in OUT) == held.includes(least), (everywhere, slug, answer.text)
    # Somebody of another coverage, with a role here.
    answer = await people.as_person(case, Role.EDITOR, "other", {"story": Role.CHIEF})
    allowed = Role.CHIEF.includes(least) and scope is not Scope.SITE
    assert (answer.status not in OUT) == allowed, answer.text


@pytest.mark.parametrize("case", GUARDED, ids=str)
async def test_a_token_does_what_its_editor_may_or_less(people: People, case: Case) -> None:
    least = case.rule.role
    assert least is not None
    if case.rule.person:
        assert (await people.with_token(case, await people.token(Role.ADMIN))).status == 403
        return
    for role in Role:
        answer = await people.with_token(case, await people.token(role))
        assert (answer.status not in OUT) == role.includes(least), (role, answer.text)
    for narrowed in Role:
        answer = await people.with_token(case, await people.token(Role.ADMIN, None, narrowed))
        assert (answer.status not in OUT) == narrowed.includes(least), (narrowed, answer.text)
    here = await people.with_token(case, await people.token(Role.ADMIN, "story"))
    elsewhere = await people.with_token(case, await people.token(Role.ADMIN, "other"))
    assert (here.status == 403) == (case.rule.scope is Scope.SITE), here.text
    assert (elsewhere.status == 403) == (case.rule.scope is not Scope.OWN), elsewhere.text


@pytest.mark.parametrize("case", WRITES, ids=str)
async def test_a_sessions_write_is_taken_from_our_own_pages_alone(people: People, case: Case) -> None:
    cookie = {"Cookie": f"{SESSION_COOKIE}={await people.session(str(case), Role.ADMIN)}"}
    ours = {"Origin": people.server.url}
    for headers in (
        {},  # no fetch metadata and no origin
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        ours | {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ):
        answer = await people.ask(case, cookie | headers)
        assert answer.status == 403, headers
    assert (await people.ask(case, cookie | ours)).status not in OUT


@pytest.mark.parametrize("case", WRITES, ids=str)
async def test_a_session_that_ended_or_a_link_that_was_used_writes_nothing(
    people: People, case: Case
) -> None:
    accounts, ours = people.accounts, {"Origin": people.server.url}
    name = f"stale {case}"
    await accounts.people.add(name, Role.ADMIN)
    code = await accounts.sessions.login_code(name)
    redeemed = await accounts.sessions.redeem(code)
    assert redeemed
    assert await accounts.sessions.redeem(code) is None, "a link opens one session"
    for secret in (code, redeemed[0]):
        if secret == redeemed[0]:
            await accounts.sessions.end(secret)
        answer = await people.ask(case, ours | {"Cookie": f"{SESSION_COOKIE}={secret}"})
        assert answer.status in {401, 303}
    again = await accounts.sessions.redeem(await accounts.sessions.login_code(name))
    assert again
    cookie = {"Cookie": f"{SESSION_COOKIE}={again[0]}"}
    assert (await people.ask(case, ours | cookie)).status not in OUT
    least = case.rule.role
    if least is not Role.CONTRIBUTOR:
        await accounts.people.set_role(name, Role.CONTRIBUTOR)
        assert (await people.ask(case, ours | cookie)).status == 403, "a lowered role counts at once"
        await accounts.people.set_role(name, Role.ADMIN)
    await accounts.people.disable(name)
    assert (await people.ask(case, ours | cookie)).status in {401, 303}


@pytest.mark.parametrize("case", [case for case in CASES if case.rule.ours], ids=str)
async def test_a_route_for_our_own_pages_refuses_every_other(people: People, case: Case) -> None:
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await people.ask(case, headers)
        assert answer.status == 403, headers
        assert "Set-Cookie" not in answer.headers
