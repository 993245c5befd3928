"""Sitemaps: which pages they name, when those changed, and what the protocol says of their form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sitemap_checks import CORE, NEWS, addresses, news_faults, sitemap_faults, tree_of

from livefeed.feeds import sitemaps
from livefeed.feeds.sitemaps import (
    CLOSED_LATELY,
    NEWS_ADDRESSES,
    NEWS_WINDOW,
    closed_lately,
    news_language,
    news_pages,
    news_sitemap,
    sitemap,
    sitemap_index,
    sitemap_parts,
)
from livefeed.model import Coverage, CoverageStatus, Position, Retraction, Status, Update
from livefeed.text import clean_line
from livefeed.timeline import Front, SiteFront

BASE = "https://live.example.org"
NOW = datetime(2020, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def coverage(slug: str = "storm", **changes: Any) -> Coverage:
    return replace(Coverage(slug, f"عنوان {slug}", starts_at=NOW - 3 * HOUR), **changes)


def update(number: int, slug: str = "storm", **changes: Any) -> Update:
    made = Update(
        id=f"{slug}{number}",
        coverage=slug,
        status=Status.PUBLISHED,
        headline=f"الخبر {number}",
        published_at=NOW - HOUR + timedelta(minutes=number),
        order=number,
        position=Position("e", number),
    )
    return replace(made, **changes)


def front(of: Coverage, *updates: Update, **changes: Any) -> Front:
    return Front(Position("e", 9), of, updates, **changes)


def site(*coverages: Coverage, breaking: tuple[Update, ...] = ()) -> SiteFront:
    ranked = tuple((number, each) for number, each in enumerate(breaking))
    return SiteFront(Position("e", 9), coverages, ranked)


def changes_in(document: bytes) -> dict[str, str | None]:
    """The last change of each address."""
    entries = tree_of(document)
    return {each.findtext(f"{CORE}loc") or "": each.findtext(f"{CORE}lastmod") for each in entries}


def news(*fronts: Front, now: datetime = NOW, title: str = "المرسى") -> bytes:
    document = news_sitemap(news_pages(fronts, now), base_url=BASE, site_title=title).document
    assert news_faults(document, BASE, now) == []
    return document


# Which pages there are


def test_a_sitemap_names_the_index_and_every_live_page_with_its_last_change() -> None:
    live, closed, planned, silent = (
        coverage("عاصفة"),
        coverage("closed", status=CoverageStatus.CLOSED, ends_at=NOW),
        coverage("planned", status=CoverageStatus.SCHEDULED, starts_at=NOW + HOUR),
        coverage("silent", starts_at=None),
    )
    changed = update(1, "عاصفة", revised_at=NOW + 2 * HOUR)
    made = sitemap(
        site(live, closed, planned, silent), {"عاصفة": front(live, changed)}, base_url=BASE, part=1
    )
    assert sitemap_faults(made.document, BASE) == []
    assert changes_in(made.document) == {
        f"{BASE}/": "2020-11-22T14:00:00.000Z",
        f"{BASE}/live/%D8%B9%D8%A7%D8%B5%D9%81%D8%A9": "2020-11-22T14:00:00.000Z",
        f"{BASE}/live/closed": "2020-11-22T12:00:00.000Z",
        f"{BASE}/live/planned": None,
        f"{BASE}/live/silent": None,
    }
    assert made.changed_at == NOW + 2 * HOUR


def test_a_closed_coverage_that_is_corrected_has_changed() -> None:
    closed = coverage("closed", status=CoverageStatus.CLOSED, ends_at=NOW)
    late = update(1, "closed", breaking=True, revised_at=NOW + HOUR)
    for known, fronts in (
        (site(closed, breaking=(late,)), {}),
        (site(closed), {"closed": front(closed, late)}),
    ):
        document = sitemap(known, fronts, base_url=BASE, part=1).document
        assert changes_in(document)[f"{BASE}/live/closed"] == "2020-11-22T13:00:00.000Z"


def test_an_empty_site_still_has_its_index() -> None:
    made = sitemap(site(), {}, base_url=BASE, part=1)
    assert sitemap_faults(made.document, BASE) == []
    assert (addresses(made.document), made.changed_at) == ([f"{BASE}/"], None)


def test_a_large_site_has_parts_that_name_each_page_once_and_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sitemaps, "PART_COVERAGES", 3)
    coverages = [coverage(f"c{number}") for number in range(7)]
    small, large = site(*coverages[:3]), site(*coverages)
    assert (sitemap_parts(small), sitemap_parts(large)) == (1, 3)
    index = sitemap_index(large, {}, base_url=BASE)
    assert sitemap_faults(index.document, BASE) == []
    assert addresses(index.document) == [f"{BASE}/sitemap.xml?part={part}" for part in (1, 2, 3)]
    assert set(changes_in(index.document).values()) == {"2020-11-22T09:00:00.000Z"}
    parts = [sitemap(large, {}, base_url=BASE, part=part).document for part in (1, 2, 3)]
    assert [address for part in parts for address in addresses(part)] == [
        f"{BASE}/",
        *(f"{BASE}/live/c{number}" for number in range(7)),
    ]
    assert addresses(parts[0]) == addresses(sitemap(small, {}, base_url=BASE, part=1).document)


def test_a_full_part_keeps_to_the_limits_of_the_protocol() -> None:
    slug = "عاصفة" * 16  # 80 letters, six signs each in an address
    coverages = [coverage(f"{slug}{number}") for number in range(sitemaps.PART_COVERAGES)]
    made = sitemap(site(*coverages), {}, base_url=BASE, part=1)
    assert len(made.document) < 10_000_000
    assert len(addresses(made.document)) == sitemaps.PART_COVERAGES + 1
    assert sitemap_faults(made.document, BASE) == []


# Which of them are news


def test_news_are_the_coverages_and_updates_of_two_days_newest_first() -> None:
    storm = coverage("storm", language="ar-SY")
    document = news(front(storm, update(2), update(1)))
    assert addresses(document) == [
        f"{BASE}/live/storm/updates/storm2",
        f"{BASE}/live/storm/updates/storm1",
        f"{BASE}/live/storm",
    ]
    first = tree_of(document)[0]
    said = {name: first.findtext(f".//{NEWS}{name}") for name in ("name", "language", "title")}
    assert said == {"name": "المرسى", "language": "ar", "title": "الخبر 2"}
    assert first.findtext(f".//{NEWS}publication_date") == "2020-11-22T11:02:00.000Z"
    last = tree_of(document)[-1]
    assert last.findtext(f".//{NEWS}publication_date") == "2020-11-22T09:00:00.000Z"
    assert last.findtext(f"{CORE}lastmod") == "2020-11-22T11:02:00.000Z"


def test_what_is_older_than_two_days_is_no_news_though_its_coverage_goes_on() -> None:
    edge = NOW - NEWS_WINDOW
    long = coverage(starts_at=edge - HOUR)
    shown = (
        update(3, published_at=edge + timedelta(milliseconds=1)),
        update(2, published_at=edge),
        update(1, published_at=edge - HOUR, revised_at=NOW),
    )
    assert addresses(news(front(long, *shown))) == [f"{BASE}/live/storm/updates/storm3"]


def test_planned_and_withdrawn_pages_are_no_news() -> None:
    planned = coverage(status=CoverageStatus.SCHEDULED)
    withdrawn = update(1).withdrawn(Retraction(NOW, "سُحب"))
    kept = replace(update(2), status=Status.RETRACTED, retraction=Retraction(NOW))
    document = news(front(planned, withdrawn, kept, update(3, status=Status.DRAFT)))
    assert addresses(document) == []
    assert "الخبر" not in document.decode()
    early = coverage(status=CoverageStatus.LIVE, starts_at=NOW + HOUR)
    assert addresses(news(front(early))) == []


def test_the_coverages_closed_within_two_days_are_still_news_up_to_fifty() -> None:
    def closed(hours: int) -> Coverage:
        return coverage(f"c{hours:03}", status=CoverageStatus.CLOSED, ends_at=NOW - hours * HOUR)

    reopened = coverage("reopened", status=CoverageStatus.LIVE, ends_at=NOW)
    known = site(reopened, *(closed(hours) for hours in (47, 1, 49, 48)))
    assert [each.slug for each in closed_lately(known, NOW)] == ["c001", "c047"]
    busy = site(*(replace(closed(1), slug=f"b{number:02}") for number in range(60)))
    assert len(closed_lately(busy, NOW)) == CLOSED_LATELY


def test_an_update_that_is_breaking_too_is_named_once() -> None:
    known = front(coverage(starts_at=None), update(2), breaking=(update(2, breaking=True), update(1)))
    assert addresses(news(known)) == [
        f"{BASE}/live/storm/updates/storm2",
        f"{BASE}/live/storm/updates/storm1",
    ]


def test_the_newest_thousand_are_named() -> None:
    fronts = [
        front(
            coverage(f"c{number}"),
            *(
                update(order, f"c{number}", published_at=NOW - timedelta(minutes=order))
                for order in range(100)
            ),
        )
        for number in range(12)
    ]
    named = addresses(news(*fronts))
    assert len(named) == NEWS_ADDRESSES
    assert f"{BASE}/live/c0/updates/c00" in named
    assert f"{BASE}/live/c0/updates/c099" not in named


def test_an_update_without_words_has_its_coverages_title() -> None:
    document = news(front(coverage(starts_at=None), update(1, headline="", text="")))
    assert tree_of(document).findtext(f".//{NEWS}title") == "عنوان storm"


def test_a_site_without_a_name_is_called_by_its_host() -> None:
    document = news(front(coverage()), title=" ")
    assert tree_of(document).findtext(f".//{NEWS}name") == "live.example.org"


def test_no_news_is_an_empty_document() -> None:
    assert addresses(news()) == []


def test_equal_times_come_in_one_order_whatever_the_order_of_the_fronts() -> None:
    fronts = [front(coverage(slug), update(1, slug), update(2, slug)) for slug in ("a", "b", "c")]
    assert news(*fronts) == news(*reversed(fronts))


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_gives_a_valid_document_that_says_it(headline: str, title: str) -> None:
    document = news(front(coverage(starts_at=None), update(1, headline=headline)), title=title)
    said = tree_of(document).findtext(f".//{NEWS}title")
    assert said == (clean_line(headline) or "عنوان storm")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("ar", "ar"),
        ("ar-SY", "ar"),
        ("ckb-Arab", "ckb"),
        ("EN_us", "en"),
        ("zh", "zh-cn"),
        ("zh-Hant", "zh-tw"),
    ],
)
def test_a_language_is_told_as_google_has_it(language: str, told: str) -> None:
    assert news_language(language) == told


# The checks themselves


def test_the_checks_find_what_is_wrong() -> None:
    good = news(front(coverage(), update(1))).decode()
    later = NOW + timedelta(days=3)
    for wrong, at in [
        (good.replace("<loc>https:", "<loc>http:", 1), NOW),
        (good.replace("lastmod", "changefreq"), NOW),
        (good.replace("2020-11-22T11", "yesterday", 1), NOW),
        (good.replace("/updates/storm1", ""), NOW),
        (good.replace("/updates/storm1", "#u-storm1"), NOW),
        (good.replace("الخبر 1", " "), NOW),
        (good.replace("news:title", "news:headline"), NOW),
        (good, later),
    ]:
        assert news_faults(wrong.encode(), BASE, at), wrong
