"""Times as readers see them: in the coverage's zone, with the place named.

Digits are Western in every language. Date and time come apart, because each needs its own bidi isolate: one
isolate round both would put the city beside the date instead of beside the time.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import get_timezone_location

from livefeed.model import Coverage


def local_date(moment: datetime, timezone: str) -> str:
    """`2020.11.22` in `timezone`, an IANA name."""
    return moment.astimezone(_zone(timezone)).strftime("%Y.%m.%d")


def local_clock(moment: datetime, timezone: str) -> str:
    """`17:15` in `timezone`, an IANA name."""
    return moment.astimezone(_zone(timezone)).strftime("%H:%M")


def place_of(coverage: Coverage, language: str) -> str:
    """The place whose time is shown: the coverage's own, or the city of its zone in `language`."""
    if coverage.place:
        return coverage.place
    zone = _zone(coverage.timezone)
    if zone is UTC:
        return "UTC"
    return get_timezone_location(zone, locale=language, return_city=True)


def _zone(timezone: str) -> tzinfo:
    # Checked when a coverage is opened; a zone that this machine does not know must not break its pages.
    try:
        return ZoneInfo(timezone) if timezone != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
