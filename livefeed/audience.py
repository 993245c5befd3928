"""Who is reading now, in the whole fleet.

Each process counts its own open connections. In a fleet it files the counts as a record that ends by
itself, as often as `INTERVAL` says, so that any process can add up all of them; a process that died is
forgotten within `KEPT_FOR`. Nothing is counted but connections: no address, no cookie, no person.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from livefeed.events import live_channel
from livefeed.fanout import Fanout
from livefeed.frames import Wire
from livefeed.store import Store, StoreError

INTERVAL = 3.0  # seconds
KEPT_FOR = timedelta(seconds=10)
KIND = "audience"


@dataclass(frozen=True, slots=True)
class Audience:
    """Open connections of one channel: over WebSocket, over SSE, and how many of both were written everything
    that the log has."""

    websocket: int = 0
    sse: int = 0
    reached: int = 0

    @property
    def readers(self) -> int:
        """Those who poll come and go; they are not counted."""
        return self.websocket + self.sse

    def __add__(self, other: Audience) -> Audience:
        return Audience(self.websocket + other.websocket, self.sse + other.sse, self.reached + other.reached)


class Audiences:
    """The audience of each coverage. `process` names this process in a fleet; `shared` says that there may be
    others."""

    def __init__(self, store: Store, fanout: Fanout, process: str, *, shared: bool) -> None:
        self._store = store
        self._fanout = fanout
        self._process = process
        self._shared = shared

    async def of(self, slug: str) -> Audience:
        """The audience of a coverage."""
        found = (await self._everywhere()).get(live_channel(slug))
        return found or Audience()

    async def file_for_ever(self) -> None:
        """Keep this process's counts known to the others."""
        filed: dict[str, Audience] = {}
        while self._shared:
            counts = self._here()
            try:
                if counts or filed:
                    now = await self._store.now()
                    value = json.dumps({name: _numbers(found) for name, found in counts.items()})
                    await self._store.records.put(KIND, self._process, value, expires_at=now + KEPT_FOR)
                filed = counts
            except StoreError:
                pass  # the others will think that nobody reads here, and be told again
            await asyncio.sleep(INTERVAL)

    async def _everywhere(self) -> dict[str, Audience]:
        total = self._here()
        if self._shared:
            for record in await self._store.records.all(KIND):
                if record.name == self._process:
                    continue  # older than what is counted here
                for name, numbers in json.loads(record.value).items():
                    total[name] = total.get(name, Audience()) + Audience(*numbers)
        return total

    def _here(self) -> dict[str, Audience]:
        counts = {}
        for name, top, readers in self._fanout.audience():
            wires = Counter(reader.form.wire for reader in readers)
            reached = sum(reader.offset == top and not reader.draining for reader in readers)
            counts[name] = Audience(len(readers) - wires[Wire.SSE], wires[Wire.SSE], reached)
        return counts


def _numbers(audience: Audience) -> tuple[int, int, int]:
    return audience.websocket, audience.sse, audience.reached
