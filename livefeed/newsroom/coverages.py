"""The verbs on coverages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from livefeed.audit import Deed
from livefeed.forms import CoverageChanges, CoverageForm
from livefeed.model import Coverage, CoverageStatus, utc
from livefeed.newsroom import decisions, drafting
from livefeed.newsroom.deeds import told
from livefeed.newsroom.refusals import NotNow, SlugTaken
from livefeed.newsroom.writer import Writer, Written, permit
from livefeed.roles import Editor, Role
from livefeed.store import Batch, Conflict, Key


class Coverages(Writer):
    """Opens coverages, changes, closes and archives them."""

    async def open(self, form: CoverageForm, *, by: Editor, key: Key) -> Written:
        """Open a coverage. Raises `SlugTaken`."""
        permit(by, Role.CHIEF, form.slug)
        if await self._store.coverage(form.slug) is not None:
            return await self._opened_before(form.slug, key)
        now = await self._store.now()
        coverage = drafting.coverage_with(
            Coverage(form.slug, form.headline), form, await self._pictures([form.lead_media])
        )
        coverage = replace(coverage, direction=coverage.direction, starts_at=coverage.starts_at or utc(now))
        if "status" not in form.model_fields_set and coverage.starts_at and coverage.starts_at > now:
            coverage = replace(coverage, status=CoverageStatus.SCHEDULED)
        try:
            batch = decisions.coverage_changed(coverage, 0)
            return await self._append(told(batch, form.slug, by=by, deed="open", form=form), key)
        except Conflict:
            return await self._opened_before(form.slug, key)

    async def _opened_before(self, slug: str, key: Key) -> Written:
        """What the same request did a moment before this one. Raises `SlugTaken` if another did it."""
        first = await self.first_result(key)
        if first is None:
            raise SlugTaken(slug)
        return first

    async def change(self, slug: str, form: CoverageChanges, *, by: Editor, key: Key) -> Written:
        """Change a coverage's fields."""
        permit(by, Role.CHIEF, slug)
        pictures = await self._pictures([form.lead_media])

        async def decide() -> Batch:
            coverage = await self.coverage(slug)
            if coverage.status is CoverageStatus.CLOSED and "status" in form.model_fields_set:
                raise NotNow(f"The coverage {slug!r} is closed. Reopen it by DELETE of its closure.")
            return decisions.coverage_changed(
                drafting.coverage_with(coverage, form, pictures), coverage.version
            )

        return await self._decided(decide, key, slug, by=by, deed="change", form=form)

    async def close(self, slug: str, *, by: Editor, key: Key) -> Written:
        """End a coverage: it takes no new updates, its readers stay."""

        def closed(coverage: Coverage, now: datetime) -> Coverage:
            return replace(coverage, status=CoverageStatus.CLOSED, ends_at=utc(now))

        return await self._closure(slug, closed, True, key, by=by, deed="close")

    async def reopen(self, slug: str, *, by: Editor, key: Key) -> Written:
        """A closed coverage goes on; one that is not closed stays what it is, live or only planned."""

        def live(coverage: Coverage, _: datetime) -> Coverage:
            return replace(coverage, status=CoverageStatus.LIVE, ends_at=None, archived_at=None)

        return await self._closure(slug, live, False, key, by=by, deed="reopen")

    async def archive(self, slug: str, *, by: Editor, key: Key) -> Written:
        """Put a closed coverage away: it stays readable, and the index lists it apart. Raises `NotNow` for
        one that is not closed."""
        permit(by, Role.CHIEF, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            coverage = await self.coverage(slug)
            if coverage.status is not CoverageStatus.CLOSED:
                raise NotNow(f"The coverage {slug!r} is {coverage.status}; only a closed one is archived.")
            return _archived(coverage, coverage.archived_at or utc(now))

        return await self._decided(decide, key, slug, by=by, deed="archive")

    async def unarchive(self, slug: str, *, by: Editor, key: Key) -> Written:
        """List a coverage among the others again; it stays closed."""
        permit(by, Role.CHIEF, slug)

        async def decide() -> Batch:
            return _archived(await self.coverage(slug), None)

        return await self._decided(decide, key, slug, by=by, deed="unarchive")

    async def _closure(
        self,
        slug: str,
        change: Callable[[Coverage, datetime], Coverage],
        closing: bool,
        key: Key,
        *,
        by: Editor,
        deed: Deed,
    ) -> Written:
        permit(by, Role.CHIEF, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            coverage = await self.coverage(slug)
            if (coverage.status is CoverageStatus.CLOSED) is closing:
                return Batch(subject=f"coverage:{slug}")
            return decisions.coverage_changed(change(coverage, now), coverage.version)

        return await self._decided(decide, key, slug, by=by, deed=deed)


def _archived(coverage: Coverage, at: datetime | None) -> Batch:
    if coverage.archived_at == at:
        return Batch(subject=f"coverage:{coverage.slug}")
    return decisions.coverage_changed(replace(coverage, archived_at=at), coverage.version)
