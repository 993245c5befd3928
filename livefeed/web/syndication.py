"""Feeds over HTTP: rendered once a state, answered conditionally, visible in the moment the page is.

What a feed shows depends on the clock too (see `feeds.window`). So the clock is asked first, and the state
that a rendered feed is known by is what came of it: the updates shown, each at its position.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from datetime import datetime

from aiohttp import web

from livefeed.courier.hub import TopicDocument
from livefeed.events import coverage_url
from livefeed.feeds import (
    ARCHIVE_ITEMS,
    CONTENT_TYPES,
    Feed,
    FeedWords,
    Format,
    Link,
    Window,
    archive_documents,
    archive_feed,
    coverage_feed,
    opml,
    render,
    rubric_feed,
    site_feed,
)
from livefeed.model import Update
from livefeed.newsroom import Unknown
from livefeed.pages import translate
from livefeed.rubrics import Rubric, Sort, rubrics_of
from livefeed.store import StoreAway
from livefeed.timeline import Front
from livefeed.web.answers import Problem
from livefeed.web.documents import Document, respond
from livefeed.web.rooms import Rooms, rooms_of
from livefeed.websub import Topic

CACHING = "max-age=60, stale-while-revalidate=60, stale-if-error=86400"
# No day of staleness: what was retracted must not stay exposed in a cache, and nobody polls an archive.
ARCHIVE_CACHING = "max-age=60, stale-while-revalidate=60"
OPML_CACHING = "max-age=300, stale-while-revalidate=300, stale-if-error=86400"
FORMS = "rss|atom|json"
PINGED_UPDATES = 20  # whose own tags an external hub is told of

routes = web.RouteTableDef()


@routes.get("/feeds/coverages.opml")
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
async def site_breaking(request: web.Request) -> web.Response:
    """The breaking items of the site."""
    return _answer(request, await _site_document(rooms_of(request), _form(request)))


@routes.get(f"/feeds/sections/{{name}}.{{form:{FORMS}}}")
async def of_section(request: web.Request) -> web.Response:
    """Everything that is new in a section, of all coverages."""
    return await _rubric_feed(request, "section")


@routes.get(f"/feeds/tags/{{name}}.{{form:{FORMS}}}")
async def of_tag(request: web.Request) -> web.Response:
    """Everything that is new under a tag, of all coverages."""
    return await _rubric_feed(request, "tag")


@routes.get(f"/live/{{slug}}/breaking.{{form:{FORMS}}}")
async def coverage_breaking(request: web.Request) -> web.Response:
    """The breaking items of a coverage."""
    return await _coverage_feed(request, breaking_only=True)


@routes.get(f"/live/{{slug}}/updates.{{form:{FORMS}}}")
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
        raise _no_coverage(slug)
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
    document = await _archive_document(rooms, front, int(digits), _form(request))
    return _answer(request, document, ARCHIVE_CACHING)


async def topic_document(rooms: Rooms, topic: Topic) -> TopicDocument | None:
    """What a reader of the feed gets at this moment; None when there is no such coverage."""
    document: Document | None
    if topic.rubric is not None:
        document = await _rubric_document(rooms, topic.rubric, topic.form)
    elif topic.slug is None:
        document = await _site_document(rooms, topic.form)
    else:
        document = await _coverage_document(rooms, topic.slug, topic.form, breaking_only=topic.breaking_only)
    if document is None:
        return None
    return TopicDocument(document.plain, CONTENT_TYPES[topic.form], document.tag)


def topics(rooms: Rooms, slug: str) -> list[str]:
    """The addresses of all feeds that a coverage's changes show in; of its updates' own tags those that the
    newest ones have."""
    home = coverage_url(rooms.base_url, slug)
    stems = [f"{home}/updates", f"{home}/breaking", f"{rooms.base_url}/feeds/breaking"]
    front = rooms.fronts.in_memory().get(slug)
    newest = front.updates[:PINGED_UPDATES] if front else ()
    rubrics = set(rubrics_of(rooms.fronts.coverage(slug))).union(*map(rubrics_of, newest))
    stems += [rooms.base_url + rubric.path for rubric in sorted(rubrics)]
    return [f"{stem}.{form}" for stem in stems for form in CONTENT_TYPES]


async def _coverage_feed(request: web.Request, *, breaking_only: bool) -> web.Response:
    slug = request.match_info["slug"]
    document = await _coverage_document(rooms_of(request), slug, _form(request), breaking_only=breaking_only)
    if document is None:
        raise _no_coverage(slug)
    return _answer(request, document)


async def _rubric_feed(request: web.Request, sort: Sort) -> web.Response:
    name, form = request.match_info["name"], _form(request)
    rubric = Rubric.of(sort, name)
    if rubric.name != name:
        raise web.HTTPPermanentRedirect(f"{rubric.path}.{form}")
    document = await _rubric_document(rooms_of(request), rubric, form)
    if document is None:
        raise Problem(404, f"Nothing was ever published under the {sort} {name[:60]!r}.")
    return _answer(request, document)


async def _site_document(rooms: Rooms, form: Format) -> Document:
    site = await rooms.fronts.site()
    shown = _window(rooms).shown((update for _, update in site.breaking), rooms.clock())

    def feed() -> Feed:
        made = site_feed(
            site.coverages,
            shown,
            base_url=rooms.base_url,
            site_title=rooms.settings.site_title,
            site_language=rooms.settings.site_language,
            fragment=_fragment(rooms),
            words=_words,
        )
        return replace(made, hubs=(rooms.hub,))

    return await _rendered(rooms, "site", (site.position, shown), form, feed)


async def _rubric_document(rooms: Rooms, rubric: Rubric, form: Format) -> Document | None:
    filing = await rooms.filings.filing(rubric)
    if filing is None:
        return None
    coverages = await rooms.fronts.known()
    shown = _window(rooms).shown(filing.updates, rooms.clock())
    home = [coverages[slug] for slug in sorted({update.coverage for update in shown} & coverages.keys())]

    def feed() -> Feed:
        made = rubric_feed(
            rubric,
            home,
            shown,
            base_url=rooms.base_url,
            site_title=rooms.settings.site_title,
            site_language=rooms.settings.site_language,
            fragment=_fragment(rooms),
            words=_words,
        )
        return replace(made, hubs=(rooms.hub,))

    state = (shown, tuple((coverage.slug, coverage.position) for coverage in home))
    return await _rendered(rooms, rubric.key, state, form, feed)


async def _coverage_document(
    rooms: Rooms, slug: str, form: Format, *, breaking_only: bool
) -> Document | None:
    front = await rooms.fronts.front(slug)
    if front is None:
        return None
    coverage = front.coverage
    shown = _window(rooms).shown(front.breaking if breaking_only else front.updates, rooms.clock())
    archives = 0 if breaking_only else archive_documents(front.total)

    def feed() -> Feed:
        made = coverage_feed(
            coverage,
            shown,
            breaking_only=breaking_only,
            base_url=rooms.base_url,
            site_title=rooms.settings.site_title,
            fragment=_fragment(rooms),
            words=_words,
            archives=archives,
        )
        return replace(made, hubs=(rooms.hub,))

    # Only what the feed shows is its state: an update that is not breaking leaves the breaking feed as it
    # was. Fronts keep the same values from one request to the next, so comparing them costs next to nothing.
    state = (coverage.position, archives, shown)
    return await _rendered(rooms, f"{slug} {breaking_only}", state, form, feed)


async def _archive_document(rooms: Rooms, front: Front, number: int, form: Format) -> Document:
    coverage = front.coverage
    archives = archive_documents(front.total)
    # What was rendered before a retraction is never found again, not even while the store is away.
    name = f"{coverage.slug} archive {number} {rooms.fronts.withdrawals(coverage.slug)}"
    last = number * ARCHIVE_ITEMS
    try:
        updates = await rooms.store.published_range(coverage.slug, last - ARCHIVE_ITEMS + 1, last)
    except StoreAway:
        kept = rooms.documents.last(_key(name, form))
        if kept is None:
            raise
        return kept

    def feed() -> Feed:
        return archive_feed(
            coverage,
            reversed(updates),
            number,
            base_url=rooms.base_url,
            site_title=rooms.settings.site_title,
            fragment=_fragment(rooms),
            words=_words,
            archives=archives,
        )

    # Of the number of documents only this one's place shows: the last has no newer one.
    states = tuple((update.id, update.position) for update in updates)
    return await _rendered(rooms, name, (coverage.position, number == archives, states), form, feed)


async def _rendered(
    rooms: Rooms, name: str, state: Hashable, form: Format, feed: Callable[[], Feed]
) -> Document:
    made: list[Feed] = []

    def document() -> bytes:
        made.append(feed())
        return render(made[-1], form)

    def modified() -> datetime:
        return made[-1].updated

    def headers() -> dict[str, str]:
        return {"Link": _link_header(made[-1].links(form))}

    return await rooms.documents.get(_key(name, form), state, document, modified, headers)


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


def _no_coverage(slug: str) -> Unknown:
    return Unknown(f"There is no coverage {slug!r}.")


def _key(name: str, form: Format) -> str:
    return f"feed {name} {form}"


def _link_header(links: Iterable[Link]) -> str:
    """The links for who reads headers only (RFC 8288)."""
    parts = []
    for link in links:
        parameters = f'; rel="{link.rel}"' + (f'; type="{link.type}"' if link.type else "")
        parts.append(f"<{link.href}>{parameters}")
    return ", ".join(parts)


def _window(rooms: Rooms) -> Window:
    return Window(items=rooms.settings.feed_items, most=rooms.settings.feed_most_items)


def _fragment(rooms: Rooms) -> Callable[[Update], str]:
    """The page's own fragment, but for the pin: it is about the page, and a mark that comes and goes would
    have feed readers show the item as edited."""

    def fragment(update: Update) -> str:
        return rooms.pages.update_fragment(
            replace(update, pinned=False), rooms.fronts.coverage(update.coverage)
        )

    return fragment


def _words(language: str) -> FeedWords:
    said = translate(language)
    return FeedWords(
        withdrawn=said("This update was retracted"),
        withdrawn_note=said("The desk has withdrawn this update."),
        breaking=said("Breaking"),
        key_event=said("Key event"),
        correction=said("Correction"),
        corrected_update=said("The corrected update"),
    )
