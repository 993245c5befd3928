"""Live channels over WebSocket, server-sent events and polling: three thin doors to one fan-out."""

from __future__ import annotations

import asyncio
import json
import re

from aiohttp import HttpVersion11, web

from livefeed.events import SITE, desk_channel, live_channel
from livefeed.fanout import Channel
from livefeed.frames import View, Wire, accept_token, deflate_response, form_of
from livefeed.model import Position
from livefeed.newsroom import NoCoverage
from livefeed.roles import Role
from livefeed.store import StoreAway
from livefeed.tail import Entry
from livefeed.web.answers import Problem, Unfit
from livefeed.web.guard import anybody, caller_of, needs, require_same_origin
from livefeed.web.rooms import rooms_of
from livefeed.web.sockets import detach, detachable, plain_events, plain_websocket

LONGEST_WAIT = 25.0  # seconds; proxies cut silent requests at 30 or 60
MOST_EVENTS = 1000
TEXTS_AT_ONCE = 20  # made before the loop may do something else: a fragment of HTML takes a millisecond
OPEN_TO_ALL = {  # public channels see no cookie, so anybody's page may read them, refusals included
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Livefeed-Store, Retry-After",
}
PUBLIC = tuple(f"{channel}/{door}" for channel in ("/live/{slug}", "") for door in ("ws", "sse", "changes"))

routes = web.RouteTableDef()


@routes.get("/live/{slug}/ws", allow_head=False)
async def coverage_websocket(request: web.Request) -> web.StreamResponse:
    """What readers of a coverage see, as WebSocket messages."""
    return await _websocket(request, await _coverage_channel(request))


@routes.get("/ws", allow_head=False)
async def site_websocket(request: web.Request) -> web.StreamResponse:
    """The site's channel as WebSocket messages."""
    return await _websocket(request, await rooms_of(request).fanout.open(SITE))


@routes.get("/desk/{slug}/ws", allow_head=False)
@needs(Role.EDITOR)
async def desk_websocket(request: web.Request) -> web.StreamResponse:
    """Drafts, submissions and schedules of a coverage, for editors on our own pages."""
    # Not for contributors: they may see their own unpublished updates, and here are everybody's.
    return await _desk_socket(request)


@routes.get("/desk/{slug}/hints", allow_head=False)
@needs(Role.CONTRIBUTOR)
async def desk_hints(request: web.Request) -> web.StreamResponse:
    """That something changed at a coverage's desk, and nothing of what: each asks for what they may see."""
    return await _desk_socket(request, View.HINTS)


async def _desk_socket(request: web.Request, view: View | None = None) -> web.StreamResponse:
    slug = request.match_info["slug"]
    caller = await caller_of(request)
    if caller.session or "Origin" in request.headers:
        # A browser sends cookies to a socket from any site's script: only our own pages may open this one.
        require_same_origin(request)
    rooms = rooms_of(request)
    if slug not in await rooms.fronts.known():
        raise NoCoverage(slug)

    async def still_allowed() -> bool:
        try:
            await caller_of(request)
        except Problem:
            return False
        except StoreAway:
            return True  # nobody can tell now; the next check will
        return True

    view = view or _view(request)
    _accept(request)
    channel = await rooms.fanout.open(desk_channel(slug))
    start = await channel.start_of(request.query.get("after"))
    return await plain_websocket(request, view, channel, start, still_allowed=still_allowed)


@routes.get("/live/{slug}/sse", allow_head=False)
async def coverage_events(request: web.Request) -> web.StreamResponse:
    """What readers of a coverage see, as server-sent events."""
    return await _events(request, await _coverage_channel(request))


@routes.get("/sse", allow_head=False)
async def site_events(request: web.Request) -> web.StreamResponse:
    """The site's channel as server-sent events."""
    return await _events(request, await rooms_of(request).fanout.open(SITE))


@routes.get("/live/{slug}/changes")
async def coverage_changes(request: web.Request) -> web.Response:
    """What readers of a coverage see, for those who can only ask."""
    return await _changes(request, await _coverage_channel(request))


@routes.get("/changes")
async def site_changes(request: web.Request) -> web.Response:
    """The site's channel for those who can only ask."""
    return await _changes(request, await rooms_of(request).fanout.open(SITE))


@anybody(ours=False)
async def preflight(_: web.Request) -> web.Response:
    """A page elsewhere may ask with any header: scripts that follow by `fetch` send `Last-Event-ID`, which a
    browser asks about first (Fetch, CORS-preflight)."""
    allowed = {
        "Access-Control-Allow-Methods": "GET",
        "Access-Control-Allow-Headers": "*",
        "Access-Control-Max-Age": "86400",
    }
    return web.Response(status=204, headers=allowed)


for _path in PUBLIC:
    routes.options(_path)(preflight)


async def open_to_all(request: web.Request, response: web.StreamResponse) -> None:
    """Let every page read every answer of a public channel, also why there is none."""
    resource = request.match_info.route.resource
    if resource is not None and resource.canonical in PUBLIC:
        response.headers.update(OPEN_TO_ALL)


async def _coverage_channel(request: web.Request) -> Channel:
    rooms = rooms_of(request)
    slug = request.match_info["slug"]
    if slug not in await rooms.fronts.known():
        raise NoCoverage(slug)
    return await rooms.fanout.open(live_channel(slug))


# WebSocket (RFC 6455 §4.2)


async def _websocket(request: web.Request, channel: Channel) -> web.StreamResponse:
    view, counted = _view(request), _counted(request)
    token = _accept(request)
    _admit(request)
    start = await channel.start_of(request.query.get("after"))
    if not (rooms_of(request).settings.detach and detachable(request)):
        return await plain_websocket(request, view, channel, start, counted=counted)
    extension = deflate_response(request.headers.get("Sec-WebSocket-Extensions", ""))
    head = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {token}",
    ]
    if extension:
        head.append(f"Sec-WebSocket-Extensions: {extension}")
    form = form_of(Wire.DEFLATED if extension else Wire.WEBSOCKET, view)
    return detach(request, _head(head), form, channel, start, counted=counted)


def _accept(request: web.Request) -> str:
    """The answer to the handshake's key. Raises `Problem` 426 or 400 for what is no handshake."""
    upgrade = request.headers.get("Upgrade", "").lower()
    connection = {word.strip().lower() for word in request.headers.get("Connection", "").split(",")}
    if upgrade != "websocket" or "upgrade" not in connection:
        raise Problem(426, "This address speaks WebSocket.", headers={"Upgrade": "websocket"})
    if request.headers.get("Sec-WebSocket-Version") != "13":
        raise Problem(426, "Only version 13 of WebSocket is spoken.", headers={"Sec-WebSocket-Version": "13"})
    key = request.headers.get("Sec-WebSocket-Key", "")
    if len(key) != 24 or not key.isascii():
        raise Problem(400, "Sec-WebSocket-Key must be 16 bytes in base64.")
    return accept_token(key)


# Server-sent events


async def _events(request: web.Request, channel: Channel) -> web.StreamResponse:
    view, counted = _view(request), _counted(request)
    _admit(request)
    cursor = request.headers.get("Last-Event-ID", request.query.get("after"))
    start = await channel.start_of(cursor)
    headers = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",  # nginx would hold events back until its buffer is full
        "X-Content-Type-Options": "nosniff",
        **OPEN_TO_ALL,
    }
    if not (rooms_of(request).settings.detach and detachable(request)):
        return await plain_events(request, headers, view, channel, start, counted=counted)
    head = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers.items())]
    head.append("Transfer-Encoding: chunked")
    return detach(request, _head(head), form_of(Wire.SSE, view), channel, start, counted=counted)


# Polling


async def _changes(request: web.Request, channel: Channel) -> web.Response:
    view, counted = _view(request), _counted(request)
    limit = _number(request, "limit", 100, 1, MOST_EVENTS)
    wait = _seconds(request, "wait")
    cursor = request.query.get("after")
    start = await channel.start_of(cursor)
    if not start.judged:
        raise StoreAway("the cursor cannot be compared with the log now")
    if start.worthless:
        return _answer(channel.tail.position, [], more=False, reload=True)
    if cursor is None:
        return _answer(start.position, [], more=False)
    if wait and start.position == channel.tail.position:
        await channel.changed(start.position, min(wait, LONGEST_WAIT), counted=counted)
        if channel.tail.epoch != start.position.epoch:
            return _answer(channel.tail.position, [], more=False, reload=True)
    entries, top = await _entries_after(request, channel, start.position.offset, limit)
    if top.epoch != start.position.epoch:
        return _answer(top, [], more=False, reload=True)
    render = channel.tail.render
    texts = []
    for place, entry in enumerate(entries, 1):
        texts.append(entry.text(view, render))
        if place % TEXTS_AT_ONCE == 0:
            await asyncio.sleep(0)
    last = entries[-1].event.position if entries else start.position
    return _answer(last, texts, more=last.offset < top.offset)


async def _entries_after(
    request: web.Request, channel: Channel, offset: int, limit: int
) -> tuple[list[Entry], Position]:
    """Entries from the tail, or from the log when they have left it, and the top at that moment."""
    entries = channel.tail.entries_after(offset)
    if entries is not None:
        return entries[:limit], channel.tail.position
    page = await rooms_of(request).store.read(channel.name, offset, limit)
    return [Entry(event) for event in page.events], page.position


def _answer(position: Position, texts: list[str], *, more: bool, reload: bool = False) -> web.Response:
    extra = ',"reload":true' if reload else ""
    text = f'{{"position":"{position}","events":[{",".join(texts)}],"more":{json.dumps(more)}{extra}}}'
    # A full page of the past never changes but for a retraction, which caches may then hide for a minute
    # only.
    caching = "public, max-age=60" if more else "no-store"
    return web.Response(text=text, content_type="application/json", headers={"Cache-Control": caching})


# What all three ask


def _view(request: web.Request) -> View:
    view = request.query.get("view", "json")
    if view not in {"json", "html"}:
        raise Unfit("view", view, "json or html", status=400)
    return View(view)


def _counted(request: web.Request) -> bool:
    """Whether this connection is told of as an open page: a desk's own page, or a probe, says no."""
    counted = request.query.get("counted", "yes")
    if counted not in {"yes", "no"}:
        raise Unfit("counted", counted, "yes or no", status=400)
    return counted == "yes"


def _number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) >= least):
        raise Unfit(name, text, f"a number from {least} to {most}", status=400)
    return min(int(text), most)


def _seconds(request: web.Request, name: str) -> float:
    text = request.query.get(name, "0")
    if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) is None:
        raise Unfit(name, text, "a number of seconds", status=400)
    return float(text)


def _admit(request: web.Request) -> None:
    """Refuse a reader above the limit, or while the server is stopping: others have room; and who cannot read
    chunks (RFC 9112 §6.1)."""
    if request.version < HttpVersion11:
        raise Problem(505, "Streams need HTTP/1.1 (behind nginx: proxy_http_version 1.1); changes does not.")
    rooms = rooms_of(request)
    if rooms.draining or rooms.fanout.readers >= rooms.settings.max_readers:
        raise Problem(503, "This server takes no more readers now.", headers={"Retry-After": "5"})


def _head(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()
