"""Readers' pages: index, live page, archive, permalink; and their pictures."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable

from aiohttp import web
from yarl import URL

from livefeed.model import Position, Update
from livefeed.newsroom import NoUpdate
from livefeed.pages import archive_pages, archived_pages
from livefeed.store import StoreAway
from livefeed.timeline import Front
from livefeed.web.answers import Problem, Unfit
from livefeed.web.public import (
    PAGE_CACHING,
    front_of,
    key_of,
    page,
    page_answer,
    page_number,
    positions_of,
    published,
)
from livefeed.web.repeats import never_repeat, repeatable
from livefeed.web.rooms import pages_of, rooms_of, wants_lite

PICTURE_CACHING = "public, max-age=300, stale-if-error=3600"  # short: a retraction withdraws pictures too

routes = web.RouteTableDef()


@routes.get("/")
@repeatable
async def index(request: web.Request) -> web.Response:
    """All coverages, live ones first; with `?archived=n` a page of those that were archived."""
    rooms = rooms_of(request)
    pages = pages_of(request)
    site = await rooms.fronts.site()
    if "archived" in request.query:
        number = page_number(request, "archived", archived_pages(site), "archive", "page")
        key = key_of(request, f"archived {number}")
        return await page(request, key, site.position, lambda: pages.archived_page(site, number))
    with contextlib.suppress(StoreAway):
        await rooms.fronts.warm()  # one opened a moment ago stands where its first update puts it
    latest = rooms.fronts.in_memory()
    state = (site.position, positions_of(latest))
    return await page(request, key_of(request, "index"), state, lambda: pages.index_page(site, latest))


@routes.get("/live/{slug}")
@repeatable
async def live_page(request: web.Request) -> web.Response:
    """A coverage: its newest updates, or with `?page=n` an archive page counted from the oldest.

    `order=oldest` turns either round; `with=ID` leads to the page that has the update now.
    """
    pages = pages_of(request)
    front = await front_of(request)
    if "with" in request.query:
        return await _page_with(request, front)
    oldest_first = _oldest_first(request)
    if "page" in request.query:
        return await _archive_page(request, front, oldest_first)
    stale = rooms_of(request).store.away
    state = (front.position, stale)
    links = {"Link": _alternates(request, front)}
    key = key_of(request, f"live {front.coverage.slug}{' oldest' if oldest_first else ''}")

    def made() -> str:
        return pages.live_page(front, stale=stale, oldest_first=oldest_first)

    return await page(request, key, state, made, headers=links)


@routes.get("/live/{slug}/updates/{id}")
async def permalink(request: web.Request) -> web.Response:
    """One update on its own."""
    pages = pages_of(request)
    front = await front_of(request)
    update = await published(rooms_of(request), front, request.match_info["id"])
    coverage = front.coverage
    state = (update.position, coverage.position)
    key = key_of(request, f"permalink {update.id}")
    return await page(request, key, state, lambda: pages.permalink_page(coverage, update))


@routes.get("/media/{name}")
async def picture(request: web.Request) -> web.StreamResponse:
    """An uploaded picture, unless everything it belonged to was retracted."""
    rooms = rooms_of(request)
    name = request.match_info["name"]
    path = rooms.media.path_of(name)
    if path is None:
        raise Problem(404, "There is no such picture.")
    id = re.split("[-.]", name)[0]  # a size stands and falls with the picture
    try:
        withdrawn = await rooms.store.media_withdrawn(id)
    except StoreAway:
        if not _shows(rooms.fronts.in_memory().values(), id):
            raise  # nobody can tell whether it was withdrawn
        withdrawn = False
    if withdrawn or not path.is_file():
        raise Problem(404, "There is no such picture.")
    headers = {
        "Cache-Control": PICTURE_CACHING,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return web.FileResponse(path, headers=headers)


def _shows(fronts: Iterable[Front], media_id: str) -> bool:
    """True when a page that is in memory shows the picture."""
    for front in fronts:
        lead = front.coverage.lead_media
        shown = [media for update in (*front.updates, *front.breaking) for media in update.pictures]
        if any(media.id == media_id for media in ([lead] if lead else []) + shown):
            return True
    return False


async def _page_with(request: web.Request, front: Front) -> web.Response:
    """To the update on the page that has it: an archive page for good, the first one until that is full."""
    rooms = rooms_of(request)
    slug, id = front.coverage.slug, request.query["with"]
    ordinal = await rooms.store.ordinal(slug, id)
    if ordinal is None:
        raise NoUpdate(slug, id)
    number = -(-ordinal // rooms.settings.page_size)
    query = {"page": str(number)} if number <= archive_pages(front.total, rooms.settings.page_size) else {}
    if _oldest_first(request):
        query["order"] = "oldest"
    if wants_lite(request):
        query["lite"] = "1"
    location = URL.build(path=f"/live/{slug}", query=query, fragment=f"u-{id}")
    headers = {"Location": str(location), "Cache-Control": PAGE_CACHING}
    return web.Response(status=302, headers=headers)


def _oldest_first(request: web.Request) -> bool:
    order = request.query.get("order", "newest")
    if order not in {"newest", "oldest"}:
        raise Unfit("order", order, "newest or oldest", status=400)
    return order == "oldest"


async def _archive_page(request: web.Request, front: Front, oldest_first: bool) -> web.Response:
    never_repeat(request)
    rooms = rooms_of(request)
    size = rooms.settings.page_size
    number = page_number(request, "page", -(-front.total // size), "coverage")
    coverage = front.coverage
    newest = archive_pages(front.total, size)
    # A full page changes only with its updates; the number of pages after it moves with every new one.
    # And what was rendered before a retraction is never found again, not even while the store is away.
    turned = " oldest" if oldest_first else ""
    key = key_of(
        request, f"archive {coverage.slug} {number} {rooms.fronts.withdrawals(coverage.slug)}{turned}"
    )
    kept = rooms.documents.last(key)
    try:
        updates = await rooms.store.published_range(coverage.slug, (number - 1) * size + 1, number * size)
    except StoreAway:
        if kept is None:
            raise
        return page_answer(request, kept)
    state = (coverage.position, newest, tuple(_version(update) for update in updates))
    pages, total = pages_of(request), front.total

    def made() -> str:
        return pages.archive_page(coverage, updates, number, total, oldest_first=oldest_first)

    return await page(request, key, state, made)


def _version(update: Update) -> tuple[str, Position | None]:
    return update.id, update.position


def _alternates(request: web.Request, front: Front) -> str:
    """The feeds, for clients that read headers only (RFC 8288)."""
    base = f"{rooms_of(request).base_url}{request.rel_url.raw_path}"
    return ", ".join(
        f'<{base}/updates.{form}>; rel="alternate"; type="application/{kind}"'
        for form, kind in (("atom", "atom+xml"), ("rss", "rss+xml"), ("json", "feed+json"))
    )
