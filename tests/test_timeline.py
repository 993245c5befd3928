"""What a front is after each event; that stores agree is shown in `tests/store`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.events import SITE, Event, Kind
from livefeed.model import Coverage, CoverageStatus, Position, Retraction, Status, Update
from livefeed.timeline import KEY_EVENTS, Front, Limits, SiteFront, fold, fold_site

NOW = datetime(2020, 11, 22, tzinfo=UTC)
WIDE = Limits(updates=100, breaking=100)
STORY = Coverage("story", "عنوان")


def update(order: int, **fields: object) -> Update:
    return replace(Update(f"u{order}", "story", Status.PUBLISHED, order=order), **fields)  # type: ignore[arg-type]


def event(offset: int, kind: Kind, state: Update | Coverage, channel: str = "live:story") -> Event:
    position = Position("e", offset)
    if isinstance(state, Coverage):
        return Event(channel, position, kind, coverage=replace(state, position=position))
    return Event(channel, position, kind, update=replace(state, position=position))


def after(front: Front, *events: Event, limits: Limits = WIDE) -> Front:
    for each in events:
        folded = fold(front, each, limits)
        assert folded is not None
        front = folded
    return front


def ids(updates: tuple[Update, ...]) -> list[str]:
    return [update.id for update in updates]


START = Front(Position("e", 0), STORY)
THREE = after(START, *(event(order, Kind.PUBLISHED, update(order)) for order in (1, 2, 3)))


def test_published_updates_stand_newest_first_and_are_counted() -> None:
    assert ids(THREE.updates) == ["u3", "u2", "u1"]
    assert (THREE.total, str(THREE.position)) == (3, "e-3")


def test_a_change_takes_the_place_of_what_it_changes() -> None:
    front = after(THREE, event(4, Kind.REVISED, update(2, headline="جديد")))
    assert ids(front.updates) == ["u3", "u2", "u1"]
    assert front.updates[1].headline == "جديد"
    assert front.total == 3


def test_only_the_newest_are_held_and_changes_of_older_ones_pass_by() -> None:
    few = Limits(updates=2, breaking=2)
    front = after(START, *(event(order, Kind.PUBLISHED, update(order)) for order in (1, 2, 3)), limits=few)
    assert ids(front.updates) == ["u3", "u2"]
    front = after(front, event(4, Kind.REVISED, update(1, headline="قديم")), limits=few)
    assert ids(front.updates) == ["u3", "u2"]
    assert (front.total, front.position.offset) == (3, 4)


def test_pins_replace_each_other_and_follow_their_update() -> None:
    front = after(THREE, event(4, Kind.PINNED, update(1, pinned=True)))
    assert front.pinned
    assert (front.pinned.id, front.coverage.pinned_id) == ("u1", "u1")
    front = after(front, event(5, Kind.REVISED, update(1, pinned=True, headline="جديد")))
    assert front.pinned
    assert front.pinned.headline == "جديد"
    front = after(front, event(6, Kind.UNPINNED, update(1)), event(7, Kind.PINNED, update(2, pinned=True)))
    assert front.pinned
    assert front.pinned.id == "u2"
    stub = update(2, pinned=True).withdrawn(Retraction(NOW))
    front = after(front, event(8, Kind.RETRACTED, stub))
    assert (front.pinned, front.coverage.pinned_id) == (None, None)


def test_a_retraction_leaves_a_stub_everywhere_but_among_the_key_events() -> None:
    told = update(4, key_event=True, breaking=True, headline="سري", text="نص")
    front = after(THREE, event(4, Kind.PUBLISHED, told))
    assert (ids(front.key_events), ids(front.breaking)) == (["u4"], ["u4"])
    front = after(front, event(5, Kind.RETRACTED, told.withdrawn(Retraction(NOW, "note"))))
    assert (ids(front.updates)[0], front.key_events, ids(front.breaking)) == ("u4", (), ["u4"])
    assert "سري" not in repr(front)
    front = after(front, event(6, Kind.RESTORED, told))
    assert ids(front.key_events) == ["u4"]


def test_a_list_that_only_the_store_can_fill_again_is_loaded_anew() -> None:
    few = Limits(updates=9, breaking=2)
    front = after(
        START,
        *(event(order, Kind.PUBLISHED, update(order, breaking=True)) for order in (1, 2, 3)),
        limits=few,
    )
    assert ids(front.breaking) == ["u3", "u2"]
    assert fold(front, event(4, Kind.REVISED, update(3)), few) is None
    assert fold(front, event(4, Kind.REVISED, update(1)), few) is not None  # was not in it
    keys = tuple(update(order, key_event=True) for order in range(KEY_EVENTS + 5, 5, -1))
    full = replace(THREE, key_events=keys)
    assert fold(full, event(4, Kind.REVISED, replace(keys[3], key_event=False)), WIDE) is None


def test_a_coverages_change_changes_its_head_alone() -> None:
    front = after(THREE, event(4, Kind.COVERAGE, replace(STORY, status=CoverageStatus.CLOSED)))
    assert front.coverage.status is CoverageStatus.CLOSED
    assert str(front.coverage.position) == "e-4"
    assert front.updates == THREE.updates


def test_a_front_changes_with_its_updates_and_its_end() -> None:
    hours = [NOW + timedelta(hours=number) for number in range(5)]
    planned = replace(STORY, status=CoverageStatus.SCHEDULED, starts_at=hours[4])
    assert Front(Position("e", 1), planned).changed_at is None
    live = replace(STORY, starts_at=hours[0])
    front = Front(Position("e", 1), live)
    assert front.changed_at == hours[0]
    front = after(front, event(2, Kind.PUBLISHED, update(2, published_at=hours[1])))
    assert front.changed_at == hours[1]
    front = after(front, event(3, Kind.RETRACTED, update(2, published_at=hours[1], revised_at=hours[2])))
    assert front.changed_at == hours[2]
    closed = replace(live, status=CoverageStatus.CLOSED, ends_at=hours[3])
    assert after(front, event(4, Kind.COVERAGE, closed)).changed_at == hours[3]


def test_an_event_without_a_state_is_refused() -> None:
    nothing = Event("live:story", Position("e", 4), Kind.REVISED)
    with pytest.raises(ValueError, match="e-4 of live:story carries no state"):
        fold(THREE, nothing, WIDE)
    with pytest.raises(ValueError, match="carries no state"):
        fold_site(SiteFront(Position("e", 0)), nothing, 9)


FLAGS = st.tuples(st.integers(1, 12), st.booleans(), st.booleans(), st.booleans())


@given(st.lists(FLAGS, max_size=40))
def test_doubles_change_nothing_but_the_position(story: list[tuple[int, bool, bool, bool]]) -> None:
    front = once = START
    published: set[int] = set()
    for offset, (order, breaking, key_event, retracted) in enumerate(story, 1):
        state = update(order, breaking=breaking, key_event=key_event)
        if retracted:
            state = state.withdrawn(Retraction(NOW))
        kind = Kind.REVISED if order in published else Kind.PUBLISHED
        published.add(order)
        once = after(once, event(offset, kind, state))
        twice = after(after(front, event(offset, kind, state)), event(offset, Kind.REVISED, state))
        assert twice == once
        front = twice
    orders = [held.order for held in front.updates]
    assert orders == sorted(published, reverse=True)
    assert set(ids(front.breaking)) == {held.id for held in front.updates if held.breaking}
    assert [held.order for held in front.breaking] == sorted(
        (held.order for held in front.breaking), reverse=True
    )
    assert front.total == len(published)


def test_the_sites_breaking_updates_keep_the_place_they_were_given() -> None:
    site: SiteFront | None = SiteFront(Position("e", 0))
    story = [
        event(1, Kind.COVERAGE, STORY, SITE),
        event(2, Kind.PUBLISHED, update(9, breaking=True), SITE),
        event(3, Kind.REVISED, update(4, breaking=True), SITE),  # became breaking later
        event(4, Kind.REVISED, update(9, breaking=True, headline="جديد"), SITE),
        event(5, Kind.COVERAGE, Coverage("other", "x"), SITE),
        event(6, Kind.COVERAGE, replace(STORY, headline="آخر"), SITE),
    ]
    for each in story:
        assert site
        site = fold_site(site, each, 9)
    assert site
    assert [(rank, held.id) for rank, held in site.breaking] == [(3, "u4"), (2, "u9")]
    assert site.breaking[1][1].headline == "جديد"
    assert [(coverage.slug, coverage.headline) for coverage in site.coverages] == [
        ("story", "آخر"),
        ("other", "x"),
    ]
    calm = fold_site(site, event(7, Kind.REVISED, update(4), SITE), 9)
    assert calm
    assert [held.id for _, held in calm.breaking] == ["u9"]
    assert fold_site(site, event(7, Kind.REVISED, update(4), SITE), 2) is None
