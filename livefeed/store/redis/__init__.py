"""The fleet's store: an ordered log, projections and records in one Redis primary.

Theory of operation
    A channel's log is a hash from offset to event. One Lua script commits a batch: it checks, numbers, keeps,
    indexes and announces with nothing in between, and Redis has synced its append-only file before it sends
    the reply or the announcement. Reads of several keys are scripts too, so each is one moment.

    The `meta` hash says which run of the server the epoch was judged for. A script that finds another run, or
    no epoch at all, does nothing and says so; then the server is judged (`judge`) and asked again. Judging
    keeps the epoch only if both runs kept what they acknowledged (`persistence`); otherwise the log may have
    gone backwards, and a new epoch tells every reader to load anew.

Invariants
    - An offset is never given twice within an epoch.
    - Nothing is answered before it is on disk, unless the operator accepted that weakness by name.
    - Announcements are hints: after every (re)subscription the listener heals from the log (`listener`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from redis.exceptions import ResponseError

from livefeed import metrics
from livefeed.audit import Act, Entry, Search
from livefeed.events import Event
from livefeed.model import Corrected, Coverage, Position, Update
from livefeed.rubrics import Rubric
from livefeed.store import (
    Batch,
    Conflict,
    Filing,
    FirstResult,
    KeyUsed,
    Listener,
    OutcomeUnknown,
    Page,
    Revision,
    StoreAway,
    StoreRefused,
)
from livefeed.store.redis import plan
from livefeed.store.redis.address import Connections, connect
from livefeed.store.redis.judge import Judge
from livefeed.store.redis.listener import WHISPERS, Subscription
from livefeed.store.redis.primary import Primary, Reply
from livefeed.store.redis.records import RedisRecords
from livefeed.store.redis.scripts import script
from livefeed.tasks import cancel
from livefeed.timeline import KEY_EVENTS, Front, Limits, SiteFront

if TYPE_CHECKING:
    from livefeed.settings import Settings

_logger = logging.getLogger(__name__)


class RedisStore:
    """The store on the primary behind `connections`. `accept` names the weaknesses it may have; a write is
    acknowledged when `replicas` have it, too."""

    def __init__(
        self,
        connections: Connections,
        *,
        store_timeout: float,
        write_timeout: float,
        accept: Sequence[str],
        replicas: int = 0,
    ) -> None:
        self._connections = connections
        self._primary = Primary(
            connections.calls,
            store_timeout=store_timeout,
            write_timeout=write_timeout,
            replicas=replicas,
        )
        self._judge = Judge(self._primary, watched=connections.watched, accept=accept)
        self._records = RedisRecords(self._primary)
        self._store_timeout = store_timeout
        self._write_timeout = write_timeout
        self._supervisor: asyncio.Task[None] | None = None
        self._known_epoch = ""
        self._known: dict[str, int] = {}  # channel -> newest offset that this process was given

    @classmethod
    def from_settings(cls, settings: Settings) -> RedisStore:
        """The store that `settings.store` names. Raises `StoreRefused` for an address that cannot be read."""
        return cls(
            connect(settings.store, settings.store_timeout),
            store_timeout=settings.store_timeout,
            write_timeout=settings.write_timeout,
            accept=settings.accept,
            replicas=settings.replicas,
        )

    @property
    def away(self) -> bool:
        return self._primary.away

    @property
    def records(self) -> RedisRecords:
        return self._records

    async def start(
        self, listener: Listener | None = None, hear: Callable[[str], None] | None = None
    ) -> None:
        """Judge the server and begin to announce to `listener`.

        A server out of reach is no error: the store begins away and heals when it comes. Raises
        `StoreRefused` for one that is there and unfit.
        """
        subscription = Subscription(self._connections.news, self._primary, listener, hear, self._judge.epoch)
        try:
            await self._judge.epoch()
            for complaint in await self._uncopied():
                _logger.warning("%s", complaint)
        except StoreAway as error:
            self._primary.set_away(True, error)
        except StoreRefused:
            await self.aclose()
            raise
        except ResponseError as error:  # such as a user without the right to run scripts
            await self.aclose()
            raise StoreRefused(f"Redis does not do what a store needs: {error}") from error
        self._supervisor = asyncio.create_task(subscription.keep(), name="livefeed-redis-subscription")
        if not self.away:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._store_timeout):
                    await subscription.confirmed.wait()

    async def aclose(self) -> None:
        """Stop listening and close every connection."""
        if self._supervisor:
            await cancel([self._supervisor])
            self._supervisor = None
        await self._connections.aclose()

    async def whisper(self, message: str) -> None:
        """Published and never written: no append-only file has it, so nothing waits for a disk."""
        await self._primary.ask("PUBLISH", WHISPERS, message)

    async def now(self) -> datetime:
        """The server's clock."""
        seconds, micros = await self._primary.ask("TIME")
        return plan.moment(int(seconds) * 1_000_000 + int(micros))

    async def append(self, batch: Batch) -> tuple[Event, ...]:
        """Commit a batch and announce it; see `livefeed.store.Store`."""
        deadline = asyncio.get_running_loop().time() + self._write_timeout
        with metrics.APPEND_SECONDS.time():
            while True:
                written = plan.arguments(batch, self._known_epoch, self._known)
                reply = await self._primary.write(script("append"), *written, deadline=deadline)
                match reply:
                    case ["ok", epoch, numbers]:
                        events = plan.appended(batch, epoch, numbers)
                        self._remember(epoch, events)
                        return events
                    case ["used", first]:
                        raise KeyUsed(plan.first_result(first))
                    case ["conflict", subject]:
                        raise Conflict(subject)
                # The log is not what was known of it; nothing was changed. Judge, then try again.
                instead_of = reply[1] if reply[0] == "behind" else ""
                try:
                    async with asyncio.timeout_at(deadline):
                        await self._judge.epoch(instead_of)
                except TimeoutError:
                    raise StoreAway("Redis could not be judged in time; nothing was changed") from None

    async def first_result(self, scope: str) -> FirstResult | None:
        entry = await self._primary.ask_acknowledged("HGET", "{livefeed}:keys", scope)
        return plan.first_result(entry) if entry else None

    async def read(self, channel: str, after: int, limit: int, max_bytes: int = 1 << 20) -> Page:
        return await self._page(channel, after, limit, max_bytes)

    async def recent(self, channel: str, limit: int) -> Page:
        return await self._page(channel, "", limit, 1 << 62)

    async def tops(self, channels: Sequence[str]) -> tuple[str, dict[str, int]]:
        epoch, *tops = await self._view("tops", *channels)
        return epoch, dict(zip(channels, tops, strict=True))

    async def begin_epoch(self, instead_of: str) -> str:
        """Start a new epoch if `instead_of` is still the current one; the current epoch afterwards. Offsets
        go on from where they are, and every listener is told to heal."""
        return await self._judge.epoch(instead_of, knock=False)

    async def coverage(self, slug: str) -> Coverage | None:
        epoch, entry = await self._view("states", "coverage", slug)
        return plan.coverage(epoch, entry) if entry else None

    async def update(self, id: str) -> Update | None:
        epoch, entry = await self._view("states", "update", id)
        return plan.update(epoch, entry) if entry else None

    async def front(self, slug: str, limits: Limits) -> Front | None:
        epoch, top, *found = await self._view("front", slug, limits.updates, KEY_EVENTS, limits.breaking)
        if not found:
            return None
        coverage, total, pinned_id, newest, key_events, breaking, flat = found
        entries = zip(flat[::2], flat[1::2], strict=True)
        states = {id: plan.update(epoch, entry) for id, entry in entries if entry}
        return Front(
            position=Position(epoch, top),
            coverage=plan.coverage(epoch, coverage),
            updates=tuple(states[id] for id in newest),
            pinned=states.get(pinned_id),
            key_events=tuple(states[id] for id in key_events),
            breaking=tuple(states[id] for id in breaking),
            total=total,
        )

    async def site(self, breaking_limit: int) -> SiteFront:
        epoch, top, coverages, ranks, updates = await self._view("site", breaking_limit)
        return SiteFront(
            position=Position(epoch, top),
            coverages=tuple(plan.coverage(epoch, entry) for entry in coverages),
            breaking=tuple(zip(map(int, ranks), plan.updates(epoch, updates), strict=True)),
        )

    async def published_before(self, slug: str, before: int | None, limit: int) -> list[Update]:
        return await self._updates("before", slug, limit, "+inf" if before is None else f"({before}")

    async def retracted(self, slug: str, before: int | None, limit: int) -> list[Update]:
        return await self._updates("retracted", slug, limit, "+inf" if before is None else f"({before}")

    async def published_range(self, slug: str, first: int, last: int) -> list[Update]:
        if last < 1:
            return []  # Redis counts negative places from the end
        return await self._updates("range", slug, max(first, 1) - 1, last - 1)

    async def ordinal(self, slug: str, id: str) -> int | None:
        before = await self._primary.ask("ZRANK", f"{{livefeed}}:published:{slug}", id)
        return None if before is None else int(before) + 1

    async def filed(self, rubric: Rubric, newest: int, *, changed: int = 0, after: int = 0) -> Filing:
        epoch, changes, moves, *lists = await self._view("filed", rubric.key, newest, changed, after)
        if not changes:
            return Filing("")
        return Filing(str(Position(epoch, changes)), moves, *(plan.ranked(epoch, found) for found in lists))

    async def corrections(
        self, slug: str, before: tuple[datetime, str] | None, limit: int
    ) -> list[Corrected]:
        at, id = (plan.microseconds(before[0]), before[1]) if before else ("+inf", "")
        epoch, *found = await self._view("corrections", slug, at, id, limit)
        return plan.corrected(epoch, found)

    async def unpublished(self, slug: str, *, limit: int) -> list[Update]:
        return await self._updates("unpublished", slug, limit)

    async def due(self, now: datetime, limit: int) -> list[Update]:
        return await self._updates("due", plan.microseconds(now), limit)

    async def revisions(self, id: str) -> list[Revision]:
        entries = await self._primary.ask("LRANGE", f"{{livefeed}}:revisions:{id}", 0, -1)
        return [plan.revision(entry) for entry in entries]

    async def media_withdrawn(self, media_id: str) -> bool:
        return bool(await self._primary.evaluate(script("withdrawn"), media_id))

    async def note(self, act: Act) -> None:
        await self._primary.write(script("note"), *plan.note_arguments(act))

    async def acts(
        self, search: Search, *, limit: int, before: int | None = None, after: int | None = None
    ) -> list[Entry]:
        # One index is read, and what else is asked for is picked from it.
        index = (
            f"acts_of:{search.coverage}" if search.coverage else f"acts_by:{search.by}" if search.by else ""
        )
        least, most = (after or 0) + 1, (1 << 52) if before is None else before - 1
        found: list[Entry] = []
        while len(found) < limit and least <= most:
            flat = await self._primary.evaluate(script("acts"), index, least, most, int(after is None), limit)
            entries = [plan.entry(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
            found += [entry for entry in entries if search.finds(entry.act)]
            if len(entries) < limit:
                break
            least, most = (least, entries[-1].number - 1) if after is None else (entries[-1].number + 1, most)
        return found[:limit]

    async def check(self) -> list[str]:
        """What is wrong with the server's persistence, accepted or not, and with its replicas."""
        found = [weakness.sentence for weakness in await self._judge.weaknesses(knock=False)]
        return found + await self._uncopied()

    async def _uncopied(self) -> list[str]:
        """Why writes would not be acknowledged now, though the primary takes them."""
        try:
            await self._primary.ask_acknowledged("PING")
        except OutcomeUnknown as unknown:
            return [f"writes are not acknowledged: {unknown}"]
        return []

    async def _page(self, channel: str, after: int | str, limit: int, max_bytes: int) -> Page:
        epoch, top, started, *entries = await self._view("read", channel, after, limit, max_bytes)
        events = (
            plan.event(channel, epoch, offset, entry) for offset, entry in enumerate(entries, started + 1)
        )
        return Page(epoch, top, tuple(events))

    async def _updates(self, *way: str | int) -> list[Update]:
        epoch, *entries = await self._view("states", *way)
        return plan.updates(epoch, entries)

    async def _view(self, name: str, *arguments: str | int) -> list[Reply]:
        """The reply of a script that begins with the epoch."""
        for _ in range(2):
            reply: list[Reply] = await self._primary.evaluate(script(name), *arguments)
            if reply[0]:
                return reply
            await self._judge.epoch()
        raise StoreAway("Redis was started again, or emptied, twice during one call")

    def _remember(self, epoch: str, events: Sequence[Event]) -> None:
        if epoch != self._known_epoch:
            self._known_epoch, self._known = epoch, {}
        for event in events:
            self._known[event.channel] = max(event.offset, self._known.get(event.channel, 0))
