"""Who may come in.

Each route declares its rule beside its address, with `needs` or `anybody`; `caller_of` enforces it, and one
test drives every route with everybody who must not come in.

The order of checks on a write is part of the wire contract: authenticate and authorise here, then
Idempotency-Key, If-Match and the form (`intake`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from livefeed.roles import Editor, Role
from livefeed.web.answers import Problem
from livefeed.web.rooms import rooms_of
from livefeed.web.whence import address_of

SESSION_COOKIE = "livefeed_session"
ACCOUNT = "Livefeed-Account"
"""The header in which a page of the desk names the account that opened it."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. A session is a browser's, so it must also prove where the request comes from."""

    editor: Editor
    session: bool


class Scope(StrEnum):
    """Where a login must have the role that a route takes."""

    COVERAGE = "coverage"  # in the coverage that the address names
    SITE = "site"  # on the whole site, which it concerns: a login narrowed to coverages will not do
    OWN = "own"  # anywhere: it is the caller's own, or the verb looks, which alone knows the coverage


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route. `role` None: nobody has to log in. `person`: in a session, not by a token. `ours`
    is for routes that no other site may have a browser use, although there is no session to protect yet."""

    role: Role | None
    scope: Scope = Scope.OWN
    person: bool = False
    ours: bool = False


RULES: dict[object, Rule] = {}
"""The rule of each door: what `caller_of` enforces and the test of every route expects."""

D = TypeVar("D", bound=Callable[..., Awaitable[web.StreamResponse]])


def needs(role: Role, scope: Scope = Scope.COVERAGE, *, person: bool = False) -> Callable[[D], D]:
    """Declare the door below a route: it takes a login with `role` that reaches `scope`. With `person`, no
    token will do: a leaked one must not make others, nor somebody an admin."""
    return _declared(Rule(role, scope, person))


def anybody(*, ours: bool) -> Callable[[D], D]:
    """Declare the door below a route: it takes no login. With `ours`, only from our own pages."""
    return _declared(Rule(None, ours=ours))


async def caller_of(request: web.Request) -> Caller:
    """Who sent this request, if the rule of its route lets them.

    Raises `Problem` 401 without a valid login, 403 without the right or from another site.
    """
    rule = RULES[request.match_info.handler]
    if rule.role is None:
        raise TypeError(f"{request.path} takes no login, so that nobody can be told")
    caller = await _authenticated(request)
    if caller is None:
        raise Problem(
            401,
            "This needs a login: send Authorization: Bearer TOKEN, or log in to the desk.",
            headers={"WWW-Authenticate": 'Bearer realm="livefeed"'},
        )
    if caller.session and request.method not in SAFE_METHODS:
        require_same_origin(request)
    editor = caller.editor
    if rule.person and not caller.session:
        raise Problem(403, "This takes a person who logged in to the desk; a token will not do.")
    if rule.scope is Scope.COVERAGE:
        slug = request.match_info["slug"]
        held = editor.role_in(slug)
        if held is None:
            raise Problem(403, f"{editor.name} has no access to the coverage {slug!r}.")
    else:
        held = editor.highest if rule.scope is Scope.OWN else editor.role
    if not held.includes(rule.role):
        raise Problem(403, f"{editor.name} has the role {held} here; this takes the role {rule.role}.")
    if rule.scope is Scope.SITE and editor.coverages is not None:
        raise Problem(403, f"{editor.name} has access to some coverages only; this concerns the whole site.")
    return caller


def require_same_origin(request: web.Request) -> None:
    """Refuse what another site makes a browser send. Raises `Problem` 403.

    Fetch metadata where the browser sends it, else the Origin; neither is a refusal, for every browser that
    can run the desk sends one of them on such requests.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        raise Problem(403, f"The request comes from another site (Sec-Fetch-Site: {site[:20]}).")
    origin = request.headers.get("Origin")
    if origin is None and site is None:
        raise Problem(403, "The request does not say where it comes from (no Origin, no Sec-Fetch-Site).")
    if origin is not None and not _is_ours(request, origin):
        raise Problem(403, "The request comes from another origin than this site.")


def _declared(rule: Rule) -> Callable[[D], D]:
    def declare(door: D) -> D:
        RULES[door] = rule
        return door

    return declare


def from_here(editor: Editor, request: web.Request) -> Editor:
    """`editor` with the address that the request comes from."""
    return replace(editor, address=address_of(request))


async def _authenticated(request: web.Request) -> Caller | None:
    rooms = rooms_of(request)
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        editor = await rooms.accounts.tokens.acting(token.strip())
        return None if editor is None else Caller(from_here(editor, request), session=False)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret is None:
        return None
    session = await rooms.accounts.sessions.find(secret)
    if session is None:
        return None
    # A desk that was left open sends on what its writer left; whoever logged in there since did not write it.
    if request.headers.get(ACCOUNT, session.editor.account) != session.editor.account:
        return None
    return Caller(from_here(session.editor, request), session=True)


def _is_ours(request: web.Request, origin: str) -> bool:
    asked = urlsplit(origin)
    public = urlsplit(rooms_of(request).base_url)
    if (asked.scheme, asked.netloc.lower()) == (public.scheme, public.netloc.lower()):
        return True
    # Reached under another name (an address on the local network): the same name must stand in both.
    return (
        asked.scheme in {"http", "https"} and asked.netloc.lower() == request.headers.get("Host", "").lower()
    )
