"""The history of one update, and how a text that is being written differs from it, for those who may see what
readers may not."""

from __future__ import annotations

from aiohttp import web

from livefeed.forms import UpdateForm
from livefeed.model import Coverage, Update
from livefeed.roles import Editor, Role
from livefeed.web.answers import Problem
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import needs
from livefeed.web.intake import body_of, lengths_of, parsed
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/{slug}/updates/{id}/history")
@needs(Role.CONTRIBUTOR)
async def history(request: web.Request) -> web.Response:
    """Every step of an update, newest first, with what it did to the words."""
    coverage, update, editor = await _asked_for(request)
    rooms = rooms_of(request)
    lines = await rooms.store.revisions(update.id)
    return page(rooms.pages.history_page(coverage, update, lines, editor))


@routes.post("/desk/{slug}/updates/{id}/comparison")
@needs(Role.CONTRIBUTOR)
async def compare(request: web.Request) -> web.Response:
    """What the words that a form holds would change of an update as it stands now; nothing is kept."""
    coverage, update, editor = await _asked_for(request)
    rooms = rooms_of(request)
    body = await body_of(request, rooms.settings.request_bytes)
    form = parsed(request, body, UpdateForm, lengths_of(rooms.settings))
    mine = await rooms.newsroom.imagined(coverage.slug, form, by=editor)
    lines = await rooms.store.revisions(update.id)
    return page(rooms.pages.comparison_part(coverage, lines[-1], mine, editor))


async def _asked_for(request: web.Request) -> tuple[Coverage, Update, Editor]:
    """The update that the address names, and who asks. Raises `Problem` 403, `Unknown`."""
    slug = request.match_info["slug"]
    editor = (await at_the_desk(request)).editor
    newsroom = rooms_of(request).newsroom
    coverage = await newsroom.coverage(slug)
    update = await newsroom.visible(slug, request.match_info["id"], to=editor)
    if not editor.may(Role.EDITOR, slug) and update.author != editor.account:
        raise Problem(403, "A contributor sees the history of own updates only.")
    return coverage, update, editor
