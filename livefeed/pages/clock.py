"""Times as readers see them: in the coverage's zone, with the place named.

Digits are Western in every language. Date and time come apart, because each needs its own bidi isolate: one
isolate round both would put the city beside the date instead of beside the time.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.core import get_global
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


@cache
def zones(language: str) -> tuple[tuple[str, str], ...]:
    """Every time zone that is in use, by its name, with its city and country in `language` (source: the tz
    database's `zone.tab`, which leaves out the names that are kept for old times' sake)."""
    # Not by `get_timezone_location`, which loads each zone: half a second, while readers wait.
    locale, aliases = Locale.parse(language), get_global("zone_aliases")
    cities = {
        aliases.get(name, name): zone["city"] for name, zone in locale.time_zones.items() if "city" in zone
    }
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    found = []
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            city = cities.get(name, name.rpartition("/")[2].replace("_", " "))
            found.append((name, f"{city} · {locale.territories[country]}"))
    return (("UTC", "UTC"), *sorted(found))


def _zone(timezone: str) -> tzinfo:
    # Checked when a coverage is opened; a zone that this machine does not know must not break its pages.
    try:
        return ZoneInfo(timezone) if timezone != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
