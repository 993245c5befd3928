"""Passes over the readers of one followed log, and their proof of life."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from floor import Floor, Visitor, floor, render
from redis_server import until

from livefeed import metrics
from livefeed.events import Event
from livefeed.fanout import Start
from livefeed.fanout import passes as passes_module
from livefeed.frames import View, Wire


async def test_a_burst_reaches_a_reader_in_one_write(ground: Floor) -> None:
    channel = await ground.channel()
    visitor = await Visitor().come(channel)
    ground.store.deaf = True
    for event in [(await ground.desk.publish(f"u{number}"))[0] for number in range(40)]:
        channel.receive(event)
    await ground.seen(visitor)
    assert visitor.witness.offsets == list(range(2, 42))
    assert len(visitor.line.writes) == 2  # the hello, and everything


async def test_readers_at_the_same_place_get_the_same_bytes_encoded_once(tmp_path: Path) -> None:
    rendered: list[tuple[int, View]] = []

    def counted(event: Event, view: View) -> str:
        rendered.append((event.offset, view))
        return render(event, view)

    async with floor(tmp_path, render=counted) as ground:
        await ground.desk.open()
        channel = await ground.channel()
        visitors = [
            await Visitor(wire, view).come(channel) for wire in Wire for view in View for _ in range(50)
        ]
        await ground.publish(1)
        await ground.level()
        await ground.seen(*visitors)
        assert sorted(rendered) == sorted((2, view) for view in View)
        alike = {id(visitor.line.writes[-1]) for visitor in visitors}
        # Hints and the HTML of this test are too short to be deflated.
        assert len({visitor.line.writes[-1] for visitor in visitors}) == 7
        assert len(alike) <= 300


async def test_a_draining_reader_is_skipped_and_met_again_when_it_has_drained(ground: Floor) -> None:
    channel = await ground.channel()
    slow, quick = await Visitor().come(channel), await Visitor().come(channel)
    slow.line.slow = True
    await ground.publish(1)
    await ground.level()
    await ground.seen(quick)
    assert slow.reader.draining
    await ground.publish(5, first=2)
    await ground.level()
    await ground.seen(quick)
    assert slow.witness.offsets == [2]
    slow.line.slow = False
    slow.line.take()
    assert slow.witness.offsets == list(range(2, 8))
    assert len(slow.line.writes) == 3  # hello, the first, and the five in one


async def test_a_reader_that_takes_nothing_is_dropped_and_one_that_takes_little_is_not(ground: Floor) -> None:
    channel = await ground.channel()
    stalled, trickling = await Visitor().come(channel), await Visitor().come(channel)
    stalled.line.slow = trickling.line.slow = True
    await ground.publish(1)
    await ground.level()
    trickling.line.take(1)
    channel.drop_stalled(0.0)
    assert (stalled.line.aborted, trickling.line.aborted) == (True, False)
    channel.drop_stalled(1000.0)
    assert not trickling.line.aborted
    await until(lambda: len(channel.readers) == 1)
    assert channel.readers == [trickling.reader]


async def test_only_readers_that_have_everything_get_a_heartbeat(ground: Floor) -> None:
    await ground.publish(2)
    channel = await ground.level()
    level, slow, late = [await Visitor().come(channel) for _ in range(3)]
    slow.line.slow = True
    slow.reader.drain_begins()
    late.reader.offset -= 1
    await channel.beat()
    assert level.witness.heartbeats == [str(channel.tail.position)]
    assert slow.witness.heartbeats == []
    assert not any("heartbeat" in text for text in late.texts)


async def test_nobody_misses_a_heartbeat_because_another_leaves(
    ground: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes_module, "SLICE", 2)
    channel = await ground.channel()
    visitors = [await Visitor().come(channel) for _ in range(9)]
    # After the first two were met: the last one takes a place that the beat has passed.
    asyncio.get_running_loop().call_soon(visitors[0].reader.left)
    await channel.beat()
    assert all(len(visitor.witness.heartbeats) == 1 for visitor in visitors[1:])


async def test_who_moves_to_a_place_that_the_pass_has_left_behind_is_served_all_the_same(
    ground: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes_module, "SLICE", 2)
    channel = await ground.channel()
    visitors = [await Visitor().come(channel) for _ in range(9)]
    ground.store.deaf = True
    (event,) = await ground.desk.publish("u1")
    channel.receive(event)  # the pass begins in the next turn of the loop
    asyncio.get_running_loop().call_soon(visitors[0].reader.left)  # after its first slice
    await until(lambda: all(visitor.witness.offsets == [2] for visitor in visitors[1:]))
    assert visitors[8].reader.place == 0


async def test_nobody_is_lost_when_readers_leave_and_come_during_a_pass(
    ground: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes_module, "SLICE", 3)
    channel = await ground.channel()
    visitors = [await Visitor().come(channel) for _ in range(30)]
    await ground.publish(1)
    await ground.level()
    loop = asyncio.get_running_loop()

    def leave() -> None:
        for place in (0, 1):
            if len(channel.readers) > place:
                channel.readers[place].left()
        Visitor().join(channel, Start(channel.tail.position))
        if len(channel.readers) > 10:
            loop.call_soon(leave)

    loop.call_soon(leave)
    await ground.publish(3, first=2)
    await ground.level()
    await until(lambda: all(reader.offset == channel.tail.top for reader in channel.readers))
    for visitor in visitors:
        assert visitor.witness.offsets == list(range(2, 2 + len(visitor.witness.offsets)))
        if visitor.reader.place >= 0:
            assert visitor.witness.offsets == [2, 3, 4, 5]
    assert all(channel.readers[reader.place] is reader for reader in channel.readers)


async def test_joined_frames_kept_for_a_herd_are_bounded(tmp_path: Path) -> None:
    async with floor(tmp_path, tail_events=200) as ground:
        await ground.desk.open()
        await ground.publish(passes_module.SHARED_PIECES + 20)
        channel = await ground.level()
        visitors = [
            await Visitor().come(channel, f"{channel.tail.epoch}-{offset}")
            for offset in range(channel.tail.top)
        ]
        await ground.seen(*visitors)
        for offset, visitor in enumerate(visitors):
            assert visitor.witness.offsets == list(range(offset + 1, channel.tail.top + 1))
        assert len(channel._passes._pieces) <= passes_module.SHARED_PIECES


async def test_an_event_that_cannot_be_shown_does_not_silence_the_channel(tmp_path: Path) -> None:
    def broken(event: Event, view: View) -> str:
        if view is View.HTML and event.offset == 2:
            raise LookupError("a template of the site's own is broken")
        return render(event, view)

    async with floor(tmp_path, render=broken) as ground:
        await ground.desk.open()
        channel = await ground.channel()
        json_reader, html_reader = Visitor(), Visitor(view=View.HTML)
        await html_reader.come(channel)
        await json_reader.come(channel)
        await ground.publish(2)
        await ground.level()
        await ground.seen(json_reader)
        assert json_reader.witness.offsets == [2, 3]
        assert html_reader.line.aborted
        assert channel.readers == [json_reader.reader]


async def test_a_pass_counts_what_it_delivered(ground: Floor) -> None:
    channel = await ground.channel()
    visitors = [await Visitor().come(channel) for _ in range(7)]
    before = metrics.DELIVERIES._value.get()
    await ground.publish(1)
    await ground.level()
    await ground.seen(*visitors)
    assert metrics.DELIVERIES._value.get() == before + 7
