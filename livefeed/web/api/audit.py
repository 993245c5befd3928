"""The audit log for admins: a page of it, or all of it as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from livefeed.audit import Entry, Search, entry_document, entry_line, entry_row
from livefeed.roles import Role
from livefeed.web.answers import Unfit
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import Scope, caller_of, needs
from livefeed.web.rooms import Rooms, rooms_of

MOST = 200  # acts on a page
PORTION = 1000  # acts read at once for a file
FILES = {"csv": "text/csv", "jsonl": "application/jsonl"}

routes = web.RouteTableDef()


@routes.get("/api/v1/audit")
@needs(Role.ADMIN, Scope.SITE)
async def read_audit(request: web.Request) -> web.StreamResponse:
    """Who did what, when and from where: newest first, or as a file of all that is asked for."""
    await caller_of(request)
    query = request.query
    search = Search(coverage=query.get("coverage", ""), by=query.get("by", ""))
    before, after = _number(request, "before"), _number(request, "after")
    if before is not None and after is not None:
        sentence = "before and after exclude each other: ask for one way."
        raise Unfit("after", str(after), "before or after", sentence, status=400)
    form = query.get("format", "json")
    if form in FILES:
        return await _file(request, form, search, after or 0)
    if form != "json":
        raise Unfit("format", form, "json, csv or jsonl", status=400)
    limit = min(_number(request, "limit") or 50, MOST)
    found = await rooms_of(request).store.acts(search, limit=limit + 1, before=before, after=after)
    shown = found[:limit]
    document: dict[str, Any] = {
        "acts": [entry_document(entry) for entry in shown],
        "more": len(found) > limit,
    }
    return json_answer(document)


async def _file(request: web.Request, form: str, search: Search, after: int) -> web.StreamResponse:
    """All of it, the oldest first, so that the next file can go on where this one ended."""
    response = web.StreamResponse(
        headers={
            "Content-Type": f"{FILES[form]}; charset=utf-8",
            "Content-Disposition": f'attachment; filename="audit.{form}"',
            "Cache-Control": "no-store",
        }
    )
    portions = _portions(rooms_of(request), search, after)
    first = await anext(portions)  # a store that is away is still answered as such
    write = entry_row if form == "csv" else entry_line
    await response.prepare(request)
    if form == "csv":
        await response.write(entry_row(None).encode())
    await response.write("".join(map(write, first)).encode())
    async for portion in portions:
        await response.write("".join(map(write, portion)).encode())
    await response.write_eof()
    return response


async def _portions(rooms: Rooms, search: Search, after: int) -> AsyncIterator[list[Entry]]:
    while True:
        portion = await rooms.store.acts(search, limit=PORTION, after=after)
        yield portion
        if len(portion) < PORTION:
            return
        after = portion[-1].number


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16 and (int(text) or name == "after")):
        raise Unfit(name, text, "a number", status=400)
    return int(text)
