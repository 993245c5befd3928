"""When everybody has an update: measured to the last connection that took it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from floor import Floor, Visitor

from livefeed.events import Event, Kind
from livefeed.fanout.arrival import Arrival, Arrivals
from livefeed.model import Position, Status, Update

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def published(offset: int) -> Event:
    update = Update(f"u{offset}", "story", Status.PUBLISHED, published_at=NOON)
    return Event("live:story", Position("e", offset), Kind.PUBLISHED, update)


async def test_an_arrival_waits_for_the_reader_that_still_drains(ground: Floor) -> None:
    channel = await ground.channel()
    slow, quick = await Visitor().come(channel), await Visitor().come(channel)
    slow.line.slow = True
    await ground.publish(1)
    await ground.level()
    await ground.seen(quick)
    assert channel.arrivals.latest is None
    slow.line.slow = False
    slow.line.take()
    assert channel.arrivals.latest is not None
    assert channel.arrivals.latest.offset == 2


async def test_a_reader_that_leaves_is_not_waited_for(ground: Floor) -> None:
    channel = await ground.channel()
    slow, quick = await Visitor().come(channel), await Visitor().come(channel)
    slow.line.slow = True
    await ground.publish(1)
    await ground.level()
    await ground.seen(quick)
    assert channel.arrivals.latest is None
    slow.reader.left()
    assert channel.arrivals.latest is not None


async def test_with_nobody_connected_nothing_arrives(ground: Floor) -> None:
    channel = await ground.channel()
    await ground.publish(1)
    await ground.level()
    assert channel.arrivals.latest is None


async def test_who_comes_later_for_what_nobody_waited_for_measures_nothing(ground: Floor) -> None:
    channel = await ground.channel()
    await ground.publish(1)
    await ground.level()
    late = await Visitor().come(channel, "0")
    await ground.seen(late)
    assert channel.arrivals.latest is None


def test_an_arrival_counts_from_the_time_that_the_update_bears_and_tells_once() -> None:
    told: list[int] = []
    arrivals = Arrivals(lambda: told.append(1), clock=lambda: NOON + timedelta(milliseconds=12))
    arrivals.take(published(3))
    arrivals.passed(2, [])  # of a pass that began before
    assert arrivals.latest is None
    arrivals.passed(3, [])
    arrivals.passed(4, [])
    assert (arrivals.latest, told) == (Arrival(3, 0.012), [1])
    arrivals.restart()
    assert arrivals.latest is None


def test_a_change_of_what_was_published_is_no_arrival() -> None:
    arrivals = Arrivals(lambda: None)
    event = published(3)
    arrivals.take(Event(event.channel, event.position, Kind.REVISED, event.update))
    arrivals.passed(3, [])
    assert arrivals.latest is None
