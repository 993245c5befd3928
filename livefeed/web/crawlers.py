"""What crawlers ask for: where they may read, and what there is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from aiohttp import web

from livefeed.feeds import sitemaps
from livefeed.store import StoreAway
from livefeed.web.documents import respond
from livefeed.web.public import page_number, positions_of
from livefeed.web.rooms import rooms_of

SITEMAP_CACHING = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"

routes = web.RouteTableDef()


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
    part = page_number(request, "part", parts, "sitemap") if "part" in request.query else 0
    if not part and parts == 1:
        part = 1

    def made() -> sitemaps.Sitemap:
        if part:
            return sitemaps.sitemap(site, fronts, base_url=rooms.base_url, part=part)
        return sitemaps.sitemap_index(site, fronts, base_url=rooms.base_url)

    return await _sitemap(request, f"sitemap {part}", (site.position, positions_of(fronts)), made)


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
    state = (now.replace(second=0, microsecond=0), positions_of(fronts))
    return await _sitemap(request, "sitemap news", state, made)


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
