"""From what an editor hands in to the value it describes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from unicodedata import bidirectional

from livefeed.forms import (
    CoverageChanges,
    EmbedForm,
    PictureForm,
    PublicationForm,
    UpdateChanges,
    UpdateForm,
)
from livefeed.inputs import utc_of
from livefeed.model import (
    Coverage,
    CoverageStatus,
    Direction,
    Embed,
    Focus,
    Media,
    Related,
    Status,
    Update,
    utc,
)
from livefeed.newsroom.refusals import Invalid
from livefeed.providers import provider_of
from livefeed.text import TextRefused, direction_of, direction_of_language, render_body

P = TypeVar("P", UpdateChanges, UpdateForm, PublicationForm)

PLAIN = ("headline", "breaking", "key_event", "dateline", "place", "attribution", "verification")


def update_with(
    update: Update, form: UpdateChanges, coverage: Coverage, pictures: Mapping[str, Media], now: datetime
) -> Update:
    """`update` with every field that was handed in. `pictures` holds the uploaded ones by id.

    Raises `Invalid` for a text, time or picture that cannot be taken.
    """
    changes: dict[str, Any] = form.given(*PLAIN)
    given = form.model_fields_set
    if "body" in given:
        try:
            body = render_body(form.body, form.format)
        except TextRefused as refusal:
            raise Invalid("body", str(refusal), value=form.body, limit=refusal.limit) from refusal
        changes |= {"body": body.html, "text": body.text}
    for name in ("byline", "tags"):
        if name in given:
            changes[name] = tuple(getattr(form, name))
    if "media" in given:
        changes["media"] = tuple(
            picture_of(picture, pictures, f"media[{place}].id") for place, picture in enumerate(form.media)
        )
    if "related" in given:
        changes["related"] = tuple(Related(link.title, link.url, link.label) for link in form.related)
    if "embeds" in given:
        changes["embeds"] = tuple(
            _embed(embed, pictures, f"embeds[{place}].picture.id") for place, embed in enumerate(form.embeds)
        )
    if form.displayed_at is not None:
        if form.displayed_at > now:
            asked = form.displayed_at.isoformat()
            sentence = f"displayed_at is {asked}, in the future."
            raise Invalid("displayed_at", sentence, value=asked, limit=now.isoformat())
        changes["displayed_at"] = utc(form.displayed_at)
    if "publish_at" in given:
        changes["publish_at"] = embargo(form.publish_at, now)
    changed = replace(update, **changes)
    if "language" in given or update.revision == 0:
        changed = replace(changed, language=form.language or coverage.language)
    changed = replace(changed, direction=_direction(changed, coverage))
    if not (changed.headline or changed.text or changed.media or changed.embeds):
        sentence = "The update is empty: it needs a headline, a body, a picture or an embed."
        raise Invalid("body", sentence, value="", limit="a headline, a body, a picture or an embed")
    return changed


def placed(form: P, coverage: Coverage) -> P:
    """`form` with its `publish_local`, if it has one, as `publish_at`: the time by the clocks of the
    coverage's zone, and the first of the two when they were set back between them.

    Raises `Invalid` for a time that those clocks never show.
    """
    local = form.publish_local
    if local is None:
        return form
    if form.publish_at is not None:
        sentence = "publish_at and publish_local exclude each other: give one of them."
        raise Invalid("publish_local", sentence, value=local.isoformat(), limit="one of the two")
    moment = utc_of(local, coverage.timezone)
    if moment is None:
        raise Invalid(
            "publish_local",
            f"publish_local is {local.isoformat()}, a time that {coverage.timezone} never has: its clocks go "
            "forward over it.",
            value=local.isoformat(),
            limit=f"a time of {coverage.timezone}",
        )
    return form.model_copy(update={"publish_at": moment})


def embargo(publish_at: datetime | None, now: datetime) -> datetime | None:
    """A time to wait for. Raises `Invalid` when it has passed."""
    if publish_at is not None and publish_at <= now:
        asked, limit = publish_at.isoformat(), now.isoformat()
        raise Invalid(
            "publish_at", f"publish_at is {asked}, but it is {limit} already.", value=asked, limit=limit
        )
    return None if publish_at is None else utc(publish_at)


def held_until(hold: float, status: Status, now: datetime) -> datetime | None:
    """When an update that is held for `hold` seconds goes out, None for no hold.

    Raises `Invalid` when it is not to be published at once.
    """
    if not hold:
        return None
    if status is not Status.PUBLISHED:
        sentence = f"hold is {hold:g}, but the update is to be {status}; a hold is for publishing."
        raise Invalid("hold", sentence, value=f"{hold:g}", limit=0)
    return utc(now + timedelta(seconds=hold))


def coverage_with(coverage: Coverage, form: CoverageChanges, pictures: Mapping[str, Media]) -> Coverage:
    """`coverage` with every field that was handed in. Raises `Invalid`."""
    changes = form.given(
        "headline", "kicker", "standfirst", "language", "timezone", "place", "dateline", "section"
    )
    for name in ("byline", "tags", "summary"):
        if name in form.model_fields_set:
            changes[name] = tuple(getattr(form, name))
    if "lead_media" in form.model_fields_set:
        picture = form.lead_media
        changes["lead_media"] = picture and picture_of(picture, pictures, "lead_media.id")
    if "status" in form.model_fields_set:
        changes["status"] = CoverageStatus(form.status)
    if "starts_at" in form.model_fields_set:
        changes["starts_at"] = form.starts_at and utc(form.starts_at)
    changed = replace(coverage, **changes)
    if not changed.headline:
        sentence = "A coverage needs a headline of at least 1 character."
        raise Invalid("headline", sentence, value=changed.headline, limit=1)
    return replace(changed, direction=direction_of_language(changed.language))


def picture_of(picture: PictureForm, pictures: Mapping[str, Media], field: str) -> Media:
    """An uploaded picture with what is said of it here. Raises `Invalid` for an unknown id."""
    upload = pictures.get(picture.id)
    if upload is None:
        sentence = f"There is no picture {picture.id!r}. Upload it to /api/v1/media first."
        raise Invalid(field, sentence, value=picture.id, limit="the id of an uploaded picture")
    focus = upload.focus
    if "focus" in picture.model_fields_set:
        focus = Focus(picture.focus.x, picture.focus.y) if picture.focus else None
    return replace(upload, alt=picture.alt, caption=picture.caption, credit=picture.credit, focus=focus)


def _embed(form: EmbedForm, pictures: Mapping[str, Media], field: str) -> Embed:
    picture = picture_of(form.picture, pictures, field) if form.picture else None
    return Embed(
        form.url, form.title, form.provider or provider_of(form.url), form.author, form.text, picture
    )


def _direction(update: Update, coverage: Coverage) -> Direction:
    """A language of its own decides. Otherwise the letters do, for a newsroom quotes in both scripts without
    ever setting a language: in an Arabic coverage one Arabic letter makes the update right-to-left, since
    headlines often begin with a foreign name; in an English one the first letter decides."""
    base = direction_of_language(update.language)
    if update.language != coverage.language:
        return base
    words = f"{update.headline} {update.text}"
    if base == "rtl":
        return "ltr" if direction_of(words) == "ltr" and not _has_rtl(words) else "rtl"
    return direction_of(words) or base


def _has_rtl(words: str) -> bool:
    return any(bidirectional(character) in ("R", "AL") for character in words)
