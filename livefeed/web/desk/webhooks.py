"""Webhooks, for admins: add, remove, and dead letters to try again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from livefeed.courier.endpoints import KeyReused, TooManyEndpoints
from livefeed.forms import WebhookForm
from livefeed.roles import Editor, Role
from livefeed.web.answers import Problem
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.desk.fields import NothingChosen, fields_of
from livefeed.web.endpoints import add_endpoint, delete_endpoint, found_endpoint, replay_letters
from livefeed.web.guard import Scope, needs
from livefeed.web.intake import lengths_of, named_key, validated
from livefeed.web.rooms import rooms_of

TYPED = frozenset({"url", "description"})  # what can be wrong in a field that people fill in

routes = web.RouteTableDef()


@routes.get("/desk/webhooks")
@needs(Role.ADMIN, Scope.SITE)
async def webhooks_page(request: web.Request) -> web.Response:
    """Every endpoint, without its secret, and what it did not take."""
    caller = await at_the_desk(request)
    return await _answer(request, caller.editor, done=request.query.get("done", ""))


@routes.post("/desk/webhooks")
@needs(Role.ADMIN, Scope.SITE)
async def make_webhook(request: web.Request) -> web.Response:
    """Add an endpoint and show its secret."""
    caller = await at_the_desk(request)
    fields = await fields_of(request)
    typed = {"url": fields["url"].strip(), "description": fields["description"]}
    try:
        coverages = fields.coverages()
    except NothingChosen:
        return await _answer(request, caller.editor, error="none", chosen=(), **typed)
    try:
        lengths = lengths_of(rooms_of(request).settings)
        form = validated(WebhookForm, typed | {"coverages": coverages}, lengths)
        key = named_key(
            request, caller, fields["key"] or secrets.token_urlsafe(18), form.model_dump_json().encode()
        )
        endpoint, _ = await add_endpoint(request, caller, form, key)
    except Problem as refused:
        field = refused.members.get("field")
        if field not in TYPED:
            raise
        return await _answer(
            request, caller.editor, error=field, detail=refused.detail, chosen=coverages, **typed
        )
    except KeyReused:
        return await _answer(request, caller.editor, error="sent", chosen=coverages, **typed)
    except TooManyEndpoints:
        return await _answer(request, caller.editor, error="full", chosen=coverages, **typed)
    return await _answer(request, caller.editor, secret=endpoint.secret)


@routes.post("/desk/webhooks/{id}/removal")
@needs(Role.ADMIN, Scope.SITE)
async def remove_webhook(request: web.Request) -> web.StreamResponse:
    """Send nothing to an endpoint any more; its dead letters go with it."""
    caller = await at_the_desk(request)
    await delete_endpoint(request, caller, await found_endpoint(request))
    raise web.HTTPSeeOther("/desk/webhooks?done=removed")


@routes.post("/desk/webhooks/{id}/replay")
@needs(Role.ADMIN, Scope.SITE)
async def try_again(request: web.Request) -> web.StreamResponse:
    """Try an endpoint's dead letters again: the one that is named, or all."""
    caller = await at_the_desk(request)
    endpoint = await found_endpoint(request)
    wanted = (await fields_of(request)).all("letter")
    await replay_letters(request, caller, endpoint, wanted or None)
    raise web.HTTPSeeOther("/desk/webhooks?done=asked")


async def _answer(
    request: web.Request,
    editor: Editor,
    *,
    error: str = "",
    chosen: Sequence[str] | None = None,
    **shown: str,
) -> web.Response:
    rooms = rooms_of(request)
    endpoints = [
        (replace(endpoint, secret=""), await rooms.endpoints.letters(endpoint.id))
        for endpoint in await rooms.endpoints.all()
    ]
    site = await rooms.fronts.site()
    html = rooms.pages.desk.webhooks(
        editor,
        endpoints,
        reversed(site.coverages),
        key=secrets.token_urlsafe(18),
        chosen=chosen,
        error=error,
        **shown,
    )
    return page(html, status=422 if error else 200)
