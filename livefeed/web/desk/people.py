"""Editors, for admins: add, grant, send a link, log out, shut out, let in."""

from __future__ import annotations

from aiohttp import web

from livefeed.accounts import Account, AccountExists, AccountRefused
from livefeed.accounts.account import check_name
from livefeed.audit import Act, Deed
from livefeed.roles import Editor, Role
from livefeed.web.answers import Problem
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.desk.fields import Fields, NothingChosen, fields_of
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/people")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def people_page(request: web.Request) -> web.Response:
    """Every account."""
    caller = await at_the_desk(request)
    return await _answer(request, caller.editor, done=request.query.get("done", ""))


@routes.post("/desk/people")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def add_editor(request: web.Request) -> web.Response:
    """Add an account and show its login link."""
    editor = (await at_the_desk(request)).editor
    fields = await fields_of(request)
    accounts, role = rooms_of(request).accounts, fields.role()
    try:
        name = check_name(fields["name"])
    except AccountRefused:
        return await _answer(request, editor, error="name", name=fields["name"])
    try:
        account = await accounts.people.add(name, role, fields.coverages(), fields.roles())
    except AccountExists:
        return await _answer(request, editor, error="exists", name=name)
    except AccountRefused as refused:
        return await _answer(request, editor, error=_grants_error(refused, fields), name=name)
    await _note(request, editor, "add-editor", account, account.grants)
    return await _with_link(request, editor, account)


@routes.post("/desk/people/{id}/grants")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def change_grants(request: web.Request) -> web.StreamResponse:
    """Give another role, other coverages, other roles in single ones."""
    editor, account = await _one(request)
    fields = await fields_of(request)
    role = fields.role()
    if account.id == editor.account and role is not Role.ADMIN:
        return await _answer(request, editor, error="self")
    try:
        account = await rooms_of(request).accounts.people.set_grants(
            account.name, role, fields.coverages(), fields.roles()
        )
    except AccountRefused as refused:
        return await _answer(request, editor, error=_grants_error(refused, fields))
    await _note(request, editor, "grant", account, account.grants)
    raise web.HTTPSeeOther("/desk/people?done=changed")


@routes.post("/desk/people/{id}/link")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def make_link(request: web.Request) -> web.Response:
    """Show a new login link."""
    editor, account = await _one(request)
    if account.disabled:
        return await _answer(request, editor, error="disabled")
    return await _with_link(request, editor, account)


@routes.post("/desk/people/{id}/logout")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def log_out_everywhere(request: web.Request) -> web.StreamResponse:
    """End every session of an editor."""
    editor, account = await _one(request)
    ended = await rooms_of(request).accounts.sessions.end_all(account.name)
    await _note(request, editor, "end-sessions", account, str(ended))
    raise web.HTTPSeeOther("/desk/people?done=ended")


@routes.post("/desk/people/{id}/exclusion")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def shut_out(request: web.Request) -> web.StreamResponse:
    """Disable an account: its sessions, links and tokens are worthless at once."""
    editor, account = await _one(request)
    if account.id == editor.account:
        return await _answer(request, editor, error="self")
    accounts = rooms_of(request).accounts
    await accounts.people.disable(account.name)
    # Let in again, the editor logs in anew: a lost telephone must not come back with them.
    await accounts.sessions.end_all(account.name)
    await _note(request, editor, "disable", account)
    raise web.HTTPSeeOther("/desk/people?done=changed")


@routes.post("/desk/people/{id}/admission")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def let_in(request: web.Request) -> web.StreamResponse:
    """Enable a disabled account."""
    editor, account = await _one(request)
    await rooms_of(request).accounts.people.enable(account.name)
    await _note(request, editor, "enable", account)
    raise web.HTTPSeeOther("/desk/people?done=changed")


async def _one(request: web.Request) -> tuple[Editor, Account]:
    """Who asks, and the account that the address names. Raises `Problem` 404."""
    caller = await at_the_desk(request)
    id = request.match_info["id"]
    for account in await rooms_of(request).accounts.people.all():
        if account.id == id:
            return caller.editor, account
    raise Problem(404, f"There is no account {id[:64]!r}.")


async def _with_link(request: web.Request, editor: Editor, account: Account) -> web.Response:
    rooms = rooms_of(request)
    code = await rooms.accounts.sessions.login_code(account.name)
    await _note(request, editor, "make-link", account)
    link = f"{rooms.base_url}/desk/login?code={code}"
    return await _answer(request, editor, link=link, link_name=account.name)


async def _note(request: web.Request, editor: Editor, deed: Deed, account: Account, detail: str = "") -> None:
    act = Act.of(editor, deed, f"account:{account.id}", detail=f"{account.name} {detail}".rstrip())
    await rooms_of(request).store.note(act)


async def _answer(request: web.Request, editor: Editor, *, error: str = "", **shown: str) -> web.Response:
    rooms = rooms_of(request)
    accounts = await rooms.accounts.people.all()
    site = await rooms.fronts.site()
    html = rooms.pages.desk.people(editor, accounts, reversed(site.coverages), error=error, **shown)
    return page(html, status=422 if error else 200)


def _grants_error(refused: AccountRefused, fields: Fields) -> str:
    if isinstance(refused, NothingChosen):
        return "none"
    return "roles" if fields.roles() else "admin"
