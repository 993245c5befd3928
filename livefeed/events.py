"""What can happen, how it is written down, and where it is announced.

An event is a past-tense fact in a channel's log. It carries the full state after the change, so replaying it
is an upsert by id and doubles are harmless. Stored payloads hold neither position nor order: the store
numbers an event in the transaction that appends it, and `Event.decode` puts the numbers back.

This is the one place that spells channel names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from livefeed.model import Coverage, Media, Position, Update

SITE = "site"


def live_channel(slug: str) -> str:
    """The channel of what readers of a coverage see."""
    return f"live:{slug}"


def desk_channel(slug: str) -> str:
    """The channel of drafts, submissions and schedules; editors only."""
    return f"desk:{slug}"


def is_private(channel: str) -> bool:
    """True for channels that only a login may follow."""
    return channel.startswith("desk:")


class Kind(StrEnum):
    """What happened. The first eight are the public wire contract; the rest stay on the desk."""

    PUBLISHED = "published"
    REVISED = "revised"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    RESTORED = "restored"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    COVERAGE = "coverage"
    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    SCHEDULED = "scheduled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a channel's log: either `update` or, for kind `coverage`, `coverage` is set."""

    channel: str
    position: Position
    kind: Kind
    update: Update | None = None
    coverage: Coverage | None = None

    @property
    def offset(self) -> int:
        return self.position.offset

    @classmethod
    def decode(cls, channel: str, position: Position, kind: str, order: int, payload: str | bytes) -> Event:
        """The event stored as `payload` at `position`; `order` 0 means that this very event published it."""
        if kind == Kind.COVERAGE:
            coverage = replace(decode_coverage(payload), position=position)
            return cls(channel, position, Kind.COVERAGE, coverage=coverage)
        update = decode_update(payload)
        return cls(channel, position, Kind(kind), update=replace(update, position=position, order=order))


_NUMBERS = {"position", "order", "version"}

# What no public form shows; a position is put back as the cursor it is.
INTERNAL_UPDATE = {
    *("order", "version", "author", "once_breaking", "corrected_at", "restored_at", "position"),
    "remark",  # between the desk and a contributor
    "verifications",  # pages show it; the wire contract names every field of an update, and this is none
}
INTERNAL_MEDIA = {"size"}
INTERNAL_COVERAGE = {"version", "pinned_id", "archived_at", "position"}


STORED_BREAKING = '"breaking":true'
"""Is in the stored form of every breaking update and of no other: a quote in people's text is escaped."""


def encode(state: Update | Coverage) -> str:
    """The stored form of a state: every field but the numbers that the store gives."""
    if isinstance(state, Update):
        return _updates().dump_json(state, exclude=_NUMBERS).decode()
    return _coverages().dump_json(state, exclude=_NUMBERS).decode()


def decode_update(payload: str | bytes) -> Update:
    """The update stored as `payload`, without its numbers."""
    return _updates().validate_json(payload)


def decode_coverage(payload: str | bytes) -> Coverage:
    """The coverage stored as `payload`, without its numbers."""
    return _coverages().validate_json(payload)


def public_update(update: Update, base_url: str) -> dict[str, Any]:
    """An update as the wire contract has it: plain JSON values, absolute URLs, nothing internal."""
    document = _public(_updates().dump_python(update, mode="json", exclude=INTERNAL_UPDATE), update.position)
    document["media"] = [_absolute(media, base_url) for media in document["media"]]
    for embed in document["embeds"]:
        embed["picture"] = embed["picture"] and _absolute(embed["picture"], base_url)
    document["url"] = update_url(base_url, update)
    return document


def public_coverage(coverage: Coverage, base_url: str) -> dict[str, Any]:
    """A coverage as the wire contract has it."""
    fields = _coverages().dump_python(coverage, mode="json", exclude=INTERNAL_COVERAGE)
    document = _public(fields, coverage.position)
    if document["lead_media"]:
        document["lead_media"] = _absolute(document["lead_media"], base_url)
    document["url"] = coverage_url(base_url, coverage.slug)
    return document


def public_media(media: Media, base_url: str) -> dict[str, Any]:
    """A picture as the wire contract has it."""
    return _absolute(asdict(media), base_url)


def coverage_url(base_url: str, slug: str) -> str:
    """The public address of a coverage's live page (RFC 3986: an Arabic slug is percent-encoded)."""
    return f"{base_url}/live/{quote(slug)}"


def update_url(base_url: str, update: Update) -> str:
    """The public, permanent address of one update."""
    return f"{coverage_url(base_url, update.coverage)}/updates/{update.id}"


def rfc3339(moment: datetime) -> str:
    """A time as every JSON form writes it: UTC, ending in Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Built on first use: it takes longer than all else that a short command does.
@cache
def _updates() -> TypeAdapter[Update]:
    return TypeAdapter(Update)


@cache
def _coverages() -> TypeAdapter[Coverage]:
    return TypeAdapter(Coverage)


def _public(document: dict[str, Any], position: Position | None) -> dict[str, Any]:
    document["position"] = str(position) if position else None
    return document


def _absolute(media: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    url = media["url"]
    told = {name: value for name, value in media.items() if name not in INTERNAL_MEDIA}
    return {**told, "url": f"{base_url}{url}" if url.startswith("/") else url}
