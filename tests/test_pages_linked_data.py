"""Linked data: what it says, what it keeps to itself, and that no text gets out of its element."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.model import (
    Correction,
    Coverage,
    CoverageStatus,
    Media,
    Position,
    Retraction,
    Status,
    Update,
)
from livefeed.pages.linked_data import NEWEST, data_block, live_blog, update_posting
from livefeed.timeline import Front

SITE = "https://live.example.org"
NOON = datetime(2020, 11, 22, 12, tzinfo=UTC)
PICTURE = Media("m1", "/media/m1.jpg", "ميناء", "رصيف الميناء", "إنترنت", 1600, 900)
COVERAGE = Coverage(
    slug="عاصفة",
    headline="العاصفة تغلق الميناء",
    standfirst="نتابع معكم.",
    language="ar-SY",
    place="دمشق",
    byline=("ليلى",),
    section="طقس",
    tags=("ميناء", "عاصفة"),
    lead_media=PICTURE,
    starts_at=NOON,
)


def update(number: int = 1, **changes: Any) -> Update:
    made = Update(
        id=f"u{number}",
        coverage=COVERAGE.slug,
        status=Status.PUBLISHED,
        headline=f"الخبر {number}",
        text=f"نص الخبر {number}",
        published_at=NOON + timedelta(minutes=number),
        order=number,
    )
    return replace(made, **changes)


def blog(*updates: Update, **changes: Any) -> dict[str, Any]:
    front = Front(Position("e", 9), replace(COVERAGE, **changes), updates, total=len(updates))
    return read(live_blog(front, updates, base_url=SITE, site_title="المرسى"))


def posting(shown: Update) -> dict[str, Any]:
    made = update_posting(shown, COVERAGE, base_url=SITE, site_title="المرسى")
    assert made is not None
    return read(made)


def read(document: dict[str, object]) -> dict[str, Any]:
    """The document as it is read back from a page."""
    page = (
        f'<!doctype html><title>t</title><script type="application/ld+json">{data_block(document)}</script>'
    )
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    (script,) = tree.iter("script")
    found: dict[str, Any] = json.loads(script.text)
    return found


def test_a_live_blog_says_what_its_coverage_says() -> None:
    address = f"{SITE}/live/%D8%B9%D8%A7%D8%B5%D9%81%D8%A9"
    said = blog(update())
    (told,) = said.pop("liveBlogUpdate")
    publisher = {"@type": "Organization", "name": "المرسى", "url": f"{SITE}/"}
    assert said == {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "@id": address,
        "url": address,
        "mainEntityOfPage": address,
        "headline": "العاصفة تغلق الميناء",
        "description": "نتابع معكم.",
        "inLanguage": "ar-SY",
        "datePublished": "2020-11-22T12:00:00.000Z",
        "dateModified": "2020-11-22T12:01:00.000Z",
        "coverageStartTime": "2020-11-22T12:00:00.000Z",
        "image": [
            {
                "@type": "ImageObject",
                "url": f"{SITE}/media/m1.jpg",
                "width": "1600 px",
                "height": "900 px",
                "caption": "رصيف الميناء",
                "creditText": "إنترنت",
            }
        ],
        "author": [{"@type": "Person", "name": "ليلى"}],
        "publisher": publisher,
        "contentLocation": {"@type": "Place", "name": "دمشق"},
        "articleSection": "طقس",
        "keywords": ["ميناء", "عاصفة"],
    }
    assert told["url"] == f"{address}/updates/u1"
    assert blog(byline=())["author"] == [publisher]


def test_each_update_has_its_own_times_and_not_the_one_shown() -> None:
    revised = update(2, revised_at=NOON + timedelta(hours=1), displayed_at=NOON - timedelta(hours=5))
    said = blog(revised, update(1))
    assert [(each["datePublished"], each["dateModified"]) for each in said["liveBlogUpdate"]] == [
        ("2020-11-22T12:02:00.000Z", "2020-11-22T13:00:00.000Z"),
        ("2020-11-22T12:01:00.000Z", "2020-11-22T12:01:00.000Z"),
    ]
    assert said["dateModified"] == "2020-11-22T13:00:00.000Z"


def test_only_a_closed_coverage_has_an_end_and_only_one_that_began_is_published() -> None:
    end = NOON + timedelta(days=1)
    assert "coverageEndTime" not in blog(ends_at=end)
    closed = blog(update(), ends_at=end, status=CoverageStatus.CLOSED)
    assert closed["coverageEndTime"] == closed["dateModified"] == "2020-11-23T12:00:00.000Z"
    planned = blog(status=CoverageStatus.SCHEDULED)
    assert planned["coverageStartTime"] == "2020-11-22T12:00:00.000Z"
    assert {"datePublished", "dateModified", "liveBlogUpdate"}.isdisjoint(planned)


def test_corrections_are_told_with_their_times() -> None:
    corrected = update(corrections=(Correction(NOON, "الصحيح 23 سفينة"), Correction(NOON, "بل 24")))
    assert posting(corrected)["correction"] == [
        {"@type": "CorrectionComment", "text": text, "datePublished": "2020-11-22T12:00:00.000Z"}
        for text in ("الصحيح 23 سفينة", "بل 24")
    ]


def test_a_retracted_update_is_not_told_even_if_a_store_still_had_its_text() -> None:
    kept = update(2, status=Status.RETRACTED, retraction=Retraction(NOON, "سُحب"), media=(PICTURE,))
    said = blog(kept, update(1), lead_media=None)
    assert [each["headline"] for each in said["liveBlogUpdate"]] == ["الخبر 1"]
    for leaked in ("الخبر 2", "u2", "سُحب", "m1.jpg"):
        assert leaked not in json.dumps(said, ensure_ascii=False)
    assert update_posting(kept, COVERAGE, base_url=SITE, site_title="x") is None
    draft = update(3, status=Status.DRAFT)
    assert "liveBlogUpdate" not in blog(draft)
    assert update_posting(draft, COVERAGE, base_url=SITE, site_title="x") is None


def test_the_newest_are_told_however_many_the_page_shows() -> None:
    said = blog(*(update(number) for number in range(2 * NEWEST, 0, -1)))
    told = [each["headline"] for each in said["liveBlogUpdate"]]
    assert told == [f"الخبر {number}" for number in range(2 * NEWEST, NEWEST, -1)]


def test_an_update_on_its_own_page_is_the_same_thing_as_on_the_live_page() -> None:
    shown = update(byline=("سامر",), media=(PICTURE,), place="المرفأ", tags=("طقس",))
    alone = posting(shown)
    (told,) = blog(shown)["liveBlogUpdate"]
    assert told.items() <= alone.items()
    assert alone["mainEntityOfPage"] == alone["@id"] == alone["url"]
    assert alone["isPartOf"]["@id"] == blog()["@id"]
    assert posting(update())["author"] == [alone["publisher"]]
    assert posting(update())["image"] == blog()["image"]


def test_an_update_of_pictures_alone_is_named_by_its_caption() -> None:
    assert posting(update(headline="", text="", media=(PICTURE,)))["headline"] == "رصيف الميناء"
    assert posting(update(headline="", text=""))["headline"] == COVERAGE.headline


def test_no_address_that_a_page_would_not_show_is_told() -> None:
    bad = replace(PICTURE, url="javascript:alert(1)")
    assert "image" not in blog(lead_media=bad)
    assert "image" not in blog(update(media=(bad,)))["liveBlogUpdate"][0]


@pytest.mark.parametrize(
    "hostile",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>&lt;/script>&amp;",
        "\u2028\u2029",
        '"},{"@type":"Event"',
        "\\u003c/script>",
        "\x00\x0b\x1f",
    ],
)
def test_hostile_text_comes_back_as_it_was_and_ends_nothing(hostile: str) -> None:
    block = data_block({"text": hostile})
    assert not set("<>&\u2028\u2029") & set(block)
    assert read({"text": hostile}) == {"text": hostile}


@given(st.text())
def test_any_text_comes_back_as_it_was(text: str) -> None:
    block = data_block({text: [text]})
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block) == {text: [text]}
