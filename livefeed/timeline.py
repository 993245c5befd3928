"""What a reader sees, as a pure fold of events.

A `Front` is a coverage's first page, a `SiteFront` the index, each a frozen value at one position. Folding
the next event into it gives exactly what the store would answer at that event's position, so a process may
load a front once and keep it fresh from the log alone. Where a bounded list loses an entry that only the
store can fill up again, the fold answers None: load it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from livefeed.events import Event, Kind
from livefeed.model import Coverage, CoverageStatus, Position, Status, Update

KEY_EVENTS = 200  # a list of more moments than this is no summary; older ones stay on their pages


@dataclass(frozen=True, slots=True)
class Limits:
    """How many of the newest updates, and of the newest breaking ones, a front holds; and how many of its
    channel's events at most tell, beside it, what the last two days brought."""

    updates: int
    breaking: int
    recent: int = 1000


@dataclass(frozen=True, slots=True)
class Front:
    """What a coverage's first page and feeds are made of, all at one `position` of its live channel.

    updates      the newest published or retracted ones, newest first
    breaking     the newest breaking ones, retracted ones included, newest first
    key_events   those of the whole coverage, newest first, the newest `KEY_EVENTS`
    total        how many were ever published; pages count from the oldest
    """

    position: Position
    coverage: Coverage
    updates: tuple[Update, ...] = ()
    pinned: Update | None = None
    key_events: tuple[Update, ...] = ()
    breaking: tuple[Update, ...] = ()
    total: int = 0

    @property
    def changed_at(self) -> datetime | None:
        """When a reader last saw something change, as far as the times of its updates, its beginning and its
        closing tell; None where nothing has happened yet."""
        moments = [update.revised_at or update.published_at for update in self.updates]
        closed = self.coverage.status is CoverageStatus.CLOSED
        moments += [self.coverage.begun_at, self.coverage.ends_at if closed else None]
        return max(filter(None, moments), default=None)


@dataclass(frozen=True, slots=True)
class SiteFront:
    """All coverages, in the order they were opened, and the site's newest breaking updates, newest first and
    each with the site offset at which it became so, at one `position` of the site channel."""

    position: Position
    coverages: tuple[Coverage, ...] = ()
    breaking: tuple[tuple[int, Update], ...] = ()


def fold(front: Front, event: Event, limits: Limits) -> Front | None:
    """`front` one event later, or None when it must be loaded anew.

    The caller hands over every event of the live channel once, in order.
    """
    if event.coverage is not None:
        return replace(front, position=event.position, coverage=event.coverage)
    update = event.update
    if update is None:
        raise ValueError(f"event {event.position} of {event.channel} carries no state")
    key_events = _placed(
        front.key_events, update, update.key_event and update.status is Status.PUBLISHED, KEY_EVENTS
    )
    breaking = _placed(front.breaking, update, update.breaking, limits.breaking)
    if key_events is None or breaking is None:
        return None
    coverage = front.coverage
    pinned_id = _pinned_id(coverage.pinned_id, event.kind, update)
    if pinned_id != coverage.pinned_id:  # else it stays the very same: what was made for it does too
        coverage = replace(coverage, pinned_id=pinned_id)
    pinned = front.pinned
    if pinned_id is None:
        pinned = None
    elif pinned_id == update.id:
        pinned = update
    return Front(
        position=event.position,
        coverage=coverage,
        updates=_upserted(front.updates, update, limits.updates),
        pinned=pinned,
        key_events=key_events,
        breaking=breaking,
        total=front.total + (event.kind is Kind.PUBLISHED),
    )


def fold_site(front: SiteFront, event: Event, breaking_limit: int) -> SiteFront | None:
    """`front` one event of the site channel later, or None when it must be loaded anew."""
    if event.coverage is not None:
        return replace(
            front, position=event.position, coverages=_with_coverage(front.coverages, event.coverage)
        )
    update = event.update
    if update is None:
        raise ValueError(f"event {event.position} of {event.channel} carries no state")
    kept = [(rank, known) for rank, known in front.breaking if known.id != update.id]
    if update.breaking:
        rank = next((rank for rank, known in front.breaking if known.id == update.id), None)
        if rank is None and event.kind is not Kind.PUBLISHED and len(front.breaking) >= breaking_limit:
            return None  # it may have become breaking before the oldest one that is held here
        kept.append((event.offset if rank is None else rank, update))
        kept.sort(key=lambda pair: -pair[0])
    elif len(kept) < len(front.breaking) >= breaking_limit:
        return None
    return replace(front, position=event.position, breaking=tuple(kept[:breaking_limit]))


def _pinned_id(current: str | None, kind: Kind, update: Update) -> str | None:
    if kind is Kind.PINNED:
        return update.id
    if current == update.id and not update.pinned:
        return None
    return current


def _upserted(updates: tuple[Update, ...], update: Update, limit: int) -> tuple[Update, ...]:
    if updates and update.order < updates[-1].order and len(updates) >= limit:
        return updates
    others = [known for known in updates if known.id != update.id]
    others.append(update)
    others.sort(key=_newest_first)
    return tuple(others[:limit])


def _placed(
    updates: tuple[Update, ...], update: Update, belongs: bool, limit: int
) -> tuple[Update, ...] | None:
    if belongs:
        return _upserted(updates, update, limit)
    others = tuple(known for known in updates if known.id != update.id)
    if len(others) < len(updates) >= limit:
        return None
    return others


def _with_coverage(coverages: Iterable[Coverage], coverage: Coverage) -> tuple[Coverage, ...]:
    known = list(coverages)
    for place, other in enumerate(known):
        if other.slug == coverage.slug:
            known[place] = coverage
            return tuple(known)
    return (*known, coverage)


def _newest_first(update: Update) -> int:
    return -update.order
