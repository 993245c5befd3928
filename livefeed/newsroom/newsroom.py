"""The newsroom's verbs; see the package for how they work."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from livefeed.audit import Act
from livefeed.events import Event
from livefeed.forms import (
    CorrectionForm,
    CoverageChanges,
    CoverageForm,
    Form,
    PictureForm,
    PublicationForm,
    RetractionForm,
    SubmissionForm,
    UpdateChanges,
    UpdateForm,
)
from livefeed.model import Coverage, CoverageStatus, Editor, Focus, Media, Role, Status, Update, utc
from livefeed.newsroom import decisions, drafting
from livefeed.newsroom.deeds import ADDING, told
from livefeed.newsroom.refusals import Forbidden, Invalid, KeyMisused, NotNow, Refused, Stale, Unknown
from livefeed.newsroom.silence import closes_at, warned_from
from livefeed.store import Batch, Conflict, FirstResult, Key, KeyUsed, Store

log = structlog.get_logger()

ATTEMPTS = 30  # readings of a state that others keep changing; each time one of them gets on, so many may
DUE_AT_ONCE = 50
SHORTEST_PAUSE = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Written:
    """What a verb led to: the state as it is now; None when what the verb was about is gone.

    `replayed`: the key had its first result before, nothing was done now.
    """

    state: Update | Coverage | Media | None
    replayed: bool = False


class Newsroom:
    """Opens, publishes, revises, corrects, retracts, pins, closes; and releases what is due."""

    def __init__(self, store: Store, *, announce: Callable[[Event], None], new_id: Callable[[], str]) -> None:
        """`announce` lets this very process see its own writes at once; `new_id` makes unguessable ids."""
        self._store = store
        self._announce = announce
        self._new_id = new_id

    async def first_result(self, key: Key) -> Written | None:
        """What was done under `key` before, None if nothing. Raises `KeyMisused`."""
        first = await self._store.first_result(key.scope)
        return None if first is None else await self._replayed(first, key)

    # Coverages

    async def open(self, form: CoverageForm, *, by: Editor, key: Key) -> Written:
        """Open a coverage. Raises `NotNow` when the slug is taken."""
        _permit(by, Role.CHIEF, form.slug)
        if await self._store.coverage(form.slug) is not None:
            raise NotNow(f"There is a coverage {form.slug!r} already. Choose another slug.")
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
            raise NotNow(f"There is a coverage {form.slug!r} already. Choose another slug.") from None

    async def change(self, slug: str, form: CoverageChanges, *, by: Editor, key: Key) -> Written:
        """Change a coverage's fields."""
        _permit(by, Role.CHIEF, slug)
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
        _permit(by, Role.CHIEF, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            coverage = await self.coverage(slug)
            if coverage.status is not CoverageStatus.CLOSED:
                raise NotNow(f"The coverage {slug!r} is {coverage.status}; only a closed one is archived.")
            return _archived(coverage, coverage.archived_at or utc(now))

        return await self._decided(decide, key, slug, by=by, deed="archive")

    async def unarchive(self, slug: str, *, by: Editor, key: Key) -> Written:
        """List a coverage among the others again; it stays closed."""
        _permit(by, Role.CHIEF, slug)

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
        deed: str,
    ) -> Written:
        _permit(by, Role.CHIEF, slug)
        now = await self._store.now()

        async def decide() -> Batch:
            coverage = await self.coverage(slug)
            if (coverage.status is CoverageStatus.CLOSED) is closing:
                return Batch(subject=f"coverage:{slug}")
            return decisions.coverage_changed(change(coverage, now), coverage.version)

        return await self._decided(decide, key, slug, by=by, deed=deed)

    # Updates

    async def add(self, slug: str, form: UpdateForm, *, by: Editor, key: Key) -> Written:
        """A new update: published, or in the status that was asked for."""
        timed = form.publish_at or form.publish_local
        status = Status(form.status or (Status.SCHEDULED if timed else Status.PUBLISHED))
        _permit(by, Role.CONTRIBUTOR if status in (Status.DRAFT, Status.SUBMITTED) else Role.EDITOR, slug)
        if form.breaking:
            _permit(by, Role.CHIEF, slug, "set breaking")
        form = await self._placed(form, slug)
        now = await self._store.now()
        if status is Status.SCHEDULED and form.publish_at is None:
            raise Invalid("publish_at", "A scheduled update needs publish_at, the time to publish it.")
        if status is Status.PUBLISHED and form.publish_at is not None and form.publish_at > now:
            raise Invalid(
                "publish_at", "publish_at is an embargo in the future: ask for the status scheduled."
            )
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
        _permit(by, Role.CONTRIBUTOR, slug)
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
        _permit(by, Role.EDITOR, slug)
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
        _permit(by, Role.EDITOR, slug)
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
        _permit(by, Role.EDITOR, slug)
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
        _permit(by, Role.CHIEF, slug)

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
        _permit(by, Role.CHIEF, slug)

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
        _permit(by, Role.EDITOR, slug)
        form = await self._placed(form, slug)
        now = await self._store.now()
        status = Status.PUBLISHED if form.publish_at is None else Status.SCHEDULED
        publish_at = drafting.held_until(form.hold, status, now) or drafting.embargo(form.publish_at, now)

        async def decide() -> Batch:
            update = await self.editable(slug, id, by, revision)
            if update.breaking:
                _permit(by, Role.CHIEF, slug, "publish a breaking update")
            if publish_at is not None:
                return decisions.scheduled(update, publish_at, at=now, by=by.name)
            return decisions.published(update, await self.coverage(slug), at=now, by=by.name)

        return await self._decided(
            decide, key, slug, by=by, deed="publish" if publish_at is None else "schedule"
        )

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

    async def until_release(self, longest: float) -> float:
        """Seconds until the next scheduled update is due, at most `longest`."""
        now = await self._store.now()
        coming = await self._store.due(now + timedelta(seconds=longest), 1)
        if not coming or coming[0].publish_at is None:
            return longest
        # Never 0: what is due and cannot be released must not make its releaser spin.
        return max((coming[0].publish_at - now).total_seconds(), min(longest, SHORTEST_PAUSE))

    # Reading

    async def coverage(self, slug: str) -> Coverage:
        """The coverage. Raises `Unknown`."""
        coverage = await self._store.coverage(slug)
        if coverage is None:
            raise Unknown(f"There is no coverage {slug!r}.")
        return coverage

    async def update(self, slug: str, id: str) -> Update:
        """The update, whatever its status. Raises `Unknown`."""
        update = await self._store.update(id)
        if update is None or update.coverage != slug:
            raise Unknown(f"There is no update {id!r} in the coverage {slug!r}.")
        return update

    async def visible(self, slug: str, id: str, *, to: Editor) -> Update:
        """The update if `to` may read it: contributors see what is public and what is theirs."""
        update = await self.update(slug, id)
        if not (to.may(Role.EDITOR, slug) or update.status.public or update.author == to.account):
            raise Unknown(f"There is no update {id!r} in the coverage {slug!r}.")
        return update

    async def keep_picture(self, picture: Media, *, by: Editor, key: Key) -> Written:
        """Make an uploaded picture known, under its key."""
        focus = picture.focus and [picture.focus.x, picture.focus.y]
        document = json.dumps([picture.url, picture.width, picture.height, picture.widths, focus])
        await self._store.records.put("media", picture.id, document)
        subject = f"media:{picture.id}"
        written = await self._append(Batch(acts=(Act.of(by, "upload", subject),), subject=subject), key)
        return replace(written, state=picture)

    async def picture(self, id: str) -> Media | None:
        """An uploaded picture."""
        record = await self._store.records.get("media", id)
        if record is None:
            return None
        # One from before there were sizes has three parts.
        url, width, height, widths, focus = (*json.loads(record.value), (), None)[:5]
        focus = Focus(*focus) if focus else None
        return Media(id, url, width=width, height=height, widths=tuple(widths), focus=focus)

    # Deciding and appending

    async def editable(self, slug: str, id: str, by: Editor, revision: int | None) -> Update:
        """The update if `by` may change it and its revision is the one that was asked for."""
        update = await self.visible(slug, id, to=by)
        if update.status.public and not by.may(Role.EDITOR, slug):
            raise Forbidden(
                f"{by.name} has the role {by.role_in(slug)} here: "
                "own unpublished updates are all it may change."
            )
        if revision is not None and revision != update.revision:
            raise Stale(update, revision)
        return update

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
            _permit(by, Role.CHIEF, coverage.slug, "set or clear breaking")
        if update.status is Status.RETRACTED:
            return update  # the decision refuses it, with a sentence of its own
        if update.status.public and form.publish_at is not None:
            raise Invalid("publish_at", f"The update {update.id} is published: an embargo comes too late.")
        return drafting.update_with(update, form, coverage, pictures, now)

    async def _placed(self, form: drafting.P, slug: str) -> drafting.P:
        return form if form.publish_local is None else drafting.placed(form, await self.coverage(slug))

    async def _decided(
        self,
        decide: Callable[[], Awaitable[Batch]],
        key: Key,
        slug: str,
        *,
        by: Editor,
        deed: str,
        form: Form | None = None,
        detail: str = "",
    ) -> Written:
        """Decide until nobody was faster, and append that with what the audit log says of it."""
        for _ in range(ATTEMPTS):
            batch = told(await decide(), slug, by=by, deed=deed, form=form, detail=detail)
            try:
                return await self._append(batch, key)
            except Conflict as conflict:
                log.debug("decided on an older state", subject=conflict.subject)
        raise NotNow("Others changed it again and again at the same moment. Try once more.")

    async def _append(self, batch: Batch, key: Key) -> Written:
        try:
            events = await self._store.append(replace(batch, key=key))
        except KeyUsed as used:
            return await self._replayed(used.first, key)
        for event in events:
            self._announce(event)
        return Written(_numbered(batch.subject, events) or await self._state(batch.subject))

    async def _replayed(self, first: FirstResult, key: Key) -> Written:
        _compare(first, key)
        return Written(await self._state(first.subject), replayed=True)

    async def _state(self, subject: str) -> Update | Coverage | Media | None:
        what, _, name = subject.partition(":")
        if what == "update":
            return await self._store.update(name)
        if what == "media":
            return await self.picture(name)
        return await self._store.coverage(name) if what == "coverage" else None

    async def _pictures(self, forms: Iterable[PictureForm | None]) -> dict[str, Media]:
        pictures = {form.id: await self.picture(form.id) for form in forms if form is not None}
        return {id: picture for id, picture in pictures.items() if picture is not None}


def _archived(coverage: Coverage, at: datetime | None) -> Batch:
    if coverage.archived_at == at:
        return Batch(subject=f"coverage:{coverage.slug}")
    return decisions.coverage_changed(replace(coverage, archived_at=at), coverage.version)


def _numbered(subject: str, events: Iterable[Event]) -> Update | Coverage | None:
    """The state that a verb's own events carry: what is stored, without reading it again."""
    for event in events:
        if event.channel.startswith("live:"):
            if event.update is not None and f"update:{event.update.id}" == subject:
                return event.update
            if event.coverage is not None and f"coverage:{event.coverage.slug}" == subject:
                return event.coverage
    return None


def _compare(first: FirstResult, key: Key) -> None:
    if first.fingerprint != key.fingerprint:
        raise KeyMisused(
            "This Idempotency-Key was used for another request. Repeat that request, or make a new key."
        )


def _permit(by: Editor, role: Role, slug: str, what: str = "do this") -> None:
    if by.may(role, slug):
        return
    held = by.role_in(slug)
    if held is None:
        raise Forbidden(f"{by.name} has no access to the coverage {slug!r}.")
    raise Forbidden(f"{by.name} has the role {held} here and may not {what}: that takes the role {role}.")
