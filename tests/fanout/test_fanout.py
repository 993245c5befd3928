"""All followed channels of a process: opening, comparing, sending off, and whatever else happens at once."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from floor import LIVE, SLUG, Floor, Visitor, floor
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_server import until

from livefeed import fanout as fanout_module
from livefeed.events import Event
from livefeed.fanout import Channel
from livefeed.frames import Wire
from livefeed.store import StoreAway
from livefeed.store.sqlite import SQLiteStore


class Diary:
    """A follower that remembers."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.restarts = 0

    def apply(self, event: Event) -> None:
        self.offsets.append(event.offset)

    def restart(self) -> None:
        self.restarts += 1
        self.offsets.clear()


async def test_a_herd_that_opens_a_channel_reads_it_once(ground: Floor) -> None:
    channels = await asyncio.gather(*(ground.fanout.open(LIVE) for _ in range(100)))
    assert len({id(channel) for channel in channels}) == 1


async def test_a_channel_that_cannot_be_read_is_refused_and_opened_later(ground: Floor) -> None:
    ground.store.cut_off = True
    for refused in await asyncio.gather(
        *(ground.fanout.open(LIVE) for _ in range(3)), return_exceptions=True
    ):
        assert isinstance(refused, StoreAway)
    ground.store.cut_off = False
    assert (await ground.fanout.open(LIVE)).tail.top == 1


async def test_a_channel_has_what_was_announced_while_it_was_opened_at_once(ground: Floor) -> None:
    read = asyncio.Event()
    answer = asyncio.Event()
    real = ground.store.recent

    async def slow(channel: str, limit: int) -> Any:
        page = await real(channel, limit)
        read.set()
        await answer.wait()
        return page

    ground.store.recent = slow  # type: ignore[method-assign]  # the answer is real, and late
    opening = asyncio.create_task(ground.fanout.open(LIVE))
    await read.wait()
    await ground.publish(3)
    answer.set()
    channel = await opening
    assert channel.tail.top == 4


async def test_followers_get_every_event_once_and_are_told_of_a_new_epoch(ground: Floor) -> None:
    channel = await ground.channel()
    diary = Diary()
    channel.followers.append(diary)
    await ground.publish(2)
    await ground.level()
    ground.store.deaf = True
    await ground.publish(2, first=3)
    await channel.heal()
    assert diary.offsets == [2, 3, 4, 5]
    await ground.store.begin_epoch(channel.tail.epoch)
    await channel.heal()
    assert (diary.offsets, diary.restarts) == ([], 1)
    ground.fanout.unfollow(LIVE, diary)
    await ground.publish(1, first=5)
    await channel.heal()
    assert diary.offsets == []


async def test_lost_announcements_are_found_by_the_timer(tmp_path: Path) -> None:
    async with floor(tmp_path, heal_interval=0.01) as ground:
        await ground.desk.open()
        channel = await ground.channel()
        visitor = await Visitor().come(channel)
        ground.store.deaf = True
        await ground.publish(3)
        await until(lambda: channel.tail.top == 4)
        await ground.seen(visitor)
        assert visitor.witness.offsets == [2, 3, 4]
        await ground.store.begin_epoch(channel.tail.epoch)
        await until(lambda: visitor.witness.reloads == 1)


async def test_heartbeats_come_by_themselves_with_the_position(tmp_path: Path) -> None:
    async with floor(tmp_path, heartbeat_interval=0.02) as ground:
        await ground.desk.open()
        channel = await ground.channel()
        visitor = await Visitor().come(channel)
        await until(lambda: len(visitor.witness.heartbeats) >= 3)
        await ground.publish(1)
        await until(lambda: visitor.witness.heartbeats[-1] == f"{channel.tail.epoch}-2")


async def test_stalled_readers_are_dropped_by_themselves(tmp_path: Path) -> None:
    async with floor(tmp_path, heartbeat_interval=0.02, stall_timeout=0.03) as ground:
        await ground.desk.open()
        channel = await ground.channel()
        stalled, level = await Visitor().come(channel), await Visitor().come(channel)
        stalled.line.slow = True
        await ground.publish(1)
        await until(lambda: stalled.line.aborted)
        await until(lambda: ground.fanout.readers == 1)
        assert not level.line.aborted


async def test_a_channel_nobody_uses_is_forgotten_and_a_used_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path, heartbeat_interval=0.02) as ground:
        await ground.desk.open()
        channel = await ground.channel()
        visitor = await Visitor().come(channel)
        monkeypatch.setattr(
            fanout_module, "IDLE_CHANNEL", 0.0
        )  # not before: it might be forgotten in between
        await until(lambda: len(visitor.witness.heartbeats) >= 2)
        assert await ground.channel() is channel
        visitor.reader.left()
        await until(lambda: LIVE not in ground.fanout._channels)
        assert await ground.channel() is not channel


async def test_everybody_gets_a_goodbye_and_nothing_after_it(ground: Floor) -> None:
    channel = await ground.channel()
    visitors = [await Visitor(wire).come(channel) for wire in Wire for _ in range(40)]
    slow = visitors[0]
    slow.line.slow = True
    slow.reader.drain_begins()
    draining = asyncio.create_task(ground.fanout.drain(0.01))
    await ground.publish(2)
    await ground.level()
    await draining
    slow.line.slow = False
    slow.reader.drain_ends()
    assert ground.fanout.readers == 0
    retries = set()
    for visitor in visitors:
        assert visitor.line.is_closing()
        last = visitor.line.writes[-1]
        assert b'"kind":"goodbye"' in last, last
        retries.add(last)
        if visitor.reader.form.wire is Wire.WEBSOCKET:
            assert json.loads(visitor.texts[-1])["retry"] >= 500
    assert len(retries) > 2  # groups come back at different times


# Whatever happens, in whatever order

CURSORS = (None, "0", "", "other-3", "here", "old", "future", "past")


class Story:
    """A random story: writes, readers who come, go, stall and take, a store that goes away, new epochs."""

    def __init__(self, ground: Floor, channel: Channel, chance: Random) -> None:
        self.ground = ground
        self.channel = channel
        self.chance = chance
        self.visitors: list[tuple[Visitor, str | None]] = []
        self.written = 0
        self.secrets: dict[str, str] = {}
        self.known: list[str] = []

    async def step(self) -> None:
        what = self.chance.choices(
            (self.write, self.come, self.leave, self.slow, self.take, self.away, self.rebirth, self.pause),
            (30, 25, 5, 10, 15, 4, 2, 20),
        )[0]
        await what()

    async def write(self) -> None:
        for _ in range(self.chance.choice((1, 1, 1, 2, 8))):
            published = [id for id in self.secrets if id not in self.known]
            if published and self.chance.random() < 0.3:
                id = self.chance.choice(published)
                self.known.append(id)  # retracted
                await self.ground.desk.retract(id)
            else:
                self.written += 1
                id = f"u{self.written}"
                self.secrets[id] = f"secret-{id}."
                await self.ground.desk.publish(id, headline=self.secrets[id])

    async def come(self) -> None:
        epoch, top = self.channel.tail.epoch, self.channel.tail.top
        cursor = self.chance.choice(CURSORS)
        text = {
            "here": f"{epoch}-{top}",
            "old": f"{epoch}-{self.chance.randint(0, top)}",
            "future": f"{epoch}-{top + 1 + self.chance.randrange(3)}",
            "past": f"gone-{top}",
        }.get(cursor or "", cursor)
        self.visitors.append((await Visitor().come(self.channel, text), text))

    async def leave(self) -> None:
        if self.channel.readers:
            self.chance.choice(self.channel.readers).left()

    async def slow(self) -> None:
        if self.visitors:
            self.chance.choice(self.visitors)[0].line.slow = True

    async def take(self) -> None:
        for visitor, _ in self.visitors:
            if self.chance.random() < 0.5:
                visitor.line.slow = False
                visitor.line.take(self.chance.choice((10, 1000, None)))

    async def away(self) -> None:
        self.ground.store.cut_off = not self.ground.store.cut_off

    async def rebirth(self) -> None:
        epoch, _ = await SQLiteStore.tops(self.ground.store, [LIVE])
        await self.ground.store.begin_epoch(epoch)

    async def pause(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Everything is mended and everybody takes what there is."""
        self.ground.store.cut_off = False
        self.ground.fanout.heal()
        await self.ground.level()
        for visitor, _ in self.visitors:
            visitor.line.slow = False
            visitor.line.take()
        staying = [visitor for visitor, _ in self.visitors if visitor.reader.place >= 0]
        await self.ground.seen(*staying)


@pytest.mark.timeout(600)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), lossy=st.booleans(), steps=st.integers(20, 80))
async def test_whatever_happens_each_reader_sees_each_offset_once_or_is_told_to_reload(
    seed: int, lossy: bool, steps: int
) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        async with floor(Path(folder), chance=Random(seed) if lossy else None, tail_events=5) as ground:
            await ground.desk.open()
            story = Story(ground, await ground.channel(), chance)
            for _ in range(steps):
                await story.step()
            await story.end()
            top = story.channel.tail.position
            log = await ground.store.read(LIVE, 0, 10_000, 1 << 30)
            fresh = await Visitor().come(story.channel, "0")
            await ground.seen(fresh)
            assert fresh.witness.offsets == list(range(1, log.top + 1))
            for id in story.known:
                assert not any(story.secrets[id] in text for text in fresh.texts), f"{id} was retracted"
            for visitor, cursor in story.visitors:
                witness = visitor.witness  # objects to every hole, double and wrong heartbeat
                if visitor.reader.place < 0:
                    continue
                assert witness.position == str(top), f"joined with {cursor!r}"
                if witness.reloads == 0 and cursor == "0":
                    assert witness.states == fresh.witness.states
                for id, state in witness.states.items():
                    assert state == fresh.witness.states[id]
            assert await ground.store.coverage(SLUG) is not None
