"""Limits as the desk shows them: settings that are named here one by one, so that no other is ever shown."""

from __future__ import annotations

from collections.abc import Mapping

from babel import UnknownLocaleError
from babel.numbers import UnsupportedNumberingSystemError
from babel.units import format_unit

from livefeed.settings import Settings

BYTES = ("body_bytes", "request_bytes", "media_bytes")
COUNTS = (
    "headline_chars",
    "media_pixels",
    "page_size",
    "feed_items",
    "feed_most_items",
    "max_readers",
    "webhook_attempts",
)
SECONDS = (
    "hold",
    "breaking_hold",
    "close_after",
    "archive_after",
    "session_idle",
    "session_lifetime",
    "delivery_timeout",
    "webhook_pause",
)


def limits_of(settings: Settings, language: str) -> Mapping[str, str]:
    """The shown settings' values by name, in `language`."""
    language = language.replace("-", "_")
    values = {name: f"{getattr(settings, name):,}" for name in COUNTS}
    values |= {name: _unit(getattr(settings, name), "digital-byte", language) for name in BYTES}
    return values | {name: duration(getattr(settings, name), language) for name in SECONDS}


def duration(seconds: float, language: str) -> str:
    """`seconds` in the largest unit that leaves a whole number, such as 12 hours."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return _unit(seconds / size, f"duration-{unit}", language)
    return _unit(seconds, "duration-second", language)


def _unit(value: float, unit: str, language: str) -> str:
    # Western digits in every language, as everywhere on the site.
    for length in ("long", "short"):
        try:
            said = format_unit(value, unit, length, locale=language, numbering_system="latn")
        except (ValueError, UnknownLocaleError, UnsupportedNumberingSystemError):
            break
        if unit not in said:  # Babel says a unit's own name where a language has no words of that length
            return said
    return format_unit(value, unit, locale="en")
