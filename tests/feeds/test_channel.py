"""What feeds say of themselves: what they hold, their addresses and times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from feed_samples import (
    BASE_URL,
    BREAKING,
    FRONT,
    FRONTS,
    PLAIN,
    RETRACTED,
    SITE,
    START,
    STORY,
    archive_of,
    at,
    feed_of,
    feed_of_site,
    front_of,
)
from hypothesis import given, settings

from livefeed.feeds import Feed, Link
from livefeed.feeds.entry import without_corrections
from livefeed.model import CoverageStatus, Position
from livefeed.timeline import Front, SiteFront


def names(feed: Feed) -> list[str]:
    """The ids of the updates in a feed, in its order."""
    return [entry.id.rpartition("/")[2] for entry in without_corrections(feed.entries)]


def test_the_feed_of_everything_holds_the_updates_newest_first() -> None:
    feed = feed_of()
    assert names(feed) == ["d4", "c3", "b2", "a1"]
    assert feed.home == f"{BASE_URL}/live/%D8%A7%D9%84%D8%B4%D9%85%D8%A7%D9%84-%D8%A7%D9%84%D8%A2%D9%86"
    assert feed.address("rss") == f"{feed.home}/updates.rss"
    assert feed_of(breaking_only=True).address("json") == f"{feed.home}/breaking.json"
    assert feed_of_site().address("atom") == f"{BASE_URL}/feeds/breaking.atom"


@given(front=FRONTS)
@settings(deadline=None, max_examples=40)
def test_the_breaking_feed_holds_exactly_the_breaking_items(front: Front) -> None:
    breaking = names(feed_of(front, breaking_only=True))
    assert breaking == [update.id for update in front.updates if update.breaking]
    assert names(feed_of(front)) == [update.id for update in front.updates]


def test_the_site_feed_holds_the_breaking_items_of_every_coverage() -> None:
    other = replace(BREAKING, id="x9", coverage="south")
    site = SiteFront(Position("e", 4), (STORY,), ((4, other), *SITE.breaking))
    feed = feed_of_site(site)
    assert without_corrections(feed.entries)[0].url.endswith("/live/south/updates/x9")
    assert names(feed) == ["x9", "d4", "b2"]


def test_the_same_update_has_the_same_id_in_every_feed() -> None:
    ids = [
        {entry.id for entry in feed.entries}
        for feed in (feed_of(), feed_of(breaking_only=True), feed_of_site())
    ]
    assert ids[0] > ids[1] == ids[2]


def test_feeds_have_different_ids_on_every_site() -> None:
    feeds = [
        feed_of(),
        feed_of(breaking_only=True),
        feed_of_site(),
        feed_of_site(base_url="https://elsewhere.example"),
    ]
    assert len({feed.id for feed in feeds}) == 4


def test_a_feed_was_updated_when_its_last_entry_changed() -> None:
    assert feed_of().updated == at(9)
    assert feed_of(front_of(PLAIN)).updated == at(1)
    assert feed_of_site().updated == at(9)


def test_an_empty_feed_was_updated_when_its_coverage_began() -> None:
    assert feed_of(front_of()).updated == START
    assert feed_of_site(SiteFront(Position("e", 1), (STORY,))).updated == START


def test_an_empty_feed_is_never_of_the_future() -> None:
    planned = replace(STORY, status=CoverageStatus.SCHEDULED, starts_at=at(10**6))
    assert feed_of(front_of(coverage=planned)).updated == datetime(1970, 1, 1, tzinfo=UTC)


def test_closing_a_coverage_changes_its_feed_and_ends_it() -> None:
    closed = feed_of(replace(FRONT, coverage=replace(STORY, status=CoverageStatus.CLOSED, ends_at=at(60))))
    assert (closed.expired, closed.updated) == (True, at(60))
    assert len(names(closed)) == 4
    assert not feed_of().expired


def test_titles_name_the_coverage_and_say_when_only_breaking_is_in() -> None:
    assert feed_of().title == STORY.headline
    assert feed_of(breaking_only=True).title == f"{STORY.headline} — عاجل"
    assert feed_of_site().title == "أخبار الشمال — عاجل"
    assert feed_of().description == STORY.standfirst


def test_a_retracted_update_stays_in_the_breaking_feeds() -> None:
    assert RETRACTED.breaking
    assert without_corrections(feed_of_site().entries)[0].withdrawn_at == at(8)


def test_an_archive_document_is_of_the_same_feed_and_names_its_neighbours() -> None:
    feed = feed_of(archives=3)
    assert (feed.older, feed.newer, feed.current) == (f"{feed.home}/archive/3", "", "")
    stems = [(document.stem, document.older, document.newer) for document in map(archive_of, (1, 2, 3))]
    first, second, third = (f"{feed.home}/archive/{number}" for number in (1, 2, 3))
    assert stems == [(first, "", second), (second, first, third), (third, second, "")]
    for number in (1, 2, 3):
        assert archive_of(number).id == feed.id
        assert archive_of(number).current == feed.stem


def test_an_archive_document_has_its_updates_and_no_corrections_besides() -> None:
    document = archive_of(1)
    assert names(document) == ["d4", "c3", "b2", "a1"]
    assert not any(entry.corrects for entry in document.entries)
    assert document.updated == at(9)


def test_closing_a_coverage_leaves_its_archive_as_it_was() -> None:
    closed = replace(FRONT, coverage=replace(STORY, status=CoverageStatus.CLOSED, ends_at=at(60)))
    assert archive_of(1, front=closed) == archive_of(1)


def test_a_document_names_all_that_it_belongs_to_itself_first() -> None:
    document = replace(archive_of(2), hubs=("https://hub.example.org/",))
    atom = "application/atom+xml"
    assert document.links("atom") == (
        Link("self", f"{document.home}/archive/2.atom", atom),
        Link("alternate", document.home, "text/html"),
        Link("hub", "https://hub.example.org/"),
        Link("prev-archive", f"{document.home}/archive/1.atom", atom),
        Link("next-archive", f"{document.home}/archive/3.atom", atom),
        Link("current", f"{document.home}/updates.atom", atom),
    )
