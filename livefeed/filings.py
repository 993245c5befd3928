"""What is filed under the rubrics that are asked for, kept in memory for as long as it is true.

Theory of operation
    Updates of many coverages stand under one rubric, most of them in coverages that no process follows. So
    what is kept is not folded from events: each time, the store is asked for what changed there since, a
    single small read, and for everything only when something left the rubric. What was kept answers while the
    store is away.

Invariants
    - A filing has the newest updates of a rubric, and all that was published or changed there in the last
      two days, as the store held them at the moment of the call.
    - Names that nothing is filed under are never kept: made-up ones cost no memory.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from weakref import WeakValueDictionary

from livefeed.model import Position, Update
from livefeed.recent import SPAN, changed_at
from livefeed.rubrics import Rubric
from livefeed.store import Filing, Store, StoreAway

KEPT = 50  # rubrics in memory
KEPT_UPDATES = 20_000  # in all of them, some 4 kB each
NEWEST = 200  # updates of each, however old they are
BLOCK = 200  # of the last changes, read at once: more than come between two requests, or in two quiet days


@dataclass(frozen=True, slots=True)
class _Kept:
    stamp: str
    moves: int
    ranked: dict[int, Update]  # by rank, the highest first
    updates: tuple[Update, ...]


class Filings:
    """Finds what a rubric's feeds show: `most` recent updates at most."""

    def __init__(
        self, store: Store, most: int, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._most = most
        self._clock = clock
        self._locks: WeakValueDictionary[Rubric, asyncio.Lock] = WeakValueDictionary()
        self._kept: OrderedDict[Rubric, _Kept] = OrderedDict()

    async def filed(self, rubric: Rubric) -> tuple[Update, ...] | None:
        """What is filed under `rubric`, newest first; None when nothing ever was. Raises `StoreAway` when it
        is not in memory and cannot be read."""
        # One at a time: those who wait for a change to be read find it read.
        lock = self._locks.setdefault(rubric, asyncio.Lock())
        async with lock:
            return await self._filed(rubric)

    async def _filed(self, rubric: Rubric) -> tuple[Update, ...] | None:
        kept = self._kept.get(rubric)
        try:
            kept = await self._read(rubric, kept)
        except StoreAway:
            if kept is None:
                raise
        if kept is None:
            self._kept.pop(rubric, None)
            return None
        self._kept[rubric] = kept
        self._kept.move_to_end(rubric)
        while len(self._kept) > 1 and self._too_many():
            self._kept.popitem(last=False)
        return kept.updates

    async def _read(self, rubric: Rubric, kept: _Kept | None) -> _Kept | None:
        """What is filed now, made of what was `kept` and of what changed since if nothing left."""
        known = Position.parse(kept.stamp) if kept else None
        if kept and known:
            found = await self._store.filed(rubric, 0, changed=BLOCK, after=known.offset)
            if found.stamp == kept.stamp:
                return kept
            position = Position.parse(found.stamp)
            grown = position is not None and position.epoch == known.epoch
            if grown and found.moves == kept.moves and len(found.changed) < BLOCK:
                return self._merged(found, kept.ranked.items())
        found = await self._store.filed(rubric, NEWEST, changed=BLOCK)
        if not found.stamp:
            return None
        if len(found.changed) == BLOCK and any(self._recent(update) for _, update in found.changed):
            found = await self._store.filed(rubric, NEWEST, changed=self._most)
        return self._merged(found, ())

    def _merged(self, found: Filing, former: Iterable[tuple[int, Update]]) -> _Kept:
        states = dict(chain(former, found.newest, found.changed))
        ranks = sorted(states, reverse=True)
        ranked = {
            rank: states[rank]
            for place, rank in enumerate(ranks)
            if place < NEWEST or self._recent(states[rank])
        }
        return _Kept(found.stamp, found.moves, ranked, tuple(ranked.values()))

    def _recent(self, update: Update) -> bool:
        return changed_at(update) > self._clock() - SPAN

    def _too_many(self) -> bool:
        return len(self._kept) > KEPT or sum(len(kept.updates) for kept in self._kept.values()) > KEPT_UPDATES
