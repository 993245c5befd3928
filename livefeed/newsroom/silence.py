"""When a coverage that nobody writes in any more is over, and when it is put away. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from livefeed.model import Coverage, CoverageStatus, Update

WARNED_FOR = 0.25
"""The last part of the silence, in which the desk is warned."""


def closes_at(coverage: Coverage, newest: Update | None, close_after: float) -> datetime | None:
    """When a live coverage is closed if nothing is published before, `close_after` seconds after its newest
    update or, without one, its beginning; None for never (0 seconds, or it is not live)."""
    if not close_after or coverage.status is not CoverageStatus.LIVE:
        return None
    spoken_at = (newest and newest.published_at) or coverage.starts_at
    return None if spoken_at is None else spoken_at + timedelta(seconds=close_after)


def warned_from(closing: datetime, close_after: float) -> datetime:
    """When the desk is first told of a closing."""
    return closing - timedelta(seconds=close_after * WARNED_FOR)


def archived_from(coverage: Coverage, archive_after: float) -> datetime | None:
    """When a closed coverage is archived, `archive_after` seconds after its end; None for never (it is not
    closed, has no end, or is archived already)."""
    if coverage.status is not CoverageStatus.CLOSED or coverage.ends_at is None or coverage.archived_at:
        return None
    return coverage.ends_at + timedelta(seconds=archive_after)
