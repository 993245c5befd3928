"""What is filed under the rubrics that are asked for, kept in memory for as long as it is true.

Theory of operation
    Updates of many coverages stand under one rubric, most of them in coverages that no process follows. So
    what is kept is not folded from events: each time, the store is asked for the rubric's stamp, a single
    small read, and for the updates only when the stamp is another one. What was kept answers while the store
    is away.

Invariants
    - A filing equals what the store held at the moment of the call.
    - Names that nothing is filed under are never kept: made-up ones cost no memory.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from weakref import WeakValueDictionary

from livefeed.rubrics import Rubric
from livefeed.store import Filing, Store, StoreAway

KEPT = 50  # rubrics in memory: some 200 kB each


class Filings:
    """Finds the newest `limit` updates of a rubric."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._locks: WeakValueDictionary[Rubric, asyncio.Lock] = WeakValueDictionary()
        self._kept: OrderedDict[Rubric, Filing] = OrderedDict()

    async def filing(self, rubric: Rubric) -> Filing | None:
        """What is filed under `rubric`; None when nothing ever was. Raises `StoreAway` when it is not in
        memory and cannot be read."""
        # One at a time: those who wait for a change to be read find it read.
        lock = self._locks.setdefault(rubric, asyncio.Lock())
        async with lock:
            return await self._filing(rubric)

    async def _filing(self, rubric: Rubric) -> Filing | None:
        kept = self._kept.get(rubric)
        try:
            if kept is None or (await self._store.filed(rubric, 0)).stamp != kept.stamp:
                kept = await self._store.filed(rubric, self._limit)
        except StoreAway:
            if kept is None:
                raise
        if not kept.stamp:
            self._kept.pop(rubric, None)
            return None
        self._kept[rubric] = kept
        self._kept.move_to_end(rubric)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return kept
