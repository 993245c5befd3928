"""What pages and feeds are made of, kept in memory and fresh from the log.

Theory of operation
    A coverage's `Front` is read from the store once, then folded forward by the events that its channel
    takes, so a page view costs no read, a page shows an update in the same moment in which it is pushed, and
    what is in memory keeps answering while the store is away. The index and every live coverage are always
    kept; others stay while they were among the last `KEPT` asked for.

Invariants
    - A front at position P equals what the store would answer at P.
    - Fronts are frozen: a renderer in another thread never sees one change.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain, count

from livefeed.events import SITE, Event, Kind, live_channel
from livefeed.fanout import Channel, Fanout
from livefeed.model import Coverage, CoverageStatus, Update
from livefeed.recent import SPAN, Recent, changed_at
from livefeed.store import Store
from livefeed.tail import Tail
from livefeed.timeline import Front, Limits, SiteFront, fold, fold_site

KEPT = 200  # coverages that are not live and stay in memory: about 200 kB each
BLOCK = 500  # events read at once
_withdrawals = count(1)  # never the same twice, not even after a shelf was forgotten and came back


class CoverageShelf:
    """The front of one coverage; follows its channel."""

    def __init__(self, slug: str, limits: Limits, turned: Callable[[], None]) -> None:
        self.slug = slug
        self._turned = turned
        self.front: Front | None = None
        self.recent: Recent | None = None
        self.withdrawals = next(_withdrawals)
        self._limits = limits

    def apply(self, event: Event) -> None:
        """See `Follower`."""
        if event.kind is Kind.RETRACTED:
            self.withdrawals = next(_withdrawals)
        if self.front is not None and event.offset > self.front.position.offset:
            self.front = fold(self.front, event, self._limits)
        if self.recent is not None:
            self.recent.apply(event)
        self._turned()

    def restart(self) -> None:
        """See `Follower`."""
        self.front = None
        self.recent = None
        self.withdrawals = next(_withdrawals)
        self._turned()


class SiteShelf:
    """The front of the index; follows the site's channel."""

    def __init__(self, breaking_limit: int, turned: Callable[[], None]) -> None:
        self._turned = turned
        self.front: SiteFront | None = None
        self.recent: Recent | None = None
        self._breaking_limit = breaking_limit

    def apply(self, event: Event) -> None:
        """See `Follower`."""
        if self.front is not None and event.offset > self.front.position.offset:
            self.front = fold_site(self.front, event, self._breaking_limit)
        if self.recent is not None:
            self.recent.apply(event)
        self._turned()

    def restart(self) -> None:
        """See `Follower`."""
        self.front = None
        self.recent = None
        self._turned()


class Fronts:
    """Finds the front of a coverage, or the site's.

    `turn` grows with every change: what was made of fronts in an earlier turn may be another thing now.
    """

    def __init__(
        self,
        store: Store,
        fanout: Fanout,
        limits: Limits,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._store = store
        self._fanout = fanout
        self._limits = limits
        self.turn = 0
        self._site = SiteShelf(limits.breaking, self._turned)
        self._shelves: OrderedDict[str, CoverageShelf] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self._coverages: dict[str, Coverage] = {}
        self._coverages_of: SiteFront | None = None

    async def warm(self) -> None:
        """Load the index and every live coverage. Raises `StoreAway`."""
        site = await self.site()
        for coverage in site.coverages:
            if coverage.status is CoverageStatus.LIVE:
                await self.front(coverage.slug)

    async def site(self) -> SiteFront:
        """The index. Raises `StoreAway` when it is not in memory."""
        if self._site.front is not None:
            return self._site.front
        async with self._lock(SITE):
            if self._site.front is None:
                await self._load_site()
        return self._site.front or await self._store.site(self._limits.breaking)

    async def front(self, slug: str) -> Front | None:
        """A coverage's front, None when there is no such coverage. Raises `StoreAway` when it is not in
        memory and cannot be read."""
        shelf = self._shelves.get(slug)
        if shelf is not None and shelf.front is not None:
            self._shelves.move_to_end(slug)
            return shelf.front
        if slug not in await self.known():
            return None
        async with self._lock(slug):
            shelf = self._shelves.get(slug)
            if shelf is None or shelf.front is None:
                return await self._load(slug, shelf)
            return shelf.front

    async def known(self) -> dict[str, Coverage]:
        """Every coverage by slug. Raises `StoreAway`."""
        site = await self.site()
        if site is not self._coverages_of:
            self._coverages = {coverage.slug: coverage for coverage in site.coverages}
            self._coverages_of = site
        return self._coverages

    def coverage(self, slug: str) -> Coverage:
        """The coverage as it was last seen, for rendering its updates; a bare one before it was seen."""
        shelf = self._shelves.get(slug)
        if shelf is not None and shelf.front is not None:
            return shelf.front.coverage
        return self._coverages.get(slug) or Coverage(slug, slug)

    def recent(self, slug: str | None, now: datetime) -> tuple[Update, ...]:
        """What of a coverage (None: of what is or was breaking on the site) was published or changed in the
        last two days before `now`, the last published first. Of the same moment as the front that was asked
        for last."""
        shelf = self._site if slug is None else self._shelves.get(slug)
        return shelf.recent.updates(now) if shelf is not None and shelf.recent is not None else ()

    def withdrawals(self, slug: str) -> int:
        """A number that changes whenever something of the coverage is retracted, or may have been unseen.

        What was rendered under another one may show what was withdrawn, and must not be shown again.
        """
        shelf = self._shelves.get(slug)
        return shelf.withdrawals if shelf is not None else 0

    def in_memory(self) -> dict[str, Front]:
        """The fronts that need no read, by slug."""
        return {slug: shelf.front for slug, shelf in self._shelves.items() if shelf.front is not None}

    async def _load_site(self) -> None:
        channel = await self._fanout.open(SITE)
        recent = self._site.recent or await self._read_recent(channel)
        front = await self._store.site(self._limits.breaking)
        if front.position.epoch != channel.tail.epoch:
            await channel.heal()
            recent = await self._read_recent(channel)
            front = await self._store.site(self._limits.breaking)
        # From here to the end nothing is awaited: no event can slip in between.
        folded: SiteFront | None = front
        for entry in channel.tail.entries_after(front.position.offset) or ():
            folded = folded and fold_site(folded, entry.event, self._limits.breaking)
        self._site.recent = _continued(recent, channel.tail)
        self._site.front = folded if self._site.recent is not None else None
        self._turned()
        if self._site not in channel.followers:
            channel.followers.append(self._site)

    async def _load(self, slug: str, shelf: CoverageShelf | None) -> Front | None:
        channel = await self._fanout.open(live_channel(slug))
        recent = (shelf and shelf.recent) or await self._read_recent(channel)
        front = await self._store.front(slug, self._limits)
        if front is not None and front.position.epoch != channel.tail.epoch:
            await channel.heal()
            recent = await self._read_recent(channel)
            front = await self._store.front(slug, self._limits)
        if front is None:
            return None
        if shelf is None:
            shelf = CoverageShelf(slug, self._limits, self._turned)
        # From here to the end nothing is awaited: no event can slip in between.
        folded: Front | None = front
        for entry in channel.tail.entries_after(front.position.offset) or ():
            folded = folded and fold(folded, entry.event, self._limits)
        shelf.recent = _continued(recent, channel.tail)
        shelf.front = folded if shelf.recent is not None else None
        if shelf not in channel.followers:
            channel.followers.append(shelf)
        self._shelves[slug] = shelf
        self._shelves.move_to_end(slug)
        self._forget_some()
        self._turned()
        return folded or front

    async def _read_recent(self, channel: Channel) -> Recent:
        """What the log holds of the last two days, read backwards from the tail, which has it nearly
        always."""
        tail, begin = channel.tail, self._clock() - SPAN
        blocks = [[entry.event for entry in tail.entries_after(tail.first - 1) or ()]]
        end, floor = tail.first - 1, max(0, tail.top - self._limits.recent)
        while end > floor and any(event.update and changed_at(event.update) > begin for event in blocks[-1]):
            begins, block = max(floor, end - BLOCK), list[Event]()
            while begins + len(block) < end:
                after = begins + len(block)
                page = await self._store.read(channel.name, after, end - after)
                if page.epoch != tail.epoch or not page.events:
                    return Recent(page.epoch, (), self._limits.recent)  # another life of the log
                block += page.events
            blocks.append(block)
            end = begins
        return Recent(tail.epoch, chain.from_iterable(reversed(blocks)), self._limits.recent)

    def _forget_some(self) -> None:
        """Let go of the coverages that were not asked for the longest, but never of live ones: they must
        answer while the store is away."""
        spare = [
            slug
            for slug, shelf in self._shelves.items()
            if shelf.front is None or shelf.front.coverage.status is not CoverageStatus.LIVE
        ]
        for slug in spare[: max(0, len(spare) - KEPT)]:
            self._fanout.unfollow(live_channel(slug), self._shelves.pop(slug))
            self._locks.pop(slug, None)

    def _turned(self) -> None:
        self.turn += 1

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


def _continued(recent: Recent, tail: Tail) -> Recent | None:
    """`recent` at the top of the tail; None when the two have no moment in common any more: then both are
    read anew for the next who asks."""
    missed = tail.entries_after(recent.position.offset) if recent.position.epoch == tail.epoch else None
    for entry in missed or ():
        recent.apply(entry.event)
    return None if missed is None else recent
