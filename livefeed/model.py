"""Coverages, updates and their rules.

Values are frozen: a change makes a new value. Texts are empty strings where there is none; times and
objects are None. Fields that readers never see (`order`, `version`, `author`, `pinned_id`…) are part of the
value because stores and rules need them; `livefeed.events` leaves them out of every public form.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

Direction = Literal["rtl", "ltr"]


class Status(StrEnum):
    """Where an update stands. Only the last two were ever seen by a reader."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    RETRACTED = "retracted"

    @property
    def public(self) -> bool:
        """True when readers know of the update."""
        return self in (Status.PUBLISHED, Status.RETRACTED)


class CoverageStatus(StrEnum):
    """Whether a coverage has yet to begin, runs, or has ended."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    CLOSED = "closed"


class Verification(StrEnum):
    """What the desk knows of a claim; None on an update means nothing is said."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a channel's log: the event's offset (from 1; 0 is the beginning) in one life of the log."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.offset}"

    @classmethod
    def parse(cls, cursor: str) -> Position | None:
        """The position a cursor stands for, or None when it is malformed.

        Offsets are plain ASCII digits without leading zeros, so that a position has one text only.
        """
        epoch, dash, digits = cursor.rpartition("-")
        plain = digits.isascii() and digits.isdigit() and len(digits) <= 15
        if not (dash and epoch and epoch.isascii() and epoch.isalnum() and plain):
            return None
        if digits != str(int(digits)):
            return None
        return cls(epoch, int(digits))


@dataclass(frozen=True, slots=True)
class Focus:
    """The point of a picture that must be seen when it is cropped: per cent from its left and its top."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Media:
    """A picture in an update. `url` is a path of this server until a public form makes it absolute. `widths`
    are those in which it is kept in WebP and in its own format; empty when it is only kept as it is. `size`
    is in bytes, 0 when it is not known: for feeds alone."""

    id: str
    url: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    width: int = 0
    height: int = 0
    widths: tuple[int, ...] = ()
    focus: Focus | None = None
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Related:
    """A link to a related story, such as «اقرأ أيضاً»."""

    title: str
    url: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Embed:
    """A third party's post, shown as a preview of our own until the reader asks for it. `provider` names
    where it was posted, `text` is what it says, and `picture` is kept among our own."""

    url: str
    title: str = ""
    provider: str = ""
    author: str = ""
    text: str = ""
    picture: Media | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """An editorial note, shown to readers, that an earlier statement was wrong."""

    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What readers were told of a claim from a time on; None: nothing any more."""

    at: datetime
    verification: Verification | None


@dataclass(frozen=True, slots=True)
class Retraction:
    """When an update was withdrawn and what readers are told. The reason is for the desk only."""

    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A word between the desk and a contributor about an update that is not published: whose, and when."""

    by: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """One running story. `archived_at` is when a closed one was put away: the index lists it apart."""

    slug: str
    headline: str
    kicker: str = ""
    standfirst: str = ""
    language: str = "ar"
    direction: Direction = "rtl"
    timezone: str = "UTC"
    place: str = ""
    dateline: str = ""
    byline: tuple[str, ...] = ()
    section: str = ""
    tags: tuple[str, ...] = ()
    lead_media: Media | None = None
    summary: tuple[str, ...] = ()
    status: CoverageStatus = CoverageStatus.LIVE
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    pinned_id: str | None = None
    archived_at: datetime | None = None
    version: int = field(default=0, compare=False)
    position: Position | None = field(default=None, compare=False)

    @property
    def begun_at(self) -> datetime | None:
        """When it began; None while it is only planned."""
        return None if self.status is CoverageStatus.SCHEDULED else self.starts_at


@dataclass(frozen=True, slots=True)
class Update:
    """One timestamped piece of a coverage; it keeps its id through revisions.

    `order` is the offset in `live:<slug>` at which it was published, 0 before; pages follow it, not a time.
    `version` counts every stored change and guards writers against each other; `revision` counts revise,
    correct, retract and restore, and is what editors name in `If-Match`. `corrected_at` is filled on a stub
    alone: when the corrections were made whose notes were emptied, for feeds showed each as an item.
    `remark` is the last word about a draft or submission; it ends when the update goes out.
    `restored_at` is when a retraction was last undone. `verifications` are all that readers were told of the
    claim, oldest first, the last one being `verification`; what was published by an older version may lack
    the first ones.
    """

    id: str
    coverage: str
    status: Status
    revision: int = 1
    headline: str = ""
    body: str = ""
    text: str = ""
    language: str = "ar"
    direction: Direction = "rtl"
    breaking: bool = False
    key_event: bool = False
    pinned: bool = False
    byline: tuple[str, ...] = ()
    dateline: str = ""
    place: str = ""
    attribution: str = ""
    verification: Verification | None = None
    verifications: tuple[Verified, ...] = ()
    media: tuple[Media, ...] = ()
    related: tuple[Related, ...] = ()
    tags: tuple[str, ...] = ()
    embeds: tuple[Embed, ...] = ()
    corrections: tuple[Correction, ...] = ()
    retraction: Retraction | None = None
    publish_at: datetime | None = None
    displayed_at: datetime | None = None
    published_at: datetime | None = None
    revised_at: datetime | None = None
    author: str = ""
    once_breaking: bool = False
    corrected_at: tuple[datetime, ...] = ()
    restored_at: datetime | None = None
    remark: Remark | None = None
    order: int = field(default=0, compare=False)
    version: int = field(default=0, compare=False)
    position: Position | None = field(default=None, compare=False)

    @property
    def on_site(self) -> bool:
        """True when the site's channel carries its changes: it is or was breaking."""
        return self.breaking or self.once_breaking

    @property
    def pictures(self) -> tuple[Media, ...]:
        """Every picture it shows, those of embeds included."""
        return (*self.media, *(embed.picture for embed in self.embeds if embed.picture))

    def withdrawn(self, retraction: Retraction) -> Update:
        """The stub readers keep: nothing of the text, the people or the pictures, for a named source must
        not stay exposed in a replay, an archive or a cache."""
        return replace(
            self.erased(),
            status=Status.RETRACTED,
            revision=self.revision + 1,
            retraction=retraction,
            revised_at=retraction.at,
            corrected_at=tuple(correction.at for correction in self.corrections),
        )

    def erased(self) -> Update:
        """This update without anything a person wrote or showed; identity, flags and times stay."""
        return replace(
            self,
            headline="",
            body="",
            text="",
            pinned=False,
            byline=(),
            dateline="",
            place="",
            attribution="",
            verification=None,
            verifications=(),
            media=(),
            related=(),
            tags=(),
            embeds=(),
            corrections=(),
            remark=None,
        )


@dataclass(frozen=True, slots=True)
class Corrected:
    """The `number`-th correction of an update, from 1, in a list of them."""

    update: Update
    number: int

    @property
    def correction(self) -> Correction:
        return self.update.corrections[self.number - 1]

    @property
    def rank(self) -> tuple[datetime, str]:
        """Its place in the list of its coverage."""
        return self.correction.at, self.update.id


def utc(moment: datetime) -> datetime:
    """`moment` in UTC with milliseconds: what is stored is what every form shows."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def after(moment: datetime, previous: datetime | None) -> datetime:
    """`moment`, or one millisecond past `previous` when the clock was set back.

    An update's times never run backwards: feed readers drop an entry whose `updated` decreases.
    """
    moment = utc(moment)
    if previous is None or moment > previous:
        return moment
    return utc(datetime.fromtimestamp(previous.timestamp() + 0.0015, UTC))
