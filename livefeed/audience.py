"""Who is reading now, in the whole fleet.

Each process counts its own open pages, and how often feeds were fetched from it lately. In a fleet it files
the counts as a record that ends by itself, as often as `INTERVAL` says and soon after an update has reached
everybody, so that any process can add up all of them; a process that died is forgotten within `KEPT_FOR`.
Nothing is counted but connections and fetches: no address, no cookie, no person.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from livefeed.events import live_channel
from livefeed.fanout import Arrival, Channel, Fanout
from livefeed.fetches import NEVER, WINDOW, Fetched, Fetches
from livefeed.frames import Wire
from livefeed.store import Store, StoreError

INTERVAL = 3.0  # seconds
SHORTEST_INTERVAL = 0.25  # seconds; a burst of updates is told of once
KEPT_FOR = timedelta(seconds=10)
KIND = "readers"
FEEDS = "feeds"  # beside the names of channels in what is filed
MINUTES = "minutes"  # in which those were counted, where it is not an hour


@dataclass(frozen=True, slots=True)
class Audience:
    """Open pages of one coverage: connected by WebSocket, by SSE, or waiting for the answer to a poll; how
    many of them were written everything that the log has; the newest update that all of them have, with how
    long that took; and fetches of its feeds, and of the site's breaking ones, in the last `minutes` that
    every process has counted. The desk's own pages are none of them."""

    websocket: int = 0
    sse: int = 0
    polling: int = 0
    reached: int = 0
    arrival: Arrival | None = None
    feeds: Fetched = NEVER
    site_feeds: Fetched = NEVER
    minutes: int = WINDOW

    @property
    def readers(self) -> int:
        """Those who poll are known while they wait; who asks now and then is not counted."""
        return self.websocket + self.sse + self.polling

    def __add__(self, other: Audience) -> Audience:
        return Audience(
            self.websocket + other.websocket,
            self.sse + other.sse,
            self.polling + other.polling,
            self.reached + other.reached,
            _slowest(self.arrival, other.arrival),
            self.feeds + other.feeds,
            self.site_feeds + other.site_feeds,
            min(self.minutes, other.minutes),
        )


class Audiences:
    """The audience of each coverage. `process` names this process in a fleet; `shared` says that there may be
    others."""

    def __init__(self, store: Store, fanout: Fanout, fetches: Fetches, process: str, *, shared: bool) -> None:
        self._store = store
        self._fanout = fanout
        self._fetches = fetches
        self._process = process
        self._shared = shared
        self._ahead = 0.0  # seconds by which the store's clock, which dates updates, is ahead of ours

    async def of(self, slug: str) -> Audience:
        """The audience of a coverage. Raises `StoreAway`."""
        channel = live_channel(slug)
        epoch, tops = await self._store.tops([channel])
        newest = f"{epoch}-{tops.get(channel, 0)}"
        filed = await self._filed_by_others()
        feeds, site_feeds = self._fetched(slug, filed), self._fetched("", filed)
        minutes = min((counts.get(MINUTES, WINDOW) for counts in filed), default=WINDOW)
        total = Audience(feeds=feeds, site_feeds=site_feeds, minutes=min(minutes, self._fetches.minutes))
        for position, audience in self._everywhere(channel, filed):
            # Who has all that its process knew of may lack what another one has just published.
            total += audience if position == newest else replace(audience, reached=0)
        return total

    async def file_for_ever(self) -> None:
        """Keep this process's counts known to the others."""
        filed = False
        while self._shared:
            try:
                counts: dict[str, object] = {
                    channel.name: _filed(channel, self._counted(channel)) for channel in self._followed()
                }
                if fetched := {owner: astuple(self._fetches.of(owner)) for owner in self._fetches.owners()}:
                    counts[FEEDS] = fetched
                # What a process before this one counted is lost: told even by one that nobody has asked yet.
                if (minutes := self._fetches.minutes) < WINDOW:
                    counts[MINUTES] = minutes
                if counts or filed:
                    before = datetime.now(UTC)
                    now = await self._store.now()
                    self._ahead = (now - before).total_seconds()
                    value = json.dumps(counts)
                    await self._store.records.put(KIND, self._process, value, expires_at=now + KEPT_FOR)
                filed = bool(counts)
            except StoreError:
                pass  # the others will think that nobody reads here, and be told again
            await asyncio.sleep(SHORTEST_INTERVAL)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL - SHORTEST_INTERVAL):
                    await self._fanout.arrived.wait()
            self._fanout.arrived.clear()

    async def _filed_by_others(self) -> list[dict[str, Any]]:
        if not self._shared:
            return []
        # What this process filed itself is older than what is counted here.
        records = await self._store.records.all(KIND)
        return [json.loads(record.value) for record in records if record.name != self._process]

    def _fetched(self, owner: str, filed: list[dict[str, Any]]) -> Fetched:
        """What all processes together were asked for lately."""
        others = (Fetched(*counts[FEEDS].get(owner, ())) for counts in filed if FEEDS in counts)
        return sum(others, start=self._fetches.of(owner))

    def _everywhere(self, name: str, filed: list[dict[str, Any]]) -> list[tuple[str, Audience]]:
        """What each process counts in a channel, and the position up to which it knows the log."""
        found = [
            (str(channel.tail.position), self._counted(channel))
            for channel in self._followed()
            if channel.name == name
        ]
        for counts in filed:
            if name in counts:
                position, websocket, sse, polling, reached, arrival = counts[name]
                arrived = Arrival(*arrival) if arrival else None
                found.append((position, Audience(websocket, sse, polling, reached, arrived)))
        return found

    def _followed(self) -> list[Channel]:
        return list(self._fanout.followed())

    def _counted(self, channel: Channel) -> Audience:
        top, waiting = channel.tail.top, channel.waiting
        readers = [reader for reader in channel.readers if reader.counted]
        sse = Counter(reader.form.wire for reader in readers)[Wire.SSE]
        reached = sum(reader.offset == top and not reader.draining for reader in readers)
        arrival = channel.arrivals.latest
        if arrival is not None:
            arrival = replace(arrival, seconds=max(0.0, arrival.seconds + self._ahead))
        return Audience(len(readers) - sse, sse, waiting, reached + waiting, arrival)


def _slowest(one: Arrival | None, other: Arrival | None) -> Arrival | None:
    """The newest of two arrivals; of the same publication, the one that took longer."""
    return max(
        filter(None, (one, other)), key=lambda arrival: (arrival.offset, arrival.seconds), default=None
    )


def _filed(channel: Channel, counted: Audience) -> list[object]:
    arrival = counted.arrival
    return [
        str(channel.tail.position),
        counted.websocket,
        counted.sse,
        counted.polling,
        counted.reached,
        arrival and [arrival.offset, arrival.seconds],
    ]
