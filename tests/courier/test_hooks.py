"""Webhooks delivered by real servers, also by ones that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from live_server import Server, running
from livefeed_command import Command, send
from receiver import LEASE, LOOPBACK, Delivery, Receiver, receiving
from redis_server import PATIENCE, RedisServer, binaries
from standardwebhooks import Webhook

from livefeed.courier import LeaseLost
from livefeed.courier.progress import Ledger
from livefeed.events import live_channel
from livefeed.settings import Settings


async def add(server: Server, receiver: Receiver, path: str = "/hook", **fields: Any) -> dict[str, Any]:
    answer = await server.ask("POST", "/api/v1/webhooks", json={"url": receiver.url + path, **fields})
    assert answer.status == 201, answer.text
    return answer.json()


async def letters(server: Server, id: str) -> list[dict[str, Any]]:
    answer = await server.ask("GET", f"/api/v1/webhooks/{id}/dead-letters")
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["dead_letters"]
    return found


async def buried(server: Server, id: str, count: int) -> list[dict[str, Any]]:
    """The dead letters, once there are so many and none is being tried."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await letters(server, id)
            if len(found) == count and not any(letter["replaying"] for letter in found):
                return found
            await asyncio.sleep(0.02)


def kinds(deliveries: list[Delivery]) -> list[str]:
    return [json.loads(delivery.body)["kind"] for delivery in deliveries]


def headlines(deliveries: list[Delivery]) -> list[str]:
    return [json.loads(delivery.body)["update"]["headline"] for delivery in deliveries]


def ids(deliveries: list[Delivery]) -> list[str]:
    return [delivery.headers["webhook-id"] for delivery in deliveries]


def failing(times: int) -> Callable[[Delivery], web.Response]:
    left = [times]

    def manner(_: Delivery) -> web.Response:
        left[0] -= 1
        return web.Response(status=500 if left[0] >= 0 else 200)

    return manner


async def test_every_change_arrives_signed_in_order_as_the_frame_that_readers_get(
    server: Server, receiver: Receiver
) -> None:
    hook = await add(server, receiver)
    await server.open("storm", language="en")
    update = await server.publish("storm", headline="first")
    place = f"/api/v1/coverages/storm/updates/{update['id']}"
    await server.ask("PATCH", place, json={"headline": "second"})
    await server.ask("POST", f"{place}/pin")
    await server.ask("POST", f"{place}/corrections", json={"note": "it was wrong", "headline": "third"})
    await server.ask("POST", f"{place}/retraction", json={"note": "all of it"})
    await server.ask("DELETE", f"{place}/retraction")
    await server.ask("POST", "/api/v1/coverages/storm/closure")
    found = await receiver.until(7)
    assert kinds(found) == [
        "coverage",
        "published",
        "revised",
        "corrected",
        "retracted",
        "restored",
        "coverage",
    ]
    verifier = Webhook(hook["secret"])
    told = [verifier.verify(delivery.body, dict(delivery.headers.items())) for delivery in found]
    # A pin is not told. What was retracted since is emptied for who is told late, as it is for readers.
    frames = [frame for frame in await server.events("storm") if frame["kind"] not in {"pinned", "unpinned"}]
    assert [frame["position"] for frame in told] == [frame["position"] for frame in frames]
    assert told[-2:] == frames[-2:]
    assert len(set(ids(found))) == 7
    assert found[0].path == "/hook"
    assert found[0].headers["Content-Type"] == "application/json; charset=utf-8"
    assert receiver.most_at_once == 1


async def test_what_was_there_before_the_endpoint_is_not_told(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    await server.publish("storm", headline="before")
    await add(server, receiver)
    await server.publish("storm", headline="after")
    assert headlines(await receiver.until(1)) == ["after"]


async def test_an_endpoint_for_one_coverage_hears_of_no_other(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    await server.open("other")
    await add(server, receiver, coverages=["storm"])
    await server.publish("other", headline="other")
    await server.publish("storm", headline="storm")
    assert headlines(await receiver.until(1)) == ["storm"]
    await server.publish("storm", headline="storm again")
    assert headlines(await receiver.until(2)) == ["storm", "storm again"]


async def test_a_failed_message_is_tried_again_under_its_id_and_what_is_behind_waits(
    server: Server, receiver: Receiver
) -> None:
    await server.open("storm")
    receiver.manner = failing(2)
    await add(server, receiver)
    for headline in ("1", "2", "3"):
        await server.publish("storm", headline=headline)
    found = await receiver.until(5)
    assert headlines(found) == ["1", "1", "1", "2", "3"]
    assert len(set(ids(found[:3]))) == 1
    assert receiver.most_at_once == 1


async def test_a_clock_set_back_does_not_make_an_endpoint_wait(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    hook = await add(server, receiver)
    await server.publish("storm", headline="1")
    await receiver.until(1)
    ledger = Ledger(server.rooms.store.records, hook["id"])
    channel = live_channel("storm")
    async with asyncio.timeout(20):
        while (noted := ledger.find(channel)) is None or noted.offset < 2:
            await asyncio.sleep(0.01)
            await ledger.load()
    in_a_year = datetime.now(UTC) + timedelta(days=365)
    await ledger.note(channel, replace(noted, failures=1, retry_at=in_a_year))
    await server.publish("storm", headline="2")
    assert headlines(await receiver.until(2)) == ["1", "2"]


async def test_who_lost_the_lease_delivers_nothing(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    hook = await add(server, receiver)
    await server.rooms.courier.aclose()
    await server.publish("storm", headline="for the next holder")
    (source, _) = server.rooms.courier._sources
    round = (await source.rounds())[hook["id"]]()
    with pytest.raises(LeaseLost):
        await round.run()
    assert receiver.deliveries == []


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_after_the_last_attempt_it_is_a_dead_letter_and_the_next_has_its_turn(
    server: Server, receiver: Receiver, status: int
) -> None:
    await server.open("storm")
    receiver.manner = lambda delivery: web.Response(
        status=status if b'"lost"' in delivery.body else 200, headers={"Location": "/elsewhere"}
    )
    hook = await add(server, receiver)
    await server.publish("storm", headline="lost")
    await server.publish("storm", headline="arrives")
    found = await receiver.until(4)
    assert headlines(found) == ["lost", "lost", "lost", "arrives"]
    (letter,) = await letters(server, hook["id"])
    assert letter["id"] == ids(found)[0]
    assert (letter["coverage"], letter["kind"], letter["attempts"]) == ("storm", "published", 3)
    assert letter["reason"] == f"it answered {status}"


async def test_a_dead_letter_is_replayed_under_its_id_and_leaves_the_list(
    server: Server, receiver: Receiver
) -> None:
    await server.open("storm")
    receiver.manner = lambda _: web.Response(status=503)
    hook = await add(server, receiver)
    await server.publish("storm", headline="1")
    await server.publish("storm", headline="2")
    first, second = await buried(server, hook["id"], 2)
    receiver.manner = lambda _: web.Response(status=200)
    before = len(receiver.deliveries)
    replay = f"/api/v1/webhooks/{hook['id']}/replay"
    asked = await server.ask("POST", replay, json={"letters": [second["id"]]})
    assert asked.status == 202
    assert [letter["id"] for letter in asked.json()["dead_letters"]] == [second["id"]]
    assert [letter["id"] for letter in await buried(server, hook["id"], 1)] == [first["id"]]
    assert (await server.ask("POST", replay)).status == 202
    await buried(server, hook["id"], 0)
    assert ids(receiver.deliveries[before:]) == [second["id"], first["id"]]


async def test_a_replay_that_fails_stays_a_dead_letter(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    receiver.manner = lambda _: web.Response(status=503)
    hook = await add(server, receiver)
    await server.publish("storm")
    await buried(server, hook["id"], 1)
    await server.ask("POST", f"/api/v1/webhooks/{hook['id']}/replay")
    await receiver.until(4)
    (letter,) = await buried(server, hook["id"], 1)
    assert letter["attempts"] == 4


async def test_the_dead_letter_of_a_retracted_update_tells_nothing_of_it(
    server: Server, receiver: Receiver
) -> None:
    await server.open("storm")
    receiver.manner = lambda _: web.Response(status=503)
    hook = await add(server, receiver)
    update = await server.publish("storm", headline="a named source")
    await buried(server, hook["id"], 1)
    receiver.manner = lambda _: web.Response(status=200)
    before = len(receiver.deliveries)
    await server.ask("POST", f"/api/v1/coverages/storm/updates/{update['id']}/retraction", json={})
    await server.ask("POST", f"/api/v1/webhooks/{hook['id']}/replay")
    await buried(server, hook["id"], 0)
    await receiver.until(before + 2)
    assert not any("a named source" in d.body.decode() for d in receiver.deliveries[before:])


async def test_410_ends_an_endpoint(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    receiver.manner = lambda _: web.Response(status=410)
    hook = await add(server, receiver)
    await server.publish("storm", headline="1")
    await receiver.until(1)
    await server.publish("storm", headline="2")
    async with receiving() as other:
        await add(server, other)
        await server.publish("storm", headline="3")
        assert headlines(await other.until(1)) == ["3"]
    assert headlines(receiver.deliveries) == ["1"]
    assert (await server.ask("GET", f"/api/v1/webhooks/{hook['id']}")).json()["disabled"]


async def test_an_endpoint_that_is_down_delays_no_other(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    held = asyncio.Event()

    async def hold(_: Delivery) -> web.Response:
        await held.wait()
        return web.Response()

    receiver.manner = hold
    await add(server, receiver)
    async with receiving() as healthy:
        await add(server, healthy)
        for number in range(5):
            await server.publish("storm", headline=f"{number}")
        assert headlines(await healthy.until(5)) == ["0", "1", "2", "3", "4"]
        assert len(await receiver.until(1)) == 1
    held.set()
    await receiver.until(5)


async def test_a_deleted_endpoint_gets_nothing_more(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    async with receiving() as gone:
        hook = await add(server, gone)
        await server.publish("storm", headline="1")
        await gone.until(1)
        assert (await server.ask("DELETE", f"/api/v1/webhooks/{hook['id']}")).status == 204
        await add(server, receiver)
        await server.publish("storm", headline="2")
        await receiver.until(1)
        assert headlines(gone.deliveries) == ["1"]


async def test_a_name_of_this_machine_is_never_delivered_to_unless_it_is_allowed(
    make_settings: Callable[..., Settings], receiver: Receiver
) -> None:
    settings = make_settings(webhook_attempts=1, courier_lease=LEASE)
    async with running(settings) as server:
        await server.open("storm")
        url = f"http://localhost:{receiver.port}/"
        hook = (await server.ask("POST", "/api/v1/webhooks", json={"url": url})).json()
        await server.publish("storm")
        (letter,) = await buried(server, hook["id"], 1)
        assert "not a public address" in letter["reason"]
        assert receiver.deliveries == []


async def test_without_an_endpoint_nothing_is_written(server: Server) -> None:
    await server.open("storm")
    await server.publish("storm")
    assert await server.rooms.store.records.all("lease") == []


# --- several processes, and their deaths ----------------------------------------------------------


@pytest.fixture
async def fleet(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[tuple[Server, Server]]:
    """Two servers on one Redis."""
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    redis.start()
    settings = make_settings(
        store=redis.url,
        private_networks=LOOPBACK,
        webhook_pause=0.02,
        webhook_attempts=3,
        courier_lease=LEASE,
    )
    try:
        async with running(settings) as first, running(settings) as second:
            yield first, second
    finally:
        redis.stop()


async def test_of_two_processes_one_delivers_each_message_once(
    fleet: tuple[Server, Server], receiver: Receiver
) -> None:
    first, second = fleet
    await first.open("storm")
    await add(first, receiver)
    second.tokens.update(first.tokens)
    for number in range(10):
        await (first, second)[number % 2].publish("storm", headline=f"{number}")
    found = await receiver.until(10)
    assert headlines(found) == [f"{number}" for number in range(10)]
    await first.publish("storm", headline="last")
    assert headlines(await receiver.until(11))[-1] == "last"
    assert len(receiver.deliveries) == 11
    assert receiver.most_at_once == 1


async def test_another_process_goes_on_when_the_one_that_delivers_stops(
    fleet: tuple[Server, Server], receiver: Receiver
) -> None:
    first, second = fleet
    await first.open("storm")
    await add(first, receiver)
    second.tokens.update(first.tokens)
    await first.publish("storm", headline="1")
    await receiver.until(1)
    await first.rooms.courier.aclose()
    await second.publish("storm", headline="2")
    assert headlines(await receiver.until(2)) == ["1", "2"]


def storm(command: Command, url: str, hook: str) -> tuple[str, str]:
    """An open coverage and a webhook; the token and the secret."""
    command.done("editor", "add", "Rana", "--role", "admin")
    command.environment["LIVEFEED_URL"] = url
    token = command.done("token", "add", "Rana").strip()
    send(f"{url}/api/v1/coverages", token, {"slug": "storm", "headline": "storm", "language": "en"})
    return token, send(f"{url}/api/v1/webhooks", token, {"url": hook})["secret"]


@pytest.mark.parametrize("moment", ["before the answer", "after the answer"])
async def test_a_process_killed_in_the_middle_loses_nothing_and_repeats_at_most_one(
    tmp_path: Path, receiver: Receiver, moment: str
) -> None:
    command = Command(
        tmp_path,
        LIVEFEED_PRIVATE_NETWORKS="127.0.0.0/8",
        LIVEFEED_COURIER_LEASE="1",
        LIVEFEED_SECRET="s" * 40,
    )
    reached, released = asyncio.Event(), asyncio.Event()

    async def stuck_at_the_fourth(_: Delivery) -> web.Response:
        if len(receiver.deliveries) == 4:
            reached.set()
            if moment == "before the answer":
                with contextlib.suppress(asyncio.CancelledError):
                    await released.wait()
        return web.Response()

    receiver.manner = stuck_at_the_fourth
    with await asyncio.to_thread(command.serve) as server:
        token, secret = await asyncio.to_thread(storm, command, server.url, receiver.url)
        for number in range(8):
            place = f"{server.url}/api/v1/coverages/storm/updates"
            await asyncio.to_thread(send, place, token, {"headline": f"{number}"})
            if number == 3:
                await asyncio.wait_for(reached.wait(), PATIENCE)
        if moment == "before the answer":
            assert len(receiver.deliveries) == 4
        await asyncio.to_thread(server.end, signal.SIGKILL)
    released.set()
    with await asyncio.to_thread(command.serve) as server:
        async with asyncio.timeout(PATIENCE):
            while headlines(receiver.deliveries)[-1] != "7":
                await receiver.until(len(receiver.deliveries) + 1)
        assert await asyncio.to_thread(server.end) == 0
    verifier = Webhook(secret)
    for delivery in receiver.deliveries:
        verifier.verify(delivery.body, dict(delivery.headers.items()))
    # In order, each one; the one in whose middle it died may come twice, under the same id.
    unrepeated = list(dict.fromkeys(ids(receiver.deliveries)))
    assert len(unrepeated) == 8
    assert list(dict.fromkeys(headlines(receiver.deliveries))) == [f"{number}" for number in range(8)]
    assert len(receiver.deliveries) <= 9
