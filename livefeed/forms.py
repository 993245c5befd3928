"""What editors may hand in, field by field: the models that validate, and from which OpenAPI is generated."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from livefeed.inputs import (
    Format,
    Hold,
    Language,
    Line,
    LocalTime,
    Names,
    Prose,
    Remark,
    Slug,
    Time,
    TimeZone,
    WebAddress,
)
from livefeed.model import Verification


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

    slug: Slug
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
    text: Remark


class NoteChanges(Form):
    """What became of it: a note is done, a claim confirmed or denied."""

    state: Literal["open", "done", "confirmed", "denied"]


class EmptyForm(Form):
    """A body that says nothing."""
