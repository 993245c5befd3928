"""Logging in, by a one-time link or by name and password, and out."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from livefeed.accounts import LoginRefused, PasswordsBusy, Seen, TooSoon
from livefeed.audit import Act
from livefeed.roles import Editor
from livefeed.web.answers import desk_language, remember_desk_language
from livefeed.web.desk.entrance import page
from livefeed.web.desk.fields import Fields, fields_of
from livefeed.web.guard import SESSION_COOKIE, anybody, from_here, require_same_origin
from livefeed.web.rooms import rooms_of
from livefeed.web.whence import address_of

routes = web.RouteTableDef()


@routes.get("/desk/login")
@anybody(ours=False)
async def login_form(request: web.Request) -> web.Response:
    """The form for name and password, or the one at the end of a one-time link. Opening that spends nothing:
    chat programs open links too."""
    asked, pages = request.query.get("language", ""), rooms_of(request).pages
    language = asked if asked in pages.desk_languages else desk_language(request)
    answer = page(pages.desk.login(language, code=request.query.get("code", "")))
    if asked and language == asked:
        remember_desk_language(request, answer, asked)
    return answer


@routes.post("/desk/login")
@anybody(ours=True)
async def log_in(request: web.Request) -> web.StreamResponse:
    """Spend the code, or look at the password, and begin a session."""
    require_same_origin(request)
    fields = await fields_of(request)
    seen = Seen(address_of(request), request.headers.get("User-Agent", ""))
    if fields["name"] or fields["password"]:
        return await _by_password(request, fields, seen)
    rooms = rooms_of(request)
    redeemed = await rooms.accounts.sessions.redeem(fields["code"], seen)
    if redeemed is None:
        return page(rooms.pages.desk.login(desk_language(request), error="used"), status=403)
    return await _begun(request, *redeemed, "link")


@routes.post("/desk/logout")
@anybody(ours=True)
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    require_same_origin(request)
    rooms = rooms_of(request)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret and (session := await rooms.accounts.sessions.find(secret)):
        await rooms.accounts.sessions.end(secret)
        editor = from_here(session.editor, request)
        await rooms.store.note(Act.of(editor, "log-out", f"account:{editor.account}"))
    response = web.HTTPSeeOther("/desk/login")
    response.del_cookie(SESSION_COOKIE)
    raise response


async def _by_password(request: web.Request, fields: Fields, seen: Seen) -> web.StreamResponse:
    rooms = rooms_of(request)
    show = partial(rooms.pages.desk.login, desk_language(request))
    name = fields["name"][:80]
    try:
        secret, editor = await rooms.logins.log_in(name, fields["password"], seen)
    except TooSoon as soon:
        answer = page(show(name=name, error="soon", seconds=soon.seconds), status=429)
        answer.headers["Retry-After"] = str(soon.seconds)
        return answer
    except PasswordsBusy:
        answer = page(show(name=name, error="busy"), status=503)
        answer.headers["Retry-After"] = "2"
        return answer
    except LoginRefused as refused:
        # The name as it was typed is not kept: people type their password into the wrong field.
        subject = f"account:{refused.account}"
        await rooms.store.note(Act("refuse-log-in", subject, address=seen.address))
        return page(show(name=name, error="wrong"), status=403)
    return await _begun(request, secret, editor, "password")


async def _begun(request: web.Request, secret: str, editor: Editor, how: str) -> web.StreamResponse:
    rooms = rooms_of(request)
    editor = from_here(editor, request)
    await rooms.store.note(Act.of(editor, "log-in", f"account:{editor.account}", detail=how))
    response = web.HTTPSeeOther("/desk")
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(rooms.settings.session_lifetime),
        httponly=True,
        secure=rooms.base_url.startswith("https://"),
        samesite="Lax",
    )
    if editor.language:
        remember_desk_language(request, response, editor.language)
    raise response
