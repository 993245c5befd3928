"""What readers would see of an update that is still being written: the same fragment, nothing stored."""

from __future__ import annotations

from aiohttp import web

from livefeed.forms import UpdateForm
from livefeed.roles import Role
from livefeed.web.desk.entrance import page
from livefeed.web.guard import caller_of, needs
from livefeed.web.intake import body_of, lengths_of, parsed
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.post("/desk/{slug}/preview")
@needs(Role.CONTRIBUTOR)
async def preview(request: web.Request) -> web.Response:
    """The update that a form would make, as a page of its own."""
    slug = request.match_info["slug"]
    caller = await caller_of(request)
    rooms = rooms_of(request)
    body = await body_of(request, rooms.settings.request_bytes)
    form = parsed(request, body, UpdateForm, lengths_of(rooms.settings))
    coverage = await rooms.newsroom.coverage(slug)
    update = await rooms.newsroom.imagined(slug, form, by=caller.editor)
    return page(rooms.pages.preview_page(coverage, update))
