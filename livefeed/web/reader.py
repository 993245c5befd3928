"""Readers' pages: index, live page, archive, permalink, pictures; what crawlers ask for; and the machine's
own health."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from yarl import URL

from livefeed.feeds import sitemaps
from livefeed.model import Position, Update
from livefeed.newsroom import Unknown
from livefeed.pages import archive_pages, archived_pages
from livefeed.store import StoreAway
from livefeed.timeline import Front
from livefeed.web.answers import Problem
from livefeed.web.documents import respond
from livefeed.web.public import PAGE_CACHING, front_of, key_of, page, page_answer, published
from livefeed.web.repeats import never_repeat, repeatable
from livefeed.web.rooms import pages_of, rooms_of, wants_lite

SITEMAP_CACHING = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
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
        number = _number(request, "archived", archived_pages(site), "archive", "page")
        key = key_of(request, f"archived {number}")
        return await page(request, key, site.position, lambda: pages.archived_page(site, number))
    with contextlib.suppress(StoreAway):
        await rooms.fronts.warm()  # one opened a moment ago stands where its first update puts it
    latest = rooms.fronts.in_memory()
    state = (site.position, _positions(latest))
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


@routes.get("/robots.txt")
async def robots(request: web.Request) -> web.Response:
    """Crawlers read pages and feeds, not streams."""
    base = rooms_of(request).base_url
    text = (
        "User-agent: *\nDisallow: /desk\nDisallow: /api/\nDisallow: /ws\nDisallow: /sse\nDisallow: /changes\n"
        f"\nSitemap: {base}/sitemap.xml\nSitemap: {base}/news-sitemap.xml\n"
    )
    return web.Response(text=text, headers={"Cache-Control": "public, max-age=3600"})


@routes.get("/sitemap.xml")
async def sitemap(request: web.Request) -> web.Response:
    """The index and all live pages; of a very large site the parts, each at `?part=n`."""
    rooms = rooms_of(request)
    site = await rooms.fronts.site()
    with contextlib.suppress(StoreAway):
        await rooms.fronts.warm()
    fronts = rooms.fronts.in_memory()
    parts = sitemaps.sitemap_parts(site)
    part = _number(request, "part", parts, "sitemap") if "part" in request.query else 0
    if not part and parts == 1:
        part = 1

    def made() -> sitemaps.Sitemap:
        if part:
            return sitemaps.sitemap(site, fronts, base_url=rooms.base_url, part=part)
        return sitemaps.sitemap_index(site, fronts, base_url=rooms.base_url)

    return await _sitemap(request, f"sitemap {part}", (site.position, _positions(fronts)), made)


@routes.get("/news-sitemap.xml")
async def news_sitemap(request: web.Request) -> web.Response:
    """What was published in the last two days."""
    rooms = rooms_of(request)
    now = datetime.now(UTC)
    site = await rooms.fronts.site()
    with contextlib.suppress(StoreAway):
        await rooms.fronts.warm()
        for coverage in sitemaps.closed_lately(site, now):
            await rooms.fronts.front(coverage.slug)
    fronts = rooms.fronts.in_memory()

    def made() -> sitemaps.Sitemap:
        pages = sitemaps.news_pages(fronts.values(), now)
        return sitemaps.news_sitemap(pages, base_url=rooms.base_url, site_title=rooms.settings.site_title)

    # What was news a minute ago may be none now, although nothing happened.
    state = (now.replace(second=0, microsecond=0), _positions(fronts))
    return await _sitemap(request, "sitemap news", state, made)


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The process lives."""
    return web.json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Whether to send readers here. A store that is away keeps it ready, or every node of a fleet would be
    taken out at once; before the first sync and while stopping it is not."""
    rooms = rooms_of(request)
    ready = rooms.synced and not rooms.draining
    document = {
        "status": "ready" if ready else "draining" if rooms.draining else "starting",
        "store": "away" if rooms.store.away else "here",
    }
    headers = {"Cache-Control": "no-store"}
    return web.json_response(document, status=200 if ready else 503, headers=headers)


@routes.get("/metrics")
async def metrics_text(request: web.Request) -> web.Response:
    """Prometheus' text, for this machine or for who has the token."""
    token = rooms_of(request).settings.metrics_token.get_secret_value()
    if token:
        allowed = request.headers.get("Authorization") == f"Bearer {token}"
    else:
        # Behind a proxy on this machine everybody seems to come from here: a forwarded request does not
        # count.
        allowed = request.remote in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
    if not allowed:
        raise Problem(403, "Metrics are for this machine, or for who sends the metrics token.")
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


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
        raise Unknown(f"There is no update {id[:40]!r} in the coverage {slug!r}.")
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
        raise Problem(400, f"order is {order[:40]!r}; newest and oldest can be had.", field="order")
    return order == "oldest"


async def _archive_page(request: web.Request, front: Front, oldest_first: bool) -> web.Response:
    never_repeat(request)
    rooms = rooms_of(request)
    size = rooms.settings.page_size
    number = _number(request, "page", -(-front.total // size), "coverage")
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


def _number(request: web.Request, name: str, most: int, whole: str, called: str = "") -> int:
    """Which of the pages or parts (`called` so, if not as in the query) of the `whole` the query asks for.
    Raises `Problem` for one that is not."""
    text = request.query[name]
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        called = called or name
        raise Problem(
            404, f"There is no {called} {text[:20]!r}; the {called}s of this {whole} are 1 to {most}."
        )
    return int(text)


def _positions(fronts: Mapping[str, Front]) -> Hashable:
    return tuple(sorted((slug, front.position) for slug, front in fronts.items()))


async def _sitemap(
    request: web.Request, key: str, state: Hashable, make: Callable[[], sitemaps.Sitemap]
) -> web.Response:
    changes: list[datetime | None] = []

    def rendered() -> bytes:
        made = make()
        changes.append(made.changed_at)
        return made.document

    document = await rooms_of(request).documents.get(key, state, rendered, lambda: changes[-1])
    return respond(request, document, content_type=sitemaps.CONTENT_TYPE, cache_control=SITEMAP_CACHING)


def _version(update: Update) -> tuple[str, Position | None]:
    return update.id, update.position


def _alternates(request: web.Request, front: Front) -> str:
    """The feeds, for clients that read headers only (RFC 8288)."""
    base = f"{rooms_of(request).base_url}{request.rel_url.raw_path}"
    return ", ".join(
        f'<{base}/updates.{form}>; rel="alternate"; type="application/{kind}"'
        for form, kind in (("atom", "atom+xml"), ("rss", "rss+xml"), ("json", "feed+json"))
    )
