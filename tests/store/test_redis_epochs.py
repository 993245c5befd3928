"""Which servers the Redis store trusts, and when it tells readers that the log may have gone backwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis_server import RedisServer, until
from store_desk import Desk, Heard, offsets, whole

from livefeed.events import SITE, Kind, live_channel
from livefeed.model import Coverage
from livefeed.store import Batch, Fact, Store, StoreAway, StoreRefused
from livefeed.store.redis.persistence import weaknesses

LIVE = live_channel("idlib")
WEAK = "appendfsync=everysec"
Opener = Callable[..., Awaitable[Store]]


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}, []),
        ({"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}, [WEAK]),
        (
            {"appendonly": "no", "appendfsync": "everysec", "maxmemory-policy": "allkeys-lru"},
            ["appendonly=no", "maxmemory-policy=allkeys-lru"],
        ),
        ({"appendonly": "yes", "appendfsync": "always"}, ["maxmemory-policy=unknown"]),
        (None, ["persistence=unknown"]),
    ],
)
def test_each_weakness_has_a_name_and_a_sentence_that_mends_it(
    config: dict[str, str] | None, names: list[str]
) -> None:
    found = weaknesses(config)
    assert [weakness.name for weakness in found] == names
    for weakness in found:
        assert f"LIVEFEED_ACCEPT={weakness.name}" in weakness.sentence


async def test_a_weak_server_is_refused_until_its_weakness_is_accepted_by_name(
    server: RedisServer, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    _configure(server, "appendfsync", "everysec")
    with pytest.raises(StoreRefused, match="config set appendfsync always"):
        await opened(server.url)
    with pytest.raises(StoreRefused, match=WEAK):
        await opened(server.url, accept="appendonly=no")
    with caplog.at_level(logging.WARNING):
        store = await opened(server.url, accept=WEAK)
    assert any(WEAK in record.message for record in caplog.records)
    await Desk(store).open()
    (sentence,) = await store.check()
    assert WEAK in sentence


async def test_a_server_that_evicts_is_refused(server: RedisServer, opened: Opener) -> None:
    _configure(server, "maxmemory-policy", "allkeys-lru")
    with pytest.raises(StoreRefused, match="maxmemory-policy=allkeys-lru"):
        await opened(server.url)


async def test_a_server_that_does_not_tell_its_settings_must_be_accepted_too(
    server: RedisServer, opened: Opener
) -> None:
    with server.client() as operator:
        operator.execute_command("ACL", "SETUSER", "web", "on", ">pw", "~*", "&*", "+@all", "-config")
    url = server.url.replace("127.0.0.1", "web:pw@127.0.0.1")
    with pytest.raises(StoreRefused, match="persistence=unknown"):
        await opened(url)
    store = await opened(url, accept="persistence=unknown")
    await Desk(store).open()


async def test_a_user_who_may_not_run_scripts_is_refused_with_the_reason(
    server: RedisServer, opened: Opener
) -> None:
    with server.client() as operator:
        operator.execute_command("ACL", "SETUSER", "web", "on", ">pw", "~*", "&*", "+@all", "-@scripting")
    with pytest.raises(StoreRefused, match="evalsha"):
        await opened(server.url.replace("127.0.0.1", "web:pw@127.0.0.1"))


async def test_a_replica_is_refused_with_the_name_of_its_primary(
    server: RedisServer, opened: Opener, replica: RedisServer
) -> None:
    with pytest.raises(StoreRefused, match=f"replica of 127.0.0.1:{server.port}"):
        await opened(replica.url)


async def test_a_weak_server_that_comes_later_is_not_used(
    server: RedisServer, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    server.options["appendfsync"] = "everysec"
    store = await opened(server.url, Heard())
    server.start()
    await until(lambda: any(WEAK in record.message for record in caplog.records))
    assert store.away
    with pytest.raises(StoreAway):
        await store.tops([SITE])
    _configure(server, "appendfsync", "always")
    await until(lambda: not store.away)


async def test_a_durable_server_keeps_its_epoch_through_a_crash(server: RedisServer, opened: Opener) -> None:
    store = await opened(server.url)
    await Desk(store).open()
    before = await store.tops([LIVE])
    await _crash(server, store)
    assert await store.tops([LIVE]) == before


async def test_a_weaker_server_begins_a_new_epoch_when_it_crashed(
    server: RedisServer, opened: Opener
) -> None:
    server.stop()
    server.options["appendfsync"] = "everysec"
    server.start()
    store = await opened(server.url, accept=WEAK)
    desk = Desk(store)
    await desk.open()
    epoch, _ = await store.tops([LIVE])
    await _crash(server, store)
    assert (await store.tops([LIVE]))[0] != epoch


async def test_a_call_that_comes_before_anybody_noticed_the_restart_is_already_of_the_new_epoch(
    server: RedisServer, opened: Opener
) -> None:
    server.stop()
    server.options["appendfsync"] = "everysec"
    server.start()
    store = await opened(server.url, accept=WEAK)
    await Desk(store).open()
    epoch, _ = await store.tops([LIVE])
    server.kill()
    server.start()  # without a turn of the event loop in between
    assert (await store.tops([LIVE]))[0] != epoch


async def test_a_weakness_mended_only_for_the_next_run_still_begins_a_new_epoch(
    server: RedisServer, opened: Opener
) -> None:
    _configure(server, "appendfsync", "everysec")
    store = await opened(server.url, accept=WEAK)
    await Desk(store).open()
    epoch, _ = await store.tops([LIVE])
    await _crash(server, store)  # it comes back with appendfsync always, but what it had was kept weakly
    assert await store.check() == []
    assert (await store.tops([LIVE]))[0] != epoch


async def test_stores_that_meet_after_a_crash_agree_on_one_epoch(server: RedisServer, opened: Opener) -> None:
    server.stop()
    server.options["appendfsync"] = "everysec"
    server.start()
    stores = [await opened(server.url, accept=WEAK) for _ in range(4)]
    server.kill()
    await until(lambda: all(store.away for store in stores))
    server.start()
    await until(lambda: not any(store.away for store in stores))
    answers = await asyncio.gather(*(store.tops([SITE]) for store in stores))
    assert len({epoch for epoch, _ in answers}) == 1


async def test_an_emptied_server_begins_a_new_epoch_and_says_so(server: RedisServer, opened: Opener) -> None:
    heard = Heard()
    store = await opened(server.url, heard)
    desk = Desk(store)
    await desk.open()
    epoch, _ = await store.tops([LIVE])
    await heard.until(2)
    heals = heard.heals
    with server.client() as operator:
        operator.flushall()
    fresh, tops = await store.tops([LIVE])
    assert fresh != epoch
    assert tops == {LIVE: 0}
    await until(lambda: heard.heals > heals)
    event, _ = await desk.open()
    assert (event.position.epoch, event.offset) == (fresh, 1)


async def test_the_first_write_to_an_emptied_server_is_already_of_the_new_epoch(
    server: RedisServer, opened: Opener
) -> None:
    store = await opened(server.url)
    first, _ = await Desk(store).open()
    with server.client() as operator:
        operator.flushall()
    second, _ = await store.append(_opening())
    assert second.offset == first.offset == 1
    assert second.position.epoch != first.position.epoch


async def test_a_promoted_replica_begins_a_new_epoch(
    server: RedisServer, replica: RedisServer, opened: Opener
) -> None:
    store = await opened(server.url)
    await Desk(store).open()
    epoch, tops = await store.tops([LIVE])
    with replica.client() as operator:
        await until(lambda: operator.hget("{livefeed}:tops", LIVE) == "1")
        server.kill()
        operator.replicaof("NO", "ONE")
    promoted = await opened(replica.url)
    fresh, kept = await promoted.tops([LIVE])
    assert fresh != epoch
    assert kept == tops


async def test_a_writer_who_knows_more_than_the_log_begins_a_new_epoch(
    server: RedisServer, opened: Opener, tmp_path: Path
) -> None:
    store = await opened(server.url)
    desk = Desk(store)
    await desk.open()
    backup = tmp_path / "backup"
    server.copy(backup)
    await desk.publish("a")
    await desk.publish("b")
    epoch, _ = await store.tops([LIVE])
    server.kill()
    server.restore(backup)
    server.start()
    await until(lambda: not store.away)
    (event,) = await desk.publish("c")
    assert event.offset == 2
    assert event.position.epoch != epoch
    assert offsets(await whole(store, LIVE)) == [1, 2]


def _configure(server: RedisServer, setting: str, value: str) -> None:
    with server.client() as operator:
        operator.config_set(setting, value)


async def _crash(server: RedisServer, store: Store) -> None:
    server.kill()
    await until(lambda: store.away)
    server.start()
    await until(lambda: not store.away)


def _opening() -> Batch:
    coverage = Coverage("idlib", "التغطية الحية")
    facts = tuple(Fact(channel, Kind.COVERAGE, coverage) for channel in (LIVE, SITE))
    return Batch(facts=facts, coverages=(coverage,))
