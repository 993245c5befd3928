"""What of a coverage is in its feed, and when it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from feed_samples import PLAIN, at
from hypothesis import given
from hypothesis import strategies as st

from livefeed.feeds import ARCHIVE_ITEMS, Window, archive_documents, with_recent
from livefeed.model import Retraction, Update

NOW = at(100 * 60)
DAYS = timedelta(hours=48)
WINDOW = Window(items=3, most=6)


def published(number: int, hours_ago: float) -> Update:
    return replace(PLAIN, id=f"u{number}", order=number, published_at=NOW - timedelta(hours=hours_ago))


def ids(updates: tuple[Update, ...]) -> list[str]:
    return [update.id for update in updates]


def test_the_newest_are_shown_however_old_they_are() -> None:
    old = [published(number, 1000 - number) for number in range(9, 0, -1)]
    assert ids(WINDOW.shown(old, NOW)) == ["u9", "u8", "u7"]


def test_all_of_the_last_two_days_is_shown_up_to_the_most() -> None:
    updates = [published(9 - place, 12 * place) for place in range(9)]
    assert ids(WINDOW.shown(updates, NOW)) == ["u9", "u8", "u7", "u6"]
    busy = [published(9 - place, place) for place in range(9)]
    assert ids(WINDOW.shown(busy, NOW)) == ["u9", "u8", "u7", "u6", "u5", "u4"]


def test_an_old_update_that_was_changed_is_shown_again() -> None:
    updates = [published(9 - place, 100 * place) for place in range(6)]
    updates[4] = replace(updates[4], revised_at=NOW - timedelta(hours=1))
    assert ids(WINDOW.shown(updates, NOW)) == ["u9", "u8", "u7", "u5"]


def test_what_was_changed_has_room_before_what_was_only_published() -> None:
    busy = [published(9 - place, place) for place in range(9)]
    for place, hours in ((6, 30), (7, 20), (8, 40)):
        busy[place] = replace(busy[place], revised_at=NOW - timedelta(hours=hours))
    assert ids(WINDOW.shown(busy, NOW)) == ["u9", "u8", "u7", "u3", "u2", "u1"]
    assert ids(Window(items=3, most=5).shown(busy, NOW)) == ["u9", "u8", "u7", "u3", "u2"]
    busy[8] = replace(busy[8], revised_at=NOW - timedelta(hours=49))
    assert ids(WINDOW.shown(busy, NOW)) == ["u9", "u8", "u7", "u6", "u3", "u2"]


def test_older_updates_that_were_changed_follow_the_newest_once() -> None:
    newest = [published(9, 1), published(8, 2)]
    amended = [published(8, 2), replace(published(3, 3), breaking=True), published(2, 4)]
    assert ids(with_recent(newest, amended, breaking_only=False)) == ["u9", "u8", "u3", "u2"]
    assert ids(with_recent(newest, amended, breaking_only=True)) == ["u9", "u8", "u3"]


def test_a_withdrawal_stays_for_two_days_to_the_moment_and_then_makes_room() -> None:
    updates = [published(9 - place, 100 * place) for place in range(4)]
    at_ = NOW - DAYS
    for age, shown in [
        (timedelta(), ["u8", "u7", "u6"]),
        (timedelta(milliseconds=1), ["u9", "u8", "u7"]),
    ]:
        updates[0] = published(9, 100).withdrawn(Retraction(at_ + age))
        assert ids(WINDOW.shown(updates, NOW)) == shown


@given(
    ages=st.lists(st.floats(0, 200), max_size=30),
    withdrawn=st.sets(st.integers(0, 29)),
    items=st.integers(1, 5),
    more=st.integers(0, 5),
)
def test_a_window_holds_what_it_promises(
    ages: list[float], withdrawn: set[int], items: int, more: int
) -> None:
    updates = [published(place, age) for place, age in enumerate(ages)]
    updates = [
        update.withdrawn(Retraction(update.published_at or NOW)) if place in withdrawn else update
        for place, update in enumerate(updates)
    ]
    window = Window(items, items + more)
    shown = window.shown(updates, NOW)
    standing = [update for update in updates if not update.retraction]
    assert list(shown) == [update for update in updates if update in shown], "in their order"
    assert len(shown) <= window.most
    assert len(shown) >= min(items, len(standing))
    recent = [update for update in updates if (update.revised_at or update.published_at) > NOW - DAYS]
    assert set(ids(shown)) >= set(ids(tuple(recent))) or len(shown) == window.most
    assert all(update in recent for update in shown if update.retraction)
    assert window.shown(updates, NOW) == shown


def test_an_archive_document_is_made_once_it_is_full() -> None:
    totals = (0, ARCHIVE_ITEMS - 1, ARCHIVE_ITEMS, 2 * ARCHIVE_ITEMS - 1, 2 * ARCHIVE_ITEMS)
    assert [archive_documents(total) for total in totals] == [0, 0, 1, 1, 2]
