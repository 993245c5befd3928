"""Readers whose offset has left the tail are served from the log."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from floor import Floor, Visitor, floor, render
from redis_server import until

from livefeed.events import Event
from livefeed.fanout.replay import BLOCK_EVENTS, LARGEST_WRITE
from livefeed.frames import View


async def test_readers_thousands_behind_get_everything_in_pieces(ground: Floor) -> None:
    await ground.flood(1500, size=1000)
    channel = await ground.level()
    cursors = ["0", f"{channel.tail.epoch}-1", f"{channel.tail.epoch}-777", f"{channel.tail.epoch}-1490"]
    visitors = [await Visitor().come(channel, cursor) for cursor in cursors]
    await ground.publish(1)
    await ground.level()
    await ground.seen(*visitors)
    for visitor, start in zip(visitors, (0, 1, 777, 1490), strict=True):
        assert visitor.witness.offsets == list(range(start + 1, channel.tail.top + 1))
        assert max(map(len, visitor.line.writes)) <= LARGEST_WRITE
        assert not visitor.reader.behind


async def test_events_larger_than_a_piece_are_written_one_by_one(ground: Floor) -> None:
    await ground.flood(30, size=200_000)
    channel = await ground.level()
    visitor = await Visitor().come(channel, "0")
    await ground.seen(visitor)
    assert visitor.witness.offsets == list(range(1, channel.tail.top + 1))


async def test_a_herd_from_the_beginning_shares_its_reads(ground: Floor) -> None:
    await ground.flood(1000)
    channel = await ground.level()
    ground.store.reads.clear()
    visitors = [await Visitor().come(channel, "0") for _ in range(200)]
    await ground.seen(*visitors)
    assert len(ground.store.reads) <= 2 * (1000 // BLOCK_EVENTS + 1)
    assert visitors[0].witness.offsets == list(range(1, channel.tail.top + 1))
    assert len({b"".join(visitor.line.writes) for visitor in visitors}) == 1


async def test_a_reader_that_drains_keeps_nobody_waiting(ground: Floor) -> None:
    await ground.flood(1500, size=400)
    channel = await ground.level()
    slow, quick = await Visitor().come(channel, "0"), await Visitor().come(channel, "0")
    slow.line.slow = True
    await ground.seen(quick)
    assert len(slow.line.writes) == 2
    while not slow.has(channel):
        slow.line.take()
        await asyncio.sleep(0)
    assert slow.witness.offsets == quick.witness.offsets == list(range(1, channel.tail.top + 1))


async def test_a_reader_that_leaves_midway_is_written_nothing_more(ground: Floor) -> None:
    await ground.flood(1500, size=400)
    channel = await ground.level()
    with ground.store.reads_held():
        visitor = await Visitor().come(channel, "0")
        await ground.store.held.wait()
        visitor.reader.left()
    other = await Visitor().come(channel, "0")
    await ground.seen(other)
    assert len(visitor.line.writes) == 1


async def test_a_retraction_empties_what_was_read_before_it(ground: Floor) -> None:
    await ground.publish(3, headline="سري جدا")
    await ground.flood(600, size=400)
    channel = await ground.level()
    slow = await Visitor().come(channel, f"{channel.tail.epoch}-1")
    slow.line.slow = True
    await until(lambda: len(slow.line.writes) == 2)
    late = Visitor()
    await ground.desk.retract("u2")  # the block with it is in memory
    await ground.level()
    await late.come(channel, "0")
    slow.line.slow = False
    slow.line.take()
    await ground.seen(slow, late)
    told = [
        event["update"]["headline"]
        for event in late.witness.events
        if event.get("update", {}).get("id") == "u2"
    ]
    assert told == ["", ""]
    assert late.witness.offsets == list(range(1, channel.tail.top + 1))


async def test_a_retraction_during_a_read_is_not_undone_by_its_answer(ground: Floor) -> None:
    await ground.publish(3, headline="سري جدا")
    await ground.flood(300)
    channel = await ground.level()
    with ground.store.reads_held():
        visitor = await Visitor().come(channel, "0")
        await ground.store.held.wait()  # what was read still has the text
        await ground.desk.retract("u2")
        await ground.level()
    await ground.seen(visitor)
    assert visitor.witness.offsets == list(range(1, channel.tail.top + 1))
    told = [text for text in visitor.texts if '"id":"u2"' in text]
    assert len(told) == 2
    assert not any("سري" in text for text in told)


async def test_a_new_epoch_during_a_replay_reloads_once(ground: Floor) -> None:
    await ground.flood(1500, size=400)
    channel = await ground.level()
    visitors = [await Visitor().come(channel, "0") for _ in range(3)]
    for visitor in visitors:
        visitor.line.slow = True
    await until(lambda: all(len(visitor.line.writes) == 2 for visitor in visitors))
    await ground.store.begin_epoch(channel.tail.epoch)
    await channel.heal()
    while not all(visitor.has(channel) for visitor in visitors):
        for visitor in visitors:
            visitor.line.take()
        await asyncio.sleep(0)
    for visitor in visitors:
        assert visitor.witness.reloads == 1
        assert visitor.witness.position == str(channel.tail.position)


async def test_an_epoch_that_only_the_log_knows_is_found_by_a_replay(ground: Floor) -> None:
    await ground.flood(1500, size=400)
    channel = await ground.level()
    ground.store.deaf = True
    with ground.store.reads_held():
        visitor = await Visitor().come(channel, "0")
        epoch = await ground.store.begin_epoch(channel.tail.epoch)
    await until(lambda: channel.tail.epoch == epoch)
    await ground.seen(visitor)
    assert visitor.witness.reloads == 1
    assert visitor.witness.position == f"{epoch}-{channel.tail.top}"


async def test_a_replay_waits_for_a_store_that_is_away_and_goes_on(ground: Floor) -> None:
    await ground.flood(1500, size=400)
    channel = await ground.level()
    slow = await Visitor().come(channel, "0")
    slow.line.slow = True
    await until(lambda: len(slow.line.writes) == 2)
    ground.store.cut_off = True
    newcomer = await Visitor().come(channel, "0")
    slow.line.slow = False
    slow.line.take()
    level = await Visitor().come(channel)
    await ground.seen(level)
    assert not slow.has(channel)
    ground.store.cut_off = False
    await ground.seen(slow, newcomer)
    for visitor in (slow, newcomer):
        assert visitor.witness.reloads == 0
        assert visitor.witness.offsets == list(range(1, channel.tail.top + 1))


async def test_an_event_that_cannot_be_shown_stops_nobody_elses_replay(tmp_path: Path) -> None:
    def broken(event: Event, view: View) -> str:
        if view is View.HTML and event.offset == 2:
            raise LookupError("a template of the site's own is broken")
        return render(event, view)

    async with floor(tmp_path, render=broken) as ground:
        await ground.desk.open()
        await ground.flood(600)
        channel = await ground.level()
        html, plain = await Visitor(view=View.HTML).come(channel, "0"), await Visitor().come(channel, "0")
        await ground.seen(plain)
        assert html.line.aborted
        assert [json.loads(text)["kind"] for text in html.texts] == ["hello"]
        assert plain.witness.offsets == list(range(1, channel.tail.top + 1))
