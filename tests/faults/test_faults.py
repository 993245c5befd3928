"""Everything that may go wrong goes wrong, under load, on real processes; nobody loses anything.

Each scenario runs for seconds; `make faults` runs them longer. The last ones take a protection away, to show
that the checker would have noticed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from history import Operation, Outcome, Verb
from proxy import Proxy
from readers import Forgetful, Habits, Reader
from redis_server import PATIENCE, RedisServer, binaries
from stage import ANSWERED, ROUNDS, SECONDS, SEED, SITE, SLUG, Stage, staged

from livefeed.store.redis.scripts import script

HANGS = [float(seconds) for seconds in os.environ.get("LIVEFEED_FAULT_HANGS", "1,3").split(",")]
BACK = 5.0  # seconds in which everything is as it was once Redis is back
FLASH = 0.05  # seconds between two looks at what announces itself to nobody
STEADY = (
    Habits(transports=("websocket",), lifetime=3600, stall=0),
    Habits(transports=("sse",), lifetime=3600, stall=0),
)


WHOLE_SITE = (Habits(), Habits(view="html"))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A durable Redis of this test's own."""
    server = RedisServer(tmp_path / "redis", binaries()["valkey"])
    yield server.start()
    server.stop()


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/livefeed.db"
    url: str = request.getfixturevalue("redis").url
    return url


def kind(store: str) -> str:
    return store.partition(":")[0]


async def verdict(stage: Stage) -> None:
    """Everybody comes up to the top, nothing is wrong, and every write was answered in time."""
    found = await stage.settle()
    assert not found, "\n".join(map(str, found[:10]))
    stage.check_answers()


@contextlib.asynccontextmanager
async def answers_cut(
    folder: Path, name: str, store: str, **options: Any
) -> AsyncIterator[tuple[Stage, Proxy]]:
    """A stage whose writers lose every third answer on the way."""
    async with staged(folder, name, store, **options) as stage, Proxy(stage.servers[0].port) as proxy:
        proxy.cut, proxy.cut_every = b"Authorization: Bearer", 3
        stage.before_server, stage.faults = proxy.port, proxy.injected
        yield stage, proxy


async def seen(stage: Stage, offset: int) -> None:
    """Wait until every reader has `offset`."""
    async with asyncio.timeout(PATIENCE):
        while not all(reader.position and reader.position.offset >= offset for reader in stage.readers):
            await stage.load(FLASH)


async def injected(stage: Stage, proxy: Proxy, *names: str) -> None:
    """Load until the proxy has spoiled enough of each."""
    async with asyncio.timeout(PATIENCE):
        while min(proxy.injected[name] for name in names) < 6 * ROUNDS:
            await stage.load(FLASH)


async def schedule(stage: Stage, marker: str, seconds: float) -> None:
    """Hand in an update that is due in `seconds`, or later when that was over before it was taken."""
    body = {"headline": f"{marker} embargo", "body": "نص", "status": "scheduled"}
    headers = {"Authorization": f"Bearer {stage.token}"}
    path = f"{stage.servers[0].url}/api/v1/coverages/{SLUG}/updates"
    while True:
        body["publish_at"] = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        async with stage.client.post(path, json=body, headers=headers) as response:
            answer = await response.json()
        if response.status == 201:
            break
        assert answer["field"] == "publish_at", answer
        seconds *= 2
    stage.operations.append(Operation(marker, Verb.PUBLISH, answer["id"], Outcome.ACKED))


async def serves_from_memory(stage: Stage, seconds: float) -> None:
    """For so long: pages and feeds answer 200, writes 503 in time and with Retry-After, by every server."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    paths = (
        "/",
        f"/live/{SLUG}",
        f"/live/{SLUG}/updates.atom",
        f"/live/{SLUG}/breaking.rss",
        "/feeds/breaking.json",
    )
    headers = {"Authorization": f"Bearer {stage.token}"}

    async def read(server: str) -> None:
        while clock() < end:
            for path in paths:
                began = clock()
                async with stage.client.get(server + path) as response:
                    await response.read()
                    assert response.status == 200, (path, response.status)
                took.append(clock() - began)
                stage.faults["reads without Redis"] += 1
            await asyncio.sleep(FLASH)

    async def write(server: str) -> None:
        while clock() < end:
            began = clock()
            path = f"{server}/api/v1/coverages/{SLUG}/updates"
            # Without a body it can never be published, whatever becomes of Redis.
            async with stage.client.post(path, headers=headers, json={"headline": ""}) as response:
                answer = await response.json()
            if clock() < end or response.status == 503:
                assert response.status == 503, answer
                assert "Retry-After" in response.headers
            assert clock() - began < ANSWERED + stage.slack, answer
            stage.faults["writes without Redis"] += 1
            await asyncio.sleep(FLASH)

    took: list[float] = []
    await asyncio.gather(*(work(server) for server in stage.addresses() for work in (read, write)))
    # Had they waited for Redis, each would have taken LIVEFEED_STORE_TIMEOUT (1 s).
    assert median(took) < 0.5 + stage.pulse


async def live_again(stage: Stage, readers: Sequence[Reader]) -> float:
    """Seconds until something that is published from now on has reached all of `readers`."""
    clock = asyncio.get_running_loop().time
    began = clock()
    operation = Operation(f"again-{stage.faults['Redis hung']}", Verb.PUBLISH)
    stage.operations.append(operation)
    headers = {"Authorization": f"Bearer {stage.token}", "Idempotency-Key": operation.marker}
    body = {"headline": f"{operation.marker} عاد", "body": "نص"}
    path = f"{stage.servers[0].url}/api/v1/coverages/{SLUG}/updates"
    async with asyncio.timeout(PATIENCE):
        while operation.outcome is not Outcome.ACKED:
            async with stage.client.post(path, headers=headers, json=body) as response:
                answer = await response.json()
                if response.status == 201:
                    operation.outcome, operation.subject = Outcome.ACKED, answer["id"]
            await asyncio.sleep(FLASH)
        while not all(operation.subject in reader.reading.folded for reader in readers):
            await stage.load(FLASH)
    return clock() - began


# readers and hints


async def test_readers_who_leave_stall_and_switch_transports_get_everything_once(
    tmp_path: Path, store: str
) -> None:
    async with staged(tmp_path, f"reader chaos on {kind(store)}", store) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        await stage.load(SECONDS * ROUNDS)
        stage.begin_to_read()  # a herd that comes late and wants everything
        stage.begin_to_read(4, WHOLE_SITE, channel=SITE)
        await stage.load(SECONDS / 2)
        await verdict(stage)
        assert sum(reader.counts["deflated"] for reader in stage.readers) > 0


async def test_connections_that_stay_with_the_web_framework_are_served_as_well(tmp_path: Path) -> None:
    store, attached = f"sqlite:///{tmp_path}/livefeed.db", {"LIVEFEED_DETACH": "false"}
    async with staged(tmp_path, "reader chaos, not detached", store, settings=attached) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        await stage.load(SECONDS * ROUNDS)
        await verdict(stage)


async def test_readers_who_take_nothing_are_dropped_and_resume_without_a_gap(
    tmp_path: Path, store: str
) -> None:
    impatient = {"LIVEFEED_STALL_TIMEOUT": "1"}
    stuck = [
        Habits((transport,), lifetime=3600, stall=0.2, longest_stall=4) for transport in ("websocket", "sse")
    ]
    async with staged(tmp_path, f"stuck readers on {kind(store)}", store, settings=impatient) as stage:
        stage.begin_to_read(6, stuck)
        stage.begin_to_read(6, STEADY)
        stage.begin_to_write(2, longest=15_000)
        async with asyncio.timeout(PATIENCE):
            while not (dropped := await stage.metric("livefeed_stalled_readers_total")):
                await stage.load(SECONDS / 2)
        stage.faults["stuck readers dropped"] += round(dropped)
        await verdict(stage)
        steady = stage.readers[6:]
        # On a machine that stood still for so long they did not take it either.
        assert stage.pulse > 0.5 or all(reader.counts["connects"] == 1 for reader in steady), (
            "readers who did take it were dropped"
        )


async def test_hints_that_are_lost_doubled_and_swapped_change_nothing(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with Proxy(redis.port) as proxy:
        proxy.lost, proxy.doubled, proxy.swapped = 0.3, 0.2, 0.2
        address = f"redis://127.0.0.1:{proxy.port}/0"
        async with staged(tmp_path, "hints lost and doubled", redis.url, 2, address=address) as stage:
            stage.begin_to_read()
            stage.begin_to_write()
            await injected(stage, proxy, "hints lost", "hints doubled", "hints swapped")
            stage.faults += proxy.injected
            await verdict(stage)


async def test_what_is_posted_on_one_server_is_read_on_the_other(tmp_path: Path, redis: RedisServer) -> None:
    async with staged(tmp_path, "posted on one, read on the other", redis.url, 2) as stage:
        stage.begin_to_read(8, STEADY)
        first, second = stage.servers
        for reader in stage.readers:
            reader.addresses = lambda: [second.url]
        stage.begin_to_write()
        for writer in stage.writers:
            writer.addresses = lambda: [first.url]
        await stage.load()
        await verdict(stage)
        assert all(reader.counts["connects"] == 1 for reader in stage.readers)


# servers that end


async def test_a_server_killed_under_load_loses_and_doubles_nothing(tmp_path: Path, store: str) -> None:
    servers = 1 if kind(store) == "sqlite" else 2
    async with staged(tmp_path, f"kill -9 of a server on {kind(store)}", store, servers) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        for number in range(ROUNDS):
            await stage.load()
            killed = stage.servers[number % servers]
            await killed.kill()
            stage.faults["servers killed"] += 1
            await asyncio.gather(stage.load(0.3), killed.start())
        await stage.load()
        await verdict(stage)


async def test_a_server_that_stands_still_for_a_while_catches_up(tmp_path: Path, redis: RedisServer) -> None:
    async with staged(tmp_path, "hung server", redis.url, 2) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        for number in range(ROUNDS):
            await stage.load(SECONDS / 2)
            hung = stage.servers[number % 2]
            hung.hang()
            stage.faults["servers hung"] += 1
            await stage.load(2 * SECONDS)
            hung.resume()
        await stage.load(SECONDS / 2)
        await verdict(stage)


async def test_servers_restarted_in_turn_say_goodbye_and_leave_no_gap(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with staged(tmp_path, "rolling restart", redis.url, 2) as stage:
        stage.begin_to_read()
        stage.begin_to_read(8, STEADY)
        stage.begin_to_write()
        for _ in range(ROUNDS):
            for server in stage.servers:
                await stage.load(SECONDS / 2)
                began = asyncio.get_running_loop().time()
                assert await server.stop() == 0, server.said()
                stage.notes.append(f"stopped in {asyncio.get_running_loop().time() - began:.2f} s")
                stage.faults["servers stopped"] += 1
                await server.start()
        await stage.load(SECONDS / 2)
        await verdict(stage)
        assert sum(reader.counts["goodbyes"] for reader in stage.readers) > 0
        assert not sum(writer.counts["refused"] for writer in stage.writers)


async def test_a_poll_that_waits_is_answered_when_its_server_stops(tmp_path: Path, store: str) -> None:
    async with staged(tmp_path, f"stop with polls waiting on {kind(store)}", store) as stage:
        top = (await stage.ask("GET", f"/live/{SLUG}/changes"))["position"]
        path = f"/live/{SLUG}/changes?after={top}&wait=25"
        waiting = asyncio.create_task(stage.ask("GET", path))
        for _ in range(3):  # each comes behind the poll
            await stage.servers[0].answers("/healthz")
        async with asyncio.timeout(15):  # of the 25 that the poll would have waited
            assert await stage.servers[0].stop() == 0
        assert await waiting == {"position": top, "events": [], "more": False}


async def test_a_scheduled_update_is_published_once_by_a_fleet_and_after_a_kill(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with staged(tmp_path, "scheduled release", redis.url, 2) as stage:
        stage.begin_to_read(8)
        await schedule(stage, "s-1", 0.7)
        await schedule(stage, "s-2", 1.2)
        await seen(stage, 3)
        await schedule(stage, "s-3", 0.7)
        for server in stage.servers:
            await server.kill()
            stage.faults["servers killed"] += 1
        await asyncio.gather(*(server.start() for server in stage.servers))
        await seen(stage, 4)
        await verdict(stage)


# Redis that ends, hangs, or is emptied


async def test_redis_killed_under_load_loses_nothing_and_keeps_the_epoch(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with staged(tmp_path, "kill -9 of Redis", redis.url, 2) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        for _ in range(ROUNDS):
            await stage.load()
            redis.kill()
            stage.faults["Redis killed"] += 1
            await stage.load(0.5)
            await asyncio.to_thread(redis.start)
        await stage.load()
        await verdict(stage)


async def test_subscribers_killed_every_200_ms_miss_nothing(tmp_path: Path, redis: RedisServer) -> None:
    async with staged(tmp_path, "CLIENT KILL of subscribers", redis.url, 2) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        with redis.client() as client:
            async with asyncio.timeout(PATIENCE):
                while stage.faults["subscribers killed"] < 10 * ROUNDS:
                    await stage.load(0.2)
                    stage.faults["subscribers killed"] += int(client.client_kill_filter(_type="pubsub"))
        await verdict(stage)


@pytest.mark.timeout(180 + 3 * sum(HANGS))
async def test_while_redis_hangs_readers_are_served_from_memory_and_writes_are_refused_in_time(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with staged(tmp_path, "hung Redis", redis.url, 2) as stage:
        stage.begin_to_read()
        stage.begin_to_read(6, STEADY)
        steady = stage.readers[-6:]
        stage.begin_to_write()
        await stage.load()
        for seconds in HANGS:
            connects = [reader.counts["connects"] for reader in steady]
            redis.hang()
            stage.faults["Redis hung"] += 1
            try:
                await serves_from_memory(stage, seconds)
            finally:
                redis.resume()
            took = await live_again(stage, steady)
            stage.notes.append(f"live again {took:.2f} s after a hang of {seconds:g} s")
            assert took < BACK + stage.slack
            assert [reader.counts["connects"] for reader in steady] == connects, "open connections were ended"
            await stage.load(0.5)
        await verdict(stage)


async def test_a_fleet_whose_redis_comes_later_serves_as_soon_as_it_is_there(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    async with staged(tmp_path, "Redis away at start", redis.url, 2, ready=False) as stage:
        try:
            for server in stage.servers:
                await server.answers("/healthz")
                await server.answers("/readyz", 503)
                await server.answers(f"/live/{SLUG}", 503)
            stage.faults["starts without Redis"] += len(stage.servers)
            await asyncio.to_thread(redis.start)
            clock = asyncio.get_running_loop().time
            began = clock()
            for server in stage.servers:
                await server.answers("/readyz")
            stage.notes.append(f"ready {clock() - began:.2f} s after Redis")
            assert clock() - began < BACK + stage.slack
            await stage.open()
            stage.begin_to_read()
            stage.begin_to_write()
            await stage.load()
            await verdict(stage)
        finally:
            redis.stop()


async def test_a_server_can_be_restarted_while_redis_hangs(tmp_path: Path, redis: RedisServer) -> None:
    async with staged(tmp_path, "restart while Redis hangs", redis.url, 2) as stage:
        stage.begin_to_read()
        stage.begin_to_write()
        await stage.load()
        restarted = stage.servers[0]
        redis.hang()
        stage.faults["Redis hung"] += 1
        try:
            await stage.load(0.3)
            assert await restarted.stop() == 0, restarted.said()
            restarted.launch()
            await restarted.answers("/healthz")
            await restarted.answers("/readyz", 503)
            await stage.load(SECONDS)
        finally:
            redis.resume()
        await restarted.answers("/readyz")
        await stage.load()
        await verdict(stage)


async def test_readers_of_an_emptied_redis_are_told_to_reload_and_go_on(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with staged(tmp_path, "FLUSHALL", redis.url, 2, wiped=True) as stage:
        stage.begin_to_read()
        for number in range(1, ROUNDS + 1):
            stage.begin_to_write()
            await stage.load()
            await stage.stop_writing()
            stage.writers.clear()  # what they were told is gone with the log
            await seen(stage, 1)  # who has nothing yet need not be told that it is worthless
            with redis.client() as client:
                client.flushall()
            stage.faults["Redis emptied"] += 1
            await stage.open()
            async with asyncio.timeout(PATIENCE):
                while not all(reader.counts["reloads"] >= number for reader in stage.readers):
                    await stage.load(FLASH)
        stage.begin_to_write()
        await stage.load()
        await verdict(stage)


# replies that are lost


async def test_a_reply_lost_between_server_and_redis_doubles_nothing(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with Proxy(redis.port) as proxy:
        address = f"redis://127.0.0.1:{proxy.port}/0"
        async with staged(tmp_path, "replies of Redis cut", redis.url, 2, address=address) as stage:
            proxy.cut, proxy.cut_every = script("append").sha.encode(), 3
            stage.begin_to_read()
            stage.begin_to_write()
            await injected(stage, proxy, "replies cut")
            stage.faults += proxy.injected
            await verdict(stage)


async def test_an_answer_lost_on_the_way_to_the_editor_doubles_nothing(tmp_path: Path, store: str) -> None:
    async with answers_cut(tmp_path, f"answers to editors cut on {kind(store)}", store) as (stage, proxy):
        stage.begin_to_write()
        await injected(stage, proxy, "replies cut")
        await verdict(stage)


# all of it


async def test_everything_at_once_loses_and_doubles_nothing(tmp_path: Path, redis: RedisServer) -> None:
    chance = random.Random(SEED)
    async with Proxy(redis.port, seed=SEED) as proxy:
        address = f"redis://127.0.0.1:{proxy.port}/0"
        async with staged(tmp_path, "everything at once", redis.url, 2, address=address) as stage:
            proxy.lost = proxy.doubled = proxy.swapped = 0.1
            proxy.cut, proxy.cut_every = script("append").sha.encode(), 9
            stage.begin_to_read()
            stage.begin_to_read(4, WHOLE_SITE, channel=SITE)
            stage.begin_to_write(6, pause=0.01)

            async def hang() -> None:
                redis.hang()
                await stage.load(chance.uniform(0.1, 2))
                redis.resume()

            async def kill() -> None:
                redis.kill()
                await stage.load(chance.uniform(0.1, 0.8))
                await asyncio.to_thread(redis.start)

            async def cut_off() -> None:
                with redis.client() as client:
                    for kind in ("pubsub", "normal") * 3:
                        client.client_kill_filter(_type=kind, skipme=True)
                        await stage.load(FLASH)

            async def kill_server() -> None:
                server = chance.choice(stage.servers)
                await server.kill()
                await server.start()

            async def stop_server() -> None:
                server = chance.choice(stage.servers)
                assert await server.stop() == 0
                await server.start()

            for _ in range(ROUNDS):
                for fault in chance.sample((hang, kill, cut_off, kill_server, stop_server), 5):
                    await stage.load(SECONDS / 3)
                    await fault()
                    stage.faults[fault.__name__.replace("_", " ")] += 1
            await stage.load(SECONDS / 2)
            stage.faults += proxy.injected
            await verdict(stage)


# the checker bites


async def test_without_keys_the_checker_finds_double_posts(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/livefeed.db"
    async with answers_cut(tmp_path, "control: writers without keys", store, keys=False) as (stage, proxy):
        stage.begin_to_write()
        await injected(stage, proxy, "replies cut")
        assert "double post" in {violation.name for violation in await stage.settle()}


async def test_without_cursors_the_checker_finds_gaps(tmp_path: Path, redis: RedisServer) -> None:
    name = "control: readers without cursors"
    async with staged(tmp_path, name, redis.url, reader_type=Forgetful, settle_timeout=1) as stage:
        stage.begin_to_read(12, (Habits(lifetime=0.2),))
        stage.begin_to_write()
        await stage.load()
        assert "silent gap" in {violation.name for violation in await stage.settle()}


async def test_without_healing_the_checker_finds_readers_left_behind(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with Proxy(redis.port) as proxy:
        address = f"redis://127.0.0.1:{proxy.port}/0"
        name = "control: hints lost, healing off"
        unhealed = {"LIVEFEED_HEAL_INTERVAL": "3600"}
        async with staged(
            tmp_path, name, redis.url, 2, address=address, settings=unhealed, settle_timeout=1
        ) as stage:
            stage.begin_to_read(6, STEADY)
            for reader in stage.readers:
                reader.addresses = lambda: [stage.servers[1].url]
            await seen(stage, 1)
            proxy.lost = 1.0
            stage.begin_to_write()
            for writer in stage.writers:
                writer.addresses = lambda: [stage.servers[0].url]
            await stage.load()
            assert "behind" in {violation.name for violation in await stage.settle()}
