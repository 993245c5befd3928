"""The composition root: makes the rooms, hangs the doors, opens and closes the rooms in order.

They are opened so: store, site's secret and pictures, fan-out, fronts, the chores. A store that is away does
not keep a server from starting: it answers what it can and heals.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from ipaddress import ip_network

from aiohttp import web

from livefeed import frames
from livefeed.accounts import Accounts, Hasher, Logins
from livefeed.audience import Audiences
from livefeed.autosaves import Autosaves
from livefeed.courier import Courier, Lease
from livefeed.courier.endpoints import Endpoints
from livefeed.courier.hooks import Patience, Webhooks
from livefeed.courier.hub import Hub, Subscriptions, TopicDocument
from livefeed.courier.outside import Network, Outside
from livefeed.courier.ping import Pings
from livefeed.desks import Desks
from livefeed.events import Event, live_channel, public_coverage, public_update
from livefeed.fanout import Fanout
from livefeed.feeds import Galleys
from livefeed.fetches import Fetches
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
from livefeed.snippets import Snippets
from livefeed.store import Listener, Store
from livefeed.tasks import cancel
from livefeed.timeline import Limits
from livefeed.web import (
    api,
    chores,
    corrections,
    crawlers,
    desk,
    embedding,
    files,
    health,
    hub,
    live,
    reader,
    sources,
    syndication,
)
from livefeed.web.answers import add_security_headers, answer_errors
from livefeed.web.documents import Documents
from livefeed.web.rooms import ROOMS, Rooms
from livefeed.websub import Topic
from livefeed.whispers import Whispers

COURIER_INTERVAL = 1.0  # seconds until a new webhook is served by another process than the one that took it
NEWEST = 200  # updates that a front holds: what pages show, and the news sitemap
CHANGES = 4  # of an item of a feed that are remembered, on average

DOORS = (reader, crawlers, health, corrections, live, embedding, syndication, hub, desk, api, files)


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
    whispers = Whispers(store)
    fetches = Fetches()
    desks = Desks(fanout, whispers)
    listeners = Listeners(fanout, courier, desks)
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
        presence=Presence(whispers, desks.presence_changed),
        notes=Notes(store),
        desks=desks,
        snippets=Snippets(store),
        media=shelf,
        newsroom=Newsroom(store, announce=listeners.receive, new_id=lambda: secrets.token_hex(8)),
        fanout=fanout,
        fronts=Fronts(store, fanout, limits),
        filings=Filings(store, max(settings.feed_items, settings.feed_most_items)),
        pages=Pages(
            base_url=settings.public_url,
            site_title=settings.site_title,
            site_language=settings.site_language,
            page_size=settings.page_size,
            overlay=settings.templates,
            offline=settings.offline,
        ),
        documents=Documents(settings.cache_bytes),
        galleys=Galleys(settings.cache_bytes),
        endpoints=endpoints,
        subscriptions=subscriptions,
        courier=courier,
        fetches=fetches,
        audiences=Audiences(
            store, fanout, fetches, secrets.token_hex(8), shared=not settings.store.startswith("sqlite:")
        ),
        previews=Previews(outside, shelf, private=_private(settings), line=settings.headline_chars),
    )
    async with contextlib.AsyncExitStack() as closing:
        closing.push_async_callback(store.aclose)
        closing.callback(rooms.logins.close)
        await store.start(listeners, whispers.hear)
        await rooms.media.start()
        closing.push_async_callback(rooms.media.aclose)
        closing.push_async_callback(rooms.documents.aclose)
        await fanout.start()
        closing.push_async_callback(fanout.aclose)
        await chores.sync(rooms)
        tasks = [
            asyncio.create_task(chores.keep_synced(rooms), name="keep synced"),
            asyncio.create_task(chores.release_for_ever(rooms), name="release"),
            asyncio.create_task(chores.end_for_ever(rooms), name="end"),
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
    if view is View.HINTS:
        return frames.hint(event.kind, event.position)
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
    newest = max(settings.feed_items, NEWEST)
    return Limits(
        updates=max(2 * settings.page_size, newest),
        breaking=newest,
        recent=CHANGES * max(settings.feed_items, settings.feed_most_items),
    )


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


async def _part_when_draining(request: web.Request, response: web.StreamResponse) -> None:
    # A kept connection would bring its next request here, to be cut: without it the client finds another
    # server.
    if request.app[ROOMS].draining:
        response.force_close()
        response.headers["Connection"] = "close"
