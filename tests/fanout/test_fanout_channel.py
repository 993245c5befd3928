"""Joining and healing of one followed log."""

from __future__ import annotations

import asyncio
import json

import pytest
from floor import LIVE, Floor, Visitor
from redis_server import PATIENCE, until

from livefeed.events import Event
from livefeed.frames import View
from livefeed.model import Position

NEVER = 1000.0  # seconds


async def test_an_update_reaches_every_reader_once_and_in_order(ground: Floor) -> None:
    channel = await ground.channel()
    visitors = [await Visitor().come(channel) for _ in range(5)]
    await ground.publish(10)
    await ground.level()
    await ground.seen(*visitors)
    for visitor in visitors:
        assert visitor.witness.offsets == list(range(2, 12))


async def test_the_hello_names_where_the_stream_starts(ground: Floor) -> None:
    await ground.publish(3)
    channel = await ground.level()
    epoch = channel.tail.epoch
    for cursor, start in [(None, 4), ("0", 0), (f"{epoch}-0", 0), (f"{epoch}-2", 2), (f"{epoch}-4", 4)]:
        visitor = await Visitor().come(channel, cursor)
        await ground.seen(visitor)
        assert visitor.witness.start == f"{epoch}-{start}"
        assert visitor.witness.offsets == list(range(start + 1, 5))


@pytest.mark.parametrize(
    "cursor", ["", "-", "x", "{e}-", "{e}-01", "{e}-٣", "{e}--1", "{e}-9", "other-1", "00"]
)
async def test_a_worthless_cursor_is_told_to_reload_and_then_live(ground: Floor, cursor: str) -> None:
    await ground.publish(3)
    channel = await ground.level()
    visitor = await Visitor().come(channel, cursor.format(e=channel.tail.epoch))
    await ground.seen(visitor)
    assert json.loads(visitor.texts[1]) == {"kind": "reload", "position": str(channel.tail.position)}
    await ground.publish(1, first=4)
    await ground.level()
    await ground.seen(visitor)
    assert (visitor.witness.reloads, visitor.witness.offsets) == (1, [5])


async def test_lost_doubled_and_early_announcements_are_healed_from_the_log(ground: Floor) -> None:
    channel = await ground.channel()
    visitor = await Visitor().come(channel)
    ground.store.deaf = True
    events = [(await ground.desk.publish(f"u{number}"))[0] for number in range(5)]
    for event in (events[3], events[0], events[0], events[4]):
        channel.receive(event)
    await ground.level()
    await ground.seen(visitor)
    channel.receive(events[2])
    assert visitor.witness.offsets == list(range(2, 7))


async def test_an_announcement_ahead_of_a_read_under_way_is_not_forgotten(ground: Floor) -> None:
    channel = await ground.channel()
    visitor = await Visitor().come(channel)
    ground.store.deaf = True
    await ground.publish(1)
    with ground.store.reads_held():
        channel.heal_soon("test")
        await ground.store.held.wait()
        await ground.publish(1, first=2)
        (last,) = await ground.desk.publish("u3")
        channel.receive(last)
    await ground.level()
    await ground.seen(visitor)
    assert visitor.witness.offsets == [2, 3, 4]


async def test_an_event_taken_while_the_log_is_read_does_not_look_like_a_log_gone_backwards(
    ground: Floor,
) -> None:
    channel = await ground.channel()
    visitor = await Visitor().come(channel)
    epoch = channel.tail.epoch
    with ground.store.reads_held():
        healing = asyncio.create_task(channel.heal())
        await ground.store.held.wait()  # what it will answer was read before this:
        await ground.publish(1)
        await until(lambda: channel.tail.top == 2)
    await healing
    await ground.seen(visitor)
    assert channel.tail.epoch == epoch
    assert (visitor.witness.reloads, visitor.witness.offsets) == (0, [2])


async def test_a_log_that_went_backwards_begins_a_new_epoch(ground: Floor) -> None:
    channel = await ground.channel()
    visitor = await Visitor().come(channel)
    ground.store.deaf = True
    before = channel.tail.epoch
    (event,) = await ground.desk.publish("u1")
    lost = Event(LIVE, Position(before, 3), event.kind, update=event.update)
    channel.receive(event)
    channel.receive(lost)  # announced by a server that then died without keeping it
    await channel.heal()
    await ground.seen(visitor)
    after, _ = await ground.store.tops([LIVE])
    assert after == channel.tail.epoch != before
    assert visitor.witness.reloads == 1
    assert visitor.witness.position == f"{after}-2"


async def test_a_new_epoch_tells_every_reader_to_reload_once_and_goes_on_live(ground: Floor) -> None:
    await ground.publish(2)
    channel = await ground.level()
    before = channel.tail.epoch
    visitors = [await Visitor().come(channel) for _ in range(20)]
    slow = visitors[0]
    slow.line.slow = True
    slow.reader.drain_begins()
    await ground.store.begin_epoch(before)
    await asyncio.gather(*(channel.heal() for _ in range(10)))  # however many ask
    await ground.publish(1, first=3)
    await ground.level()
    slow.line.slow = False
    slow.reader.drain_ends()
    await ground.seen(*visitors)
    for visitor in visitors:
        assert visitor.witness.reloads == 1
        assert visitor.witness.epoch == channel.tail.epoch != before
    assert {tuple(visitor.witness.offsets) for visitor in visitors[1:]} == {(4,)}


async def test_a_cursor_of_the_future_is_judged_against_the_log_not_the_tail(ground: Floor) -> None:
    channel = await ground.channel()
    ground.store.deaf = True  # another process took these updates, and nobody told us
    await ground.publish(4)
    assert channel.tail.top == 1
    visitor = await Visitor().come(channel, f"{channel.tail.epoch}-4")
    await ground.seen(visitor)
    assert (visitor.witness.start, visitor.witness.reloads) == (f"{channel.tail.epoch}-4", 0)
    assert visitor.witness.offsets == [5]


async def test_a_cursor_of_an_epoch_the_tail_does_not_know_yet_is_judged_against_the_log(
    ground: Floor,
) -> None:
    await ground.publish(2)
    channel = await ground.level()
    ground.store.deaf = True
    epoch = await ground.store.begin_epoch(channel.tail.epoch)
    visitor = await Visitor().come(channel, f"{epoch}-2")
    await ground.seen(visitor)
    assert (visitor.witness.reloads, visitor.witness.offsets) == (0, [3])


async def test_with_the_store_away_an_unknown_cursor_waits_and_is_judged_later(ground: Floor) -> None:
    await ground.publish(2)
    channel = await ground.level()
    epoch = channel.tail.epoch
    ground.store.deaf = True
    await ground.publish(2, first=3)
    ground.store.cut_off = True
    ahead = await Visitor().come(channel, f"{epoch}-4")
    too_far = await Visitor().come(channel, f"{epoch}-9")
    stranger = await Visitor().come(channel, "other-2")
    known = await Visitor().come(channel, f"{epoch}-2")
    waiting = (ahead, too_far, stranger)
    await ground.seen(known)
    await channel.beat()
    for visitor in waiting:
        assert [json.loads(text)["kind"] for text in visitor.texts] == ["hello"]
    assert known.witness.offsets == [3]
    ground.store.cut_off = False
    ground.fanout.heal()
    await ground.seen(*waiting, known)
    assert [visitor.witness.reloads for visitor in waiting] == [0, 1, 1]
    assert ahead.witness.offsets == [5]
    assert known.witness.offsets == [3, 4, 5]


async def test_a_waiting_reader_who_leaves_is_forgotten(ground: Floor) -> None:
    channel = await ground.channel()
    ground.store.cut_off = True
    visitor = await Visitor().come(channel, "other-2")
    visitor.reader.left()
    ground.store.cut_off = False
    await channel.heal()
    assert channel.readers == []
    assert len(visitor.line.writes) == 1


async def test_a_herd_of_unknown_cursors_reads_the_log_twice_at_most(ground: Floor) -> None:
    await ground.publish(2)
    channel = await ground.level()
    ground.store.reads.clear()
    starts = await asyncio.gather(*(channel.start_of(f"other-{number}") for number in range(500)))
    assert all(start.worthless for start in starts)
    assert len(ground.store.reads) <= 2


async def test_a_cursor_judged_before_a_new_epoch_is_told_to_reload(ground: Floor) -> None:
    await ground.publish(2)
    channel = await ground.level()
    start = await channel.start_of(f"{channel.tail.epoch}-1")
    await ground.store.begin_epoch(channel.tail.epoch)
    await channel.heal()
    visitor = Visitor().join(channel, start)
    await ground.seen(visitor)
    assert visitor.witness.reloads == 1
    assert visitor.witness.start == str(channel.tail.position)


async def test_a_retraction_empties_what_is_replayed_from_the_tail(ground: Floor) -> None:
    await ground.publish(3, headline="سري جدا")
    channel = await ground.level()
    early = await Visitor().come(channel, "0")
    await ground.seen(early)
    await ground.desk.retract("u2")
    await ground.level()
    late = await Visitor().come(channel, "0")
    html = await Visitor(view=View.HTML).come(channel, "0")
    await ground.seen(early, late, html)
    assert late.witness.offsets == [1, 2, 3, 4, 5]
    assert late.witness.kinds == ["coverage", "published", "published", "published", "retracted"]
    assert late.witness.events[2]["update"]["headline"] == ""
    assert late.witness.events[2]["update"]["retraction"]["note"] == "سُحب"
    assert late.witness.states == early.witness.states
    assert html.texts[3].count("سري جدا") == 0
    assert html.texts[2].count("سري جدا") == 1


async def test_waiting_for_a_change_ends_with_it_or_with_its_time(ground: Floor) -> None:
    channel = await ground.channel()
    async with asyncio.timeout(PATIENCE):
        await channel.changed(channel.tail.position, 0.01)
    waiting = [asyncio.create_task(channel.changed(channel.tail.position, NEVER)) for _ in range(3)]
    await ground.publish(1)
    await asyncio.gather(*waiting)
    await channel.changed(Position(channel.tail.epoch, 0), NEVER)  # is past already


async def test_nobody_waits_for_a_change_once_the_fan_out_drains(ground: Floor) -> None:
    channel = await ground.channel()
    waiting = asyncio.create_task(channel.changed(channel.tail.position, NEVER))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await ground.fanout.drain(0)
        await waiting
        await channel.changed(channel.tail.position, NEVER)
