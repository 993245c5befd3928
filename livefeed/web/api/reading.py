"""What editors read: coverages, updates of every status, and their history. Readers need no API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from livefeed.events import public_coverage, public_update, rfc3339
from livefeed.model import Position, Update
from livefeed.roles import Role
from livefeed.store import Revision
from livefeed.web.answers import Problem, Unfit
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import Scope, caller_of, needs
from livefeed.web.rooms import rooms_of

MOST_LISTED = 200
MOST_WAITING = 5000  # unpublished updates, the last written; they are few but after an import

routes = web.RouteTableDef()


@routes.get("/api/v1/coverages")
@needs(Role.CONTRIBUTOR, Scope.OWN)
async def list_coverages(request: web.Request) -> web.Response:
    """All coverages, the last opened first; with `archived` only those that were archived, or only those that
    were not."""
    archived = request.query.get("archived")
    if archived not in {None, "yes", "no"}:
        raise Unfit("archived", archived, "yes or no", status=400)
    caller = await caller_of(request)
    rooms = rooms_of(request)
    site = await rooms.store.site(1)
    coverages = [
        public_coverage(coverage, rooms.base_url)
        for coverage in reversed(site.coverages)
        if caller.editor.may(Role.CONTRIBUTOR, coverage.slug)
        and (archived is None or bool(coverage.archived_at) == (archived == "yes"))
    ]
    return json_answer({"coverages": coverages})


@routes.get("/api/v1/coverages/{slug}")
@needs(Role.CONTRIBUTOR)
async def read_coverage(request: web.Request) -> web.Response:
    """One coverage."""
    slug = request.match_info["slug"]
    await caller_of(request)
    rooms = rooms_of(request)
    return json_answer(public_coverage(await rooms.newsroom.coverage(slug), rooms.base_url))


@routes.get("/api/v1/coverages/{slug}/updates")
@needs(Role.CONTRIBUTOR)
async def list_updates(request: web.Request) -> web.Response:
    """Published updates, newest first, older ones with `before`; the retracted ones
    alone, or the unpublished ones of a `status`."""
    slug = request.match_info["slug"]
    caller = await caller_of(request)
    rooms = rooms_of(request)
    await rooms.newsroom.coverage(slug)
    limit = _limit(request)
    status = request.query.get("status", "published")
    if status in {"published", "retracted"}:
        listed = rooms.store.retracted if status == "retracted" else rooms.store.published_before
        updates = await listed(slug, await _before(request, slug), limit + 1)
        shown = updates[:limit]
        more = len(updates) > limit
        before = f"{shown[-1].position.epoch}-{shown[-1].order}" if more and shown[-1].position else None
    elif status in {"draft", "submitted", "scheduled", "unpublished"}:
        waiting = await rooms.store.unpublished(slug, limit=MOST_WAITING)
        editor = caller.editor
        visible = [
            update
            for update in waiting
            if status in {update.status, "unpublished"}
            and (editor.may(Role.EDITOR, slug) or update.author == editor.account)
        ]
        older = _after(request.query.get("before"), visible)
        shown, more = older[:limit], len(older) > limit
        before = shown[-1].id if more else None
    else:
        taken = "published, retracted, unpublished, draft, submitted or scheduled"
        raise Unfit("status", status, taken, status=400)
    documents = [public_update(update, rooms.base_url) for update in shown]
    return json_answer({"updates": documents, "more": more, "before": before})


@routes.get("/api/v1/coverages/{slug}/updates/{id}")
@needs(Role.CONTRIBUTOR)
async def read_update(request: web.Request) -> web.Response:
    """One update, whatever its status."""
    update = await _visible(request)
    headers = {"ETag": f'"{update.revision}"'}
    return json_answer(public_update(update, rooms_of(request).base_url), headers=headers)


@routes.get("/api/v1/coverages/{slug}/updates/{id}/revisions")
@needs(Role.CONTRIBUTOR)
async def list_revisions(request: web.Request) -> web.Response:
    """An update's history, oldest first."""
    slug = request.match_info["slug"]
    caller = await caller_of(request)
    rooms = rooms_of(request)
    update = await rooms.newsroom.visible(slug, request.match_info["id"], to=caller.editor)
    if not caller.editor.may(Role.EDITOR, slug) and update.author != caller.editor.account:
        # It holds what was retracted, and why: the desk's, not every contributor's.
        raise Problem(403, "A contributor sees the history of own updates only.")
    history = await rooms.store.revisions(update.id)
    return json_answer({"revisions": [_revision_document(line, rooms.base_url) for line in history]})


async def _visible(request: web.Request) -> Update:
    slug = request.match_info["slug"]
    caller = await caller_of(request)
    return await rooms_of(request).newsroom.visible(slug, request.match_info["id"], to=caller.editor)


def _revision_document(line: Revision, base_url: str) -> dict[str, Any]:
    return {
        "revision": line.update.revision,
        "kind": line.kind.value,
        "at": rfc3339(line.at),
        "by": line.by,
        "note": line.note,
        "reason": line.reason,
        "update": public_update(line.update, base_url),
    }


def _after(before: str | None, listed: list[Update]) -> list[Update]:
    """What follows the update with the id `before`. Raises `Problem` 400 when it is no longer listed."""
    if before is None:
        return listed
    for place, update in enumerate(listed):
        if update.id == before:
            return listed[place + 1 :]
    raise Unfit("before", before, "the id of an update in this list", status=400)


async def _before(request: web.Request, slug: str) -> int | None:
    """The order that `before` stands for: an earlier answer's cursor, or the id of an update. An update's own
    `position` is none, for it moves with every change. Raises `Problem` 400."""
    text = request.query.get("before")
    if text is None:
        return None
    position = Position.parse(text)
    if position is not None:
        return position.offset
    update = await rooms_of(request).store.update(text)
    if update is None or update.coverage != slug or not update.status.public:
        taken = "a cursor of an earlier answer or a published update's id"
        raise Unfit("before", text, taken, status=400)
    return update.order


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "50")
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) >= 1):
        raise Unfit("limit", text, f"a number from 1 to {MOST_LISTED}", status=400)
    return min(int(text), MOST_LISTED)
