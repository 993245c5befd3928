"""A small desk that builds states and batches by hand, as a newsroom would, and somebody who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from redis_server import PATIENCE

from livefeed.events import SITE, Event, Kind, desk_channel, live_channel
from livefeed.model import Correction, Coverage, Retraction, Status, Update
from livefeed.store import Batch, Expected, Fact, Key, Revision, Store

T = TypeVar("T")

NOW = datetime(2020, 11, 22, 14, 15, tzinfo=UTC)


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.heals = 0
        self.whispers: list[str] = []
        self._more = asyncio.Event()

    def receive(self, event: Event) -> None:
        self.events.append(event)
        self._more.set()

    def heal(self) -> None:
        self.heals += 1
        self._more.set()

    def hear(self, message: str) -> None:
        self.whispers.append(message)
        self._more.set()

    async def until(self, count: int) -> list[Event]:
        """The first `count` events, once they are here."""
        return await self._until(self.events, count)

    async def until_whispered(self, count: int) -> list[str]:
        """The first `count` whispers, once they are here."""
        return await self._until(self.whispers, count)

    async def _until(self, what: list[T], count: int) -> list[T]:
        async with asyncio.timeout(PATIENCE):
            while len(what) < count:
                self._more.clear()
                await self._more.wait()
        return what[:count]


class Desk:
    """Writes to one coverage of a store. Methods return the events; `update(id)` reads what is stored."""

    def __init__(self, store: Store, slug: str = "idlib") -> None:
        self.store = store
        self.slug = slug
        self.live = live_channel(slug)
        self.desk = desk_channel(slug)

    async def open(self, **changes: Any) -> tuple[Event, ...]:
        """Open the coverage, or change it."""
        before = await self.store.coverage(self.slug)
        after = replace(before or Coverage(self.slug, "التغطية الحية"), **changes)
        version = before.version if before else 0
        return await self.store.append(
            Batch(
                facts=(Fact(self.live, Kind.COVERAGE, after), Fact(SITE, Kind.COVERAGE, after)),
                coverages=(after,),
                expected=(Expected(f"coverage:{self.slug}", version),),
            )
        )

    async def publish(self, id: str, *, key: Key | None = None, **fields: Any) -> tuple[Event, ...]:
        before = await self.store.update(id)
        after = replace(before or self.new(id), status=Status.PUBLISHED, **{"published_at": NOW, **fields})
        return await self._change(Kind.PUBLISHED, before, after, key=key)

    async def draft(self, id: str, status: Status = Status.DRAFT, **fields: Any) -> tuple[Event, ...]:
        kinds = {
            Status.DRAFT: Kind.DRAFTED,
            Status.SUBMITTED: Kind.SUBMITTED,
            Status.SCHEDULED: Kind.SCHEDULED,
        }
        before = await self.store.update(id)
        return await self._change(
            kinds[status], before, replace(before or self.new(id), status=status, **fields)
        )

    async def revise(self, id: str, **fields: Any) -> tuple[Event, ...]:
        before = await self.update(id)
        return await self._change(
            Kind.REVISED, before, replace(before, revision=before.revision + 1, **fields)
        )

    async def correct(self, id: str, note: str, at: datetime, **fields: Any) -> tuple[Event, ...]:
        before = await self.update(id)
        corrections = (*before.corrections, Correction(at, note))
        after = replace(before, revision=before.revision + 1, corrections=corrections, **fields)
        return await self._change(Kind.CORRECTED, before, after)

    async def retract(self, id: str) -> tuple[Event, ...]:
        before = await self.update(id)
        after = before.withdrawn(Retraction(NOW, "سُحب"))
        return await self._change(Kind.RETRACTED, before, after, emptied=True, unpinned=before.pinned)

    async def restore(self, id: str, **fields: Any) -> tuple[Event, ...]:
        before = await self.update(id)
        after = replace(before, status=Status.PUBLISHED, retraction=None, **fields)
        return await self._change(Kind.RESTORED, before, after)

    async def delete(self, id: str) -> tuple[Event, ...]:
        before = await self.update(id)
        return await self.store.append(
            Batch(
                facts=(Fact(self.desk, Kind.DELETED, before.erased()),),
                expected=(Expected(f"update:{id}", before.version),),
                emptied=(before.erased(),),
                deleted=(before,),
            )
        )

    async def pin(self, id: str) -> tuple[Event, ...]:
        """Pin an update instead of the one that is."""
        coverage = await self.store.coverage(self.slug)
        assert coverage is not None
        update = replace(await self.update(id), pinned=True)
        facts = self.facts(Kind.PINNED, update, update)
        updates: tuple[Update, ...] = (update,)
        if coverage.pinned_id not in (None, id):
            old = replace(await self.update(coverage.pinned_id), pinned=False)
            facts = (*self.facts(Kind.UNPINNED, old, old), *facts)
            updates = (old, update)
        return await self.store.append(
            Batch(facts=facts, updates=updates, coverages=(replace(coverage, pinned_id=id),))
        )

    async def unpin(self, id: str) -> tuple[Event, ...]:
        before = await self.update(id)
        return await self._change(Kind.UNPINNED, before, replace(before, pinned=False), unpinned=True)

    async def update(self, id: str) -> Update:
        update = await self.store.update(id)
        assert update is not None, f"{id} is not stored"
        return update

    def new(self, id: str) -> Update:
        return Update(
            id, self.slug, Status.DRAFT, headline=f"عنوان {id}", body=f"<p>نص {id}</p>", author="lina"
        )

    def facts(self, kind: Kind, before: Update | None, after: Update) -> tuple[Fact, ...]:
        """The events of a change, by who may see them."""
        channels = []
        if after.status.public:
            channels.append(self.live)
            if after.on_site:
                channels.append(SITE)
        if not after.status.public or (before and not before.status.public):
            channels.append(self.desk)
        return tuple(Fact(channel, kind, after) for channel in channels)

    async def _change(
        self,
        kind: Kind,
        before: Update | None,
        after: Update,
        *,
        key: Key | None = None,
        emptied: bool = False,
        unpinned: bool = False,
    ) -> tuple[Event, ...]:
        if after.status.public:
            after = replace(after, once_breaking=after.once_breaking or after.breaking)
        coverage = await self.store.coverage(self.slug) if unpinned else None
        return await self.store.append(
            Batch(
                facts=self.facts(kind, before, after),
                updates=(after,),
                coverages=(replace(coverage, pinned_id=None),) if coverage else (),
                expected=(Expected(f"update:{after.id}", before.version if before else 0),),
                revisions=(Revision(after, kind, NOW, "lina"),),
                emptied=(after,) if emptied else (),
                key=key,
                subject=f"update:{after.id}",
            )
        )


def offsets(events: Sequence[Event]) -> list[int]:
    return [event.offset for event in events]


def ids(updates: Sequence[Update]) -> list[str]:
    return [update.id for update in updates]


async def whole(store: Store, channel: str) -> tuple[Event, ...]:
    """Every event of a channel."""
    return (await store.read(channel, 0, 10_000, max_bytes=1 << 30)).events
