"""Pages of corrections: what those of one update changed, and all of a coverage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiohttp import web

from livefeed.model import Corrected, Status, Update
from livefeed.newsroom import Unknown
from livefeed.store import StoreAway
from livefeed.web.answers import Problem
from livefeed.web.public import front_of, key_of, page, page_answer, published
from livefeed.web.rooms import pages_of, rooms_of

LISTED = 50  # corrections on a page of the list
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9A-Za-z]{1,64})")
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

routes = web.RouteTableDef()


@routes.get("/live/{slug}/updates/{id}/corrections")
async def update_corrections(request: web.Request) -> web.Response:
    """What each correction of an update changed; of a retracted one the stub alone."""
    rooms = rooms_of(request)
    front = await front_of(request)
    update = await published(rooms, front, request.match_info["id"])
    if update.status is Status.PUBLISHED and not update.corrections:
        raise Unknown(f"The update {update.id!r} has no corrections.")
    coverage = front.coverage
    state = (update.position, coverage.position)
    # What was rendered before a retraction is never found again, not even while the store is away.
    key = key_of(request, f"corrections {update.id} {rooms.fronts.withdrawals(coverage.slug)}")
    kept = rooms.documents.last(key)
    history: Sequence[Update] = ()
    if update.status is Status.PUBLISHED and (kept is None or kept.state != state):
        try:
            history = [line.update for line in await rooms.store.revisions(update.id)]
        except StoreAway:
            if kept is None:
                raise
            return page_answer(request, kept)
    return await page(
        request,
        key,
        state,
        lambda: pages_of(request).update_corrections_page(coverage, update, history),
        modified=lambda: update.revised_at,
    )


@routes.get("/live/{slug}/corrections")
async def corrections(request: web.Request) -> web.Response:
    """The corrections of a coverage, newest first; with `?before=` those after the ones of another page."""
    rooms = rooms_of(request)
    front = await front_of(request)
    coverage = front.coverage
    cursor = request.query.get("before", "")
    before = _rank(cursor) if cursor else None
    state = (front.position, cursor)
    key = key_of(
        request, f"corrections of {coverage.slug} {cursor} {rooms.fronts.withdrawals(coverage.slug)}"
    )
    kept = rooms.documents.last(key)
    found: list[Corrected] = []
    if kept is None or kept.state != state:
        try:
            found = await rooms.store.corrections(coverage.slug, before, LISTED + 1)
        except StoreAway:
            if kept is None:
                raise
            return page_answer(request, kept)
    listed = found[:LISTED]
    older = _cursor(listed[-1]) if len(found) > LISTED else ""
    return await page(
        request,
        key,
        state,
        lambda: pages_of(request).corrections_page(coverage, listed, cursor, older),
        modified=lambda: max((entry.correction.at for entry in listed), default=coverage.begun_at),
    )


def _cursor(entry: Corrected) -> str:
    at, id = entry.rank
    return f"{(at - _UNIX_EPOCH) // timedelta(microseconds=1)}-{id}"


def _rank(cursor: str) -> tuple[datetime, str]:
    found = _CURSOR.fullmatch(cursor)
    try:
        if found:
            return _UNIX_EPOCH + timedelta(microseconds=int(found[1])), found[2]
    except OverflowError:
        pass  # a time after the year 9999
    raise Problem(404, f"There are no corrections before {cursor[:80]!r}; follow the links of the list.")
