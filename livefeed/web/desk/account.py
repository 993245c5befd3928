"""One's own account: the password, and where one is logged in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from livefeed.accounts import LoginRefused, PasswordRefused, PasswordsBusy, Session, TooSoon
from livefeed.audit import Act
from livefeed.roles import Role
from livefeed.web.answers import Unfit, remember_desk_language
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.desk.fields import fields_of
from livefeed.web.guard import SESSION_COOKIE, Scope, from_here, needs
from livefeed.web.rooms import rooms_of

LINK_PROVES = timedelta(minutes=15)
"""For so long a login by link stands for the current password, which may be forgotten."""

routes = web.RouteTableDef()


@routes.get("/desk/account")
@needs(Role.CONTRIBUTOR, Scope.OWN, person=True)
async def account_page(request: web.Request) -> web.Response:
    """The password's form and the list of sessions."""
    session = await _session(request)
    done = request.query.get("done", "")
    return await _answer(request, session, done=done)


@routes.post("/desk/account/password")
@needs(Role.CONTRIBUTOR, Scope.OWN, person=True)
async def change_password(request: web.Request) -> web.StreamResponse:
    """Set another password, which ends every other session of this person."""
    session = await _session(request)
    rooms, editor = rooms_of(request), session.editor
    fields = await fields_of(request)
    if fields["password"] != fields["again"]:
        return await _answer(request, session, error="differ")
    try:
        if await _needs_current(request, session):
            await rooms.logins.confirm(editor.name, fields["current"], editor.address)
        names = (rooms.settings.site_title, "livefeed")
        await rooms.logins.set_password(editor.name, fields["password"], names)
    except PasswordRefused as refused:
        return await _answer(request, session, error=refused.weakness.value)
    except LoginRefused:
        await rooms.store.note(Act.of(editor, "refuse-password", f"account:{editor.account}"))
        return await _answer(request, session, error="wrong")
    except TooSoon:
        return await _answer(request, session, error="soon")
    except PasswordsBusy:
        return await _answer(request, session, error="busy")
    await rooms.accounts.sessions.end_all(editor.name, but=session.id)
    await rooms.store.note(Act.of(editor, "set-password", f"account:{editor.account}"))
    raise web.HTTPSeeOther("/desk/account?done=password")


@routes.post("/desk/account/language")
@needs(Role.CONTRIBUTOR, Scope.OWN, person=True)
async def choose_language(request: web.Request) -> web.StreamResponse:
    """Have the desk speak another language; an empty one is the site's."""
    session = await _session(request)
    rooms, editor = rooms_of(request), session.editor
    language = (await fields_of(request))["language"]
    if language and language not in rooms.pages.desk_languages:
        raise Unfit("language", language, f"one of {', '.join(rooms.pages.desk_languages)}")
    await rooms.accounts.people.set_language(editor.name, language)
    act = Act.of(editor, "set-language", f"account:{editor.account}", detail=language)
    await rooms.store.note(act)
    answer = web.HTTPSeeOther("/desk/account?done=language")
    remember_desk_language(request, answer, language)
    raise answer


@routes.post("/desk/account/sessions")
@needs(Role.CONTRIBUTOR, Scope.OWN, person=True)
async def end_sessions(request: web.Request) -> web.StreamResponse:
    """Log out of one session, or of all others."""
    session = await _session(request)
    rooms, editor = rooms_of(request), session.editor
    chosen = (await fields_of(request))["session"]
    if chosen == "others":
        ended = await rooms.accounts.sessions.end_all(editor.name, but=session.id)
    else:
        ended = await rooms.accounts.sessions.end_all(editor.name, only=chosen)
    if ended:
        act = Act.of(editor, "end-sessions", f"account:{editor.account}", detail=str(ended))
        await rooms.store.note(act)
    raise web.HTTPSeeOther("/desk/login" if chosen == session.id else "/desk/account?done=ended")


async def _session(request: web.Request) -> Session:
    """The session that asks."""
    await at_the_desk(request)
    session = await rooms_of(request).accounts.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    if session is None:  # it ended between two looks
        raise web.HTTPSeeOther("/desk/login")
    return replace(session, editor=from_here(session.editor, request))


async def _needs_current(request: web.Request, session: Session) -> bool:
    if session.seen.by_link and datetime.now(UTC) - session.created_at < LINK_PROVES:
        return False
    return await rooms_of(request).logins.has_password(session.editor.name)


async def _answer(request: web.Request, session: Session, *, error: str = "", done: str = "") -> web.Response:
    rooms, editor = rooms_of(request), session.editor
    html = rooms.pages.desk.account(
        editor,
        await rooms.accounts.sessions.of_editor(editor.name),
        session.id,
        has_password=await rooms.logins.has_password(editor.name),
        languages=rooms.pages.desk_languages,
        needs_current=await _needs_current(request, session),
        error=error,
        done=done,
    )
    return page(html, status=422 if error else 200)
