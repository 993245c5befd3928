"""Times as integer columns: exact, and ordered as times are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """A time as an integer column."""
    return (moment - UNIX_EPOCH) // timedelta(microseconds=1)
