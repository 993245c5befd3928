"""Text-only pages: everything that is said, and nothing that costs bytes."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from test_pages import BARE, COVERAGE, FRONT, RETRACTED, UPDATE, elements, parsed, words

from livefeed.model import Corrected, Position
from livefeed.pages import STATIC, Pages
from livefeed.timeline import SiteFront

COSTLY = {"img", "picture", "source", "video", "audio", "iframe", "object", "embed", "style", "form"}


@pytest.fixture
def pages() -> Pages:
    return Pages(base_url="https://live.example.org", site_title="المرسى", site_language="ar", page_size=20)


def lite_pages(pages: Pages) -> dict[str, str]:
    lite = pages.text_only()
    return {
        "live": lite.live_page(FRONT, stale=True),
        "archive": lite.archive_page(COVERAGE, (BARE, RETRACTED, UPDATE), 2, 80),
        "permalink": lite.permalink_page(COVERAGE, UPDATE),
        "retracted": lite.permalink_page(COVERAGE, RETRACTED),
        "corrections": lite.corrections_page(COVERAGE, [Corrected(UPDATE, 1)], "5-a", "4-a"),
        "corrections of one": lite.update_corrections_page(
            COVERAGE, UPDATE, [replace(UPDATE, corrections=(), text=""), UPDATE]
        ),
        "index": lite.index_page(SiteFront(Position("e", 9), (COVERAGE,)), {"storm": FRONT}),
        "error": lite.error_page(404, "ar", "There is no such page."),
    }


def test_a_text_only_page_has_no_picture_no_face_and_at_most_one_script(pages: Pages) -> None:
    for name, html in lite_pages(pages).items():
        page = parsed(html)
        assert {element.tag for element in elements(page)} & COSTLY == set(), name
        scripts = [script.get("src") or "" for script in page.iter("script")]
        assert [re.sub(r"\?.*", "", src) for src in scripts] == ["/static/lite.js"] * (name == "live"), name
        sheets = [link.get("href") or "" for link in page.iter("link") if link.get("rel") == "stylesheet"]
        assert [urlsplit(sheet).path for sheet in sheets] == ["/static/lite.css"], name
    sheet = (STATIC / "lite.css").read_bytes()
    assert b"url(" not in sheet
    assert len(gzip.compress(sheet)) <= 1024
    assert len(gzip.compress((STATIC / "lite.js").read_bytes())) <= 2200


def test_a_text_only_page_says_all_that_the_whole_one_says(pages: Pages) -> None:
    (main,) = parsed(lite_pages(pages)["live"]).iter("main")
    text = words(main)
    for said in (
        "العاصفة تغلق الميناء", "نتابع معكم التطورات.", "2020.11.22 | 17:15 دمشق", "إسطنبول ـ متابعات",
        "أُغلق الميناء.", "أهم التطورات", "عاجل", "فتح الميناء", "نص الخبر", "[صورة] رصيف الميناء (إنترنت)",
        "المصدر: وكالة «شراع»", "مؤكد", "اقرأ أيضاً", "الصحيح 23 سفينة", "سُحب هذا التحديث", "بلا عنوان",
    ):  # fmt: skip
        assert said in text, said


def test_links_of_a_text_only_page_lead_to_text_only_pages_and_back(pages: Pages) -> None:
    for name, html in lite_pages(pages).items():
        page = parsed(html)
        led = [urlsplit(a.get("href") or "") for a in page.iter("a")]
        inside = [
            part
            for part in led
            if part.netloc in {"", "live.example.org"}
            and re.fullmatch(r"/(live/\w+(/updates/\w+)?(/corrections)?)?", part.path)
        ]
        back = [part for part in inside if parse_qs(part.query).get("lite") != ["1"]]
        # Only one leads out: to the same page as a whole.
        assert len(back) == (name != "error"), (name, back)
    assert 'href="/live/storm?page=2">' in lite_pages(pages)["archive"]
    assert 'href="/live/storm?page=1&amp;lite=1"' in lite_pages(pages)["archive"]


def test_a_whole_page_leads_to_its_text_only_one(pages: Pages) -> None:
    for html, address in (
        (pages.live_page(FRONT), "/live/storm?lite=1"),
        (pages.archive_page(COVERAGE, (BARE,), 2, 80), "/live/storm?page=2&amp;lite=1"),
        (pages.permalink_page(COVERAGE, UPDATE), "/live/storm/updates/01A?lite=1"),
        (pages.corrections_page(COVERAGE, [], "5-a", ""), "/live/storm/corrections?before=5-a&amp;lite=1"),
        (
            pages.update_corrections_page(COVERAGE, UPDATE, [UPDATE]),
            "/live/storm/updates/01A/corrections?lite=1",
        ),
        (pages.index_page(SiteFront(Position("e", 9), ()), {}), "/?lite=1"),
    ):
        assert f'<a href="{address}">' in html
    assert "lite=1" not in pages.error_page(404, "ar", "There is no such page.")


def test_search_engines_are_told_which_page_is_the_real_one(pages: Pages) -> None:
    for name, address in (
        ("live", "/live/storm"),
        ("archive", "/live/storm?page=2"),
        ("permalink", "/live/storm/updates/01A"),
        ("corrections", "/live/storm/corrections?before=5-a"),
        ("corrections of one", "/live/storm/updates/01A/corrections"),
        ("index", "/"),
    ):
        assert f'<link rel="canonical" href="https://live.example.org{address}">' in lite_pages(pages)[name]


def test_text_only_pages_follow_the_public_address_of_the_site(pages: Pages) -> None:
    before = pages.text_only().permalink_page(COVERAGE, UPDATE)
    pages.base_url = "https://other.example.org"
    after = pages.text_only().permalink_page(COVERAGE, UPDATE)
    assert "live.example.org" in before
    assert "live.example.org" not in after


def test_whole_pages_are_as_before_beside_text_only_ones(pages: Pages) -> None:
    whole = pages.update_fragment(UPDATE, COVERAGE)
    lite = pages.text_only().update_fragment(UPDATE, COVERAGE)
    assert "<img" in whole
    assert "<img" not in lite
    assert pages.update_fragment(replace(UPDATE), COVERAGE) == whole
