"""What admins have in hand."""

from __future__ import annotations

from aiohttp import web

from livefeed.roles import Role
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/administration")
@needs(Role.ADMIN, Scope.SITE)
async def administration_page(request: web.Request) -> web.Response:
    """The pages for admins, and what each is for."""
    caller = await at_the_desk(request)
    return page(rooms_of(request).pages.desk.administration(caller.editor))
