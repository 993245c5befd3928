"""How a coverage runs at this moment, as a part of the desk's page."""

from __future__ import annotations

from aiohttp import web

from livefeed.courier.standing import standing_of
from livefeed.roles import Role
from livefeed.standing import Standing
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import needs
from livefeed.web.public import front_of
from livefeed.web.rooms import Rooms, rooms_of
from livefeed.web.sources import topics

routes = web.RouteTableDef()


@routes.get("/desk/{slug}/running")
@needs(Role.CONTRIBUTOR)
async def running(request: web.Request) -> web.Response:
    """Open pages and what has reached them; with `deliveries=1` also how webhooks and pushes stand, for those
    who publish."""
    slug = request.match_info["slug"]
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    front = await front_of(request)
    editor, standing = caller.editor, None
    if editor.may(Role.EDITOR, slug) and request.query.get("deliveries") == "1":
        standing = await _standing(rooms, slug)
    return page(
        rooms.pages.running_part(
            front,
            await rooms.audiences.of(slug),
            editor,
            closing=await rooms.newsroom.closing(front.coverage, rooms.settings.close_after),
            standing=standing,
        )
    )


async def _standing(rooms: Rooms, slug: str) -> Standing:
    return await standing_of(
        slug,
        rooms.store,
        rooms.endpoints,
        rooms.subscriptions,
        topics=topics(rooms, slug),
        hub=rooms.settings.hub,
    )
