"""Whatever a newsroom writes, every form of its feeds is valid; and the judges that say so can say no."""

from __future__ import annotations

from dataclasses import replace

import pytest
from feed_checks import FAULTS
from feed_samples import (
    FRONT,
    FRONTS,
    RETRACTED,
    SITES,
    STORY,
    archive_of,
    at,
    feed_of,
    feed_of_site,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livefeed.feeds import Feed, Format, render
from livefeed.model import CoverageStatus, Position
from livefeed.timeline import Front, SiteFront

FORMS: tuple[Format, ...] = ("rss", "atom", "json")
FEEDS = st.builds(lambda front, only: feed_of(front, breaking_only=only), FRONTS, st.booleans()) | st.builds(
    feed_of_site, SITES
)
generous = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "feed",
    [
        feed_of(),
        feed_of(breaking_only=True),
        feed_of_site(),
        feed_of(archives=2),
        archive_of(2),
        feed_of(Front(Position("e", 0), STORY)),
        feed_of_site(SiteFront(Position("e", 0))),
        feed_of(Front(Position("e", 1), STORY, (RETRACTED,))),
    ],
    ids=["everything", "breaking", "site", "archived", "archive", "empty", "empty-site", "only-retracted"],
)
def test_a_feed_is_valid_in_every_form(feed: Feed, form: Format) -> None:
    assert FAULTS[form](render(feed, form)) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_feed_of_a_closed_coverage_stays_valid_and_full(form: Format) -> None:
    closed = replace(FRONT, coverage=replace(STORY, status=CoverageStatus.CLOSED, ends_at=at(60)))
    document = render(feed_of(closed), form)
    assert FAULTS[form](document) == []
    assert document.count(b"livefeed.invalid,2026:updates/b2") >= 1


@generous
@given(feed=FEEDS)
def test_whatever_is_written_every_form_is_valid(feed: Feed) -> None:
    for form in FORMS:
        assert FAULTS[form](render(feed, form)) == []


@pytest.mark.parametrize("start", range(0, 0x110000, 0x10000), ids=hex)
def test_no_character_of_unicode_breaks_a_feed(start: int) -> None:
    updates = tuple(
        replace(
            FRONT.updates[2],
            id=f"{first:x}",
            headline="".join(map(chr, range(first, first + 512))),
            text="".join(map(chr, range(first + 512, first + 2048))),
        )
        for first in range(start, start + 0x10000, 0x800)
    )
    feed = feed_of(Front(Position("e", 1), STORY, updates))
    for form in FORMS:
        assert FAULTS[form](render(feed, form)) == []


RSS_MISTAKES = {
    "ISO date": ("Wed, 04 Mar 2026 05:07:07 GMT", "2026-03-04T05:07:07Z"),
    "wrong weekday": ("Wed, 04 Mar 2026 05:07:07 GMT", "Thu, 04 Mar 2026 05:07:07 GMT"),
    "Arabic weekday": ("Wed, 04 Mar 2026 05:07:07 GMT", "الأربعاء, 04 Mar 2026 05:07:07 GMT"),
    "two-digit year": ("Wed, 04 Mar 2026 05:07:07 GMT", "Wed, 04 Mar 26 05:07:07 GMT"),
    "duplicate guid": ("updates/a1<", "updates/c3<"),
    "guid that claims to be an address": (
        '<guid isPermaLink="false">tag:livefeed.invalid,2026:updates/a1',
        "<guid>tag:livefeed.invalid,2026:updates/a1",
    ),
    "no link to itself": ('rel="self"', 'rel="via"'),
    "relative link": ("https://live.example.org/live/%D8", "/live/%D8"),
    "relative address in content": ('img src="https://live.example.org', 'img src="'),
    "relative picture": ('<media:thumbnail url="https://live.example.org', '<media:thumbnail url="'),
    "script in content": ("&lt;/p&gt;", "&lt;/p&gt;&lt;script&gt;&lt;/script&gt;"),
    "author without e-mail": ("<dc:creator>وكالات</dc:creator>", "<author>وكالات</author>"),
    "C1 character": ("القافلة", "الق\u0086افلة"),
    "override": ("القافلة", "\u202eالقافلة"),
    "language by its name": ("<language>ar</language>", "<language>العربية</language>"),
    "no title": ("<title>وصلت القافلة إلى المعبر.</title>", ""),
}


@pytest.mark.parametrize("mistake", RSS_MISTAKES)
def test_the_rss_judge_finds_classic_mistakes(mistake: str) -> None:
    assert _planted("rss", RSS_MISTAKES[mistake])


ID = "tag:livefeed.invalid,2026:updates/"
ATOM_MISTAKES = {
    "naive time": ("2026-03-04T05:07:07.891Z", "2026-03-04T05:07:07.891"),
    "second alternate": ("<published>", '<link href="https://live.example.org/x"/><published>'),
    "no updated": ("<updated>2026-03-04T05:07:07.891Z</updated>", ""),
    "id that is no URI": (f">{ID}a1", ">update a1"),
    "two entries of one id": (f">{ID}a1", f">{ID}c3"),
    "no author of the feed": ("<author><name>أخبار الشمال</name></author>", ""),
    "CDATA as a type": ('type="html"', 'type="CDATA"'),
    "tombstone of nothing": (f'ref="{ID}d4"', f'ref="{ID}zz"'),
    "override in a title": ("<title>", "<title>\u202e"),
}


@pytest.mark.parametrize("mistake", ATOM_MISTAKES)
def test_the_atom_judge_finds_classic_mistakes(mistake: str) -> None:
    assert _planted("atom", ATOM_MISTAKES[mistake])


JSON_MISTAKES = {
    "unknown member": ('"expired"', '"ended"'),
    "authors that are no list": ('"authors":[{"name":"أخبار الشمال"}]', '"authors":"أخبار الشمال"'),
    "an item without an id": ('"id":"tag', '"guid":"tag'),
    "an item without content": ('"content_html"', '"content"'),
    "a naive time": ("2026-03-04T05:07:07.891Z", "2026-03-04T05:07:07.891"),
    "a relative picture": ('"image":"https://live.example.org', '"image":"'),
}


@pytest.mark.parametrize("mistake", JSON_MISTAKES)
def test_the_json_judge_finds_classic_mistakes(mistake: str) -> None:
    assert _planted("json", JSON_MISTAKES[mistake])


def _planted(form: Format, mistake: tuple[str, str]) -> list[str]:
    closed = replace(FRONT, coverage=replace(STORY, status=CoverageStatus.CLOSED))
    document = render(feed_of(closed), form).decode()
    old, new = mistake
    assert old in document
    return FAULTS[form](document.replace(old, new).encode())
