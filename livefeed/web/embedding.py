"""What other sites embed: widgets for their frames, the script that puts one into a page, and oEmbed."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from functools import partial

from aiohttp import web

from livefeed.newsroom import NoCoverage
from livefeed.pages.accent import accent_sheet, check_accent
from livefeed.pages.oembed import HEIGHT, WIDTH, Room, as_xml, subject_of
from livefeed.pages.widget import (
    MOST_UPDATES,
    USUAL_UPDATES,
    Look,
    Scheme,
    Widget,
    coverage_widget,
    site_widget,
    update_widget,
)
from livefeed.text import TextRefused
from livefeed.web.answers import Problem, Unfit
from livefeed.web.documents import respond
from livefeed.web.public import front_of, page, published
from livefeed.web.rooms import rooms_of

# Its address is in pages that nobody will touch again, so a new one reaches them within the hour.
SCRIPT_CACHING = "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=86400"
OEMBED_AGE = 300  # seconds; who asked keeps the answer much longer, by its `cache_age`
FOR_EVERYBODY = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

routes = web.RouteTableDef()


@routes.get("/embed/breaking")
async def breaking_widget(request: web.Request) -> web.Response:
    """The newest breaking updates of the site, for a frame."""
    rooms = rooms_of(request)
    look = _look(request)
    site = await rooms.fronts.site()

    def made() -> Widget:
        settings = rooms.settings
        return site_widget(
            site, look, rooms.base_url, title=settings.site_title, language=settings.site_language
        )

    return await _widget(request, f"widget {look}", site.position, made)


@routes.get("/embed/{slug}")
async def widget(request: web.Request) -> web.Response:
    """The newest updates of a coverage for a frame, with `?breaking=1` only what is breaking."""
    rooms = rooms_of(request)
    look = _look(request)
    breaking_only = _choice(request, "breaking", ("0", "1")) == "1"
    front = await front_of(request)
    return await _widget(
        request,
        f"widget {front.coverage.slug} {breaking_only} {look}",
        front.position,
        lambda: coverage_widget(front, look, rooms.base_url, breaking_only=breaking_only),
    )


@routes.get("/embed/{slug}/updates/{id}")
async def one_update_widget(request: web.Request) -> web.Response:
    """One update, for a frame."""
    rooms = rooms_of(request)
    look = _look(request)
    front = await front_of(request)
    update = await published(rooms, front, request.match_info["id"])
    return await _widget(
        request,
        f"widget {update.id} {look}",
        (update.position, front.position),
        lambda: update_widget(update, front, look, rooms.base_url),
    )


@routes.get("/oembed")
async def oembed(request: web.Request) -> web.Response:
    """How to show one of our pages inside another (oEmbed 1.0)."""
    rooms = rooms_of(request)
    form = request.query.get("format", "json")
    if form not in {"json", "xml"}:
        raise Unfit("format", form, "json or xml", status=501)
    room = Room(_pixels(request, "maxwidth", WIDTH), _pixels(request, "maxheight", HEIGHT))
    url = request.query.get("url", "")
    subject = subject_of(url, rooms.base_url)
    if subject is None:
        sentence = f"{url[:200]!r} is not the address of a coverage or an update here."
        raise Unfit("url", url, "the address of a coverage or an update", sentence, status=404)
    front = await rooms.fronts.front(subject.slug)
    if front is None:
        raise NoCoverage(subject.slug)
    update = await published(rooms, front, subject.id) if subject.id else None
    answer = rooms.pages.oembed(front, update, room)
    headers = {"Cache-Control": f"public, max-age={OEMBED_AGE}", "Access-Control-Allow-Origin": "*"}
    if form == "xml":
        return web.Response(body=as_xml(answer), content_type="text/xml", charset="utf-8", headers=headers)
    return web.json_response(answer, headers=headers, dumps=partial(json.dumps, ensure_ascii=False))


@routes.get("/embed/accents/{accent}.css")
async def accent(request: web.Request) -> web.Response:
    """The style sheet of a widget in the embedding site's colour."""
    try:
        colour = check_accent(request.match_info["accent"])
    except TextRefused as refused:
        raise Problem(404, str(refused)) from None
    headers = {"Cache-Control": "public, max-age=86400"}
    return web.Response(text=accent_sheet(colour), content_type="text/css", headers=headers)


@routes.get("/embed.js")
async def script(request: web.Request) -> web.Response:
    """The custom element `<livefeed-coverage>`."""
    rooms = rooms_of(request)
    path = rooms.pages.theme.static_file("embed.js")
    if path is None:
        raise FileNotFoundError("embed.js is not among the static files that livefeed was installed with")
    document = await rooms.documents.get("embed.js", path, path.read_bytes)
    return respond(
        request,
        document,
        content_type="text/javascript; charset=utf-8",
        cache_control=SCRIPT_CACHING,
        headers=FOR_EVERYBODY,
    )


async def _widget(
    request: web.Request, key: str, state: Hashable, make: Callable[[], Widget]
) -> web.Response:
    pages = rooms_of(request).pages
    return await page(request, key, state, lambda: pages.widget_page(make()), headers=FOR_EVERYBODY)


def _look(request: web.Request) -> Look:
    """What the query asks for. Raises `Problem` 400 naming what cannot be."""
    limit = request.query.get("limit", str(USUAL_UPDATES))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 3 and 1 <= int(limit) <= MOST_UPDATES):
        raise Unfit("limit", limit, f"a number from 1 to {MOST_UPDATES}", status=400)
    scheme = Scheme(_choice(request, "theme", tuple(Scheme)))
    asked = request.query.get("accent", "")
    try:
        accent = check_accent(asked) if asked else ""
    except TextRefused as refused:
        raise Unfit("accent", asked, refused.limit, str(refused), status=400) from None
    return Look(int(limit), scheme, accent)


def _pixels(request: web.Request, name: str, usual: int) -> int:
    """At most so many pixels as the query allows. Raises `Problem` 400 for what is no number of them."""
    text = request.query.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) > 0):
        raise Unfit(name, text, "a number of pixels from 1", status=400)
    return min(int(text), usual)


def _choice(request: web.Request, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, the first if nothing is asked for. Raises `Problem` 400."""
    asked = request.query.get(name, choices[0])
    if asked not in choices:
        raise Unfit(name, asked, f"one of {', '.join(choices)}", status=400)
    return asked
