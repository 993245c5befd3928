"""Fronts in memory are what the store would answer, and stay so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from floor import SLUG, Floor, floor
from redis_server import until
from store_desk import NOW, Desk

from livefeed import fronts as fronts_module
from livefeed.events import SITE, live_channel
from livefeed.fronts import Fronts
from livefeed.model import CoverageStatus
from livefeed.store import StoreAway
from livefeed.timeline import Limits, SiteFront

LIMITS = Limits(updates=6, breaking=3)


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Floor]:
    async with floor(tmp_path) as opened:
        await opened.desk.open()
        yield opened


@pytest.fixture
def fronts(ground: Floor) -> Fronts:
    return Fronts(ground.store, ground.fanout, LIMITS, clock=lambda: NOW)


async def same(ground: Floor, fronts: Fronts) -> None:
    """Wait until what is in memory is at the top of the log, then compare it with the store."""
    await ground.level()
    site = await ground.fanout.open(SITE)
    _, tops = await ground.store.tops([SITE])
    await until(lambda: site.tail.top == tops[SITE])
    stored = await ground.store.front(SLUG, LIMITS)
    assert await fronts.front(SLUG) == stored
    answer = await fronts.site()
    kept = await ground.store.site(LIMITS.breaking)
    fresh = Fronts(ground.store, ground.fanout, fronts._limits, clock=lambda: NOW)
    await fresh.front(SLUG)
    for slug in (SLUG, None):
        assert fronts.recent(slug, NOW) == fresh.recent(slug, NOW)
    assert (answer.position, answer.breaking) == (kept.position, kept.breaking)
    assert [coverage.slug for coverage in answer.coverages] == [coverage.slug for coverage in kept.coverages]


async def test_a_front_follows_the_log_without_a_read(ground: Floor, fronts: Fronts) -> None:
    await fronts.warm()
    await ground.publish(3)
    await ground.level()
    ground.store.cut_off = True
    front = await fronts.front(SLUG)
    assert front
    assert [update.id for update in front.updates] == ["u3", "u2", "u1"]
    assert fronts.in_memory() == {SLUG: front}
    assert fronts.coverage(SLUG) == front.coverage


async def test_whatever_is_written_memory_and_store_agree(ground: Floor, fronts: Fronts) -> None:
    chance = Random(3)
    await fronts.warm()
    desk = ground.desk
    live: list[str] = []
    for number in range(120):
        known = chance.choice(live) if live else ""
        match chance.randrange(9) if known else 0:
            case 0 | 1 | 2:
                live.append(f"u{number}")
                flags = {"breaking": chance.random() < 0.5, "key_event": chance.random() < 0.3}
                await desk.publish(f"u{number}", **flags)
            case 3:
                await desk.revise(known, breaking=chance.random() < 0.5, revised_at=NOW)
            case 4:
                await desk.revise(known, key_event=chance.random() < 0.5)
            case 5:
                await desk.pin(known)
            case 6:
                live.remove(known)
                await desk.retract(known)
            case 7:
                await desk.open(headline=f"عنوان {number}")
            case 8:
                await Desk(ground.store, f"other-{number}").open()
        if number % 3 == 0:
            await same(ground, fronts)
    await same(ground, fronts)


async def test_all_that_two_days_brought_is_remembered_beside_the_front(
    ground: Floor, fronts: Fronts
) -> None:
    await fronts.warm()
    last = 3 * (await ground.channel()).tail.capacity
    await ground.publish(1, breaking=True, published_at=NOW - timedelta(hours=72))
    await ground.publish(last - 1, first=2, breaking=True)
    await same(ground, fronts)
    front = await fronts.front(SLUG)
    assert front
    assert len(front.updates) == LIMITS.updates
    for slug in (SLUG, None):
        assert len(fronts.recent(slug, NOW)) == last - 1
        assert fronts.recent(slug, NOW)[0].id == f"u{last}"
        assert fronts.recent(slug, NOW + timedelta(hours=48)) == ()


async def test_a_change_of_an_update_that_no_front_holds_is_remembered_for_two_days(
    ground: Floor, fronts: Fronts
) -> None:
    await fronts.warm()
    old = NOW - timedelta(days=9)
    await ground.publish(LIMITS.updates + 2, breaking=True, published_at=old)
    await ground.desk.revise("u1", headline="منقح", revised_at=NOW)
    await ground.desk.retract("u2")
    await same(ground, fronts)
    front = await fronts.front(SLUG)
    assert front
    assert {"u1", "u2"}.isdisjoint(update.id for update in front.updates)
    for slug in (SLUG, None):
        told = fronts.recent(slug, NOW)
        assert [(update.id, update.headline) for update in told] == [("u2", ""), ("u1", "منقح")]


async def test_what_two_days_brought_is_bounded_by_events_which_all_processes_count_alike(
    ground: Floor, fronts: Fronts
) -> None:
    fronts = Fronts(ground.store, ground.fanout, replace(LIMITS, recent=30), clock=lambda: NOW)
    await fronts.warm()
    await ground.publish(100)
    await same(ground, fronts)
    assert [update.id for update in fronts.recent(SLUG, NOW)] == [f"u{n}" for n in range(100, 70, -1)]


async def test_lost_announcements_and_a_new_epoch_leave_no_stale_front(ground: Floor, fronts: Fronts) -> None:
    await fronts.warm()
    ground.store.deaf = True
    await ground.publish(4, breaking=True)
    ground.fanout.heal()
    await same(ground, fronts)
    channel = await ground.channel()
    await ground.store.begin_epoch(channel.tail.epoch)
    await ground.publish(1, first=5)
    for name in (SITE, live_channel(SLUG)):
        await (await ground.fanout.open(name)).heal()
    await same(ground, fronts)


async def test_a_front_read_from_a_log_ahead_of_the_tail_takes_no_event_twice(
    ground: Floor, fronts: Fronts
) -> None:
    channel = await ground.channel()
    ground.store.deaf = True
    await ground.publish(3)
    front = await fronts.front(SLUG)
    assert front
    assert (front.total, channel.tail.top) == (3, 1)
    await channel.heal()
    await same(ground, fronts)


async def test_a_front_read_across_a_new_epoch_is_of_the_new_one(ground: Floor, fronts: Fronts) -> None:
    await ground.publish(2)
    channel = await ground.level()
    ground.store.deaf = True
    epoch = await ground.store.begin_epoch(channel.tail.epoch)
    front = await fronts.front(SLUG)
    assert front
    assert front.position.epoch == epoch == channel.tail.epoch


async def test_a_herd_reads_a_front_once(ground: Floor, fronts: Fronts) -> None:
    reads = 0
    real = ground.store.front

    async def counted(slug: str, limits: Limits) -> object:
        nonlocal reads
        reads += 1
        return await real(slug, limits)

    ground.store.front = counted  # type: ignore[assignment,method-assign]  # the answer is real, and counted
    answers = await asyncio.gather(*(fronts.front(SLUG) for _ in range(50)))
    assert len({id(answer) for answer in answers}) == 1
    assert reads == 1


async def test_an_unknown_coverage_is_none_and_costs_no_read_of_it(ground: Floor, fronts: Fronts) -> None:
    assert await fronts.front("none") is None
    assert "live:none" not in ground.fanout._channels


async def test_a_coverage_opened_elsewhere_is_known_when_its_event_is(ground: Floor, fronts: Fronts) -> None:
    await fronts.warm()
    await Desk(ground.store, "other").open()
    await until(lambda: (ground.fanout._channels[SITE]).tail.top == 2)
    assert set(await fronts.known()) == {SLUG, "other"}
    assert await fronts.front("other") is not None


async def test_what_is_not_in_memory_says_that_the_store_is_away(ground: Floor, fronts: Fronts) -> None:
    ground.store.cut_off = True
    with pytest.raises(StoreAway):
        await fronts.site()
    with pytest.raises(StoreAway):
        await fronts.front(SLUG)
    ground.store.cut_off = False
    await fronts.warm()
    assert isinstance(await fronts.site(), SiteFront)


async def test_live_coverages_stay_and_others_are_let_go(
    ground: Floor, fronts: Fronts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fronts_module, "KEPT", 2)
    for number in range(5):
        await Desk(ground.store, f"closed-{number}").open(status=CoverageStatus.CLOSED)
    for number in range(5):
        await fronts.front(f"closed-{number}")
    await fronts.warm()
    assert set(fronts.in_memory()) == {SLUG, "closed-3", "closed-4"}
    assert not ground.fanout._channels["live:closed-0"].followers
    assert await fronts.front("closed-0") is not None


async def test_the_number_of_withdrawals_changes_with_a_retraction_and_after_a_blind_time(
    ground: Floor, fronts: Fronts
) -> None:
    await fronts.warm()
    await ground.publish(2)
    await ground.level()
    before = fronts.withdrawals(SLUG)
    await ground.desk.revise("u1", headline="x")
    await ground.level()
    assert fronts.withdrawals(SLUG) == before
    await ground.desk.retract("u1")
    channel = await ground.level()
    retracted = fronts.withdrawals(SLUG)
    assert retracted != before
    await ground.store.begin_epoch(channel.tail.epoch)
    await channel.heal()
    assert fronts.withdrawals(SLUG) not in {before, retracted}


async def test_a_rendered_coverage_is_known_even_before_its_front(fronts: Fronts) -> None:
    assert fronts.coverage("story").slug == "story"
    known = (await fronts.known())[SLUG]
    assert fronts.coverage(SLUG) == known == replace(known)
