"""What a server does by itself, beside answering: keep in memory what readers ask for first, publish what is
due, close what fell silent, archive what ended long ago.

Every process of a fleet does all of it; the store lets one of them win. Nothing here ends but by being
cancelled: with the store away, each waits for its return.
"""

from __future__ import annotations

import asyncio

import structlog

from livefeed import metrics
from livefeed.site import same_media, site_secret
from livefeed.store import StoreError, StoreRefused
from livefeed.web.rooms import Rooms

log = structlog.get_logger()

WARM_INTERVAL = 1.0  # seconds until a lost front is looked for again
ENDS_INTERVAL = 30.0  # seconds until silent and ended coverages are looked for again


async def sync(rooms: Rooms) -> None:
    """Agree with the store on the site's secret and pictures, and load what readers ask for first. With the
    store away nothing of this can be known yet: `keep_synced` does it later."""
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


async def keep_synced(rooms: Rooms) -> None:
    """Load what should be in memory, again whenever it was lost: a new epoch, a store that was away."""
    while True:
        await asyncio.sleep(WARM_INTERVAL)
        metrics.STORE_AWAY.set(rooms.store.away)
        try:
            if rooms.synced:
                await rooms.fronts.warm()
            else:
                await sync(rooms)
        except StoreRefused as reason:
            log.error("not this store", reason=str(reason))  # noqa: TRY400 - the sentence says it all
        except StoreError:
            continue


async def release_for_ever(rooms: Rooms) -> None:
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


async def end_for_ever(rooms: Rooms) -> None:
    """Close coverages that ended without a word, and archive those that ended long ago."""
    close_after, archive_after = rooms.settings.close_after, rooms.settings.archive_after
    times = [seconds for seconds in (close_after, archive_after) if seconds]
    while times:
        await asyncio.sleep(min(ENDS_INTERVAL, min(times) / 10))
        try:
            for coverage in await rooms.newsroom.close_silent(close_after):
                log.info("closed after silence", coverage=coverage.slug)
            for coverage in await rooms.newsroom.archive_ended(archive_after):
                log.info("archived", coverage=coverage.slug)
        except StoreError:
            continue
