"""Telling an external WebSub hub which topics changed (hub.mode=publish)."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from livefeed import metrics
from livefeed.courier.lease import Lease
from livefeed.courier.outside import Outside
from livefeed.courier.progress import Ledger, Progress, pause_after, pause_left
from livefeed.events import live_channel
from livefeed.store import Store

LONGEST_PAUSE = 600.0  # seconds
NAME = "external-hub"


class Pings:
    """The source of the one round that there is with an external hub, and the round itself.

    `topics` gives the addresses of the feeds that a coverage's changes show in.
    """

    def __init__(
        self,
        hub: str,
        store: Store,
        outside: Outside,
        lease: Lease,
        *,
        slugs: Callable[[], Awaitable[Sequence[str]]],
        topics: Callable[[str], Sequence[str]],
        first_pause: float,
    ) -> None:
        self._hub = hub
        self._store = store
        self._outside = outside
        self._lease = lease
        self._slugs = slugs
        self._topics = topics
        self._first_pause = first_pause
        self._ledger = Ledger(store.records, NAME)

    async def rounds(self) -> Mapping[str, Callable[[], Pings]]:
        """See `Source`."""
        return {NAME: lambda: self}

    async def run(self) -> float | None:
        """See `Round`. However many changes there were, a coverage is named once."""
        await self._ledger.load()
        slugs = await self._slugs()
        epoch, tops = await self._store.tops([live_channel(slug) for slug in slugs])
        now = await self._store.now()
        for slug in slugs:
            channel = live_channel(slug)
            top = tops.get(channel, 0)
            noted = self._ledger.find(channel) or Progress(epoch, 0)
            if left := pause_left(noted.retry_at, now, LONGEST_PAUSE):
                return left
            if (noted.epoch, noted.offset) == (epoch, top):
                continue
            self._lease.require()
            body = urlencode({"hub.mode": "publish", "hub.url": self._topics(slug)}, doseq=True)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await self._outside.post(self._hub, body.encode(), headers)
            metrics.OUTSIDE.labels("ping", "accepted" if answer.accepted else "failed").inc()
            if answer.accepted:
                await self._ledger.note(channel, replace(noted, epoch=epoch).told(top, now))
                continue
            failures = noted.failures + 1
            chance = random.random()  # noqa: S311 - spreads load, hides nothing
            pause = pause_after(failures, self._first_pause, LONGEST_PAUSE, chance)
            await self._ledger.note(channel, noted.failed(answer.sentence, now + pause))
            return pause.total_seconds()
        return None
