"""What a public address names, and the answer that carries a page of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime

from aiohttp import web

from livefeed.model import Update
from livefeed.newsroom import NoCoverage, NoUpdate
from livefeed.timeline import Front
from livefeed.web.answers import Problem
from livefeed.web.documents import Document, respond
from livefeed.web.rooms import Rooms, rooms_of, wants_lite

HTML = "text/html; charset=utf-8"
# A page may be shown a little late, for it carries its position and catches up by itself.
PAGE_CACHING = "public, max-age=0, s-maxage=2, stale-while-revalidate=30, stale-if-error=86400"


def key_of(request: web.Request, key: str) -> str:
    """The key of a page in the form that is asked for."""
    return f"lite {key}" if wants_lite(request) else key


async def front_of(request: web.Request) -> Front:
    """The front of the coverage that the address names. Raises `Unknown`."""
    slug = request.match_info["slug"]
    front = await rooms_of(request).fronts.front(slug)
    if front is None:
        raise NoCoverage(slug)
    return front


async def published(rooms: Rooms, front: Front, id: str) -> Update:
    """The update from memory, or from the store. Raises `Unknown` for what readers do not know."""
    for known in (*front.updates, *front.breaking, *front.key_events):
        if known.id == id:
            return known
    update = await rooms.store.update(id)
    if update is None or update.coverage != front.coverage.slug or not update.status.public:
        raise NoUpdate(front.coverage.slug, id)
    return update


def page_number(request: web.Request, name: str, most: int, whole: str, called: str = "") -> int:
    """Which of the pages or parts (`called` so, if not as in the query) of the `whole` the query asks for.
    Raises `Problem` for one that is not."""
    text = request.query[name]
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        called = called or name
        raise Problem(
            404, f"There is no {called} {text[:20]!r}; the {called}s of this {whole} are 1 to {most}."
        )
    return int(text)


def positions_of(fronts: Mapping[str, Front]) -> Hashable:
    """What the state of `fronts` is known by."""
    return tuple(sorted((slug, front.position) for slug, front in fronts.items()))


async def page(
    request: web.Request,
    key: str,
    state: Hashable,
    render: Callable[[], str],
    *,
    headers: dict[str, str] | None = None,
    modified: Callable[[], datetime | None] = lambda: None,
) -> web.Response:
    """The page `key` in `state`, rendered if need be; see `Documents.get`."""
    document = await rooms_of(request).documents.get(key, state, lambda: render().encode(), modified)
    return page_answer(request, document, headers)


def page_answer(
    request: web.Request, document: Document, headers: dict[str, str] | None = None
) -> web.Response:
    """A rendered page, or 304."""
    return respond(request, document, content_type=HTML, cache_control=PAGE_CACHING, headers=headers)
