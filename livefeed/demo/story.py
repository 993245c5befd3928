"""The sample texts as what an editor would hand in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from livefeed.forms import CorrectionForm, CoverageForm, RetractionForm, UpdateForm

FOLDER = Path(__file__).parent
# The last one opened and written to stands first on the index.
STORIES = ("english", "mixed", "arabic")


@dataclass(frozen=True, slots=True)
class Telling:
    """One update of a story: published `age` ago, then perhaps corrected, retracted or pinned."""

    fields: Mapping[str, Any]
    age: timedelta
    pinned: bool
    correction: CorrectionForm | None
    retraction: RetractionForm | None

    def form(self, now: datetime) -> UpdateForm:
        """The update as handed in; one of age 0 shows the time at which it is published."""
        shown = {"displayed_at": now - self.age} if self.age else {}
        return UpdateForm.model_validate({**self.fields, **shown})


@dataclass(frozen=True, slots=True)
class Lead:
    """A story's picture: the file, and what is said of it."""

    file: Path
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Story:
    """A coverage and its updates, oldest first."""

    fields: Mapping[str, Any]
    lead: Lead | None
    tellings: tuple[Telling, ...]

    @property
    def slug(self) -> str:
        return str(self.fields["slug"])

    def form(self, now: datetime, picture: str | None) -> CoverageForm:
        """The coverage as handed in, with the id of its uploaded picture if it has one."""
        lead = {"lead_media": {"id": picture, **self.lead.words}} if self.lead and picture else {}
        starts_at = now - max(telling.age for telling in self.tellings)
        return CoverageForm.model_validate({**self.fields, **lead, "starts_at": starts_at})


def read_stories() -> tuple[Story, ...]:
    """The sample coverages, in the order to open them."""
    return tuple(_story(_read(name)) for name in STORIES)


def read_coming() -> tuple[Telling, ...]:
    """What goes on happening in the last story."""
    return tuple(_telling(told) for told in _read("next"))


def _read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def _story(content: Mapping[str, Any]) -> Story:
    fields = dict(content["coverage"])
    picture = fields.pop("lead_media")
    lead = None
    if picture:
        words = {name: text for name, text in picture.items() if name != "file"}
        lead = Lead(FOLDER / picture["file"], words)
    return Story(fields, lead, tuple(_telling(told) for told in content["updates"]))


def _telling(told: Mapping[str, Any]) -> Telling:
    fields = dict(told)
    correction, retraction = fields.pop("correction", None), fields.pop("retraction", None)
    return Telling(
        age=timedelta(minutes=fields.pop("minutes_ago")),
        pinned=fields.pop("pinned"),
        correction=correction and CorrectionForm.model_validate(correction),
        retraction=retraction and RetractionForm.model_validate(retraction),
        fields=fields,
    )
