"""Feeds over HTTP: answered conditionally, visible in the moment the page is."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from livefeed.feeds import ARCHIVE_ITEMS, CONTENT_TYPES, Format, archive_documents, opml
from livefeed.newsroom import NoCoverage
from livefeed.rubrics import Rubric, Sort
from livefeed.store import StoreAway
from livefeed.web.answers import Problem
from livefeed.web.documents import Document, respond
from livefeed.web.repeats import each_time, repeatable
from livefeed.web.rooms import rooms_of
from livefeed.web.sources import (
    archive_source,
    coverage_source,
    last_archive,
    rendered,
    rubric_source,
    site_source,
)

CACHING = "max-age=60, stale-while-revalidate=60, stale-if-error=86400"
# No day of staleness: what was retracted must not stay exposed in a cache, and nobody polls an archive.
ARCHIVE_CACHING = "max-age=60, stale-while-revalidate=60"
OPML_CACHING = "max-age=300, stale-while-revalidate=300, stale-if-error=86400"
FORMS = "rss|atom|json"

routes = web.RouteTableDef()


@routes.get("/feeds/coverages.opml")
@repeatable
async def coverages(request: web.Request) -> web.Response:
    """The feeds of all coverages, as a list to import."""
    rooms = rooms_of(request)
    site = await rooms.fronts.site()
    state = tuple((coverage.slug, coverage.position) for coverage in site.coverages)
    document = await rooms.documents.get(
        "opml",
        state,
        lambda: opml(site.coverages, base_url=rooms.base_url, title=rooms.settings.site_title),
    )
    return respond(
        request,
        document,
        content_type="text/x-opml; charset=utf-8",
        cache_control=OPML_CACHING,
        headers={"Access-Control-Allow-Origin": "*"},
    )


@routes.get(f"/feeds/breaking.{{form:{FORMS}}}")
@repeatable
async def site_breaking(request: web.Request) -> web.Response:
    """The breaking items of the site."""
    rooms = rooms_of(request)
    document = await rendered(rooms, await site_source(rooms), _form(request))
    _count(request, "")
    return _answer(request, document)


@routes.get(f"/feeds/sections/{{name}}.{{form:{FORMS}}}")
async def of_section(request: web.Request) -> web.Response:
    """Everything that is new in a section, of all coverages."""
    return await _rubric_feed(request, "section")


@routes.get(f"/feeds/tags/{{name}}.{{form:{FORMS}}}")
async def of_tag(request: web.Request) -> web.Response:
    """Everything that is new under a tag, of all coverages."""
    return await _rubric_feed(request, "tag")


@routes.get(f"/live/{{slug}}/breaking.{{form:{FORMS}}}")
@repeatable
async def coverage_breaking(request: web.Request) -> web.Response:
    """The breaking items of a coverage."""
    return await _coverage_feed(request, breaking_only=True)


@routes.get(f"/live/{{slug}}/updates.{{form:{FORMS}}}")
@repeatable
async def coverage_updates(request: web.Request) -> web.Response:
    """Everything of a coverage that is new; its archive documents have the rest."""
    return await _coverage_feed(request, breaking_only=False)


@routes.get(f"/live/{{slug}}/archive/{{number}}.{{form:{FORMS}}}")
async def coverage_archive(request: web.Request) -> web.Response:
    """An archive document (RFC 5005): the n-th `ARCHIVE_ITEMS` updates of a coverage, from the oldest."""
    rooms = rooms_of(request)
    slug = request.match_info["slug"]
    front = await rooms.fronts.front(slug)
    if front is None:
        raise NoCoverage(slug)
    archives = archive_documents(front.total)
    digits = request.match_info["number"]
    # One address a document: no "01", and no digits of other scripts.
    counted = digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) < 10
    if not counted or int(digits) > archives:
        raise Problem(
            404,
            f"There is no archive document {digits[:20]!r}; this coverage has {archives} of them, "
            f"counted from 1, with {ARCHIVE_ITEMS} updates each.",
        )
    form = _form(request)
    try:
        document = await rendered(rooms, await archive_source(rooms, front, int(digits)), form)
    except StoreAway:
        kept = last_archive(rooms, slug, int(digits), form)
        if kept is None:
            raise
        document = kept
    return _answer(request, document, ARCHIVE_CACHING)


async def _coverage_feed(request: web.Request, *, breaking_only: bool) -> web.Response:
    slug = request.match_info["slug"]
    rooms = rooms_of(request)
    source = await coverage_source(rooms, slug, breaking_only=breaking_only)
    if source is None:
        raise NoCoverage(slug)
    document = await rendered(rooms, source, _form(request))
    _count(request, slug)
    return _answer(request, document)


async def _rubric_feed(request: web.Request, sort: Sort) -> web.Response:
    name, form = request.match_info["name"], _form(request)
    rubric = Rubric.of(sort, name)
    if rubric.name != name:
        raise web.HTTPPermanentRedirect(f"{rubric.path}.{form}")
    rooms = rooms_of(request)
    source = await rubric_source(rooms, rubric)
    if source is None:
        raise Problem(404, f"Nothing was ever published under the {sort} {name[:60]!r}.")
    return _answer(request, await rendered(rooms, source, form))


def _count(request: web.Request, owner: str) -> None:
    if request.method == "GET":
        each_time(request, partial(rooms_of(request).fetches.count, owner, _form(request)))


def _answer(request: web.Request, document: Document, caching: str = CACHING) -> web.Response:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Last-Modified, Link",
    }
    content_type = CONTENT_TYPES[_form(request)]
    return respond(request, document, content_type=content_type, cache_control=caching, headers=headers)


def _form(request: web.Request) -> Format:
    form: Format = request.match_info["form"]  # type: ignore[assignment]  # the route's pattern lets no other in
    return form
