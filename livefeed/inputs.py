"""The kinds of fields that forms have: what is cleaned, and what is refused with the limit.

Texts are cleaned as they are read, so nothing unclean is ever compared, stored or shown. Lengths depend on
the settings, which come in as the validation context (`Lengths`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, NaiveDatetime, WithJsonSchema
from pydantic_core.core_schema import ValidationInfo

from livefeed.text import TextRefused, check_language, check_slug, clean, clean_line

A_TIME = "a time of RFC 3339, such as 2026-11-23T17:15:00Z"
WEB_ADDRESS = "an address that begins with http:// or https://"
EARLIEST, LATEST = datetime(1000, 1, 2), datetime(9998, 12, 31)  # noqa: DTZ001 - compared before any zone


@dataclass(frozen=True, slots=True)
class Lengths:
    """The longest texts that are taken: single lines in characters, bodies in UTF-8 bytes."""

    line: int = 300
    body: int = 100_000


def utc_of(wall: datetime, zone: str) -> datetime | None:
    """When the clocks of a time zone show `wall`: the first of the two when they are set back between them,
    None for a time that they never show, because they go forward over it."""
    place = ZoneInfo(zone)
    moment = wall.replace(tzinfo=place).astimezone(UTC)
    return moment if moment.astimezone(place).replace(tzinfo=None) == wall else None


def _cleaned(clean_text: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: clean_text(value) if isinstance(value, str) else value)


def _short(text: str, found: ValidationInfo) -> str:
    limit = _lengths(found).line
    if len(text) > limit:
        raise TextRefused(f"it has {len(text)} characters; the limit is {limit}", limit)
    return text


def _bounded(text: str, found: ValidationInfo) -> str:
    size, limit = len(text.encode()), _lengths(found).body
    if size > limit:
        raise TextRefused(f"it has {size} bytes; the limit is {limit}", limit)
    return text


def _lengths(found: ValidationInfo) -> Lengths:
    return found.context if isinstance(found.context, Lengths) else Lengths()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        taken = "a time zone like Asia/Damascus or UTC"
        raise TextRefused(
            f"{name[:100]!r} is not a time zone; write one like Asia/Damascus or UTC", taken
        ) from None
    return name


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as reason:  # brackets that do not match
        raise TextRefused(f"{url[:100]!r} is not a web address: {reason}", WEB_ADDRESS) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        sentence = f"{url[:100]!r} is not a web address; it must begin with http:// or https://"
        raise TextRefused(sentence, WEB_ADDRESS)
    if parts.username is not None or parts.password is not None:
        # https://bank.example@evil.example reads as the bank's
        sentence = f"{url[:100]!r} holds a user name before the host; leave it out"
        raise TextRefused(sentence, WEB_ADDRESS)
    if len(url) > 2000 or any(character.isspace() for character in url):
        sentence = f"a web address has no spaces and at most 2000 characters; this one has {len(url)}"
        raise TextRefused(sentence, 2000)
    return url


def _time_text(value: object) -> object:
    # A bare number would be taken for seconds or milliseconds, whichever fits: times are RFC 3339 texts.
    if isinstance(value, datetime) or value is None:
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise TextRefused(f"{str(value)[:100]!r} is not a time; write it like 2026-11-23T17:15:00Z", A_TIME)
    return value


def _in_the_calendar(moment: datetime) -> datetime:
    # Four digits and a day from the ends of the calendar: every zone, page and feed can show it.
    if not EARLIEST <= moment.replace(tzinfo=None) <= LATEST:
        years = f"the years {EARLIEST.year} and {LATEST.year}"
        raise TextRefused(f"{moment.isoformat()} is not between {years}", f"between {years}")
    return moment


def _in_utc(moment: datetime) -> datetime:
    return _in_the_calendar(moment).astimezone(UTC)


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _unempty(names: list[str]) -> list[str]:
    return [name for name in names if name]


def _slug(text: str) -> str:
    return check_slug(text)


# `x-longest` is replaced by the setting's number where the schema is published.
Line = Annotated[
    str, _cleaned(clean_line), AfterValidator(_short), Field(json_schema_extra={"x-longest": "line"})
]
Prose = Annotated[
    str, _cleaned(clean), AfterValidator(_bounded), Field(json_schema_extra={"x-longest": "body"})
]
Remark = Annotated[str, _cleaned(lambda text: clean(text).strip()), Field(min_length=1, max_length=2000)]
Names = Annotated[list[Line], BeforeValidator(_names), AfterValidator(_unempty), Field(max_length=30)]
Language = Annotated[str, AfterValidator(check_language)]
TimeZone = Annotated[str, AfterValidator(_zone), Field(examples=["Asia/Damascus"])]
WebAddress = Annotated[str, _cleaned(clean_line), AfterValidator(_web_address)]
Time = Annotated[AwareDatetime, BeforeValidator(_time_text), AfterValidator(_in_utc)]
LocalTime = Annotated[
    NaiveDatetime,
    BeforeValidator(_time_text),
    AfterValidator(_in_the_calendar),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
            "examples": ["2026-11-23T17:15"],
        }
    ),
]
Slug = Annotated[str, AfterValidator(_slug), Field(examples=["idlib-live"])]
Format = Literal["markdown", "html", "text"]
# A minute at most: what is meant for later has a time of its own, `publish_at`.
Hold = Annotated[float, Field(ge=0, le=60, description="Seconds it waits unseen, still to be deleted.")]
