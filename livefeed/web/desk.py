"""Editors' pages: logging in by a one-time link, the list of coverages, the desk of one."""

from __future__ import annotations

from urllib.parse import parse_qs

from aiohttp import web

from livefeed.model import Role
from livefeed.newsroom import Unknown
from livefeed.web.answers import Problem
from livefeed.web.guard import SESSION_COOKIE, Caller, caller_of, require_same_origin
from livefeed.web.intake import body_of
from livefeed.web.rooms import rooms_of

HTML = "text/html"
LOGIN_BYTES = 4096  # a code has 43 characters
MOST_WAITING = 200  # unpublished updates on the desk; more than a desk can work off are a list for the API

routes = web.RouteTableDef()


@routes.get("/desk/login")
async def login_form(request: web.Request) -> web.Response:
    """The page at the end of a one-time link. Opening it spends nothing: chat programs open links too."""
    rooms = rooms_of(request)
    code = request.query.get("code", "")
    return _page(rooms.pages.login_page(rooms.settings.site_language, token=code))


@routes.post("/desk/login")
async def log_in(request: web.Request) -> web.StreamResponse:
    """Spend the code, begin a session."""
    require_same_origin(request)
    rooms = rooms_of(request)
    # Not `request.post()`: nobody has logged in yet, and a code needs no multipart parser.
    fields = parse_qs((await body_of(request, LOGIN_BYTES)).decode(errors="replace"))
    redeemed = await rooms.accounts.redeem(fields.get("code", [""])[0])
    if redeemed is None:
        language = rooms.settings.site_language
        return _page(rooms.pages.login_page(language, error="used"), status=403)
    secret, _ = redeemed
    response = web.HTTPSeeOther("/desk")
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(rooms.settings.session_lifetime),
        httponly=True,
        secure=rooms.base_url.startswith("https://"),
        samesite="Lax",
    )
    raise response


@routes.post("/desk/logout")
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    require_same_origin(request)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret:
        await rooms_of(request).accounts.end_session(secret)
    response = web.HTTPSeeOther("/desk/login")
    response.del_cookie(SESSION_COOKIE)
    raise response


@routes.get("/desk")
async def desk_index(request: web.Request) -> web.Response:
    """The coverages one may work on."""
    caller = await _at_the_desk(request)
    rooms = rooms_of(request)
    site = await rooms.fronts.site()
    return _page(rooms.pages.desk_index(site, caller.editor.name, caller.editor.role))


@routes.get("/desk/{slug}")
async def desk(request: web.Request) -> web.Response:
    """The composer beside the live stream, and what is not published yet."""
    slug = request.match_info["slug"]
    caller = await _at_the_desk(request, slug)
    rooms = rooms_of(request)
    front = await rooms.fronts.front(slug)
    if front is None:
        raise Unknown(f"There is no coverage {slug!r}.")
    waiting = await rooms.store.unpublished(slug, limit=MOST_WAITING)
    editor = caller.editor
    if not editor.may(Role.EDITOR, slug):
        waiting = [update for update in waiting if update.author == editor.account]
    return _page(rooms.pages.desk_page(front, waiting, editor.name, editor.role))


async def _at_the_desk(request: web.Request, slug: str | None = None) -> Caller:
    """Who is at the desk; people without a session are sent to the login page."""
    try:
        return await caller_of(request, Role.CONTRIBUTOR, slug)
    except Problem as problem:
        if problem.status == 401:
            raise web.HTTPSeeOther("/desk/login") from None
        raise


def _page(html: str, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=html, status=status, content_type=HTML, headers=headers)
