"""One holder, however many ask."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis_server import PATIENCE

from livefeed.courier.lease import KIND, Lease, LeaseLost
from livefeed.store.sqlite import SQLiteStore


class ClockedStore(SQLiteStore):
    """A store whose clock stands still, `ahead` of when it was made."""

    ahead = timedelta(0)

    def __init__(self, path: Path) -> None:
        super().__init__(path, serving=True, write_timeout=PATIENCE)
        self.began_at = datetime.now(UTC)

    async def now(self) -> datetime:
        return self.began_at + self.ahead


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ClockedStore]:
    opened = ClockedStore(tmp_path / "live.db")
    await opened.start()
    yield opened
    await opened.aclose()


class Watch:
    """A process's own clock."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def lease(store: ClockedStore, watch: Watch | None = None) -> Lease:
    return Lease(store, "courier", seconds=10, clock=watch or Watch())


async def test_one_of_two_gets_it(store: ClockedStore) -> None:
    first, second = lease(store), lease(store)
    assert await first.take()
    assert not await second.take()
    assert (first.held, second.held) == (True, False)
    first.require()
    with pytest.raises(LeaseLost):
        second.require()


async def test_the_holder_stops_before_another_can_begin(store: ClockedStore) -> None:
    watch = Watch()
    first, second = lease(store, watch), lease(store)
    assert await first.take()
    watch.time += 9.5
    assert not first.held
    store.ahead = timedelta(seconds=9.5)
    assert not await second.take()
    store.ahead = timedelta(seconds=11)
    assert await second.take()
    assert second.term == first.term + 1


async def test_a_renewal_keeps_it_and_its_term(store: ClockedStore) -> None:
    watch = Watch()
    first, second = lease(store, watch), lease(store)
    assert await first.take()
    store.ahead, watch.time = timedelta(seconds=6), watch.time + 6
    assert await first.take()
    store.ahead, watch.time = timedelta(seconds=14), watch.time + 8
    assert first.held
    assert not await second.take()
    assert first.term == 1


async def test_a_fresh_lease_is_not_written_again(store: ClockedStore) -> None:
    first = lease(store)
    assert await first.take()
    before = await store.records.get(KIND, "courier")
    assert await first.take()
    assert await store.records.get(KIND, "courier") == before


async def test_a_holder_that_slept_finds_it_gone(store: ClockedStore) -> None:
    watch = Watch()
    first, second = lease(store, watch), lease(store)
    assert await first.take()
    store.ahead, watch.time = timedelta(seconds=60), watch.time + 60
    assert await second.take()
    assert not first.held
    assert not await first.take()
    assert second.held


async def test_a_released_lease_can_be_had_at_once(store: ClockedStore) -> None:
    first, second = lease(store), lease(store)
    assert await first.take()
    await first.release()
    assert not first.held
    assert await second.take()
    await first.release()  # too late: it is the second's
    assert not await first.take()


async def test_a_clock_that_was_put_back_does_not_stop_deliveries_for_hours(store: ClockedStore) -> None:
    first, second = lease(store), lease(store)
    store.ahead = timedelta(hours=5)
    assert await first.take()
    store.ahead = timedelta(0)
    assert await second.take()


async def test_the_record_never_expires_so_that_its_versions_never_begin_anew(store: ClockedStore) -> None:
    assert await lease(store).take()
    record = await store.records.get(KIND, "courier")
    assert record
    assert record.expires_at is None
    assert set(json.loads(record.value)) == {"holder", "until", "term"}
