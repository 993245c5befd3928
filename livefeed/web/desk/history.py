"""The history of one update, for those who may see what readers may not."""

from __future__ import annotations

from aiohttp import web

from livefeed.model import Role
from livefeed.web.answers import Problem
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/{slug}/updates/{id}/history")
@needs(Role.CONTRIBUTOR)
async def history(request: web.Request) -> web.Response:
    """Every step of an update, newest first, with what it did to the words."""
    slug = request.match_info["slug"]
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    coverage = await rooms.newsroom.coverage(slug)
    update = await rooms.newsroom.visible(slug, request.match_info["id"], to=caller.editor)
    if not caller.editor.may(Role.EDITOR, slug) and update.author != caller.editor.account:
        raise Problem(403, "A contributor sees the history of own updates only.")
    lines = await rooms.store.revisions(update.id)
    return page(rooms.pages.history_page(coverage, update, lines, caller.editor))
