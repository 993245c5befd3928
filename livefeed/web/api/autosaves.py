"""What an editor is still writing: kept here by the desk every few seconds, for this editor alone."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from livefeed.autosaves import Autosave, TooManyAutosaves
from livefeed.events import rfc3339
from livefeed.forms import AutosaveForm
from livefeed.roles import Role
from livefeed.web.answers import Problem
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import caller_of, needs
from livefeed.web.intake import WriteBudget, lengths_of, own_id_of, parsed, received
from livefeed.web.rooms import rooms_of

PLACE = "/api/v1/coverages/{slug}/autosaves"

routes = web.RouteTableDef()


@routes.get(PLACE)
@needs(Role.CONTRIBUTOR)
async def list_autosaves(request: web.Request) -> web.Response:
    """One's own unsent texts in a coverage, the last saved first."""
    slug = request.match_info["slug"]
    caller = await caller_of(request)
    rooms = rooms_of(request)
    await rooms.newsroom.coverage(slug)
    found = await rooms.autosaves.of(caller.editor.account, slug)
    return json_answer({"autosaves": [_document(autosave) for autosave in found]})


@routes.put(PLACE + "/{id}")
@needs(Role.CONTRIBUTOR)
async def keep_autosave(request: web.Request) -> web.Response:
    """Keep an unsent text, in place of its former copy."""
    slug = request.match_info["slug"]
    rooms = rooms_of(request)
    async with received(request) as (caller, body):
        await rooms.newsroom.coverage(slug)
        form = parsed(request, body, AutosaveForm, lengths_of(rooms.settings))
        try:
            await rooms.autosaves.keep(caller.editor.account, slug, own_id_of(request), form.kept)
        except TooManyAutosaves as reason:
            raise Problem(409, str(reason)) from None
    return web.Response(status=204)


@routes.delete(PLACE + "/{id}")
@needs(Role.CONTRIBUTOR)
async def forget_autosave(request: web.Request) -> web.Response:
    """Forget an unsent text: it was sent, or given up."""
    slug = request.match_info["slug"]
    async with WriteBudget(request).spent():
        caller = await caller_of(request)
        await rooms_of(request).newsroom.coverage(slug)
        await rooms_of(request).autosaves.forget(caller.editor.account, slug, own_id_of(request))
    return web.Response(status=204)


def _document(autosave: Autosave) -> dict[str, Any]:
    return {"id": autosave.id, "saved_at": rfc3339(autosave.saved_at), "kept": autosave.kept}
