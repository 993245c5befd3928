"""Who may come in.

The order of checks on a write is part of the wire contract: authenticate and authorise here, then
Idempotency-Key, If-Match and the form (`intake`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from aiohttp import web

from livefeed.model import Editor, Role
from livefeed.web.answers import Problem
from livefeed.web.rooms import rooms_of
from livefeed.web.whence import address_of

SESSION_COOKIE = "livefeed_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. A session is a browser's, so it must also prove where the request comes from."""

    editor: Editor
    session: bool


async def caller_of(request: web.Request, role: Role, slug: str | None = None) -> Caller:
    """Who sent this request, if they may do what `role` may in the coverage `slug`.

    Raises `Problem` 401 without a valid login, 403 without the right.
    """
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
    if not editor.role.includes(role):
        raise Problem(403, f"{editor.name} has the role {editor.role}; this takes the role {role}.")
    if editor.coverages is not None and slug is not None and slug not in editor.coverages:
        raise Problem(403, f"{editor.name} has no access to the coverage {slug!r}.")
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
        editor = await rooms.accounts.of_token(token.strip())
        return None if editor is None else Caller(from_here(editor, request), session=False)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret is None:
        return None
    session = await rooms.accounts.of_session(secret)
    return None if session is None else Caller(from_here(session.editor, request), session=True)


def _is_ours(request: web.Request, origin: str) -> bool:
    asked = urlsplit(origin)
    public = urlsplit(rooms_of(request).base_url)
    if (asked.scheme, asked.netloc.lower()) == (public.scheme, public.netloc.lower()):
        return True
    # Reached under another name (an address on the local network): the same name must stand in both.
    return (
        asked.scheme in {"http", "https"} and asked.netloc.lower() == request.headers.get("Host", "").lower()
    )
