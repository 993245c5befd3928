"""The one door of all JSON writes, which keeps the contract's order of checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from livefeed.newsroom import Stale, Written
from livefeed.web.api.answers import written_answer
from livefeed.web.api.table import WRITES, Asked, Write
from livefeed.web.guard import Caller, Scope, needs
from livefeed.web.intake import document_of, key_of, lengths_of, received, revision_of, validated
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


def _door(write: Write) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def door(request: web.Request) -> web.Response:
        async with received(request) as (caller, body):
            return written_answer(request, write.status, await _done(request, write, caller, body))

    door.__doc__ = write.summary
    # A coverage that is being opened is named in the body alone: the verb looks.
    return needs(write.role, Scope.COVERAGE if "{slug}" in write.path else Scope.OWN)(door)


async def _done(request: web.Request, write: Write, caller: Caller, body: bytes) -> Written:
    rooms = rooms_of(request)
    key = key_of(request, caller, body)
    # A key made here a moment ago has no first result.
    first = await rooms.newsroom.first_result(key) if "Idempotency-Key" in request.headers else None
    if first is not None:
        return first
    slug, id = request.match_info.get("slug", ""), request.match_info.get("id", "")
    revision = None
    if write.on_update:
        # Before the body is looked at, as the contract has it; the verb looks again, for somebody may be
        # faster.
        update = await rooms.newsroom.editable(slug, id, caller.editor, None)
        revision = revision_of(request, caller)
        if revision not in (None, update.revision):
            raise Stale(update, revision)
    document = document_of(request, body)
    if write.admit is not None:
        write.admit(caller.editor, slug, document)
    form = validated(write.form, document, lengths_of(rooms.settings))
    return await write.verb(Asked(rooms.newsroom, slug, id, caller.editor, key, revision), form)


for _entry in WRITES:
    routes.route(_entry.method, _entry.path)(_door(_entry))
