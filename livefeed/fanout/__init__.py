"""From the log to every open connection of this process.

`Fanout` listens to the store and keeps a `Channel` for each log that somebody follows; see `channel` for how
events reach readers and `replay` for those who are behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Iterator
from time import monotonic
from typing import Any

import structlog

from livefeed.events import Event
from livefeed.fanout.arrival import Arrival
from livefeed.fanout.channel import Channel, Follower
from livefeed.fanout.reader import Reader, Start
from livefeed.frames import ending
from livefeed.model import Position
from livefeed.store import Store, StoreError
from livefeed.tail import Render, Tail
from livefeed.tasks import cancel

__all__ = ["Arrival", "Channel", "Fanout", "Follower", "Reader", "Start"]

log = structlog.get_logger()

IDLE_CHANNEL = 60.0  # seconds after which an unused channel is forgotten
FAREWELLS = 50  # readers sent off at once


class Fanout:
    """All followed channels; the store's listener. `arrived` is set when everybody who is connected here has
    an update that was just published."""

    def __init__(
        self,
        store: Store,
        render: Render,
        *,
        tail_events: int,
        heartbeat_interval: float,
        heal_interval: float,
        stall_timeout: float,
    ) -> None:
        self._store = store
        self._render = render
        self._tail_events = tail_events
        self._heartbeat_interval = heartbeat_interval
        self._heal_interval = heal_interval
        self._stall_timeout = stall_timeout
        self._channels: dict[str, Channel] = {}
        self._opening: dict[str, asyncio.Task[Channel]] = {}
        self._announced: dict[str, list[Event]] = {}  # while the log of their channel is read
        self._compare = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.arrived = asyncio.Event()

    async def start(self) -> None:
        self._spawn(self._heal_for_ever())
        self._spawn(self._beat_for_ever())

    async def aclose(self) -> None:
        await cancel([*self._tasks, *self._opening.values()])

    @property
    def readers(self) -> int:
        """How many connections are open."""
        return sum(len(channel.readers) for channel in self._channels.values())

    def followed(self) -> Iterator[Channel]:
        """The channels that anybody is connected to, or waits at."""
        for channel in self._channels.values():
            if channel.readers or channel.waiting:
                yield channel

    def channel(self, name: str) -> Channel | None:
        """The channel `name`, if it is followed."""
        return self._channels.get(name)

    def receive(self, event: Event) -> None:
        """See `Listener`."""
        channel = self._channels.get(event.channel)
        if channel is not None:
            channel.receive(event)
        elif event.channel in self._opening:
            self._announced.setdefault(event.channel, []).append(event)

    def heal(self) -> None:
        """See `Listener`."""
        self._compare.set()

    async def open(self, name: str) -> Channel:
        """The channel `name`, followed from now on: its tail has all that was announced before. Raises
        `StoreAway` when its log cannot be read."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.used_at = monotonic()
            return channel
        opening = self._opening.get(name)
        if opening is None:
            opening = self._opening[name] = asyncio.create_task(self._load(name), name=f"open {name}")
            opening.add_done_callback(lambda _: self._opened(name))
        return await asyncio.shield(opening)

    def unfollow(self, name: str, follower: Follower) -> None:
        """Tell `follower` of nothing any more."""
        channel = self._channels.get(name)
        if channel is not None and follower in channel.followers:
            channel.followers.remove(follower)

    async def drain(self, window: float) -> None:
        """Answer who polls, and send every reader off within `window` seconds, groups of them with a delay of
        their own before they come back, so that the other processes are not stormed."""
        for channel in self._channels.values():
            channel.end_waits()
        readers = [reader for channel in self._channels.values() for reader in channel.readers]
        random.shuffle(readers)
        pause = min(window / max(1, len(readers) // FAREWELLS), 0.5)
        for at in range(0, len(readers), FAREWELLS):
            retry = 500 + random.randrange(int(window * 2000) + 500)  # noqa: S311 - spreads load, hides nothing
            for reader in readers[at : at + FAREWELLS]:
                if reader.channel is not None and not reader.transport.is_closing():
                    # The goodbye of one in the middle of draining stands behind what it has yet to take.
                    reader.transport.write(ending(reader.form.wire, retry, "the server restarts"))
                    reader.transport.close()
                    reader.left()  # or it would get events behind its ending once it has drained
            await asyncio.sleep(pause)

    async def _load(self, name: str) -> Channel:
        page = await self._store.recent(name, self._tail_events)
        tail = Tail(page.epoch, page.top, page.events, capacity=self._tail_events, render=self._render)
        channel = self._channels[name] = Channel(name, tail, self._store, self._spawn, self.arrived.set)
        # What was announced while the log was read is perhaps not in what was read, and nobody may see a tail
        # that ends before an update they know to be published.
        for event in self._announced.pop(name, ()):
            channel.receive(event)
        return channel

    def _opened(self, name: str) -> None:
        del self._opening[name]
        self._announced.pop(name, None)  # left where the log could not be read

    async def _heal_for_ever(self) -> None:
        """Compare all tops with the log: when asked to, and every `heal_interval` in case nobody was."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._heal_interval):
                    await self._compare.wait()
            self._compare.clear()
            names = list(self._channels)
            if not names:
                continue
            try:
                epoch, tops = await self._store.tops(names)
            except StoreError:
                continue  # the store says `heal` when it is back
            for name in names:
                channel = self._channels.get(name)
                if channel is None:
                    continue
                if channel.tail.position == Position(epoch, tops.get(name, 0)):
                    channel.judge()
                else:
                    channel.heal_soon("compare")

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._heartbeat_interval / 4))
            now = monotonic()
            for name, channel in list(self._channels.items()):
                channel.drop_stalled(self._stall_timeout)
                if channel.readers:
                    channel.used_at = now
                    if now - channel.beaten_at >= self._heartbeat_interval:
                        await channel.beat()
                elif not channel.followers and now - channel.used_at > IDLE_CHANNEL:
                    del self._channels[name]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` as a task of the fan-out; a failure is logged, for nobody may be waiting for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not isinstance(failure, StoreError):  # an away store heals by its return
            log.error("a task of the fan-out failed", exc_info=failure)
