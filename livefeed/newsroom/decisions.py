"""What each verb on an update leads to: pure functions from the state there is to the `Batch` to append.

They raise `NotNow` when the verb does not fit the state. Who may do it, keys and revisions are the
newsroom's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from livefeed.events import SITE, Kind, desk_channel, live_channel
from livefeed.model import (
    Correction,
    Coverage,
    CoverageStatus,
    Remark,
    Retraction,
    Status,
    Update,
    Verified,
    after,
)
from livefeed.newsroom.refusals import Closed, NotNow
from livefeed.store import Batch, Expected, Fact, Revision


def added(update: Update, coverage: Coverage, *, at: datetime, by: str) -> Batch:
    """A new update in the status it has."""
    if coverage.status is CoverageStatus.CLOSED:
        raise Closed(coverage.slug)
    kind = {
        Status.DRAFT: Kind.DRAFTED,
        Status.SUBMITTED: Kind.SUBMITTED,
        Status.SCHEDULED: Kind.SCHEDULED,
        Status.PUBLISHED: Kind.PUBLISHED,
    }[update.status]
    if update.status is Status.PUBLISHED:
        update = _published(update, at)
    return _batch(update, kind, at=at, by=by, expected=[Expected(f"update:{update.id}", 0), _same(coverage)])


def published(update: Update, coverage: Coverage, *, at: datetime, by: str) -> Batch:
    """A draft, submission or scheduled update goes out; the editor's word lifts an embargo."""
    if update.status.public:
        raise NotNow(f"The update {update.id} is {update.status} already.")
    if coverage.status is CoverageStatus.CLOSED:
        raise Closed(coverage.slug)
    return _batch(
        _published(update, at),
        Kind.PUBLISHED,
        at=at,
        by=by,
        expected=[_expected(update), _same(coverage)],
        desk=True,
    )


def scheduled(update: Update, publish_at: datetime, *, at: datetime, by: str) -> Batch:
    """An unpublished update waits for its time."""
    if update.status.public:
        raise NotNow(f"The update {update.id} is {update.status} already and cannot be scheduled.")
    waiting = replace(
        update, status=Status.SCHEDULED, publish_at=publish_at, revised_at=after(at, update.revised_at)
    )
    return _batch(waiting, Kind.SCHEDULED, at=at, by=by, expected=[_expected(update)])


def recalled(update: Update, history: Iterable[Revision], *, at: datetime, by: str) -> Batch:
    """A publication that has not gone out yet is taken back: the update is again the draft or the submission
    that it was before. Never an earlier schedule: nothing that was taken back goes out by itself."""
    if update.status is not Status.SCHEDULED:
        raise NotNow(f"The update {update.id} is {update.status}; only a scheduled one can be taken back.")
    waited = [line.update.status for line in history if line.update.status is not Status.SCHEDULED]
    was_submitted = waited[-1:] == [Status.SUBMITTED]
    again = replace(
        update,
        status=Status.SUBMITTED if was_submitted else Status.DRAFT,
        publish_at=None,
        revised_at=after(at, update.revised_at),
    )
    kind = Kind.SUBMITTED if was_submitted else Kind.RETURNED
    return _batch(again, kind, at=at, by=by, expected=[_expected(update)])


def submitted(update: Update, *, at: datetime, by: str, note: str) -> Batch:
    """A contributor hands a draft to the desk."""
    if update.status is not Status.DRAFT:
        raise NotNow(f"The update {update.id} is {update.status}; only a draft can be submitted.")
    at_last = after(at, update.revised_at)
    handed_in = replace(
        update, status=Status.SUBMITTED, revised_at=at_last, remark=_remark(by, at_last, note)
    )
    return _batch(handed_in, Kind.SUBMITTED, at=at, by=by, expected=[_expected(update)], note=note)


def returned(update: Update, *, at: datetime, by: str, note: str) -> Batch:
    """A submission goes back to being a draft."""
    if update.status is not Status.SUBMITTED:
        raise NotNow(f"The update {update.id} is {update.status}; only a submission can be sent back.")
    at_last = after(at, update.revised_at)
    draft = replace(update, status=Status.DRAFT, revised_at=at_last, remark=_remark(by, at_last, note))
    return _batch(draft, Kind.RETURNED, at=at, by=by, expected=[_expected(update)], note=note)


def missed(update: Update, *, at: datetime) -> Batch:
    """A schedule that fell due in a closed coverage: the update is a draft again."""
    draft = replace(update, status=Status.DRAFT, publish_at=None, revised_at=after(at, update.revised_at))
    note = "Its time came while the coverage was closed."
    return _batch(draft, Kind.RETURNED, at=at, by="", expected=[_expected(update)], note=note)


def revised(update: Update, changed: Update, *, at: datetime, by: str) -> Batch:
    """`changed` takes the place of `update`; its status stays, but for a schedule without a time."""
    if update.status is Status.RETRACTED:
        raise NotNow(f"The update {update.id} is retracted. Undo the retraction before you revise it.")
    if changed.status is Status.SCHEDULED and changed.publish_at is None:
        changed = replace(changed, status=Status.DRAFT)
    changed = _told(update, _next_revision(update, changed, at))
    return _batch(changed, Kind.REVISED, at=at, by=by, expected=[_expected(update)], on_site=update.on_site)


def corrected(update: Update, changed: Update, note: str, *, at: datetime, by: str) -> Batch:
    """Like `revised`, with a note that readers see."""
    if update.status is not Status.PUBLISHED:
        raise NotNow(f"The update {update.id} is {update.status}; only a published one can be corrected.")
    changed = _told(update, _next_revision(update, changed, at))
    at = changed.revised_at or at
    changed = replace(changed, corrections=(*update.corrections, Correction(at, note)))
    return _batch(
        changed,
        Kind.CORRECTED,
        at=at,
        by=by,
        expected=[_expected(update)],
        note=note,
        on_site=update.on_site,
    )


def retracted(update: Update, coverage: Coverage, *, at: datetime, by: str, note: str, reason: str) -> Batch:
    """The update is withdrawn: a stub stays, and everything that was told of it before is emptied."""
    if update.status is not Status.PUBLISHED:
        raise NotNow(f"The update {update.id} is {update.status}; only a published one can be retracted.")
    stub = update.withdrawn(Retraction(_change_time(update, at), note))
    batch = _batch(
        stub,
        Kind.RETRACTED,
        at=stub.revised_at or at,
        by=by,
        expected=[_expected(update)],
        note=note,
        reason=reason,
        on_site=update.on_site,
    )
    batch = replace(batch, emptied=(stub,))
    if coverage.pinned_id != update.id:
        return batch
    return replace(
        batch, coverages=(replace(coverage, pinned_id=None),), expected=(*batch.expected, _same(coverage))
    )


def restored(update: Update, before: Update, *, at: datetime, by: str) -> Batch:
    """A retraction is undone: the update is again what it was `before`, unpinned, as a new revision."""
    if update.status is not Status.RETRACTED:
        raise NotNow(f"The update {update.id} is {update.status}, not retracted.")
    again = replace(
        before,
        status=Status.PUBLISHED,
        pinned=False,
        retraction=None,
        once_breaking=update.once_breaking,
        order=update.order,
    )
    again = _next_revision(update, again, at)
    again = replace(again, restored_at=again.revised_at)
    return _batch(again, Kind.RESTORED, at=at, by=by, expected=[_expected(update)], on_site=update.on_site)


def pinned(update: Update, coverage: Coverage, former: Update | None) -> Batch:
    """The update is held at the top; a former one is not any longer."""
    if update.status is not Status.PUBLISHED:
        raise NotNow(f"The update {update.id} is {update.status}; only a published one can be pinned.")
    unpinned = [] if former is None else [(replace(former, pinned=False), Kind.UNPINNED)]
    return _pins([*unpinned, (replace(update, pinned=True), Kind.PINNED)], coverage, update.id)


def unpinned(update: Update, coverage: Coverage) -> Batch:
    """The update takes its place in the order again."""
    return _pins([(replace(update, pinned=False), Kind.UNPINNED)], coverage, None)


def deleted(update: Update, *, at: datetime) -> Batch:
    """A never published update goes, and its text with it."""
    if update.status.public:
        raise NotNow(f"The update {update.id} was published. Retract it instead: readers have seen it.")
    stub = replace(update.erased(), revised_at=after(at, update.revised_at))
    return Batch(
        facts=(Fact(desk_channel(update.coverage), Kind.DELETED, stub),),
        expected=(_expected(update),),
        emptied=(stub,),
        deleted=(stub,),
        subject=f"deleted:{update.id}",
    )


def coverage_changed(coverage: Coverage, version: int) -> Batch:
    """A coverage as it is from now on; `version` is what it replaces (0: it is opened)."""
    return Batch(
        facts=(
            Fact(live_channel(coverage.slug), Kind.COVERAGE, coverage),
            Fact(SITE, Kind.COVERAGE, coverage),
        ),
        coverages=(coverage,),
        expected=(Expected(f"coverage:{coverage.slug}", version),),
        subject=f"coverage:{coverage.slug}",
    )


def _published(update: Update, at: datetime) -> Update:
    # The embargo and every draft's time are over: what readers get is when it really went out.
    at = after(at, None)
    return replace(
        update,
        status=Status.PUBLISHED,
        publish_at=None,
        published_at=at,
        displayed_at=update.displayed_at or at,
        revised_at=None,
        once_breaking=update.breaking,
        remark=None,
        verifications=(Verified(at, update.verification),) if update.verification else (),
    )


def _remark(by: str, at: datetime, note: str) -> Remark | None:
    return Remark(by, at, note) if note else None


def _change_time(update: Update, at: datetime) -> datetime:
    return after(at, update.revised_at or update.published_at)


def _next_revision(update: Update, changed: Update, at: datetime) -> Update:
    return replace(
        changed,
        revision=update.revision + 1,
        revised_at=_change_time(update, at),
        once_breaking=update.once_breaking or (changed.breaking and changed.status.public),
    )


def _told(update: Update, changed: Update) -> Update:
    """`changed`, with what readers are told of its claim from now on if that is something else."""
    if changed.revised_at is None or not changed.status.public or changed.verification == update.verification:
        return changed
    told = Verified(changed.revised_at, changed.verification)
    return replace(changed, verifications=(*update.verifications, told))


def _batch(
    update: Update,
    kind: Kind,
    *,
    at: datetime,
    by: str,
    expected: Iterable[Expected],
    note: str = "",
    reason: str = "",
    desk: bool = False,
    on_site: bool = False,
) -> Batch:
    """The events of one change: to the public channels when readers know the update, else to the desk."""
    facts = []
    if update.status.public:
        facts.append(Fact(live_channel(update.coverage), kind, update))
        if update.on_site or on_site:
            facts.append(Fact(SITE, kind, update))
    if desk or not update.status.public:
        facts.append(Fact(desk_channel(update.coverage), kind, update))
    return Batch(
        facts=tuple(facts),
        updates=(update,),
        expected=tuple(expected),
        revisions=(Revision(update, kind, at, by, note, reason),),
        subject=f"update:{update.id}",
    )


def _pins(changes: list[tuple[Update, Kind]], coverage: Coverage, pinned_id: str | None) -> Batch:
    facts = []
    for update, kind in changes:
        facts.append(Fact(live_channel(update.coverage), kind, update))
        if update.on_site:
            facts.append(Fact(SITE, kind, update))
    return Batch(
        facts=tuple(facts),
        updates=tuple(update for update, _ in changes),
        coverages=(replace(coverage, pinned_id=pinned_id),),
        expected=(*(_expected(update) for update, _ in changes), _same(coverage)),
        subject=f"update:{changes[-1][0].id}",
    )


def _expected(update: Update) -> Expected:
    return Expected(f"update:{update.id}", update.version)


def _same(coverage: Coverage) -> Expected:
    return Expected(f"coverage:{coverage.slug}", coverage.version)
