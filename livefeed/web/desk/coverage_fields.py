"""What stands in the form of a coverage: texts that a person edits, and the coverage they mean."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from livefeed.events import public_media
from livefeed.forms import CoverageChanges, CoverageForm, Form
from livefeed.inputs import Lengths, LocalTime, utc_of
from livefeed.model import Coverage
from livefeed.web.answers import Problem, Unfit
from livefeed.web.desk.fields import Fields
from livefeed.web.intake import validated

PLAIN = ("headline", "kicker", "standfirst", "language", "timezone", "place", "dateline", "section")
LISTS = {"byline": "\n", "tags": "[,\u060c\n]", "summary": "\n"}
CHANGEABLE = (*PLAIN, *LISTS, "lead_media")
AS_PATTERN = tuple(
    name for name in CHANGEABLE if name not in {"headline", "standfirst", "summary", "lead_media"}
)

Texts = Mapping[str, str]
"""What stands in each field, by its name."""


class Overtaken(Problem):
    """Somebody else changed a field since the form was made; `stands` is what it says now."""

    def __init__(self, field: str, stands: str) -> None:
        sentence = f"Somebody else changed {field} meanwhile; it is {stands[:40]!r} now."
        super().__init__(412, sentence, type="overtaken", field=field)
        self.stands = stands


class _Beginning(Form):
    starts_at: LocalTime


def texts_of(coverage: Coverage) -> dict[str, str]:
    """What the form of a coverage begins with."""
    lead = coverage.lead_media
    return {
        **{name: getattr(coverage, name) for name in PLAIN},
        "byline": "\n".join(coverage.byline),
        "tags": ", ".join(coverage.tags),
        "summary": "\n".join(coverage.summary),
        "lead_media": json.dumps(public_media(lead, ""), ensure_ascii=False) if lead else "",
    }


def texts_like(pattern: Coverage) -> dict[str, str]:
    """What the form of a new coverage begins with that is to be like `pattern`, but for its own words."""
    known = texts_of(pattern)
    return {name: known[name] if name in AS_PATTERN else "" for name in (*CHANGEABLE, "slug", "starts_at")}


def typed_texts(fields: Fields) -> dict[str, str]:
    """What came back of the form."""
    return {name: fields[name] for name in (*CHANGEABLE, "slug", "starts_at")}


def seen_of(texts: Texts) -> str:
    """A mark of what stands in each field, for `changes_of` to tell what was changed there, and by whom."""
    return json.dumps({name: _mark(name, texts[name]) for name in CHANGEABLE})


def opening_of(texts: Texts, lengths: Lengths) -> CoverageForm:
    """The coverage to open that `texts` describe; what is empty is left out. Raises `Problem` 422."""
    given = {name: value for name, value in _meant(texts, (*CHANGEABLE, "slug")) if value}
    form = validated(CoverageForm, {"headline": "", "slug": "", **given}, lengths)
    if not texts["starts_at"]:
        return form
    wall = validated(_Beginning, {"starts_at": texts["starts_at"]}, lengths).starts_at
    moment = utc_of(wall, form.timezone)
    if moment is None:
        raise Unfit("starts_at", texts["starts_at"], f"a time that the clocks of {form.timezone} show")
    return validated(CoverageForm, {**given, "starts_at": moment.isoformat()}, lengths)


def changes_of(texts: Texts, seen: str, stands: Texts, lengths: Lengths) -> CoverageChanges:
    """What was changed of what was seen: another chief's changes of other fields stay. `stands` is the
    coverage now.

    Raises `Overtaken` where both changed the same field into something else, `Problem` 422.
    """
    marks = _marks(seen)
    given: dict[str, Any] = {}
    for name, value in _meant(texts, CHANGEABLE):
        standing = _mark(name, stands[name])
        if _mark(name, texts[name]) in (marks.get(name), standing):
            continue
        if standing != marks.get(name):
            raise Overtaken(name, stands[name])
        given[name] = value
    return validated(CoverageChanges, given, lengths)


def seen_again(seen: str, overtaken: Overtaken) -> str:
    """The mark of one who has now seen what somebody else made of that field."""
    field = overtaken.members["field"]
    return json.dumps({**_marks(seen), field: _mark(field, overtaken.stands)})


def _meant(texts: Texts, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The value of each of those fields, as the API takes it."""
    for name in names:
        text = texts[name].replace("\r\n", "\n").strip()
        if name in LISTS:
            yield name, [part.strip() for part in re.split(LISTS[name], text) if part.strip()]
        elif name == "lead_media":
            yield name, _picture(text)
        else:
            yield name, text


def _picture(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        picture = json.loads(text)
        # What the form shows of it and the API does not take: where it is, and how large.
        return {
            name: picture[name] for name in ("id", "alt", "caption", "credit", "focus") if name in picture
        }
    except (ValueError, TypeError, RecursionError):
        raise Unfit("lead_media", text, "a picture that was uploaded here") from None


def _mark(name: str, text: str) -> str:
    [(_, value)] = _meant({name: text}, (name,))
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def _marks(seen: str) -> Mapping[str, str]:
    try:
        found = json.loads(seen)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unfit("seen", seen, "the field as the form had it", status=400)
    return found
