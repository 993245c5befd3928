"""The list of coverages, and the desk of one."""

from __future__ import annotations

import secrets
from dataclasses import replace

from aiohttp import web

from livefeed.pages import Panels
from livefeed.roles import Editor, Role
from livefeed.signatures import signature_of
from livefeed.timeline import Front
from livefeed.web.answers import STYLE_NONCE, Unfit
from livefeed.web.desk.entrance import HTML, at_the_desk, page
from livefeed.web.documents import respond
from livefeed.web.guard import Scope, needs
from livefeed.web.public import front_of
from livefeed.web.rooms import rooms_of

RETRACTED_SHOWN = 20
MOST_WAITING = 200  # unpublished updates on the desk; more than a desk can work off are a list for the API

routes = web.RouteTableDef()


@routes.get("/desk")
@needs(Role.CONTRIBUTOR, Scope.OWN)
async def desk_index(request: web.Request) -> web.Response:
    """The coverages one may work on."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    site = await rooms.fronts.site()
    editor = caller.editor
    reached = tuple(coverage for coverage in site.coverages if editor.may(Role.CONTRIBUTOR, coverage.slug))
    has_password = not caller.session or await rooms.logins.has_password(editor.name)
    html = rooms.pages.desk_index(replace(site, coverages=reached), editor, has_password=has_password)
    return page(html)


@routes.get("/desk/{slug}")
@needs(Role.CONTRIBUTOR)
async def desk(request: web.Request) -> web.Response:
    """The composer beside the live stream, and what is not published yet or was retracted; `retracted` is the
    order that the shown retracted ones come before; `part=panels` asks for the panels alone, as an open desk
    does whenever something has changed: they are rendered once for all who see the same, and not sent again
    to who has them."""
    slug = request.match_info["slug"]
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    front = await front_of(request)
    waiting = await rooms.store.unpublished(slug, limit=MOST_WAITING)
    editor = caller.editor
    authors: dict[str, str] = {}
    if editor.may(Role.EDITOR, slug):
        if waiting:
            authors = {account.id: account.name for account in await rooms.accounts.people.all()}
    else:
        waiting = [update for update in waiting if update.author == editor.account]
    before = request.query.get("retracted")
    if before is not None and not (before.isascii() and before.isdigit() and 0 < len(before) < 16):
        raise Unfit("retracted", before, "a number", status=400)
    retracted = await rooms.store.retracted(slug, int(before) if before else None, RETRACTED_SHOWN + 1)
    panels = Panels(
        (*waiting, *retracted[:RETRACTED_SHOWN]),
        tuple(await rooms.notes.of(slug)),
        retracted_before=before,
        more_retracted=len(retracted) > RETRACTED_SHOWN,
        authors=authors,
    )
    if request.query.get("part") == "panels":
        return await _panels(request, front, panels, editor)
    request[STYLE_NONCE] = nonce = secrets.token_urlsafe(16)
    return page(
        rooms.pages.desk_page(
            front,
            panels,
            editor,
            signature=await signature_of(rooms.store, editor, slug),
            hold=rooms.settings.hold,
            breaking_hold=rooms.settings.breaking_hold,
            body_bytes=rooms.settings.body_bytes,
            nonce=nonce,
        )
    )


async def _panels(request: web.Request, front: Front, panels: Panels, editor: Editor) -> web.Response:
    rooms = rooms_of(request)
    if editor.may(Role.EDITOR, front.coverage.slug):
        editor = replace(editor, account="", name="")  # what they see says nothing of who looks
    key = " ".join(
        (
            f"desk-panels {front.coverage.slug} {editor.role_in(front.coverage.slug)}",
            f"{editor.language} {editor.account} {panels.retracted_before}",
        )
    )
    document = await rooms.documents.get(
        key,
        (front.position, panels.stamp),
        lambda: rooms.pages.desk_panels(front, panels, editor).encode(),
    )
    return respond(request, document, content_type=f"{HTML}; charset=utf-8", cache_control="no-store")
