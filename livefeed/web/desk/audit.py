"""The audit log, for admins."""

from __future__ import annotations

from aiohttp import web

from livefeed.audit import Search
from livefeed.roles import Role
from livefeed.web.answers import Unfit
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

SHOWN = 50  # acts on a page

routes = web.RouteTableDef()


@routes.get("/desk/audit")
@needs(Role.ADMIN, Scope.SITE, person=True)
async def audit_page(request: web.Request) -> web.Response:
    """Who did what, when and from where, newest first, older ones with `before`."""
    caller = await at_the_desk(request)
    rooms, query = rooms_of(request), request.query
    search = Search(coverage=query.get("coverage", ""), by=query.get("by", ""))
    before = query.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and 0 < len(before) < 16):
        raise Unfit("before", before, "a number", status=400)
    entries = await rooms.store.acts(search, limit=SHOWN + 1, before=int(before) if before else None)
    shown = entries[:SHOWN]
    site = await rooms.fronts.site()
    return page(
        rooms.pages.desk.audit(
            caller.editor,
            search,
            shown,
            await rooms.accounts.people.all(),
            reversed(site.coverages),
            older=shown[-1].number if len(entries) > SHOWN else None,
        )
    )
