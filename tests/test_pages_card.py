"""Cards: what a shared link shows, read back from the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import html5lib
import pytest

from livefeed.model import Coverage, CoverageStatus, Media, Position, Retraction, Status, Update
from livefeed.pages import Pages
from livefeed.pages.card import locale_of
from livefeed.timeline import Front, SiteFront

SITE = "https://live.example.org"
NOON = datetime(2020, 11, 22, 12, tzinfo=UTC)
LEAD = Media("m1", "/media/m1.jpg", "ميناء", "رصيف الميناء", "إنترنت", 1600, 900)
OWN = Media("m2", "https://pictures.example.org/m2.jpg", width=10, height=20)
COVERAGE = Coverage(
    slug="storm",
    headline='العاصفة "تغلق" <الميناء>',
    standfirst="نتابع معكم.",
    language="ar-SY",
    section="طقس",
    tags=("ميناء", "عاصفة"),
    lead_media=LEAD,
    starts_at=NOON,
)
UPDATE = Update(
    id="01A",
    coverage="storm",
    status=Status.PUBLISHED,
    headline="فتح الميناء",
    text="نص الخبر عن فتح الميناء. ثم ما يليه.",
    media=(OWN,),
    tags=("سفن",),
    published_at=NOON,
    revised_at=NOON + timedelta(hours=1),
    order=1,
)
RETRACTED = UPDATE.withdrawn(Retraction(NOON + timedelta(hours=2), "نُشر خطأً"))


@pytest.fixture
def pages() -> Pages:
    return Pages(base_url=SITE, site_title="المرسى", site_language="ar", page_size=20)


def front(coverage: Coverage = COVERAGE, *updates: Update) -> Front:
    return Front(Position("e", 9), coverage, updates, total=len(updates))


def card(html: str) -> dict[str, list[str]]:
    """What the head of a page says of it, in order, by name; `canonical` too."""
    head = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html).find("head")
    found: dict[str, list[str]] = {}
    for meta in head.iter("meta"):
        name = meta.get("property") or meta.get("name")
        if name:
            found.setdefault(name, []).append(meta.get("content"))
    for link in head.iter("link"):
        if link.get("rel") == "canonical":
            found.setdefault("canonical", []).append(link.get("href"))
    return found


def test_the_card_of_a_live_page_has_everything_a_share_shows(pages: Pages) -> None:
    said = card(pages.live_page(front(COVERAGE, UPDATE)))
    headline = 'العاصفة "تغلق" <الميناء>'
    for name in ("viewport", "color-scheme"):
        said.pop(name)
    assert said == {
        "description": ["نتابع معكم."],
        "canonical": [f"{SITE}/live/storm"],
        "og:type": ["article"],
        "og:site_name": ["المرسى"],
        "og:url": [f"{SITE}/live/storm"],
        "og:title": [headline],
        "og:description": ["نتابع معكم."],
        "og:locale": ["ar_SY"],
        "article:published_time": ["2020-11-22T12:00:00.000Z"],
        "article:modified_time": ["2020-11-22T13:00:00.000Z"],
        "article:section": ["طقس"],
        "article:tag": ["ميناء", "عاصفة"],
        "og:image": [f"{SITE}/media/m1.jpg"],
        "og:image:width": ["1600"],
        "og:image:height": ["900"],
        "og:image:alt": ["ميناء"],
        "twitter:card": ["summary_large_image"],
        "twitter:title": [headline],
        "twitter:description": ["نتابع معكم."],
        "twitter:image": [f"{SITE}/media/m1.jpg"],
        "twitter:image:alt": ["ميناء"],
    }


def test_the_card_of_an_update_shows_its_own_picture_or_else_its_coverages(pages: Pages) -> None:
    own = card(pages.permalink_page(COVERAGE, UPDATE))
    assert own["canonical"] == own["og:url"] == [f"{SITE}/live/storm/updates/01A"]
    assert (own["og:title"], own["og:description"]) == (["فتح الميناء"], ["نص الخبر عن فتح الميناء."])
    assert own["og:image"] == ["https://pictures.example.org/m2.jpg"]
    assert own["article:tag"] == ["سفن"]
    assert "og:image:alt" not in own
    lent = card(pages.permalink_page(COVERAGE, replace(UPDATE, media=())))
    assert lent["og:image"] == [f"{SITE}/media/m1.jpg"]
    bare = card(pages.permalink_page(replace(COVERAGE, lead_media=None), replace(UPDATE, media=())))
    assert bare["twitter:card"] == ["summary"]
    assert not [name for name in bare if "image" in name]


def test_the_card_of_a_retracted_update_says_that_and_asks_not_to_be_found(pages: Pages) -> None:
    html = pages.permalink_page(COVERAGE, RETRACTED)
    said = card(html)
    assert said["og:title"] == ["سُحب هذا التحديث"]
    assert said["og:description"] == ["نُشر خطأً"]
    assert said["robots"] == ["noindex"]
    assert "application/ld+json" not in html
    for gone in ("فتح الميناء", "نص الخبر", "m2.jpg", "سفن"):
        assert gone not in html
    unsaid = replace(RETRACTED, retraction=Retraction(NOON))
    assert card(pages.permalink_page(COVERAGE, unsaid))["og:description"] == [
        "سحبت غرفة التحرير هذا التحديث."
    ]
    assert "robots" not in card(pages.permalink_page(COVERAGE, UPDATE))


def test_the_card_of_the_index_names_what_stands_first_on_it(pages: Pages) -> None:
    ended = replace(COVERAGE, slug="ended", headline="الأولى", status=CoverageStatus.CLOSED)
    live = replace(COVERAGE, slug="live", headline="الثانية", lead_media=OWN)
    said = card(pages.index_page(SiteFront(Position("e", 1), (live, ended)), {}))
    assert said["canonical"] == [f"{SITE}/"]
    assert (said["og:type"], said["og:title"]) == (["website"], ["المرسى"])
    assert said["og:description"] == said["description"] == ["الثانية · الأولى"]
    assert said["og:image"] == ["https://pictures.example.org/m2.jpg"]
    assert not [name for name in said if name.startswith("article:")]
    empty = card(pages.index_page(SiteFront(Position("e", 1)), {}))
    assert empty["og:description"] == ["التغطية الحية"]
    assert empty["twitter:card"] == ["summary"]


def test_a_planned_coverage_has_no_time_of_publication(pages: Pages) -> None:
    said = card(pages.live_page(front(replace(COVERAGE, status=CoverageStatus.SCHEDULED))))
    assert not [name for name in said if name.startswith("article:")]


def test_no_address_that_a_page_would_not_show_is_on_a_card(pages: Pages) -> None:
    bad = replace(LEAD, url="javascript:alert(1)")
    html = pages.live_page(front(replace(COVERAGE, lead_media=bad)))
    assert "javascript:" not in html
    assert card(html)["twitter:card"] == ["summary"]


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("ar", "ar_AR"),
        ("ar-SY", "ar_SY"),
        ("en", "en_US"),
        ("ckb-Arab-IQ", "ckb_IQ"),
        ("tr", "tr_TR"),
        ("zh-Hant", "zh_TW"),
        ("zh", "zh_CN"),
        ("es-419", "es_ES"),
        ("xyz", "xyz"),
    ],
)
def test_a_language_is_told_with_its_territory(language: str, locale: str) -> None:
    assert locale_of(language) == locale
