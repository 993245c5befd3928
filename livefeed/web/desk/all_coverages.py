"""Every coverage of the site, for admins."""

from __future__ import annotations

from aiohttp import web

from livefeed.model import CoverageStatus
from livefeed.roles import Role
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/coverages")
@needs(Role.ADMIN, Scope.SITE)
async def coverages_page(request: web.Request) -> web.Response:
    """Every coverage with its status and times, and how many read those that are running now."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    coverages = (await rooms.fronts.site()).coverages[::-1]
    readers = {
        coverage.slug: (await rooms.audiences.of(coverage.slug)).readers
        for coverage in coverages
        if coverage.status is CoverageStatus.LIVE
    }
    return page(rooms.pages.desk.coverages(caller.editor, coverages, readers))
