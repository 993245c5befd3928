"""What editors may hand in, field by field: the models that validate, and from which OpenAPI is generated.

Texts are cleaned as they are read, so nothing unclean is ever compared, stored or shown. Lengths depend on
the settings, which come in as the validation context (`Lengths`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from livefeed.model import Verification
from livefeed.text import check_language, check_slug, clean, clean_line

# What stands after /desk/ where a coverage's slug would: such a coverage could not be worked on.
DESK_WORDS = frozenset(
    {
        "account",
        "administration",
        "audit",
        "coverages",
        "limits",
        "login",
        "logout",
        "new",
        "people",
        "snippets",
        "subscribers",
        "tokens",
        "webhooks",
    }
)
EARLIEST, LATEST = datetime(1000, 1, 2), datetime(9998, 12, 31)  # noqa: DTZ001 - compared before any zone


@dataclass(frozen=True, slots=True)
class Lengths:
    """The longest texts that are taken: single lines in characters, bodies in UTF-8 bytes."""

    line: int = 300
    body: int = 100_000


def _cleaned(clean_text: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: clean_text(value) if isinstance(value, str) else value)


def _short(text: str, found: ValidationInfo) -> str:
    limit = _lengths(found).line
    if len(text) > limit:
        raise _too_long(f"it has {len(text)} characters; the limit is {limit}", limit)
    return text


def _bounded(text: str, found: ValidationInfo) -> str:
    size, limit = len(text.encode()), _lengths(found).body
    if size > limit:
        raise _too_long(f"it has {size} bytes; the limit is {limit}", limit)
    return text


def _too_long(sentence: str, limit: int) -> PydanticCustomError:
    return PydanticCustomError("too_long", "{sentence}", {"sentence": sentence, "max_length": limit})


def _lengths(found: ValidationInfo) -> Lengths:
    return found.context if isinstance(found.context, Lengths) else Lengths()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name!r} is not a time zone; write one like Asia/Damascus or UTC") from None
    return name


def _web_address(url: str) -> str:
    parts = urlsplit(url)  # raises ValueError for brackets that do not match
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url[:100]!r} is not a web address; it must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        # https://bank.example@evil.example reads as the bank's
        raise ValueError(f"{url[:100]!r} holds a user name before the host; leave it out")
    if len(url) > 2000 or any(character.isspace() for character in url):
        raise ValueError(f"a web address has no spaces and at most 2000 characters; this one has {len(url)}")
    return url


def _time_text(value: object) -> object:
    # A bare number would be taken for seconds or milliseconds, whichever fits: times are RFC 3339 texts.
    if isinstance(value, datetime) or value is None:
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError(f"{value!r} is not a time; write it like 2026-11-23T17:15:00Z")
    return value


def _in_the_calendar(moment: datetime) -> datetime:
    # Four digits and a day from the ends of the calendar: every zone, page and feed can show it.
    if not EARLIEST <= moment.replace(tzinfo=None) <= LATEST:
        raise ValueError(f"{moment.isoformat()} is not between the years {EARLIEST.year} and {LATEST.year}")
    return moment


def _in_utc(moment: datetime) -> datetime:
    return _in_the_calendar(moment).astimezone(UTC)


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _unempty(names: list[str]) -> list[str]:
    return [name for name in names if name]


def _slug(text: str) -> str:
    return check_slug(text)


def _free_slug(text: str) -> str:
    if text in DESK_WORDS:
        raise ValueError(f"{text!r} is an address of the desk; choose another slug")
    return check_slug(text)


# `x-longest` is replaced by the setting's number where the schema is published.
Line = Annotated[
    str, _cleaned(clean_line), AfterValidator(_short), Field(json_schema_extra={"x-longest": "line"})
]
Prose = Annotated[
    str, _cleaned(clean), AfterValidator(_bounded), Field(json_schema_extra={"x-longest": "body"})
]
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
FreeSlug = Annotated[str, AfterValidator(_free_slug), Field(examples=["idlib-live"])]
Format = Literal["markdown", "html", "text"]
# A minute at most: what is meant for later has a time of its own, `publish_at`.
Hold = Annotated[float, Field(ge=0, le=60, description="Seconds it waits unseen, still to be deleted.")]


class Form(BaseModel):
    """A JSON body. Unknown fields are refused: a misspelt one would be lost without a word."""

    # Built on first use: a start waits for none of them.
    model_config = ConfigDict(extra="forbid", frozen=True, regex_engine="python-re", defer_build=True)

    def given(self, *names: str) -> dict[str, Any]:
        """Those of `names` that the client sent, by name."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class FocusForm(Form):
    """The point of a picture that must be seen when it is cropped, in per cent of its width and height."""

    x: float = Field(ge=0, le=100, allow_inf_nan=False, description="From the left.")
    y: float = Field(ge=0, le=100, allow_inf_nan=False, description="From the top.")


class PictureForm(Form):
    """An uploaded picture in use: its id from `POST /api/v1/media`, and what is said of it here."""

    id: str = Field(max_length=64)
    alt: Line = ""
    caption: Line = ""
    credit: Line = ""
    focus: FocusForm | None = Field(None, description="The upload's if left out.")


class RelatedForm(Form):
    """A link to a related story."""

    title: Line
    url: WebAddress
    label: Line = ""


class EmbedForm(Form):
    """A third party's post, as `POST /api/v1/previews` describes it."""

    url: WebAddress
    title: Line = ""
    provider: Line = Field("", description="Whose it is; read from the address where it is known.")
    author: Line = ""
    text: Line = ""
    picture: PictureForm | None = None


class CoverageChanges(Form):
    """Fields of a coverage to change; what is left out stays."""

    headline: Line = Field("", description="What the coverage is about.")
    kicker: Line = ""
    standfirst: Prose = ""
    language: Language = "ar"
    timezone: TimeZone = "UTC"
    place: Line = Field("", description="The place that is named after local times, such as دمشق.")
    dateline: Line = ""
    byline: Names = []
    section: Line = ""
    tags: Names = []
    lead_media: PictureForm | None = None
    summary: Names = []
    status: Literal["scheduled", "live"] = "live"
    starts_at: Time | None = None


class CoverageForm(CoverageChanges):
    """A coverage to open."""

    slug: FreeSlug
    headline: Line = Field(min_length=1, description="What the coverage is about.")


class UpdateChanges(Form):
    """Fields of an update to change; what is left out stays."""

    headline: Line = ""
    body: Prose = ""
    format: Format = Field("markdown", description="How `body` is written.")
    language: Language | None = Field(None, description="The coverage's if left out.")
    breaking: bool = Field(False, strict=True)
    key_event: bool = Field(False, strict=True)
    byline: Names = []
    dateline: Line = ""
    place: Line = ""
    attribution: Line = ""
    verification: Verification | None = None
    media: list[PictureForm] = Field([], max_length=20)
    related: list[RelatedForm] = Field([], max_length=20)
    tags: Names = []
    embeds: list[EmbedForm] = Field([], max_length=10)
    displayed_at: Time | None = Field(None, description="The time that is shown; never in the future.")
    publish_at: Time | None = Field(None, description="The embargo: not before this time.")
    publish_local: LocalTime | None = Field(
        None, description="`publish_at` by the clocks of the coverage's time zone, instead of it."
    )

    @property
    def pictures(self) -> list[PictureForm]:
        """Every picture it uses, those of embeds last."""
        return [*self.media, *(embed.picture for embed in self.embeds if embed.picture)]


class UpdateForm(UpdateChanges):
    """An update to publish, or to keep as a draft, a submission or for later."""

    id: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{16}$",
        max_length=16,  # Python's $ lets a newline follow
        description="The id that it had on another server, so that feed readers know it again; "
        "where that is taken, another one is made.",
    )
    status: Literal["draft", "submitted", "scheduled", "published"] | None = Field(
        None, description="published if left out; scheduled if `publish_at` is given."
    )
    hold: Hold = 0


class CorrectionForm(UpdateChanges):
    """A revision that readers are told of: what was wrong, and the fields as they are right."""

    note: Line = Field(min_length=1, description="What was wrong, for readers.")


class RetractionForm(Form):
    """Why an update is withdrawn. The reason stays on the desk; the note is shown to readers."""

    reason: Line = ""
    note: Line = ""


class SubmissionForm(Form):
    """A word to the desk, or back to the contributor."""

    note: Line = ""


class PublicationForm(Form):
    """When to publish: now if left out."""

    publish_at: Time | None = None
    publish_local: LocalTime | None = Field(
        None, description="`publish_at` by the clocks of the coverage's time zone, instead of it."
    )
    hold: Hold = 0


class WebhookForm(Form):
    """An endpoint that is to be told of changes."""

    url: WebAddress = Field(description="Where messages are posted to.")
    description: Line = ""
    coverages: list[Slug] | None = Field(None, min_length=1, max_length=100, description="All if left out.")
    secret: str | None = Field(
        None, max_length=120, description="whsec_ and 24 to 64 bytes in Base64; made here if left out."
    )


class PreviewForm(Form):
    """An address to look at."""

    url: WebAddress


class ReplayForm(Form):
    """Which dead letters to try again."""

    letters: list[str] | None = Field(None, max_length=1000, description="Their ids; all if left out.")


class AutosaveForm(Form):
    """What a composer holds, as it holds it."""

    kept: dict[str, Any]


class PresenceForm(Form):
    """What a tab of the desk changes at the moment."""

    editing: str | None = Field(
        None, pattern=r"^[0-9A-Za-z-]+$", max_length=64, description="An update's id; null: none."
    )


class NoteForm(Form):
    """A word for the desk, or a claim that is still to be verified."""

    kind: Literal["note", "claim"] = "note"
    text: Annotated[str, _cleaned(lambda text: clean(text).strip()), Field(min_length=1, max_length=2000)]


class NoteChanges(Form):
    """What became of it: a note is done, a claim confirmed or denied."""

    state: Literal["open", "done", "confirmed", "denied"]


class EmptyForm(Form):
    """A body that says nothing."""
