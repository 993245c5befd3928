"""Logging in by a one-time link, and out."""

from __future__ import annotations

from urllib.parse import parse_qs

from aiohttp import web

from livefeed.audit import Act
from livefeed.web.desk.entrance import page
from livefeed.web.guard import SESSION_COOKIE, anybody, from_here, require_same_origin
from livefeed.web.intake import body_of
from livefeed.web.rooms import rooms_of

LOGIN_BYTES = 4096  # a code has 43 characters

routes = web.RouteTableDef()


@routes.get("/desk/login")
@anybody(ours=False)
async def login_form(request: web.Request) -> web.Response:
    """The page at the end of a one-time link. Opening it spends nothing: chat programs open links too."""
    rooms = rooms_of(request)
    code = request.query.get("code", "")
    return page(rooms.pages.login_page(rooms.settings.site_language, token=code))


@routes.post("/desk/login")
@anybody(ours=True)
async def log_in(request: web.Request) -> web.StreamResponse:
    """Spend the code, begin a session."""
    require_same_origin(request)
    rooms = rooms_of(request)
    # Not `request.post()`: nobody has logged in yet, and a code needs no multipart parser.
    fields = parse_qs((await body_of(request, LOGIN_BYTES)).decode(errors="replace"))
    redeemed = await rooms.accounts.redeem(fields.get("code", [""])[0])
    if redeemed is None:
        language = rooms.settings.site_language
        return page(rooms.pages.login_page(language, error="used"), status=403)
    secret, editor = redeemed
    await rooms.store.note(Act.of(from_here(editor, request), "log-in", f"account:{editor.account}"))
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
@anybody(ours=True)
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    require_same_origin(request)
    rooms = rooms_of(request)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret and (session := await rooms.accounts.of_session(secret)):
        await rooms.accounts.end_session(secret)
        editor = from_here(session.editor, request)
        await rooms.store.note(Act.of(editor, "log-out", f"account:{editor.account}"))
    response = web.HTTPSeeOther("/desk/login")
    response.del_cookie(SESSION_COOKIE)
    raise response
