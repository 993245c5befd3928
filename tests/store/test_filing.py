"""What every store promises of rubrics. Run on each store in turn."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_desk import NOW, Desk, ids

from livefeed import filings
from livefeed.filings import Filings
from livefeed.model import Position, Status
from livefeed.recent import SPAN, changed_at
from livefeed.rubrics import REFILED, Rubric
from livefeed.settings import Settings
from livefeed.store import Store
from livefeed.store.redis import plan
from livefeed.store.sqlite import filing

NEWS = Rubric.of("section", "أخبار")
SPORT = Rubric.of("section", "Sport")
IDLIB = Rubric.of("tag", "إدلب")
MAPS = Rubric.of("tag", "خرائط")

_slugs = count(1)


@pytest.fixture
async def desk(store: Store) -> Desk:
    """An open coverage with a section and a tag."""
    desk = Desk(store, "storm")
    await desk.open(section="أخبار", tags=("إدلب",))
    return desk


async def under(store: Store, rubric: Rubric, limit: int = 100) -> list[str]:
    return ids(list((await store.filed(rubric, limit)).updates))


async def test_an_update_is_filed_under_its_own_tags_and_what_its_coverage_has(desk: Desk) -> None:
    await desk.publish("one", tags=("خرائط",))
    for rubric in (NEWS, IDLIB, MAPS):
        assert await under(desk.store, rubric) == ["one"]
    assert await under(desk.store, SPORT) == []


async def test_a_name_is_the_same_whatever_its_case_and_spaces(desk: Desk) -> None:
    await desk.publish("one", tags=("  Breaking   NEWS ", "breaking news"))
    assert await under(desk.store, Rubric.of("tag", "BREAKING news")) == ["one"]


async def test_a_tag_and_a_section_of_one_name_are_two_rubrics(desk: Desk) -> None:
    await desk.publish("one", tags=("Sport",))
    assert await under(desk.store, Rubric.of("tag", "sport")) == ["one"]
    assert await under(desk.store, SPORT) == []


async def test_updates_of_several_coverages_stand_in_the_order_in_which_they_were_published(
    desk: Desk,
) -> None:
    other = Desk(desk.store, "flood")
    await other.open(section=" أخبار")
    for number in range(3):
        await other.publish(f"flood{number}")
        await desk.publish(f"storm{number}")
    assert await under(desk.store, NEWS) == ["storm2", "flood2", "storm1", "flood1", "storm0", "flood0"]
    assert await under(desk.store, NEWS, 2) == ["storm2", "flood2"]
    await other.revise("flood0", headline="تغير")
    assert (await under(desk.store, NEWS))[-1] == "flood0"


async def test_nothing_that_readers_have_not_seen_is_filed(desk: Desk) -> None:
    await desk.draft("draft", tags=("خرائط",))
    await desk.draft("sent", Status.SUBMITTED, tags=("خرائط",))
    assert (await desk.store.filed(MAPS, 10)).stamp == ""
    await desk.publish("draft")
    assert await under(desk.store, MAPS) == ["draft"]


async def test_a_revision_of_the_tags_moves_an_update(desk: Desk) -> None:
    await desk.publish("one", tags=("خرائط",))
    await desk.revise("one", tags=("Sport",))
    assert await under(desk.store, MAPS) == []
    assert await under(desk.store, Rubric.of("tag", "sport")) == ["one"]


async def test_a_coverage_takes_its_updates_with_it_to_another_section(desk: Desk) -> None:
    await desk.publish("one")
    await desk.publish("two", tags=("إدلب",))
    await desk.open(section="Sport", tags=())
    assert await under(desk.store, NEWS) == []
    assert await under(desk.store, SPORT) == ["two", "one"]
    assert await under(desk.store, IDLIB) == ["two"]  # its own


async def test_what_is_older_than_any_feed_shows_leaves_with_its_coverage(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "REFILED", 2)
    monkeypatch.setattr(plan, "REFILED", 2)
    for number in range(6):
        await desk.publish(f"{number}", tags=("إدلب",) if number == 1 else ())
    await desk.open(section="Sport", tags=())
    assert await under(desk.store, NEWS) == []
    assert await under(desk.store, SPORT) == ["5", "4"]
    assert await under(desk.store, IDLIB) == ["1"]  # its own


async def test_what_was_retracted_stays_where_it_was_without_its_text_and_comes_back(desk: Desk) -> None:
    await desk.publish("one", tags=("خرائط",), text="سر")
    await desk.retract("one")
    (stub,) = (await desk.store.filed(MAPS, 10)).updates
    assert stub.status is Status.RETRACTED
    assert (stub.tags, stub.text) == ((), "")
    await desk.open(section="Sport")
    assert await under(desk.store, SPORT) == []
    assert await under(desk.store, NEWS) == ["one"]
    await desk.restore("one", tags=("Sport",))
    assert await under(desk.store, SPORT) == ["one"]
    assert await under(desk.store, MAPS) == []
    assert await under(desk.store, NEWS) == []


async def test_the_stamp_is_another_one_after_every_change_and_the_same_without(desk: Desk) -> None:
    async def stamp() -> str:
        return (await desk.store.filed(MAPS, 0)).stamp

    seen = [await stamp()]
    assert seen == [""]
    for change in (
        lambda: desk.publish("one", tags=("خرائط",)),
        lambda: desk.revise("one", headline="غير ذلك"),
        lambda: desk.retract("one"),
        lambda: desk.restore("one", tags=("خرائط",)),
        lambda: desk.revise("one", tags=()),
        lambda: desk.open(tags=("خرائط",)),
    ):
        await change()
        seen.append(await stamp())
    assert len(set(seen)) == len(seen)
    await desk.publish("two", tags=("خرائط",))
    await Desk(desk.store, "flood").open(tags=("خرائط",))  # without an update it changes nothing there
    before = await stamp()
    other = Desk(desk.store, "drought")
    await other.open()
    await other.publish("far away")
    assert await stamp() == before
    assert (await desk.store.filed(MAPS, 0)).updates == ()


async def test_a_new_epoch_changes_every_stamp(desk: Desk) -> None:
    await desk.publish("one")
    before = await desk.store.filed(NEWS, 10)
    epoch, _ = await desk.store.tops([])
    await desk.store.begin_epoch(epoch)
    after = await desk.store.filed(NEWS, 10)
    assert ids(list(after.updates)) == ["one"]
    assert after.stamp != before.stamp


async def test_no_name_of_a_rubric_is_too_strange_to_be_filed_under(desk: Desk) -> None:
    names = ("a.rss", "a/b", "..", "🌊", "a:b", "'; DROP TABLE filed", "[]", "{}", "%2F", "a\u0301")
    await desk.publish("one", tags=names)
    for name in names:
        assert await under(desk.store, Rubric.of("tag", name)) == ["one"], name


def test_a_feed_can_show_all_that_follows_a_coverage() -> None:
    limits = Settings.model_fields["feed_most_items"].metadata
    assert [limit.le for limit in limits if hasattr(limit, "le")] == [REFILED]


async def test_what_changed_last_is_found_however_old_it_is(desk: Desk) -> None:
    other = Desk(desk.store, "flood")
    await other.open(section="أخبار")
    for number in range(4):
        await desk.publish(f"{number}", tags=("خرائط",))
    await other.publish("other")
    await desk.revise("1", headline="تغير", tags=("خرائط",))
    await desk.retract("0")
    found = await desk.store.filed(NEWS, 2, changed=3)
    assert ids(list(found.updates)) == ["other", "3"]
    assert [update.id for _, update in found.changed] == ["0", "1", "other"]
    ranks = {update.id: rank for rank, update in (*found.newest, *found.changed)}
    assert sorted(ranks, key=ranks.__getitem__) == ["0", "1", "3", "other"]
    offset = Position.parse(found.stamp).offset  # type: ignore[union-attr]  # it is one
    assert (await desk.store.filed(NEWS, 0, changed=9, after=offset)).changed == ()
    await desk.revise("2", headline="تغير", tags=("Sport",))
    after = await desk.store.filed(NEWS, 0, changed=9, after=offset)
    assert [update.id for _, update in after.changed] == ["2"]
    assert after.moves == found.moves
    assert (await desk.store.filed(MAPS, 0)).moves == 1
    await desk.open(section="Sport")
    assert (await desk.store.filed(NEWS, 9, changed=9)).moves > found.moves
    left = await desk.store.filed(NEWS, 0, changed=9)
    assert [update.id for _, update in left.changed] == ["0", "other"]  # what was retracted stays
    assert [update.id for _, update in (await desk.store.filed(SPORT, 0, changed=9)).changed] == [
        "3",
        "2",
        "1",
    ]


async def test_what_is_kept_of_a_rubric_is_what_the_store_has(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filings, "NEWEST", 3)
    monkeypatch.setattr(filings, "BLOCK", 4)
    chance = Random(5)
    store, old = desk.store, NOW - timedelta(days=9)
    following = Filings(store, 1000, clock=lambda: NOW)
    for number in range(30):
        known = f"{chance.randrange(number)}" if number else ""
        update = await store.update(known)
        match chance.randrange(6):
            case 0 if update and update.status is Status.PUBLISHED:
                await desk.retract(known)
            case 1 if update and update.status is Status.PUBLISHED:
                await desk.revise(known, revised_at=NOW, tags=chance.choice([(), ("خرائط",)]))
            case 2 if number % 10 == 0:
                await desk.open(section=chance.choice(["أخبار", ""]), tags=("إدلب",))
            case 3:
                for more in range(6):
                    await desk.publish(f"{number}-{more}", tags=("خرائط",))
        await desk.publish(f"{number}", tags=("خرائط",), published_at=chance.choice([NOW, old]))
        for rubric in (NEWS, MAPS, IDLIB):
            if number % 3 == 0 or rubric is MAPS:
                fresh = await Filings(store, 1000, clock=lambda: NOW).filed(rubric)
                assert await following.filed(rubric) == fresh
                everything = (await store.filed(rubric, 1000)).updates
                assert fresh == (
                    tuple(
                        update
                        for place, update in enumerate(everything)
                        if place < 3 or changed_at(update) > NOW - SPAN
                    )
                    or None
                )


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["publish", "revise", "retract", "restore", "section", "tags"]),
        st.integers(0, 3),  # which update
        st.sampled_from([(), ("a",), ("b",), ("a", "b")]),
        st.sampled_from(["", "s", "t"]),
    ),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
async def test_whatever_is_written_an_update_stands_where_its_tags_and_its_coverages_say(
    store: Store, changes: list[tuple[str, int, tuple[str, ...], str]]
) -> None:
    prefix = f"n{next(_slugs)}"
    # Rubrics of this run alone: the store keeps those of the former ones.
    desk = Desk(store, prefix)
    await desk.open()
    places: dict[str, set[Rubric]] = {}
    for verb, number, letters, section in changes:
        id, names = f"{prefix}-{number}", tuple(f"{prefix}{letter}" for letter in letters)
        known = await store.update(id)
        fields: dict[str, Any] = {"tags": names}
        match verb:
            case "publish" if known is None:
                await desk.publish(id, **fields)
            case "revise" if known and known.status is Status.PUBLISHED:
                await desk.revise(id, **fields)
            case "retract" if known and known.status is Status.PUBLISHED:
                await desk.retract(id)
            case "restore" if known and known.status is Status.RETRACTED:
                await desk.restore(id, **fields)
            case "section":
                await desk.open(section=section and f"{prefix}{section}")
            case "tags":
                await desk.open(tags=names)
        coverage = await store.coverage(prefix)
        assert coverage is not None
        for update in await store.published_before(prefix, None, 10):
            if update.status is Status.PUBLISHED:
                places[update.id] = {Rubric.of("tag", tag) for tag in (*update.tags, *coverage.tags)}
                if coverage.section:
                    places[update.id].add(Rubric.of("section", coverage.section))
    order = ids(await store.published_before(prefix, None, 10))
    for rubric in (
        Rubric.of(sort, f"{prefix}{name}")
        for sort, name in (("tag", "a"), ("tag", "b"), ("section", "s"), ("section", "t"))
    ):
        assert await under(store, rubric) == [id for id in order if rubric in places[id]]
