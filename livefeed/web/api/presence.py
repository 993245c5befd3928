"""Who is at the desk of a coverage: each tab says it is there, and is told of the others by the answer."""

from __future__ import annotations

from aiohttp import web

from livefeed.forms import PresenceForm
from livefeed.presence import TooManyTabs
from livefeed.roles import Role
from livefeed.web.answers import Problem
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import caller_of, needs
from livefeed.web.intake import WriteBudget, lengths_of, own_id_of, parsed, received
from livefeed.web.rooms import rooms_of

PLACE = "/api/v1/coverages/{slug}/presence/{id}"

routes = web.RouteTableDef()


@routes.put(PLACE)
@needs(Role.CONTRIBUTOR)
async def be_present(request: web.Request) -> web.Response:
    """Say that a tab of the desk is there, and what it changes; who else is there."""
    slug = request.match_info["slug"]
    rooms = rooms_of(request)
    async with received(request) as (caller, body):
        await rooms.newsroom.coverage(slug)
        form = parsed(request, body, PresenceForm, lengths_of(rooms.settings))
        try:
            others = await rooms.presence.tell(slug, caller.editor, own_id_of(request), form.editing)
        except TooManyTabs as reason:
            raise Problem(409, str(reason)) from None
    return json_answer(
        {
            "present": [
                {
                    "name": person.name,
                    "editing": list(person.editing),
                    "own": person.account == caller.editor.account,
                }
                for person in others
            ]
        }
    )


@routes.delete(PLACE)
@needs(Role.CONTRIBUTOR)
async def leave(request: web.Request) -> web.Response:
    """Say that a tab of the desk was closed."""
    slug = request.match_info["slug"]
    async with WriteBudget(request).spent():
        caller = await caller_of(request)
        await rooms_of(request).newsroom.coverage(slug)
        await rooms_of(request).presence.leave(slug, caller.editor, own_id_of(request))
    return web.Response(status=204)
