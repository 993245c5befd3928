"""A server from its start to its stop.

Order of a start: the rooms (see `app`), then the port. Order of a stop: readiness goes, the port closes,
readers are sent off over the drain window, open requests end, then the rooms close from the top down.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from aiohttp import web

from livefeed.settings import Settings
from livefeed.store import StoreRefused, open_store
from livefeed.web.app import create_app, open_rooms
from livefeed.web.connection import Runner
from livefeed.web.rooms import Rooms
from livefeed.web.sockets import allow_connections

log = structlog.get_logger()

BACKLOG = 4096  # connections the kernel holds while the loop is busy: a herd of readers coming back

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
