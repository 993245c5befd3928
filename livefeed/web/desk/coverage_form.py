"""Opening a coverage, perhaps like an earlier one, and changing, closing or reopening one."""

from __future__ import annotations

from aiohttp import web

from livefeed.model import Coverage
from livefeed.roles import Role
from livefeed.text import clean_line, free_slug
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

MOST_PATTERNS = 8

routes = web.RouteTableDef()


@routes.get("/desk/new")
@needs(Role.CHIEF, Scope.SITE)
async def open_form(request: web.Request) -> web.Response:
    """A form for a coverage to open; `like` names the one whose fields it begins with. Of `headline` it
    proposes an address that no coverage has: what scripts ask for while the headline is typed."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    newest_first = (await rooms.fronts.site()).coverages[::-1]
    like = request.query.get("like")
    if like is not None:
        pattern = await rooms.newsroom.coverage(like)
    else:
        pattern = Coverage("", "", language=rooms.settings.site_language)
    headline = clean_line(request.query.get("headline", ""))
    html = rooms.pages.coverage_form_page(
        pattern,
        "",
        newest_first[:MOST_PATTERNS],
        caller.editor,
        headline=headline,
        proposed=free_slug(headline, await rooms.fronts.known()) if headline else "",
    )
    return page(html)


@routes.get("/desk/{slug}/coverage")
@needs(Role.CHIEF)
async def change_form(request: web.Request) -> web.Response:
    """The fields of a coverage, and how it is closed or reopened."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    coverage = await rooms.newsroom.coverage(request.match_info["slug"])
    return page(rooms.pages.coverage_form_page(coverage, coverage.slug, (), caller.editor))
