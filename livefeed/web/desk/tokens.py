"""Tokens, for admins: make, narrowed; revoke."""

from __future__ import annotations

from aiohttp import web

from livefeed.accounts import AccountRefused
from livefeed.accounts.account import check_label, fold
from livefeed.audit import Act
from livefeed.roles import Editor, Role
from livefeed.web.answers import Problem, Unfit
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.desk.fields import NothingChosen, fields_of
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/tokens")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def tokens_page(request: web.Request) -> web.Response:
    """Every token, without its secret."""
    caller = await at_the_desk(request)
    return await _answer(request, caller.editor, done=request.query.get("done", ""))


@routes.post("/desk/tokens")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def make_token(request: web.Request) -> web.Response:
    """Make a token and show it."""
    editor = (await at_the_desk(request)).editor
    fields = await fields_of(request)
    rooms = rooms_of(request)
    account = next((one for one in await rooms.accounts.people.all() if one.id == fields["editor"]), None)
    if account is None:
        raise Unfit("editor", fields["editor"], "the id of an account")
    role = fields.role() if fields["role"] else None
    try:
        label = check_label(fields["label"])
    except AccountRefused:
        return await _answer(request, editor, error="label")
    if account.disabled:
        return await _answer(request, editor, error="disabled")
    try:
        coverages = fields.coverages()
        secret = await rooms.accounts.tokens.add(account.name, role=role, coverages=coverages, label=label)
    except NothingChosen:
        return await _answer(request, editor, error="none")
    except AccountRefused:
        return await _answer(request, editor, error="wider")
    narrowed = " ".join(filter(None, (account.name, role, *(coverages or ()))))
    await rooms.store.note(Act.of(editor, "add-token", f"account:{account.id}", detail=narrowed))
    return await _answer(request, editor, secret=secret)


@routes.post("/desk/tokens/{id}/revocation")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def revoke_token(request: web.Request) -> web.StreamResponse:
    """Make a token worthless."""
    editor = (await at_the_desk(request)).editor
    rooms, id = rooms_of(request), request.match_info["id"]
    if not await rooms.accounts.tokens.revoke(id):
        raise Problem(404, f"There is no token {id[:64]!r}.")
    await rooms.store.note(Act.of(editor, "revoke-token", f"token:{id}"))
    raise web.HTTPSeeOther("/desk/tokens?done=revoked")


async def _answer(request: web.Request, editor: Editor, *, error: str = "", **shown: str) -> web.Response:
    rooms = rooms_of(request)
    accounts = await rooms.accounts.people.all()
    names = {fold(account.name): account.name for account in accounts}
    tokens = await rooms.accounts.tokens.all()
    site = await rooms.fronts.site()
    html = rooms.pages.desk.tokens(
        editor,
        [account for account in accounts if not account.disabled],
        [(names[token.editor], token) for token in reversed(tokens) if token.editor in names],
        reversed(site.coverages),
        error=error,
        **shown,
    )
    return page(html, status=422 if error else 200)
