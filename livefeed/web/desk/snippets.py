"""The newsroom's snippets, for editors: add, change, remove."""

from __future__ import annotations

import hashlib
import secrets

from aiohttp import web

from livefeed.audit import Act, Deed
from livefeed.roles import Editor, Role
from livefeed.snippets import Snippet, SnippetRefused
from livefeed.store import Conflict
from livefeed.web.answers import Problem
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.desk.fields import Fields, fields_of
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/snippets")
@needs(Role.EDITOR, Scope.SITE)
async def snippets_page(request: web.Request) -> web.Response:
    """Every snippet."""
    caller = await at_the_desk(request)
    return await _answer(request, caller.editor, done=request.query.get("done", ""))


@routes.post("/desk/snippets")
@needs(Role.EDITOR, Scope.SITE)
async def add_snippet(request: web.Request) -> web.StreamResponse:
    """Keep a new one."""
    editor = (await at_the_desk(request)).editor
    fields = await fields_of(request)
    key = fields["key"] or secrets.token_urlsafe(18)
    # The form's key makes the id: sent twice, it makes one.
    id = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:16]
    try:
        snippet = await rooms_of(request).snippets.add(id, fields["name"], fields["text"], by=editor.name)
    except SnippetRefused as refused:
        return await _refused(request, editor, fields, refused)
    if snippet is not None:
        await _note(request, editor, "add-snippet", snippet)
    raise web.HTTPSeeOther("/desk/snippets?done=kept")


@routes.post("/desk/snippets/{id}/change")
@needs(Role.EDITOR, Scope.SITE)
async def change_snippet(request: web.Request) -> web.StreamResponse:
    """Give one another name or text, if it is as it was when the form was made."""
    editor = (await at_the_desk(request)).editor
    fields = await fields_of(request)
    snippet = await _one(request)
    if fields["version"] != str(snippet.version):
        return await _answer(request, editor, error="changed", fields=fields, at=snippet.id)
    try:
        changed = await rooms_of(request).snippets.change(
            snippet, fields["name"], fields["text"], by=editor.name
        )
    except SnippetRefused as refused:
        return await _refused(request, editor, fields, refused, at=snippet.id)
    except Conflict:
        return await _answer(request, editor, error="changed", fields=fields, at=snippet.id)
    await _note(request, editor, "change-snippet", changed)
    raise web.HTTPSeeOther("/desk/snippets?done=kept")


@routes.post("/desk/snippets/{id}/removal")
@needs(Role.EDITOR, Scope.SITE)
async def remove_snippet(request: web.Request) -> web.StreamResponse:
    """Remove one; what it was put into stays as it is."""
    editor = (await at_the_desk(request)).editor
    snippet = await _one(request)
    if await rooms_of(request).snippets.remove(snippet.id):
        await _note(request, editor, "remove-snippet", snippet)
    raise web.HTTPSeeOther("/desk/snippets?done=gone")


async def _one(request: web.Request) -> Snippet:
    """The snippet that the address names. Raises `Problem` 404."""
    id = request.match_info["id"]
    snippet = await rooms_of(request).snippets.one(id)
    if snippet is None:
        raise Problem(404, f"There is no snippet {id[:64]!r}.")
    return snippet


async def _note(request: web.Request, editor: Editor, deed: Deed, snippet: Snippet) -> None:
    await rooms_of(request).store.note(Act.of(editor, deed, f"snippet:{snippet.id}", detail=snippet.name))


async def _refused(
    request: web.Request, editor: Editor, fields: Fields, refused: SnippetRefused, at: str = ""
) -> web.Response:
    error = f"snippet-{refused.field}-{refused.problem}".replace("--", "-")
    return await _answer(request, editor, error=error, fields=fields, at=at)


async def _answer(
    request: web.Request,
    editor: Editor,
    *,
    error: str = "",
    fields: Fields | None = None,
    at: str = "",
    done: str = "",
) -> web.Response:
    """The page; what was typed and refused stands where it was typed, `at` the snippet or (empty) the new
    one."""
    rooms = rooms_of(request)
    html = rooms.pages.desk.snippets(
        editor,
        await rooms.snippets.all(),
        key=secrets.token_urlsafe(18),
        error=error,
        at=at,
        name=fields["name"] if fields else "",
        text=fields["text"] if fields else "",
        done=done,
    )
    return page(html, status=422 if error else 200)
