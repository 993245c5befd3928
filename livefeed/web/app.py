"""The composition root: makes the rooms, hangs the doors, opens and closes everything in order.

Order of a start: store, site's secret and pictures, fan-out, fronts; then the port. Order of a stop:
readiness goes, the port closes, readers are sent off over the drain window, open requests end, then the rooms
close from the top down. A store that is away does not keep the server from starting: it answers what it can
and heals.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from ipaddress import ip_network
from typing import Any

import structlog
from aiohttp import web

from livefeed import frames, metrics
from livefeed.accounts import Accounts, Hasher, Logins
from livefeed.audience import Audiences
from livefeed.autosaves import Autosaves
from livefeed.courier import Courier, Lease
from livefeed.courier.endpoints import Endpoints
from livefeed.courier.hooks import Patience, Webhooks
from livefeed.courier.hub import Hub, Subscriptions, TopicDocument
from livefeed.courier.outside import Network, Outside
from livefeed.courier.ping import Pings
from livefeed.events import Event, live_channel, public_coverage, public_update
from livefeed.fanout import Fanout
from livefeed.filings import Filings
from livefeed.frames import View
from livefeed.fronts import Fronts
from livefeed.media import MediaShelf
from livefeed.newsroom import Newsroom
from livefeed.notes import Notes
from livefeed.pages import Pages
from livefeed.presence import Presence
from livefeed.previews import Previews
from livefeed.settings import Settings
from livefeed.site import same_media, site_secret
from livefeed.snippets import Snippets
from livefeed.store import Listener, Store, StoreError, StoreRefused, open_store
from livefeed.tasks import cancel
from livefeed.timeline import Limits
from livefeed.web import api, corrections, desk, embedding, files, hub, live, reader, sources, syndication
from livefeed.web.answers import add_security_headers, answer_errors
from livefeed.web.connection import Runner
from livefeed.web.documents import Documents
from livefeed.web.rooms import ROOMS, Rooms
from livefeed.web.sockets import allow_connections
from livefeed.websub import Topic

log = structlog.get_logger()

WARM_INTERVAL = 1.0  # seconds until a lost front is looked for again
COURIER_INTERVAL = 1.0  # seconds until a new webhook is served by another process than the one that took it
SILENCE_INTERVAL = 30.0  # seconds until silent coverages are looked for again
BACKLOG = 4096  # connections the kernel holds while the loop is busy: a herd of readers coming back

DOORS = (reader, corrections, live, embedding, syndication, hub, desk, api, files)

Started = Callable[[Rooms, str], Coroutine[Any, Any, None]]


async def serve(settings: Settings, *, started: Started | None = None) -> None:
    """Serve until SIGTERM or SIGINT. `started` is called with the rooms and the address once requests are
    answered, and is cancelled at the stop. Raises `StoreRefused` with a sentence."""
    store = open_store(settings, serving=True)
    files = allow_connections(settings.max_readers)
    if 0 < files < settings.max_readers:
        log.warning("fewer readers than LIVEFEED_MAX_READERS fit into the limit of open files", limit=files)
    async with open_rooms(settings, store) as rooms:
        app = create_app(rooms)
        # keepalive 75 s: longer than a proxy's 60 s, so that the proxy and not we end an idle connection.
        runner = Runner(app, access_log=None, keepalive_timeout=75.0, shutdown_timeout=5.0)
        await runner.setup()
        site = web.TCPSite(
            runner,
            settings.host,
            settings.port,
            backlog=BACKLOG,
            reuse_port=settings.reuse_port or None,
            reuse_address=True,
        )
        try:
            await site.start()
        except OSError as reason:
            await runner.cleanup()
            raise StoreRefused(
                f"Port {settings.port} of {settings.host} cannot be listened on ({reason.strerror}). "
                "Another program may use it; set LIVEFEED_PORT to another one."
            ) from None
        if not settings.base_url and settings.port == 0:
            rooms.base_url = rooms.base_url.replace(":0", f":{runner.addresses[0][1]}")
        log.info("serving", url=rooms.base_url, store=settings.store.partition(":")[0])
        stop = _stop_signal()
        beside = asyncio.create_task(started(rooms, rooms.base_url)) if started else None
        try:
            await _first_of(stop, beside)
        finally:
            rooms.draining = True
            if beside is not None:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)
            await site.stop()
            await rooms.fanout.drain(settings.drain_window)
            await runner.cleanup()
        log.info("stopped")


def create_app(rooms: Rooms) -> web.Application:
    """The application over open rooms."""
    app = web.Application(
        middlewares=[answer_errors, rooms.repeats.note_world], client_max_size=rooms.settings.request_bytes
    )
    app[ROOMS] = rooms
    for door in DOORS:
        app.router.add_routes(door.routes)
    app.on_response_prepare.append(add_security_headers)
    app.on_response_prepare.append(live.open_to_all)
    app.on_response_prepare.append(_part_when_draining)
    app.on_response_prepare.append(rooms.repeats.keep)  # last: it keeps what goes out
    return app


@contextlib.asynccontextmanager
async def open_rooms(settings: Settings, store: Store) -> AsyncIterator[Rooms]:
    """Everything a server needs, opened in order and closed in reverse."""
    rooms: Rooms

    def render(event: Event, view: View) -> str:
        return _text_of(event, view, rooms)

    fanout = Fanout(
        store,
        render,
        tail_events=settings.tail_events,
        heartbeat_interval=settings.heartbeat_interval,
        heal_interval=settings.heal_interval,
        stall_timeout=settings.stall_timeout,
    )

    async def slugs() -> list[str]:
        return list(await rooms.fronts.known())

    async def channels() -> list[str]:
        return [live_channel(slug) for slug in await slugs()]

    lease = Lease(store, "courier", seconds=settings.courier_lease)
    outside = Outside(private=_private(settings), timeout=settings.delivery_timeout)
    shelf = MediaShelf(settings.media, max_bytes=settings.media_bytes, max_pixels=settings.media_pixels)
    endpoints = Endpoints(store, channels)
    webhooks = Webhooks(
        store,
        endpoints,
        outside,
        lease,
        slugs=slugs,
        text=lambda event: render(event, View.JSON),
        patience=Patience(settings.webhook_attempts, settings.webhook_pause),
    )

    async def topic_document(url: str) -> TopicDocument | None:
        topic = Topic.parse(url, rooms.base_url)
        return None if topic is None else await sources.topic_document(rooms, topic)

    subscriptions = Subscriptions(store.records)
    websub: Hub | Pings
    if settings.hub:
        websub = Pings(
            settings.hub,
            store,
            outside,
            lease,
            slugs=slugs,
            topics=lambda slug: sources.topics(rooms, slug),
            first_pause=settings.webhook_pause,
        )
    else:
        websub = Hub(
            store,
            subscriptions,
            outside,
            lease,
            document=topic_document,
            address=lambda: rooms.hub,
            first_pause=settings.webhook_pause,
        )
    courier = Courier(lease, [webhooks, websub], interval=min(COURIER_INTERVAL, settings.courier_lease / 4))
    listeners = Listeners(fanout, courier)
    limits = _limits(settings)
    accounts = Accounts(
        store.records, session_idle=settings.session_idle, session_lifetime=settings.session_lifetime
    )
    rooms = Rooms(
        settings=settings,
        store=store,
        accounts=accounts,
        logins=Logins(store.records, accounts, Hasher()),
        autosaves=Autosaves(store),
        presence=Presence(store),
        notes=Notes(store),
        snippets=Snippets(store),
        media=shelf,
        newsroom=Newsroom(store, announce=listeners.receive, new_id=lambda: secrets.token_hex(8)),
        fanout=fanout,
        fronts=Fronts(store, fanout, limits),
        filings=Filings(store, limits.breaking),
        pages=Pages(
            base_url=settings.public_url,
            site_title=settings.site_title,
            site_language=settings.site_language,
            page_size=settings.page_size,
            overlay=settings.templates,
            offline=settings.offline,
        ),
        documents=Documents(settings.cache_bytes),
        endpoints=endpoints,
        subscriptions=subscriptions,
        courier=courier,
        audiences=Audiences(
            store, fanout, secrets.token_hex(8), shared=not settings.store.startswith("sqlite:")
        ),
        previews=Previews(outside, shelf, private=_private(settings), line=settings.headline_chars),
    )
    async with contextlib.AsyncExitStack() as closing:
        closing.push_async_callback(store.aclose)
        closing.callback(rooms.logins.close)
        await store.start(listeners)
        await rooms.media.start()
        closing.push_async_callback(rooms.media.aclose)
        closing.push_async_callback(rooms.documents.aclose)
        await fanout.start()
        closing.push_async_callback(fanout.aclose)
        await _sync(rooms)
        tasks = [
            asyncio.create_task(_keep_synced(rooms), name="keep synced"),
            asyncio.create_task(_release_for_ever(rooms), name="release"),
            asyncio.create_task(_close_silent_for_ever(rooms), name="close silent"),
            asyncio.create_task(rooms.audiences.file_for_ever(), name="audience"),
        ]
        closing.push_async_callback(cancel, tasks)
        await outside.start()
        closing.push_async_callback(outside.aclose)
        closing.push_async_callback(rooms.previews.aclose)
        await courier.start()
        closing.push_async_callback(courier.aclose)
        yield rooms


def _text_of(event: Event, view: View, rooms: Rooms) -> str:
    """The text of an event's frame."""
    if view is View.HTML:
        slug = event.update.coverage if event.update else event.coverage.slug if event.coverage else ""
        id, html = rooms.pages.frame_html(event, rooms.fronts.coverage(slug))
        return frames.event_text(event, frames.html_content(id, html))
    if event.update is not None:
        content = frames.content_of("update", public_update(event.update, rooms.base_url))
    elif event.coverage is not None:
        content = frames.content_of("coverage", public_coverage(event.coverage, rooms.base_url))
    else:
        raise ValueError(f"event {event.position} of {event.channel} carries no state")
    return frames.event_text(event, content)


def _private(settings: Settings) -> list[Network]:
    return [ip_network(text) for text in settings.private_networks]


def _limits(settings: Settings) -> Limits:
    """How much of each coverage is kept at hand: what its pages and feeds show."""
    most = max(settings.feed_items, settings.feed_most_items)
    return Limits(updates=max(2 * settings.page_size, most), breaking=most)


class Listeners:
    """Several listeners as one, told in their order."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def receive(self, event: Event) -> None:
        """See `Listener`."""
        for listener in self._listeners:
            listener.receive(event)

    def heal(self) -> None:
        """See `Listener`."""
        for listener in self._listeners:
            listener.heal()


async def _sync(rooms: Rooms) -> None:
    """Agree with the store on the site's secret and pictures, and load what readers ask for first. With the
    store away nothing of this can be known yet: `_keep_synced` does it later."""
    secret = rooms.settings.secret.get_secret_value()
    try:
        await site_secret(rooms.store.records, secret)
        await same_media(rooms.store.records, rooms.media.marker())
        await rooms.fronts.warm()
        rooms.synced = True
    except StoreRefused:
        raise
    except StoreError as reason:
        log.warning("starting without the store", reason=str(reason))


async def _keep_synced(rooms: Rooms) -> None:
    """Load what should be in memory, again whenever it was lost: a new epoch, a store that was away."""
    while True:
        await asyncio.sleep(WARM_INTERVAL)
        metrics.STORE_AWAY.set(rooms.store.away)
        try:
            if rooms.synced:
                await rooms.fronts.warm()
            else:
                await _sync(rooms)
        except StoreRefused as reason:
            log.error("not this store", reason=str(reason))  # noqa: TRY400 - the sentence says it all
        except StoreError:
            continue


async def _release_for_ever(rooms: Rooms) -> None:
    """Publish what is due. Every process does it; the store lets one of them win."""
    pause = interval = rooms.settings.release_interval
    while True:
        await asyncio.sleep(pause)
        pause = interval
        try:
            for update in await rooms.newsroom.release_due():
                log.info("released", update=update.id, coverage=update.coverage)
            # What is held for seconds goes out when the editor saw it would, not at the next look.
            pause = await rooms.newsroom.until_release(interval)
        except StoreError:
            continue  # what is due stays due


async def _close_silent_for_ever(rooms: Rooms) -> None:
    """Close coverages that ended without a word."""
    close_after = rooms.settings.close_after
    while close_after:
        await asyncio.sleep(min(SILENCE_INTERVAL, close_after / 10))
        try:
            for coverage in await rooms.newsroom.close_silent(close_after):
                log.info("closed after silence", coverage=coverage.slug)
        except StoreError:
            continue


async def _part_when_draining(request: web.Request, response: web.StreamResponse) -> None:
    # A kept connection would bring its next request here, to be cut: without it the client finds another
    # server.
    if request.app[ROOMS].draining:
        response.force_close()
        response.headers["Connection"] = "close"


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _first_of(stop: asyncio.Event, beside: asyncio.Task[None] | None) -> None:
    """Wait for the signal to stop, or for the task beside the server to fail."""
    waiting = asyncio.create_task(stop.wait())
    try:
        running = {waiting, beside} if beside else {waiting}
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if beside in done and waiting not in done:
            beside.result()  # raises what it failed with
            await waiting
    finally:
        waiting.cancel()
