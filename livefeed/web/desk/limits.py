"""The limits in force that editors meet, for admins. They are changed where the server is started."""

from __future__ import annotations

from aiohttp import web

from livefeed.pages.limits import limits_of
from livefeed.roles import Role
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/limits")
@needs(Role.ADMIN, Scope.SITE)
async def limits_page(request: web.Request) -> web.Response:
    """Every limit with its setting's name."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    language = caller.editor.language or rooms.settings.site_language
    return page(rooms.pages.desk.limits(caller.editor, limits_of(rooms.settings, language)))
