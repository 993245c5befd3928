"""What the newsroom does when its time has come, without anybody asking."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from livefeed.model import Coverage, CoverageStatus, Update, utc
from livefeed.newsroom import decisions
from livefeed.newsroom.deeds import told
from livefeed.newsroom.refusals import Refused
from livefeed.newsroom.silence import archived_from, closes_at, warned_from
from livefeed.newsroom.writer import Writer
from livefeed.store import Conflict, Key

log = structlog.get_logger()

DUE_AT_ONCE = 50
SHORTEST_PAUSE = 0.05  # seconds


class Rounds(Writer):
    """Releases what is due, closes what fell silent, and archives what ended long ago.

    Any number of processes may go the rounds: what is appended expects the state that was seen, so one of
    them does it and the others find it done.
    """

    async def release_due(self) -> list[Update]:
        """Publish scheduled updates whose time has come. Any number of processes may call this: a release
        expects the schedule it saw, so one of them does it and the others find it done. What falls due in a
        closed coverage becomes a draft again: the desk sees it, and it holds up no other."""
        now = await self._store.now()
        released = []
        for update in await self._store.due(now, DUE_AT_ONCE):
            try:
                coverage = await self.coverage(update.coverage)
                if coverage.status is CoverageStatus.CLOSED:
                    key = Key(f"missed:{update.id}:{update.revision}:{update.publish_at}", "")
                    batch = decisions.missed(update, at=now)
                    await self._append(told(batch, coverage.slug, by=None, deed="miss"), key)
                    continue
                key = Key(f"release:{update.id}:{update.revision}", "")
                batch = decisions.published(update, coverage, at=now, by="")
                written = await self._append(told(batch, coverage.slug, by=None, deed="release"), key)
            except (Refused, Conflict) as reason:
                log.info("a scheduled update was not released", update=update.id, reason=str(reason))
                continue
            if isinstance(written.state, Update) and not written.replayed:
                released.append(written.state)
        return released

    async def silence_ends(self, coverage: Coverage, close_after: float) -> datetime | None:
        """When a coverage closes by itself if nothing is published before; None for never."""
        newest = await self._store.published_before(coverage.slug, None, 1)
        return closes_at(coverage, newest[0] if newest else None, close_after)

    async def closing(self, coverage: Coverage, close_after: float) -> datetime | None:
        """The same, from when the desk is warned of it on."""
        closing = await self.silence_ends(coverage, close_after) if close_after else None
        if closing is None or await self._store.now() < warned_from(closing, close_after):
            return None
        return closing

    async def close_silent(self, close_after: float) -> list[Coverage]:
        """Close the live coverages in which nothing was published for `close_after` seconds. Any number of
        processes may call this: a closing expects the coverage it saw, so one of them does it."""
        if not close_after:
            return []
        now = await self._store.now()
        closed = []
        for coverage in (await self._store.site(1)).coverages:
            closing = await self.silence_ends(coverage, close_after)
            if closing is None or closing > now:
                continue
            key = Key(f"silence:{coverage.slug}:{coverage.version}", "")
            ended = replace(coverage, status=CoverageStatus.CLOSED, ends_at=utc(now))
            batch = decisions.coverage_changed(ended, coverage.version)
            try:
                written = await self._append(told(batch, coverage.slug, by=None, deed="close"), key)
            except Conflict:
                continue  # somebody changed it, who knows better
            if isinstance(written.state, Coverage) and not written.replayed:
                closed.append(written.state)
        return closed

    async def archive_ended(self, archive_after: float) -> list[Coverage]:
        """Archive the coverages that were closed `archive_after` seconds ago. Each end of a coverage leads
        there once, in a whole fleet: what an editor has put back stays."""
        if not archive_after:
            return []
        now = await self._store.now()
        archived = []
        for coverage in (await self._store.site(1)).coverages:
            due = archived_from(coverage, archive_after)
            key = Key(f"archive:{coverage.slug}:{coverage.ends_at}", "")
            if due is None or due > now or await self._store.first_result(key.scope):
                continue
            batch = decisions.coverage_changed(replace(coverage, archived_at=utc(now)), coverage.version)
            try:
                written = await self._append(told(batch, coverage.slug, by=None, deed="archive"), key)
            except Conflict:
                continue  # somebody changed it; the next round sees how
            if isinstance(written.state, Coverage) and not written.replayed:
                archived.append(written.state)
        return archived

    async def until_release(self, longest: float) -> float:
        """Seconds until the next scheduled update is due, at most `longest`."""
        now = await self._store.now()
        coming = await self._store.due(now + timedelta(seconds=longest), 1)
        if not coming or coming[0].publish_at is None:
            return longest
        # Never 0: what is due and cannot be released must not make its releaser spin.
        return max((coming[0].publish_at - now).total_seconds(), min(longest, SHORTEST_PAUSE))
