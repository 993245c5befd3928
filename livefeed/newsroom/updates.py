"""The verbs on updates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from livefeed.forms import (
    CorrectionForm,
    PublicationForm,
    RetractionForm,
    SubmissionForm,
    UpdateChanges,
    UpdateForm,
)
from livefeed.model import Coverage, CoverageStatus, Media, Status, Update, utc
from livefeed.newsroom import decisions, drafting
from livefeed.newsroom.deeds import ADDING
from livefeed.newsroom.refusals import Closed, Invalid
from livefeed.newsroom.writer import Writer, Written, permit
from livefeed.roles import Editor, Role
from livefeed.store import Batch, Key


class Updates(Writer):
    """Publishes updates, and everything that may happen to one before and after."""

    async def add(self, slug: str, form: UpdateForm, *, by: Editor, key: Key) -> Written:
        """A new update: published, or in the status that was asked for."""
        timed = form.publish_at or form.publish_local
        status = Status(form.status or (Status.SCHEDULED if timed else Status.PUBLISHED))
        permit_addition(by, slug, status, breaking=form.breaking)
        form = await self._placed(form, slug)
        now = await self._store.now()
        if status is Status.SCHEDULED and form.publish_at is None:
            sentence = "A scheduled update needs publish_at, the time to publish it."
            raise Invalid("publish_at", sentence, value="", limit="a time to come")
        if status is Status.PUBLISHED and form.publish_at is not None and form.publish_at > now:
            sentence = "publish_at is an embargo in the future: ask for the status scheduled."
            asked, limit = form.publish_at.isoformat(), now.isoformat()
            raise Invalid("publish_at", sentence, value=asked, limit=limit)
        held_until = drafting.held_until(form.hold, status, now)
        pictures = await self._pictures(form.pictures)
        new_id = self._new_id()

        async def decide() -> Batch:
            coverage = await self.coverage(slug)
            free = form.id is not None and await self._store.update(form.id) is None
            id = form.id if form.id is not None and free else new_id
            blank = Update(
                id,
                slug,
                status,
                revision=0,
                author=by.account,
                language=coverage.language,
                revised_at=utc(now),
            )
            update = replace(drafting.update_with(blank, form, coverage, pictures, now), revision=1)
            if held_until is not None:
                update = replace(update, status=Status.SCHEDULED, publish_at=held_until)
            return decisions.added(update, coverage, at=now, by=by.name)

        return await self._decided(decide, key, slug, by=by, deed=ADDING[status], form=form)

    async def imagined(self, slug: str, form: UpdateForm, *, by: Editor) -> Update:
        """What `form` would look like to readers if it were published now; nothing is kept."""
        permit(by, Role.CONTRIBUTOR, slug)
        now = await self._store.now()
        coverage = await self.coverage(slug)
        blank = Update("preview", slug, Status.PUBLISHED, revision=0, published_at=utc(now))
        pictures = await self._pictures(form.pictures)
        return drafting.update_with(blank, form, coverage, pictures, now)

    async def revise(
        self, slug: str, id: str, form: UpdateChanges, *, by: Editor, key: Key, revision: int | None
    ) -> Written:
        """Change an update's fields, silently for readers."""
        now = await self._store.now()
        pictures = await self._pictures(form.pictures)

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            coverage = await self.coverage(slug)
            changed = self._changed(update, form, coverage, pictures, now=now, by=by)
            return decisions.revised(update, changed, at=now, by=by.name)

        return await self._decided(decide, key, slug, by=by, deed="revise", form=form)

    async def correct(
        self, slug: str, id: str, form: CorrectionForm, *, by: Editor, key: Key, revision: int | None
    ) -> Written:
        """Change an update's fields and tell readers what was wrong."""
        permit(by, Role.EDITOR, slug)
        now = await self._store.now()
        pictures = await self._pictures(form.pictures)

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            coverage = await self.coverage(slug)
            changed = update
            if form.model_fields_set - {"note", "format"}:
                changed = self._changed(update, form, coverage, pictures, now=now, by=by)
            return decisions.corrected(update, changed, form.note, at=now, by=by.name)

        return await self._decided(decide, key, slug, by=by, deed="correct", form=form)

    async def retract(
        self, slug: str, id: str, form: RetractionForm, *, by: Editor, key: Key, revision: int | None
    ) -> Written:
        """Withdraw a published update."""
        permit(by, Role.EDITOR, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            coverage = await self.coverage(slug)
            return decisions.retracted(
                update, coverage, at=now, by=by.name, note=form.note, reason=form.reason
            )

        return await self._decided(decide, key, slug, by=by, deed="retract", detail=form.reason)

    async def restore(self, slug: str, id: str, *, by: Editor, key: Key, revision: int | None) -> Written:
        """Undo a retraction."""
        permit(by, Role.EDITOR, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            history = await self._store.revisions(id)
            before = next(
                (line.update for line in reversed(history) if line.update.status is Status.PUBLISHED), update
            )
            return decisions.restored(update, before, at=now, by=by.name)

        return await self._decided(decide, key, slug, by=by, deed="restore")

    async def pin(self, slug: str, id: str, *, by: Editor, key: Key, revision: int | None) -> Written:
        """Hold an update at the top, instead of any other."""
        permit(by, Role.CHIEF, slug)

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            coverage = await self.coverage(slug)
            if coverage.pinned_id == id:
                return Batch(subject=f"update:{id}")
            former = await self._store.update(coverage.pinned_id) if coverage.pinned_id else None
            return decisions.pinned(update, coverage, former)

        return await self._decided(decide, key, slug, by=by, deed="pin")

    async def unpin(self, slug: str, id: str, *, by: Editor, key: Key, revision: int | None) -> Written:
        """Let a pinned update take its place again."""
        permit(by, Role.CHIEF, slug)

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            coverage = await self.coverage(slug)
            if coverage.pinned_id != id:
                return Batch(subject=f"update:{id}")
            return decisions.unpinned(update, coverage)

        return await self._decided(decide, key, slug, by=by, deed="unpin")

    async def publish(
        self, slug: str, id: str, form: PublicationForm, *, by: Editor, key: Key, revision: int | None
    ) -> Written:
        """Publish what was not, now or at a time."""
        permit(by, Role.EDITOR, slug)
        form = await self._placed(form, slug)
        now = await self._store.now()
        status = Status.PUBLISHED if form.publish_at is None else Status.SCHEDULED
        publish_at = drafting.held_until(form.hold, status, now) or drafting.embargo(form.publish_at, now)

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            if update.breaking:
                permit(by, Role.CHIEF, slug, "publish a breaking update")
            if form.hold and (await self.coverage(slug)).status is CoverageStatus.CLOSED:
                raise Closed(slug)  # some seconds later nobody would be told
            if publish_at is not None:
                return decisions.scheduled(update, publish_at, at=now, by=by.name)
            return decisions.published(update, await self.coverage(slug), at=now, by=by.name)

        return await self._decided(
            decide, key, slug, by=by, deed="publish" if publish_at is None else "schedule"
        )

    async def recall(self, slug: str, id: str, *, by: Editor, key: Key, revision: int | None) -> Written:
        """Take back a publication that was held or scheduled and has not gone out."""
        permit(by, Role.EDITOR, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            return decisions.recalled(update, await self._store.revisions(id), at=now, by=by.name)

        return await self._decided(decide, key, slug, by=by, deed="recall")

    async def submit(
        self, slug: str, id: str, form: SubmissionForm, *, by: Editor, key: Key, revision: int | None
    ) -> Written:
        """Hand a draft to the desk."""
        now = await self._store.now()

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            return decisions.submitted(update, at=now, by=by.name, note=form.note)

        return await self._decided(decide, key, slug, by=by, deed="submit", detail=form.note)

    async def send_back(
        self, slug: str, id: str, form: SubmissionForm, *, by: Editor, key: Key, revision: int | None
    ) -> Written:
        """Make a submission a draft again."""
        now = await self._store.now()

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            return decisions.returned(update, at=now, by=by.name, note=form.note)

        return await self._decided(decide, key, slug, by=by, deed="send-back", detail=form.note)

    async def delete(self, slug: str, id: str, *, by: Editor, key: Key, revision: int | None) -> Written:
        """Remove an update that was never published, text and history."""
        now = await self._store.now()

        async def decide() -> Batch:
            return decisions.deleted(await self.editable(slug, id, by, revision), at=now)

        return await self._decided(decide, key, slug, by=by, deed="delete")

    def _changed(
        self,
        update: Update,
        form: UpdateChanges,
        coverage: Coverage,
        pictures: dict[str, Media],
        *,
        now: datetime,
        by: Editor,
    ) -> Update:
        form = drafting.placed(form, coverage)
        if "breaking" in form.model_fields_set and form.breaking != update.breaking:
            permit(by, Role.CHIEF, coverage.slug, "set or clear breaking")
        if update.status is Status.RETRACTED:
            return update  # the decision refuses it, with a sentence of its own
        if update.status.public and form.publish_at is not None:
            sentence = f"The update {update.id} is published: an embargo comes too late."
            raise Invalid("publish_at", sentence, value=form.publish_at.isoformat(), limit="none")
        return drafting.update_with(update, form, coverage, pictures, now)

    async def _placed(self, form: drafting.P, slug: str) -> drafting.P:
        return form if form.publish_local is None else drafting.placed(form, await self.coverage(slug))


def permit_addition(by: Editor, slug: str, status: Status, *, breaking: bool) -> None:
    """Raise `Forbidden` unless `by` may add an update in that status to the coverage."""
    permit(by, Role.CONTRIBUTOR if status in (Status.DRAFT, Status.SUBMITTED) else Role.EDITOR, slug)
    if breaking:
        permit(by, Role.CHIEF, slug, "set breaking")
