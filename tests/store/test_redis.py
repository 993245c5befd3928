"""What the Redis store keeps when the server, or the way to it, fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import ResponseError
from redis_server import PATIENCE, RedisServer, binaries, until
from redis_wire import Wire
from store_desk import NOW, Desk, Heard, ids, offsets, whole

from livefeed.events import SITE, Event, live_channel
from livefeed.settings import Settings
from livefeed.store import (
    Batch,
    Key,
    KeyUsed,
    OutcomeUnknown,
    Store,
    StoreAway,
    StoreError,
    StoreFull,
    StoreRefused,
    open_store,
)
from livefeed.store.redis.listener import EVENTS
from livefeed.store.redis.primary import Exchange, Primary, Reply, _Unanswered
from livefeed.store.redis.scripts import script
from livefeed.tasks import cancel

LIVE = live_channel("idlib")
APPEND = script("append").sha.encode()
Opener = Callable[..., Awaitable[Store]]


class Follower:
    """A listener that keeps what it has of one channel whole: contiguous events at once, the rest from the
    log, as a tail does."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.offsets: list[int] = []
        self.heals = 0
        self._store: Store | None = None
        self._wanted = asyncio.Event()

    def receive(self, event: Event) -> None:
        if event.channel == self.channel:
            if event.offset == len(self.offsets) + 1:
                self.offsets.append(event.offset)
            elif event.offset > len(self.offsets):
                self._wanted.set()

    def heal(self) -> None:
        self.heals += 1
        self._wanted.set()

    async def follow(self, store: Store) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            with suppress(StoreAway):
                page = await store.read(self.channel, len(self.offsets), 1000)
                for event in page.events:
                    self.receive(event)


# a server that dies, hangs, or comes late


async def test_every_acknowledged_append_survives_kill_9(server: RedisServer, opened: Opener) -> None:
    await Desk(await opened(server.url)).open()
    store = await opened(server.url, write_timeout=1.0)
    desk = Desk(store)
    acknowledged: list[str] = []
    unknown: list[str] = []
    killed = False

    async def write(name: str) -> None:
        number = 0
        while not killed:
            number += 1
            try:
                await desk.publish(f"{name}{number}")
                acknowledged.append(f"{name}{number}")
            except StoreError:  # a busy machine makes it early
                unknown.append(f"{name}{number}")
                await asyncio.sleep(0.01)

    writers = [asyncio.create_task(write(name)) for name in "abcd"]
    await until(lambda: len(acknowledged) >= 60)
    killed = True
    server.kill()
    await asyncio.gather(*writers)
    server.start()
    await until(lambda: not store.away)

    kept = {event.update.id for event in await whole(store, LIVE) if event.update}
    assert set(acknowledged) <= kept
    assert kept <= {*acknowledged, *unknown}


async def test_after_a_crash_offsets_go_on_in_the_same_epoch(server: RedisServer, opened: Opener) -> None:
    store = await opened(server.url)
    desk = Desk(store)
    await desk.open()
    await desk.publish("a")
    before = await store.tops([LIVE])
    server.kill()
    server.start()
    await until(lambda: not store.away)
    assert await store.tops([LIVE]) == before
    (event,) = await desk.publish("b")
    assert (event.position.epoch, event.offset) == (before[0], before[1][LIVE] + 1)


async def test_a_hung_server_is_answered_for_in_time_and_found_again(
    server: RedisServer, opened: Opener
) -> None:
    calm = await opened(server.url)
    await Desk(calm).open()
    store = await opened(server.url, store_timeout=0.6, write_timeout=1.2)
    server.hang()
    writing = asyncio.create_task(store.append(_only_a_key("k")))
    reading = asyncio.create_task(store.read(LIVE, 0, 10))
    with pytest.raises(OutcomeUnknown):  # for the server never answers, any answer is one in time
        await writing
    with pytest.raises(StoreAway):
        await reading
    assert store.away
    # Nobody waits for a server known to be away: not for one turn of the event loop.
    for refused in (store.read(LIVE, 0, 10), store.append(_only_a_key("l"))):
        with pytest.raises(StoreAway):
            refused.send(None)

    server.resume()
    await until(lambda: not store.away)
    first = await store.first_result("k")
    assert first
    assert first.subject == "update:k"  # sent before it hung, and done when it woke
    assert await store.first_result("l") is None


async def test_a_server_that_hangs_in_silence_is_noticed_without_any_call(
    server: RedisServer, opened: Opener
) -> None:
    store = await opened(server.url, Heard(), store_timeout=0.6)
    server.hang()
    await until(lambda: store.away)
    server.resume()
    await until(lambda: not store.away)


async def test_a_server_that_is_gone_refuses_writes_at_once_and_nothing_is_done(
    server: RedisServer, opened: Opener
) -> None:
    store = await opened(server.url)
    server.kill()
    await until(lambda: store.away)
    with pytest.raises(StoreAway):
        await store.append(_only_a_key("k"))
    server.start()
    await until(lambda: not store.away)
    assert await store.first_result("k") is None


async def test_a_store_whose_server_comes_later_begins_away_and_heals(
    server: RedisServer, opened: Opener
) -> None:
    server.stop()
    heard = Heard()
    store = await opened(server.url, heard)
    assert store.away
    with pytest.raises(StoreAway):
        await store.tops([SITE])
    server.start()
    await until(lambda: not store.away)
    assert heard.heals
    await Desk(store).open()
    await heard.until(2)


async def test_everything_comes_back_after_many_failed_attempts(
    server: RedisServer, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    store = await opened(server.url, heard)
    desk = Desk(store)
    for _ in range(3):
        server.kill()
        await until(lambda: store.away)
        heard.heals = 0
        server.start()
        await until(lambda: not store.away and heard.heals)
    known = len(heard.events)
    await desk.open()
    await heard.until(known + 2)
    assert not [record for record in caplog.records if "defect" in record.message]


# a wire that fails


async def test_a_reply_that_was_lost_makes_neither_a_double_nor_an_error(
    server: RedisServer, opened: Opener
) -> None:
    async with Wire(server.port) as wire:
        store = await opened(wire.url)
        desk = Desk(store)
        await desk.open()
        wire.cut_reply_to, wire.replies_to_cut = APPEND, 10
        for number in range(10):
            (event,) = await desk.publish(f"u{number}", key=Key(f"k{number}", "f"))
            assert event.offset == number + 2
        assert wire.replies_to_cut == 0
        assert offsets(await whole(store, LIVE)) == list(range(1, 12))
        await store.aclose()


async def test_without_a_key_a_lost_reply_makes_no_double_either(server: RedisServer, opened: Opener) -> None:
    async with Wire(server.port) as wire:
        store = await opened(wire.url)
        desk = Desk(store)
        wire.cut_reply_to, wire.replies_to_cut = APPEND, 1
        await desk.open()
        assert offsets(await whole(store, LIVE)) == [1]
        wire.cut_reply_to, wire.replies_to_cut = script("record_put").sha.encode(), 1
        record = await store.records.put("lease", "courier", "me", expected=0)
        assert record.version == 1
        await store.aclose()


async def test_an_outcome_that_stays_unknown_is_found_under_its_key(
    server: RedisServer, opened: Opener
) -> None:
    async with Wire(server.port) as wire:
        await Desk(await opened(server.url)).open()
        store = await opened(wire.url, write_timeout=1.0)
        desk = Desk(store)
        wire.cut_reply_to, wire.replies_to_cut = APPEND, 10_000
        with pytest.raises(OutcomeUnknown):  # the replies would be cut for much longer
            await desk.publish("u", key=Key("k", "f"))
        assert wire.replies_to_cut
        wire.replies_to_cut = 0
        await until(lambda: not store.away)
        with pytest.raises(KeyUsed) as known:
            await store.append(_only_a_key("k"))
        assert known.value.first.subject == "update:u"
        assert ids(await store.published_before("idlib", None, 10)) == ["u"]
        await store.aclose()


class ClosedUnderfoot(Connection):
    """Its transport closes between the look at it and the write: once at `opening`, once at a `command`."""

    due: ClassVar[set[str]] = set()

    async def connect(self) -> None:
        self._close("opening")
        await super().connect()

    async def send_command(self, *args: Any, **kwargs: Any) -> None:
        if args[0] in ("PING", "EVALSHA"):
            self._close("command")
        await super().send_command(*args, **kwargs)

    def _close(self, at: str) -> None:
        if at in self.due:
            self.due.remove(at)
            raise RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed")


@pytest.mark.parametrize("at", ["opening", "command"])
async def test_a_transport_that_closes_just_before_it_is_written_to_is_a_cut_and_no_defect(
    at: str, server: RedisServer
) -> None:
    pool = ConnectionPool.from_url(server.url, connection_class=ClosedUnderfoot, decode_responses=True)
    primary = Primary(pool, store_timeout=PATIENCE, write_timeout=PATIENCE)
    note = ("{livefeed}:notes:idlib", "n", "1", "{}")
    try:
        ClosedUnderfoot.due.add(at)
        assert await primary.ask("PING") == "PONG"
        await pool.disconnect()
        ClosedUnderfoot.due.add(at)
        if at == "opening":  # nothing was sent: who asked may try again
            with pytest.raises(StoreAway):
                await primary.write(script("note"), *note)
        else:
            with suppress(ResponseError):  # what the script makes of it does not count here
                await primary.write(script("note"), *note)
            assert not primary.away
        assert not ClosedUnderfoot.due
    finally:
        await pool.aclose()


class Swallowing(Primary):
    """Its first call fails of itself at the moment when it is cancelled."""

    calls = 0

    async def _call(self, exchange: Exchange) -> Reply:
        self.calls += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.calls > 1:
                raise
            raise _Unanswered("the connection was closed") from None


async def test_a_write_ends_in_time_although_its_cancellation_was_swallowed() -> None:
    primary = Swallowing(ConnectionPool(), store_timeout=0.1, write_timeout=0.1)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(StoreAway):
            await primary.write(script("note"))
    assert primary.calls == 1
    assert primary.away


async def test_fifty_retries_of_one_key_on_two_stores_make_one_event(
    server: RedisServer, opened: Opener
) -> None:
    stores = [await opened(server.url), await opened(server.url)]
    desks = [Desk(store) for store in stores]
    await desks[0].open()
    tries = [desks[number % 2].publish("u", key=Key("k", "f")) for number in range(50)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, KeyUsed) for result in results) == 49
    assert offsets(await whole(stores[1], LIVE)) == [1, 2]


async def test_a_follower_whose_subscription_is_killed_again_and_again_misses_nothing(
    server: RedisServer, opened: Opener
) -> None:
    follower = Follower(LIVE)
    store = await opened(server.url, follower)
    following = asyncio.create_task(follower.follow(store))
    desk = Desk(await opened(server.url))
    await desk.open()
    with server.client() as operator:
        for number in range(199):
            if number % 20 == 10:
                operator.client_kill_filter(_type="pubsub")
            await desk.publish(f"u{number}")
    await until(lambda: len(follower.offsets) == 200)
    await cancel([following])
    assert follower.offsets == list(range(1, 201))
    assert follower.heals > 1
    assert not store.away  # the server was there all the time


async def test_an_event_announced_while_nobody_was_subscribed_is_healed(
    server: RedisServer, opened: Opener
) -> None:
    follower = Follower(LIVE)
    store = await opened(server.url, follower)
    following = asyncio.create_task(follower.follow(store))
    await until(lambda: follower.heals == 1)
    before = follower.heals
    with server.client() as operator:  # one transaction: no reconnection can slip in between
        pipe = operator.pipeline(transaction=True)
        pipe.client_kill_filter(_type="pubsub")
        pipe.publish(EVENTS, "lost")
        pipe.execute()
    await until(lambda: follower.heals > before)
    await cancel([following])


async def test_a_subscription_that_fell_silent_is_noticed_and_healed(
    server: RedisServer, opened: Opener
) -> None:
    async with Wire(server.port) as wire:
        follower = Follower(LIVE)
        store = await opened(wire.url, follower)
        following = asyncio.create_task(follower.follow(store))
        wire.mute = b"SUBSCRIBE"
        with server.client() as operator:
            operator.client_kill_filter(_type="pubsub")  # the next subscription is confirmed to nobody
        await until(lambda: _subscribers(server) == 1)
        await Desk(store).open()
        assert follower.offsets == []
        wire.mute = b""
        await until(lambda: follower.offsets == [1])
        await cancel([following])
        await store.aclose()


async def test_connections_killed_while_idle_surface_in_no_call(server: RedisServer, opened: Opener) -> None:
    store = await opened(server.url)
    desk = Desk(store)
    await desk.open()
    for number in range(5):
        with server.client() as operator:
            operator.client_kill_filter(_type="normal", skipme=True)
        await desk.publish(f"u{number}")
        with server.client() as operator:
            operator.client_kill_filter(_type="normal", skipme=True)
        assert await store.tops([LIVE])
    assert offsets(await whole(store, LIVE)) == list(range(1, 7))
    assert not store.away


async def test_a_cancelled_call_leaves_nobody_elses_answer_behind(
    server: RedisServer, opened: Opener
) -> None:
    async with Wire(server.port) as wire:
        store = await opened(wire.url)
        desk = Desk(store)
        await desk.open()
        await desk.publish("a")
        await desk.publish("b")
        wire.gate.clear()
        cancelled = asyncio.create_task(desk.update("a"))
        await until(lambda: wire.waiting >= 1)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        patient = asyncio.create_task(desk.update("b"))
        await until(lambda: wire.waiting >= 2)  # the answer for "a" is still on its way
        wire.gate.set()
        assert (await patient).id == "b"
        await store.aclose()


async def test_more_callers_than_connections_wait_their_turn(server: RedisServer, opened: Opener) -> None:
    store = await opened(server.url)
    await Desk(store).open()
    answers = await asyncio.gather(*(store.coverage("idlib") for _ in range(500)))
    assert all(answers)


async def test_an_announcement_that_cannot_be_read_ends_nothing(
    server: RedisServer, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    store = await opened(server.url, heard)
    with server.client() as operator:
        operator.publish(EVENTS, f"{LIVE}\ne\n1\nfuture\n0\n{{}}")
    await Desk(store).open()
    await heard.until(2)
    assert any("cannot be read" in record.message for record in caplog.records)


async def test_a_listener_that_raises_is_told_again(
    server: RedisServer, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy(Heard):
        def receive(self, event: Event) -> None:
            super().receive(event)
            if len(self.events) == 1:
                raise RuntimeError("clumsy")

    heard = Clumsy()
    store = await opened(server.url, heard)
    heals = heard.heals
    with caplog.at_level(logging.CRITICAL, logger="livefeed.store.redis.listener"):
        await Desk(store).open()
        await until(lambda: heard.heals > heals)
        assert not store.away


async def test_a_full_server_refuses_a_write_without_a_trace(server: RedisServer, opened: Opener) -> None:
    store = await opened(server.url)
    desk = Desk(store)
    await desk.open()
    before = await store.tops([LIVE, SITE])
    with server.client() as operator:
        operator.config_set("maxmemory", "1mb")
        with pytest.raises(StoreFull):
            await desk.publish("u", key=Key("k", "f"))
        assert await store.tops([LIVE, SITE]) == before
        assert await store.update("u") is None
        operator.config_set("maxmemory", "0")
    await desk.publish("u", key=Key("k", "f"))


# addresses


async def test_through_sentinel_the_primary_is_found_and_written(
    server: RedisServer, opened: Opener, tmp_path: Path
) -> None:
    sentinel = _sentinel(server, tmp_path)
    try:
        heard = Heard()
        store = await opened(f"redis+sentinel://127.0.0.1:{sentinel.port}/newsroom/0", heard)
        await Desk(store).open()
        await heard.until(2)
        direct = await opened(server.url)
        assert await direct.tops([LIVE]) == await store.tops([LIVE])
    finally:
        sentinel.stop()


async def test_behind_sentinel_a_restart_begins_a_new_epoch(
    server: RedisServer, opened: Opener, tmp_path: Path
) -> None:
    sentinel = _sentinel(server, tmp_path)
    try:
        store = await opened(f"redis+sentinel://127.0.0.1:{sentinel.port}/newsroom/0")
        await Desk(store).open()
        epoch, _ = await store.tops([LIVE])
        server.kill()
        await until(lambda: store.away)
        server.start()
        await until(lambda: not store.away)
        assert (await store.tops([LIVE]))[0] != epoch
    finally:
        sentinel.stop()


async def test_a_failover_is_followed_to_the_new_primary_in_a_new_epoch(
    server: RedisServer, replica: RedisServer, opened: Opener, tmp_path: Path
) -> None:
    with replica.client() as operator:
        await until(lambda: operator.info("replication")["master_link_status"] == "up")
    sentinel = _sentinel(server, tmp_path)
    try:
        heard = Heard()
        store = await opened(f"redis+sentinel://127.0.0.1:{sentinel.port}/newsroom", heard)
        await Desk(store).open()
        epoch, tops = await store.tops([LIVE])
        heals = heard.heals
        with replica.client() as operator:
            # Replication follows the answer: the new primary may otherwise know less than was acknowledged.
            # WAIT would not do: it waits for what its own connection wrote.
            await until(lambda: operator.hget("{livefeed}:tops", LIVE) == str(tops[LIVE]))
            await until(lambda: _failed_over(sentinel))
            await until(lambda: operator.info("replication")["role"] == "master")
        server.kill()
        assert (await _first_answer(store))[0] != epoch
        await until(lambda: heard.heals > heals)
        event, _ = await Desk(store).open()
        assert event.offset == tops[LIVE] + 1
    finally:
        sentinel.stop()


COPY_TIMEOUT = "livefeed.store.redis.primary.COPY_TIMEOUT"  # how busy the machine is must not decide a test


async def test_a_write_is_acknowledged_once_a_replica_has_it(
    server: RedisServer, replica: RedisServer, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(COPY_TIMEOUT, PATIENCE)
    with replica.client() as operator:
        await until(lambda: operator.info("replication")["master_link_status"] == "up")
        store = await opened(server.url, replicas=1)
        assert await store.check() == []
        desk = Desk(store)
        event, _ = await desk.open()
        assert operator.hget("{livefeed}:tops", LIVE) == str(event.offset)
        await store.records.put("token", "a", "worthless")
        assert operator.hget("{livefeed}:record:token:a", "value") == "worthless"


async def test_a_write_that_no_replica_has_is_unknown_until_one_has_it(
    server: RedisServer, replica: RedisServer, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(COPY_TIMEOUT, PATIENCE)
    with replica.client() as operator:
        await until(lambda: operator.info("replication")["master_link_status"] == "up")
    store = await opened(server.url, replicas=1)
    await Desk(store).open()
    replica.hang()
    monkeypatch.setattr(COPY_TIMEOUT, 0.1)
    with pytest.raises(OutcomeUnknown, match="0 of the 1 replicas"):
        await Desk(store).publish("u", key=Key("k", "f"))
    # Whoever asks again is not told that it is done, for a failover could still undo it.
    with pytest.raises(OutcomeUnknown):
        await store.first_result("k")
    assert await store.first_result("other") is None  # what was never written has nothing to wait for
    assert not store.away
    assert "LIVEFEED_REPLICAS" in (await store.check())[0]
    replica.resume()
    monkeypatch.setattr(COPY_TIMEOUT, PATIENCE)
    with pytest.raises(KeyUsed) as known:
        await store.append(_only_a_key("k"))
    assert known.value.first.subject == "update:u"
    assert await store.first_result("k") is not None


async def test_a_unix_socket_serves_as_well(tmp_path: Path, opened: Opener) -> None:
    place = tmp_path / "socket"
    server = RedisServer(tmp_path / "server", binaries()["valkey"], unixsocket=str(place))
    server.start()
    try:
        store = await opened(f"unix://{place}")
        await Desk(store).open()
        await store.aclose()
    finally:
        server.stop()


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@localhost:port/0",
        "redis+sentinel://:hunter2@localhost:26379",
        "redis+sentinel://:hunter2@localhost:26379/newsroom/first",
        "redis://:hunter2@localhost/0?socket_timeout=soon",
        "redis://:hunter2@localhost/0?colour=red",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(StoreRefused) as refused:
        open_store(Settings(store=url), serving=True)
    assert "localhost" in str(refused.value)
    assert "hunter2" not in str(refused.value)


async def test_a_wrong_password_is_refused_with_a_sentence(server: RedisServer, opened: Opener) -> None:
    with server.client() as operator:
        operator.config_set("requirepass", "secret")
    with pytest.raises(StoreRefused, match="credentials"):
        await opened(server.url.replace("127.0.0.1", ":wrong@127.0.0.1"))
    with pytest.raises(StoreRefused, match="credentials"):
        await opened(server.url)
    store = await opened(server.url.replace("127.0.0.1", ":secret@127.0.0.1"))
    await Desk(store).open()


def _only_a_key(scope: str) -> Batch:
    return Batch(key=Key(scope, "f"), subject=f"update:{scope}")


def _subscribers(server: RedisServer) -> int:
    with server.client() as operator:
        return int(operator.pubsub_numsub(EVENTS)[0][1])


async def _first_answer(store: Store) -> tuple[str, dict[str, int]]:
    """What the store says as soon as it finds a primary: Sentinel may name the former one for a while."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StoreAway):
                return await store.tops([LIVE])
            await asyncio.sleep(0.01)


def _failed_over(sentinel: RedisServer) -> bool:
    with sentinel.client() as operator:
        try:
            operator.execute_command("SENTINEL", "FAILOVER", "newsroom")
        except ResponseError:  # it does not know the replica well enough yet
            return False
    return True


def _sentinel(server: RedisServer, folder: Path) -> RedisServer:
    sentinel = RedisServer(folder / "sentinel", binaries()["valkey"])
    sentinel.watch("newsroom", server)
    return sentinel


async def test_a_server_from_before_retractions_were_listed_lists_them(
    server: RedisServer, opened: Opener
) -> None:
    store = await opened(server.url)
    desk = Desk(store)
    await desk.open()
    for id in "uvw":
        await desk.publish(id, text='"status":"retracted"')
    await desk.retract("u")
    with server.client() as client:
        assert client.delete(f"{{livefeed}}:retracted:{desk.slug}") == 1
    await desk.retract("w")
    listed = await store.retracted(desk.slug, None, 10)
    assert [update.id for update in listed] == ["w", "u"]
    await desk.restore("u")
    assert await store.retracted(desk.slug, None, 10) == listed[:1]


async def test_a_server_from_before_corrections_were_listed_lists_them(
    server: RedisServer, opened: Opener
) -> None:
    store = await opened(server.url)
    desk = Desk(store)
    await desk.open()
    await desk.publish("u", text='a "corrections":[] in a text')
    times = (datetime(1972, 2, 29, 23, 59, 59, 999000, UTC), datetime(2000, 3, 1, tzinfo=UTC), NOW)
    for at in times:
        await desk.correct("u", "note", at)
    await desk.publish("v")
    listed = await store.corrections(desk.slug, None, 10)
    assert [entry.correction.at for entry in listed] == list(reversed(times))
    with server.client() as client:
        for key in ("corrected", "corrections_listed", f"corrections:{desk.slug}"):
            assert client.delete(f"{{livefeed}}:{key}") == 1
    assert await store.corrections(desk.slug, None, 10) == listed
    assert await store.corrections(desk.slug, listed[1].rank, 10) == listed[2:]
    await desk.retract("u")
    assert await store.corrections(desk.slug, None, 10) == []


# whispers


async def test_a_whisper_reaches_every_process_and_costs_the_disk_nothing(
    server: RedisServer, opened: Opener
) -> None:
    one, other = Heard(), Heard()
    store = await opened(server.url, one, one.hear)
    await opened(server.url, other, other.hear)
    with server.client() as client:
        before = client.info("persistence")["aof_current_size"]
        for number in range(20):
            await store.whisper(f"still here {number}")
        await one.until_whispered(20)
        assert await other.until_whispered(20) == [f"still here {number}" for number in range(20)]
        assert client.info("persistence")["aof_current_size"] == before
        await store.records.put("lease", "courier", "x")
        assert client.info("persistence")["aof_current_size"] > before, "this is how a write shows"


async def test_whispers_are_heard_again_once_a_server_is_back(server: RedisServer, opened: Opener) -> None:
    heard = Heard()
    store = await opened(server.url, heard, heard.hear)
    server.kill()
    await until(lambda: store.away)
    with pytest.raises(StoreAway):
        await store.whisper("lost")
    server.start()
    await until(lambda: not store.away)
    await store.whisper("back")
    assert await heard.until_whispered(1) == ["back"]
