"""The demo's stories: complete, readable in both directions, free of what the server would clean away."""

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "livefeed" / "demo"
STORIES = ("arabic", "english", "mixed")

COVERAGE_FIELDS = {
    "slug", "headline", "kicker", "standfirst", "language", "timezone", "place", "dateline", "byline",
    "section", "tags", "summary", "lead_media",
}  # fmt: skip
UPDATE_FIELDS = {
    "headline", "body", "byline", "dateline", "place", "attribution", "verification", "breaking", "key_event",
    "pinned", "tags", "related", "minutes_ago",
}  # fmt: skip
# `language` is given only where an update's differs from its coverage's.
OPTIONAL_FIELDS = {"language", "correction", "retraction"}
ARABIC = re.compile("[\u0621-\u064a]")
# Embeddings, overrides and isolates, none of which these stories need, and marks of broken decoding.
DIRECTING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffd"
# Without a mark before it, a handle's sign or a telephone number is set in the wrong order in an Arabic line.
UNMARKED = re.compile("(?<![\\w\u200e/&.-])(?:[@#+][A-Za-z0-9]|\\d{3}-\\d{4})")


def read(name: str) -> Any:
    return json.loads((DEMO / f"{name}.json").read_text(encoding="utf-8"))


def updates(name: str) -> list[dict[str, Any]]:
    content = read(name)
    found: list[dict[str, Any]] = content if isinstance(content, list) else content["updates"]
    return found


def texts(content: Any) -> Iterator[str]:
    """Every string that a reader or an editor would see or send."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from texts(value)


def starts_right_to_left(text: str) -> bool:
    strong = (unicodedata.bidirectional(c) for c in text)
    return next((kind in ("R", "AL") for kind in strong if kind in ("L", "R", "AL")), False)


@pytest.mark.parametrize("name", STORIES)
def test_a_coverage_has_every_field_an_editor_gives(name: str) -> None:
    coverage = read(name)["coverage"]
    assert set(coverage) == COVERAGE_FIELDS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", coverage["slug"])
    assert ZoneInfo(coverage["timezone"]).key == coverage["timezone"]
    for field in COVERAGE_FIELDS - {"lead_media"}:
        assert coverage[field], field


@pytest.mark.parametrize("name", [*STORIES, "next"])
def test_an_update_has_every_field_and_no_other(name: str) -> None:
    for update in updates(name):
        assert set(update) >= UPDATE_FIELDS
        assert set(update) <= UPDATE_FIELDS | OPTIONAL_FIELDS, update["headline"]
        assert update["headline"].strip()
        assert "\n" not in update["headline"]
        assert 1 <= len(update["body"].split("\n\n")) <= 5
        assert all(isinstance(update[field], str) for field in ("dateline", "place", "attribution"))
        assert update["verification"] in ("confirmed", "unconfirmed", "denied", None)
        assert all(isinstance(update[flag], bool) for flag in ("breaking", "key_event", "pinned"))
        assert isinstance(update["minutes_ago"], int)


def test_the_slugs_differ() -> None:
    assert len({read(name)["coverage"]["slug"] for name in STORIES}) == len(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_updates_stand_oldest_first_and_none_lies_in_the_future(name: str) -> None:
    ages = [update["minutes_ago"] for update in updates(name)]
    assert ages == sorted(ages, reverse=True)
    assert ages[-1] > 0


@pytest.mark.parametrize(("name", "least"), [("arabic", 28), ("english", 12), ("mixed", 10), ("next", 40)])
def test_a_story_is_long_enough_and_never_repeats_itself(name: str, least: int) -> None:
    headlines = [update["headline"] for update in updates(name)]
    assert len(headlines) >= least
    assert len(set(headlines)) == len(headlines)


def test_the_arabic_story_shows_everything_a_live_page_can_show() -> None:
    story = read("arabic")
    told = story["updates"]
    assert story["coverage"]["kicker"] == "التغطية الحية"
    assert (story["coverage"]["dateline"], story["coverage"]["byline"]) == ("إسطنبول", ["متابعات"])
    assert (story["coverage"]["place"], story["coverage"]["timezone"]) == ("دمشق", "Asia/Damascus")
    assert sum(update["breaking"] for update in told) >= 3
    assert sum(update["key_event"] for update in told) >= 5
    assert sum(update["pinned"] for update in told) == 1
    assert sum("correction" in update for update in told) == 1
    assert sum("retraction" in update for update in told) == 1
    assert {update["verification"] for update in told} == {"confirmed", "unconfirmed", "denied", None}
    assert sum(bool(update["attribution"]) for update in told) > len(told) / 2
    assert all(story["coverage"]["lead_media"][field] for field in ("file", "alt", "caption", "credit"))
    related = [link for update in told for link in update["related"]]
    assert {link["label"] for link in related} == {"اقرأ أيضاً"}
    assert any(link["title"].endswith("(خريطة)") for link in related)


def test_the_mixed_story_mixes_both_scripts_in_most_updates() -> None:
    told = updates("mixed")
    mixed = [u for u in told if ARABIC.search(u["body"]) and re.search("[A-Za-z]{2}", u["body"])]
    assert len(mixed) > len(told) / 2
    assert any(update.get("language") == "en" for update in told)
    assert any("language" not in update for update in told)


@pytest.mark.parametrize("name", STORIES)
def test_at_most_one_update_of_a_coverage_is_pinned(name: str) -> None:
    assert sum(update["pinned"] for update in updates(name)) <= 1


def test_coming_updates_bring_breaking_and_key_events_but_take_nobodys_pin() -> None:
    coming = updates("next")
    assert any(update["breaking"] for update in coming)
    assert any(update["key_event"] for update in coming)
    assert not any(update["pinned"] or "correction" in update or "retraction" in update for update in coming)


@pytest.mark.parametrize("name", STORIES)
def test_a_correction_says_what_was_wrong_and_changes_it(name: str) -> None:
    corrected = [update for update in updates(name) if "correction" in update]
    assert len(corrected) == 1
    for update in corrected:
        changes = {field: value for field, value in update["correction"].items() if field != "note"}
        assert update["correction"]["note"]
        assert changes
        assert all(update[field] != value for field, value in changes.items())


def test_a_retraction_has_a_reason_for_the_desk_and_a_note_for_readers() -> None:
    retracted = [u["retraction"] for name in STORIES for u in updates(name) if "retraction" in u]
    assert retracted
    for retraction in retracted:
        assert set(retraction) == {"reason", "note"}
        assert retraction["reason"] != retraction["note"]


@pytest.mark.parametrize("name", [*STORIES, "next"])
def test_related_links_are_absolute(name: str) -> None:
    for update in updates(name):
        for link in update["related"]:
            assert set(link) == {"title", "url", "label"}
            assert urlsplit(link["url"])[:2] == ("https", "example.org")


@pytest.mark.parametrize("name", ["arabic", "mixed", "next"])
def test_every_arabic_text_begins_from_the_right(name: str) -> None:
    content = read(name)
    arabic = [u for u in updates(name) if u.get("language", "ar") == "ar"]
    for update in arabic:
        written = [update["headline"], *update["body"].split("\n"), *texts(update.get("correction", {}))]
        written += texts(update.get("retraction", {}))
        for line in filter(None, written):
            assert starts_right_to_left(line), line
    if name == "arabic":
        coverage = content["coverage"]
        shown = [
            coverage[field] for field in ("headline", "kicker", "standfirst", "place", "dateline", "section")
        ]
        media = [coverage["lead_media"][field] for field in ("alt", "caption", "credit")]
        for text in [*shown, *coverage["byline"], *coverage["tags"], *coverage["summary"], *media]:
            assert starts_right_to_left(text), text


@pytest.mark.parametrize("name", [*STORIES, "next"])
def test_no_text_holds_control_characters_or_bidi_overrides(name: str) -> None:
    for text in texts(read(name)):
        assert unicodedata.is_normalized("NFC", text), text
        for character in text:
            if character != "\n":
                assert unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn"), ascii(text)
            assert character not in DIRECTING, ascii(text)


@pytest.mark.parametrize("name", ["arabic", "mixed", "next"])
def test_handles_and_telephone_numbers_in_arabic_keep_their_order(name: str) -> None:
    for update in updates(name):
        if update.get("language", "ar") == "ar":
            for text in texts(update):
                assert not UNMARKED.search(text), text


def test_the_lead_picture_has_its_size_and_its_words() -> None:
    media = read("arabic")["coverage"]["lead_media"]
    assert set(media) == {"file", "alt", "caption", "credit"}
    assert all(media.values())
    picture = DEMO / media["file"]
    assert picture.stat().st_size < 200_000
    with Image.open(picture) as image:
        assert (image.format, image.size) == ("JPEG", (1600, 900))


def test_the_script_draws_the_lead_picture_again(tmp_path: Path) -> None:
    again = tmp_path / "lead.jpg"
    subprocess.run([sys.executable, ROOT / "scripts" / "draw_lead.py", again], check=True, timeout=150)
    with Image.open(again) as drawn, Image.open(DEMO / "lead.jpg") as shipped:
        assert drawn.size == shipped.size
        # Pixels, not bytes: another version of the JPEG encoder may pack the same picture differently.
        apart = ImageStat.Stat(ImageChops.difference(drawn.convert("RGB"), shipped.convert("RGB"))).mean
    assert max(apart) < 2
    assert abs(again.stat().st_size - (DEMO / "lead.jpg").stat().st_size) < 20_000
