"""Fronts and feeds for the tests: one told by hand, and strategies that make any other."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html import escape

from hypothesis import strategies as st

from livefeed.feeds import Feed, FeedWords, Galleys, Publisher, archive_feed, coverage_feed, render, site_feed
from livefeed.feeds.galleys import NONE
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
from livefeed.timeline import Front, SiteFront

BASE_URL = "https://live.example.org"
START = datetime(2026, 3, 4, 5, 6, 7, 891000, tzinfo=UTC)
WORDS = {
    "ar": FeedWords("سُحب هذا التحديث", "سحبته هيئة التحرير.", "عاجل", "حدث رئيسي", "تصحيح", "التحديث المصحح"),
    "en": FeedWords(
        "Withdrawn",
        "The editors withdrew this update.",
        "Breaking",
        "Key event",
        "Correction",
        "The corrected update",
    ),
}


def words(language: str) -> FeedWords:
    return WORDS.get(language, WORDS["en"])


def fragment(update: Update) -> str:
    """Content as a page would render it, as far as feeds care."""
    figures = "".join(
        f'<figure><img src="{BASE_URL}/media/{media.id}" alt="{escape(media.alt)}"></figure>'
        for media in update.media
    )
    return f'<p dir="{update.direction}">{escape(update.text)}</p>{figures}'


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


STORY = Coverage(
    slug="الشمال-الآن",
    headline="التغطية الحية: الشمال & الجوار",
    standfirst="آخر ما يصل من مراسلينا.",
    starts_at=START,
)
PLAIN = Update(
    id="a1",
    coverage=STORY.slug,
    status=Status.PUBLISHED,
    text="وصلت القافلة إلى المعبر. ينتظرها عشرات المتطوعين.",
    byline=("سلمى الحسن", "وكالات"),
    tags=("إغاثة", "معابر"),
    published_at=at(1),
    order=1,
)
BREAKING = replace(
    PLAIN,
    id="b2",
    headline="R&D: اتفاق < هدنة بنسبة 2-1",
    text="أعلن الوسيط الاتفاق.",
    breaking=True,
    key_event=True,
    media=(
        Media(
            "m1.jpg",
            "/media/m1.jpg",
            alt="قافلة",
            caption="عند المعبر",
            credit="إنترنت",
            width=800,
            height=600,
            size=48_123,
        ),
    ),
    published_at=at(2),
    revised_at=at(9),
    corrections=(Correction(at(9), "صُحح عدد الشاحنات."),),
    order=2,
)
ENGLISH = replace(
    PLAIN,
    id="c3",
    headline="Crossing to open at dawn",
    text="Officials said so.",
    language="en",
    direction="ltr",
    byline=(),
    tags=(),
    published_at=at(3),
    order=3,
)
RETRACTED = replace(BREAKING, id="d4", published_at=at(4), order=4).withdrawn(
    Retraction(at(8), "تبين أن الخبر غير صحيح.")
)
FRONT = Front(
    Position("e", 9),
    STORY,
    updates=(RETRACTED, ENGLISH, BREAKING, PLAIN),
    breaking=(RETRACTED, BREAKING),
    total=4,
)
SITE = SiteFront(Position("e", 3), (STORY,), ((3, RETRACTED), (2, BREAKING)))


def front_of(*updates: Update, coverage: Coverage = STORY) -> Front:
    return Front(Position("e", 1), coverage, updates)


def publisher(base_url: str = BASE_URL, galleys: Galleys = NONE) -> Publisher:
    return Publisher(base_url, "أخبار الشمال", "ar", fragment, words, galleys=galleys)


def feed_of(
    front: Front = FRONT,
    *,
    breaking_only: bool = False,
    base_url: str = BASE_URL,
    archives: int = 0,
    galleys: Galleys = NONE,
) -> Feed:
    return coverage_feed(
        front.coverage,
        front.breaking if breaking_only else front.updates,
        publisher(base_url, galleys),
        breaking_only=breaking_only,
        archives=archives,
    )


def archive_of(number: int, *, archives: int = 3, front: Front = FRONT) -> Feed:
    return archive_feed(front.coverage, front.updates, number, publisher(), archives=archives)


def feed_of_site(site: SiteFront = SITE, *, base_url: str = BASE_URL) -> Feed:
    return site_feed(site.coverages, [update for _, update in site.breaking], publisher(base_url))


def fingerprints() -> str:
    """What two processes must agree on: the digest of every form of the sample's feeds."""
    feeds = (feed_of(), feed_of(breaking_only=True), feed_of_site())
    documents = b"".join(render(feed, form) for feed in feeds for form in ("rss", "atom", "json"))
    return hashlib.sha256(documents).hexdigest()


# Texts as no newsroom should hand them over: controls, surrogates, overrides, non-characters, markup.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(
    [
        "",
        "]]>",
        "<![CDATA[",
        "&#0;&lt;",
        "<script>alert(1)</script>",
        "\u202e خبر",
        "2-1 ليفربول",
        "\ufeff",
        "ﷺ" * 300,
    ]
)
MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-3, minutes=-30))]
    ),
)
MEDIA = st.builds(
    Media,
    id=st.just("p.jpg"),
    url=st.sampled_from(["/media/p.jpg", "https://cdn.example.org/صورة 1.png"]),
    alt=TEXTS,
    caption=TEXTS,
    credit=TEXTS,
    size=st.sampled_from([0, 1, 10_000_000]),
    width=st.integers(0, 4000),
    height=st.integers(0, 4000),
)
COVERAGES = st.builds(
    Coverage,
    slug=st.sampled_from(["north", "الشمال-الآن"]),
    headline=TEXTS,
    standfirst=TEXTS,
    language=st.sampled_from(["ar", "en", "ku-Latn", "fa-IR"]),
    direction=st.sampled_from(["rtl", "ltr"]),
    status=st.sampled_from(CoverageStatus),
    starts_at=st.none() | MOMENTS,
    ends_at=st.none() | MOMENTS,
)
PUBLISHED = st.builds(
    Update,
    id=st.uuids(version=4).map(str),
    coverage=st.just("north"),
    status=st.just(Status.PUBLISHED),
    headline=TEXTS,
    text=TEXTS,
    language=st.sampled_from(["ar", "en", "ku-Latn", "fa-IR"]),
    direction=st.sampled_from(["rtl", "ltr"]),
    breaking=st.booleans(),
    key_event=st.booleans(),
    byline=st.lists(TEXTS, max_size=3).map(tuple),
    media=st.lists(MEDIA, max_size=2).map(tuple),
    tags=st.lists(TEXTS, max_size=3).map(tuple),
    corrections=st.lists(st.builds(Correction, at=MOMENTS, note=TEXTS), max_size=2).map(tuple),
    published_at=MOMENTS,
    revised_at=st.none() | MOMENTS,
)
# Half of them as the model makes them, half with the old text still in place.
WITHDRAWN = st.builds(
    lambda update, retraction, emptied: (
        update.withdrawn(retraction)
        if emptied
        else replace(update, status=Status.RETRACTED, retraction=retraction)
    ),
    PUBLISHED,
    st.builds(Retraction, at=MOMENTS, note=TEXTS),
    st.booleans(),
)
UPDATES = (
    st.lists(PUBLISHED | WITHDRAWN, max_size=5, unique_by=lambda update: update.id)
    | st.lists(WITHDRAWN, min_size=1, max_size=3, unique_by=lambda update: update.id)
).map(tuple)
FRONTS = st.builds(
    lambda coverage, updates: Front(
        Position("e", len(updates)),
        coverage,
        updates,
        breaking=tuple(each for each in updates if each.breaking),
    ),
    COVERAGES,
    UPDATES,
)
SITES = st.builds(
    lambda coverages, updates: SiteFront(
        Position("e", len(updates)),
        tuple(coverages),
        tuple((len(updates) - place, update) for place, update in enumerate(updates)),
    ),
    st.lists(COVERAGES, max_size=3),
    UPDATES,
)

if __name__ == "__main__":
    print(fingerprints())
