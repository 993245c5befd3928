"""The WebSub hub with subscribers of our own on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp
import feedparser
import pytest
from aiohttp import web
from feed_checks import FAULTS
from live_server import Answer, Server, running
from livefeed_command import Command, send
from receiver import LEASE, LOOPBACK, Delivery, Receiver, receiving
from redis_server import PATIENCE, RedisServer, binaries, free_port

from livefeed import metrics
from livefeed.courier import LeaseLost
from livefeed.courier.hub import Pushed
from livefeed.settings import Settings
from livefeed.store import Conflict
from livefeed.websub import (
    DEFAULT_LEASE,
    LONGEST_LEASE,
    SHORTEST_LEASE,
    Known,
    Subscription,
    subscription_name,
)

FEED = "/live/storm/updates.rss"


def agreeing(delivery: Delivery) -> web.Response:
    """A subscriber that agrees to everything and takes everything."""
    return web.Response(text=delivery.query.get("hub.challenge", ""))


@pytest.fixture
def subscriber(receiver: Receiver) -> Receiver:
    receiver.manner = agreeing
    return receiver


async def ask(server: Server, callback: str, topic: str = FEED, **parameters: str) -> Answer:
    form = {"hub.mode": "subscribe", "hub.callback": callback, "hub.topic": server.url + topic}
    form |= {f"hub.{name}": value for name, value in parameters.items()}
    return await server.ask("POST", "/hub", role=None, data=form)


async def gone(look: Callable[[], Awaitable[object]]) -> None:
    """Wait until nothing is found any more, of what another task removes and announces to nobody."""
    async with asyncio.timeout(PATIENCE):
        while await look():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def settled(server: Server, count: int) -> list[Subscription]:
    """The subscriptions, so many, once no callback has still to be asked."""
    await gone(server.rooms.subscriptions.intents.all)
    kept = await server.rooms.subscriptions.subscriptions.all()
    assert len(kept) == count
    return [filed.value for filed in kept]


async def subscribed(server: Server, callback: str, topic: str = FEED, **parameters: str) -> None:
    """Ask for a subscription, or its end, and wait until the callback was asked about it."""
    answer = await ask(server, callback, topic, **parameters)
    assert answer.status == 202, answer.text
    name = subscription_name(callback, server.url + topic)
    await gone(lambda: server.rooms.subscriptions.intents.find(name))


def pushes(receiver: Receiver) -> list[Delivery]:
    return [delivery for delivery in receiver.deliveries if delivery.method == "POST"]


async def pushed(receiver: Receiver, count: int) -> list[Delivery]:
    async with asyncio.timeout(PATIENCE):
        while len(pushes(receiver)) < count:
            await receiver.until(len(receiver.deliveries) + 1)
    return pushes(receiver)


def titles(delivery: Delivery) -> list[str]:
    if delivery.headers["Content-Type"].startswith("application/feed+json"):
        return [item["title"] for item in json.loads(delivery.body)["items"]]
    return [entry.title.lstrip("\u200f") for entry in feedparser.parse(delivery.body).entries]


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
async def test_a_subscriber_discovers_subscribes_and_gets_the_new_item_signed(
    server: Server, subscriber: Receiver, form: str
) -> None:
    await server.open("storm", language="en")
    await server.publish("storm", headline="before")
    topic = f"/live/storm/updates.{form}"
    feed = await server.ask("GET", topic, role=None)
    assert f'<{server.url}/hub>; rel="hub"' in feed.headers["Link"]
    assert f'<{server.url}{topic}>; rel="self"' in feed.headers["Link"]
    assert f"{server.url}/hub" in feed.text
    await subscribed(server, subscriber.url + "/in?a=%2F", topic, secret="s3cret")
    (question,) = subscriber.deliveries
    assert question.method == "GET"
    assert question.path.startswith("/in?a=%2F&hub.mode=subscribe&")
    assert question.query["hub.topic"] == server.url + topic
    assert question.query["hub.lease_seconds"] == str(DEFAULT_LEASE)
    await server.publish("storm", headline="after")
    (push,) = await pushed(subscriber, 1)
    now = await server.ask("GET", topic, role=None)
    assert titles(push) == ["after"]
    assert not FAULTS[form](push.body)
    # Subscribers look for themselves in what they get: FreshRSS drops a push whose `self` is not its topic.
    told = {link.rel: link.href for link in feedparser.parse(push.body).feed.get("links", ())}
    if form == "json":
        document = json.loads(push.body)
        told = {"self": document["feed_url"], "hub": document["hubs"][0]["url"]}
    assert (told["self"], told["hub"]) == (server.url + topic, f"{server.url}/hub")
    assert push.path == "/in?a=%2F"
    assert push.headers["Content-Type"] == now.headers["Content-Type"]
    assert f'<{server.url}{topic}>; rel="self"' in push.headers["Link"]
    digest = hmac.new(b"s3cret", push.body, hashlib.sha256).hexdigest()
    assert push.headers["X-Hub-Signature"] == f"sha256={digest}"


async def test_a_subscriber_that_was_down_gets_what_it_missed_once_and_in_order(
    server: Server, subscriber: Receiver
) -> None:
    await server.open("storm", language="en")
    await server.publish("storm", headline="before")
    await subscribed(server, subscriber.url)
    taken: list[Delivery] = []

    def taking(delivery: Delivery) -> web.Response:
        taken.append(delivery)
        return agreeing(delivery)

    subscriber.manner = lambda _: web.Response(status=503)
    for number in range(3):
        await server.publish("storm", headline=f"{number}")
    await pushed(subscriber, 2)
    subscriber.manner = taking
    async with asyncio.timeout(PATIENCE):
        while not taken:
            await subscriber.until(len(subscriber.deliveries) + 1)
    await server.publish("storm", headline="3")
    async with asyncio.timeout(PATIENCE):
        while len(taken) < 2:
            await subscriber.until(len(subscriber.deliveries) + 1)
    assert [titles(push) for push in taken] == [["2", "1", "0"], ["3"]]
    assert subscriber.most_at_once == 1


async def test_a_push_holds_what_changed_and_nothing_else(server: Server, subscriber: Receiver) -> None:
    await server.open("storm", language="en")
    updates = [await server.publish("storm", headline=f"{number}") for number in range(3)]
    await subscribed(server, subscriber.url, "/live/storm/updates.atom")
    places = [f"/api/v1/coverages/storm/updates/{update['id']}" for update in updates]
    changes: list[tuple[str, str, dict[str, str], list[str]]] = [
        ("PATCH", places[0], {"headline": "0 revised"}, ["0 revised"]),
        (
            "POST",
            f"{places[1]}/corrections",
            {"note": "it was two", "headline": "two"},
            ["Correction: it was two", "two"],
        ),
        (
            "POST",
            f"{places[2]}/retraction",
            {"reason": "wrong", "note": "gone"},
            ["This update was retracted"],
        ),
        ("DELETE", f"{places[2]}/retraction", {}, ["2"]),
    ]
    for number, (method, place, body, told) in enumerate(changes, 1):
        answer = await server.ask(method, place, json=body)
        assert answer.status in {200, 201}, answer.text
        assert titles((await pushed(subscriber, number))[-1]) == told
    assert pushes(subscriber)[2].body.count(b"at:deleted-entry ") == 1
    assert b"wrong" not in pushes(subscriber)[2].body


async def test_subscribers_who_miss_the_same_are_sent_the_same_bytes_rendered_once(
    server: Server, subscriber: Receiver
) -> None:
    await server.open("storm", language="en")
    for number in range(5):
        await subscribed(server, f"{subscriber.url}/{number}")
    before = metrics.RENDERS.labels("push")._value.get()
    await server.publish("storm", headline="new")
    found = await pushed(subscriber, 5)
    assert {push.path for push in found} == {f"/{number}" for number in range(5)}
    assert len({push.body for push in found}) == 1
    assert len({push.headers["Livefeed-Delivery"] for push in found}) == 1
    assert metrics.RENDERS.labels("push")._value.get() == before + 1


async def test_a_push_comes_when_page_and_feed_show_the_change_and_not_before(
    server: Server, subscriber: Receiver
) -> None:
    await server.open("storm", language="en")
    await subscribed(server, subscriber.url)
    shown: asyncio.Queue[bool] = asyncio.Queue()

    async def looking(delivery: Delivery) -> web.Response:
        for path in (FEED, "/live/storm"):
            answer = await server.ask("GET", path, role=None)
            for title in titles(delivery):
                shown.put_nowait(title in answer.text)
        return agreeing(delivery)

    subscriber.manner = looking
    for number in range(5):
        await server.publish("storm", headline=f"headline {number}")
    async with asyncio.timeout(PATIENCE):
        assert all([await shown.get() for _ in range(2 * 5)])


async def test_topics_of_one_callback_are_pushed_one_at_a_time(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    for topic in (FEED, "/live/storm/breaking.rss", "/feeds/breaking.atom"):
        await subscribed(server, subscriber.url, topic)
    await server.publish("storm", headline="عاجل", breaking=True)
    await pushed(subscriber, 3)
    assert subscriber.most_at_once == 1


async def test_a_feed_that_did_not_change_is_not_pushed(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url + "/breaking", "/live/storm/breaking.rss")
    await subscribed(server, subscriber.url + "/all")
    await server.publish("storm", headline="plain")
    await server.publish("storm", headline="urgent", breaking=True)
    async with asyncio.timeout(PATIENCE):
        while "/breaking" not in {push.path for push in pushes(subscriber)}:
            await subscriber.until(len(subscriber.deliveries) + 1)
    assert [titles(push) for push in pushes(subscriber) if push.path == "/breaking"] == [["urgent"]]


async def test_a_renewal_replaces_lease_and_secret(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url, secret="old", lease_seconds="86400")
    (first,) = await settled(server, 1)
    await subscribed(server, subscriber.url, secret="new", lease_seconds="0")
    (second,) = await settled(server, 1)
    lease = timedelta(seconds=SHORTEST_LEASE)
    assert second.expires_at < first.expires_at
    assert abs(second.expires_at - datetime.now(UTC) - lease) < timedelta(seconds=10)
    await server.publish("storm")
    (push,) = await pushed(subscriber, 1)
    digest = hmac.new(b"new", push.body, hashlib.sha256).hexdigest()
    assert push.headers["X-Hub-Signature"] == f"sha256={digest}"


async def test_a_renewal_does_not_pass_over_a_change_that_was_not_pushed_yet(server: Server) -> None:
    kept = server.rooms.subscriptions
    ends = datetime.now(UTC) + timedelta(days=1)
    await kept.keep(Subscription("http://r.example/", "topic", "old", ends, Known({"a": "before"}, 1.0)))
    await kept.keep(Subscription("http://r.example/", "topic", "new", ends, Known({"a": "after"}, 2.0)))
    (filed,) = await kept.subscriptions.all()
    assert (filed.value.secret, filed.value.known) == ("new", Known({"a": "before"}, 1.0))


async def test_a_subscriber_that_comes_back_is_not_sent_what_it_left_behind(
    server: Server, subscriber: Receiver
) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url)
    await server.publish("storm", headline="first")
    await pushed(subscriber, 1)
    await subscribed(server, subscriber.url, mode="unsubscribe")
    await server.publish("storm", headline="second")
    await subscribed(server, subscriber.url)
    await server.publish("storm", headline="third")
    found = await pushed(subscriber, 2)
    assert [titles(push) for push in found] == [["first"], ["third"]]


async def test_a_lease_of_a_million_days_is_cut(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url, lease_seconds=str(86400 * 1_000_000))
    assert subscriber.deliveries[0].query["hub.lease_seconds"] == str(LONGEST_LEASE)


async def test_a_subscription_that_ran_out_gets_nothing(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url + "/short")
    (kept,) = await server.rooms.subscriptions.subscriptions.all()
    records = server.rooms.store.records
    (record,) = await records.all("hub-subscription")
    await records.put("hub-subscription", kept.name, record.value, expires_at=datetime.now(UTC))
    await subscribed(server, subscriber.url + "/long")
    await server.publish("storm")
    await pushed(subscriber, 1)
    assert [push.path for push in pushes(subscriber)] == ["/long"]


async def test_an_unsubscription_takes_effect_once_the_callback_agrees(
    server: Server, subscriber: Receiver
) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url)
    subscriber.manner = lambda _: web.Response(status=404)
    await subscribed(server, subscriber.url, mode="unsubscribe")
    await settled(server, 1)
    subscriber.manner = agreeing
    await subscribed(server, subscriber.url, mode="unsubscribe")
    assert "hub.lease_seconds" not in subscriber.deliveries[-1].query
    await settled(server, 0)


async def test_who_lost_the_lease_asks_and_pushes_nothing(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url)
    await server.rooms.courier.aclose()
    asked = len(subscriber.deliveries)
    (_, hub) = server.rooms.courier._sources
    await server.publish("storm")
    (made,) = (await hub.rounds()).values()
    with pytest.raises(LeaseLost):
        await made().run()
    assert (await ask(server, subscriber.url, mode="unsubscribe")).status == 202
    await hub.rounds()
    with pytest.raises(LeaseLost):
        await made().run()
    assert len(subscriber.deliveries) == asked


async def test_news_in_the_meantime_do_not_shorten_a_pause_and_the_next_push_has_them_all(
    make_settings: Callable[..., Settings], subscriber: Receiver
) -> None:
    settings = make_settings(private_networks=LOOPBACK, webhook_pause=60.0, courier_lease=1.0)
    async with running(settings) as server:
        await server.open("storm", language="en")
        await subscribed(server, subscriber.url)
        subscriber.manner = lambda _: web.Response(status=503)
        await server.publish("storm", headline="1")
        await pushed(subscriber, 1)
        kept = server.rooms.subscriptions
        await gone(lambda: _unnoted(server))
        (_, hub) = server.rooms.courier._sources
        (made,) = (await hub.rounds()).values()
        await server.publish("storm", headline="2")
        pause = await made().run()
        assert pause is not None
        assert 0 < pause <= 60 * 1.5
        assert len(pushes(subscriber)) == 1
        (noted,) = await kept.pushed.all()
        assert noted.value.failures == 1
        subscriber.manner = agreeing
        await kept.pushed.file(noted.name, replace(noted.value, retry_at=None), expected=noted.version)
        with contextlib.suppress(Conflict):  # the server's own courier may have been faster
            await made().run()
        assert titles((await pushed(subscriber, 2))[1]) == ["2", "1"]


async def _unnoted(server: Server) -> bool:
    """True until a failure is written down: the answer is there before."""
    return not await server.rooms.subscriptions.pushed.all()


async def test_a_clock_set_back_does_not_make_a_subscriber_wait(server: Server, subscriber: Receiver) -> None:
    await server.open("storm", language="en")
    await subscribed(server, subscriber.url)
    (filed,) = await server.rooms.subscriptions.subscriptions.all()
    in_a_year = datetime.now(UTC) + timedelta(days=365)
    failed = Pushed(filed.value.known, failures=1, retry_at=in_a_year)
    await server.rooms.subscriptions.pushed.file(filed.name, failed, expected=0)
    await server.publish("storm", headline="after")
    assert [titles(push) for push in await pushed(subscriber, 1)] == [["after"]]


def wrong_challenge(_: Delivery) -> web.Response:
    return web.Response(text="x")


def megabytes(delivery: Delivery) -> web.Response:
    return web.Response(text=delivery.query["hub.challenge"] + "x" * 5_000_000)


def elsewhere(delivery: Delivery) -> web.Response:
    return web.Response(status=302, headers={"Location": "/"}, text=delivery.query["hub.challenge"])


def refusing(delivery: Delivery) -> web.Response:
    return web.Response(status=404, text=delivery.query["hub.challenge"])


@pytest.mark.parametrize("manner", [wrong_challenge, megabytes, elsewhere, refusing])
async def test_a_callback_that_does_not_agree_is_not_subscribed(
    server: Server, receiver: Receiver, manner: Callable[[Delivery], web.Response]
) -> None:
    await server.open("storm")
    receiver.manner = manner
    await subscribed(server, receiver.url)
    await settled(server, 0)
    assert len(receiver.deliveries) == 1


async def test_a_slow_callback_holds_up_no_other(server: Server, receiver: Receiver) -> None:
    await server.open("storm")
    released = asyncio.Event()

    async def slow(_: Delivery) -> web.Response:
        await released.wait()
        return web.Response()

    receiver.manner = slow
    assert (await ask(server, receiver.url)).status == 202
    async with receiving() as quick:
        quick.manner = agreeing
        await subscribed(server, quick.url)
        await server.publish("storm")
        await pushed(quick, 1)
    released.set()


async def test_410_ends_a_subscription_and_a_redirect_does_not(server: Server, subscriber: Receiver) -> None:
    await server.open("storm")
    await subscribed(server, subscriber.url)
    subscriber.manner = elsewhere_push
    await server.publish("storm", headline="1")
    await pushed(subscriber, 2)
    subscriber.manner = lambda _: web.Response(status=410)
    await pushed(subscriber, len(pushes(subscriber)) + 1)
    await gone(server.rooms.subscriptions.subscriptions.all)
    assert {push.path for push in pushes(subscriber)} == {"/"}


def elsewhere_push(_: Delivery) -> web.Response:
    return web.Response(status=307, headers={"Location": "/elsewhere"})


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"hub.mode": "publish"}, "hub.mode"),
        ({"hub.topic": "http://elsewhere.example/feed"}, "hub.topic"),
        ({"hub.topic": "TOPIC/live/none/updates.rss"}, "hub.topic"),
        ({"hub.callback": "http://10.0.0.1/"}, "hub.callback"),
        ({"hub.callback": "ftp://example.org/"}, "hub.callback"),
        ({"hub.callback": "http://[::ffff:10.0.0.1]/"}, "hub.callback"),
        ({"hub.secret": "s" * 200}, "hub.secret"),
        ({"hub.lease_seconds": "soon"}, "hub.lease_seconds"),
    ],
)
async def test_a_wrong_request_is_refused_and_nobody_is_asked(
    server: Server, parameters: dict[str, str], field: str
) -> None:
    await server.open("storm")
    form = {"hub.mode": "subscribe", "hub.callback": "http://127.0.0.1:8009/", "hub.topic": server.url + FEED}
    form |= {name: value.replace("TOPIC", server.url) for name, value in parameters.items()}
    answer = await server.ask("POST", "/hub", role=None, data=form)
    problem = answer.json()
    assert (answer.status, problem["field"]) == (422, field)
    assert problem["limit"]
    secret = field == "hub.secret"  # which is for the hub alone
    assert problem["value"] == ("200 bytes" if secret else form[field])
    await settled(server, 0)


async def test_another_type_and_a_huge_body_are_refused(server: Server) -> None:
    assert (await server.ask("POST", "/hub", role=None, json={})).status == 415
    assert (await server.ask("POST", "/hub", role=None, data={"a": "b" * 20_000})).status == 413


async def test_a_callback_on_this_machine_is_never_asked(
    make_settings: Callable[..., Settings], subscriber: Receiver
) -> None:
    async with running(make_settings(courier_lease=LEASE)) as server:
        await server.open("storm")
        callback = f"http://localhost:{subscriber.port}/"
        await subscribed(server, callback)
        await settled(server, 0)
        assert subscriber.deliveries == []


# --- several processes, an external hub -----------------------------------------------------------


@pytest.fixture
async def fleet(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[tuple[Server, Server]]:
    """Two servers on one Redis, with one public address."""
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    redis.start()
    settings = make_settings(
        store=redis.url, private_networks=LOOPBACK, webhook_pause=0.02, courier_lease=LEASE
    )
    try:
        async with running(settings) as first, running(settings) as second:
            second.rooms.base_url = first.url
            yield first, second
    finally:
        redis.stop()


async def test_of_two_processes_one_pushes_and_the_other_goes_on_when_it_stops(
    fleet: tuple[Server, Server], subscriber: Receiver
) -> None:
    first, second = fleet
    await first.open("storm", language="en")
    await subscribed(first, subscriber.url)
    second.tokens.update(first.tokens)
    await second.publish("storm", headline="1")
    assert [titles(push) for push in await pushed(subscriber, 1)] == [["1"]]
    await first.rooms.courier.aclose()
    await first.publish("storm", headline="2")
    assert [titles(push) for push in await pushed(subscriber, 2)] == [["1"], ["2"]]


def storm(command: Command, url: str) -> str:
    """An open coverage; the token to write to it."""
    command.done("editor", "add", "Rana", "--role", "admin")
    token = command.done("token", "add", "Rana").strip()
    send(f"{url}/api/v1/coverages", token, {"slug": "storm", "headline": "storm", "language": "en"})
    return token


async def test_a_killed_server_pushes_after_its_restart_what_was_missed(
    tmp_path: Path, subscriber: Receiver
) -> None:
    port = free_port()
    command = Command(
        tmp_path,
        LIVEFEED_PORT=f"{port}",
        LIVEFEED_PRIVATE_NETWORKS="127.0.0.0/8",
        LIVEFEED_COURIER_LEASE="1",
        LIVEFEED_WEBHOOK_PAUSE="0.1",
        LIVEFEED_SECRET="s" * 40,
    )
    with await asyncio.to_thread(command.serve, LIVEFEED_PORT=f"{port}") as server:
        token = await asyncio.to_thread(storm, command, server.url)
        form = {
            "hub.mode": "subscribe",
            "hub.callback": subscriber.url,
            "hub.topic": server.url + FEED,
        }
        async with aiohttp.ClientSession() as client, client.post(f"{server.url}/hub", data=form) as answer:
            assert answer.status == 202
        place = f"{server.url}/api/v1/coverages/storm/updates"
        await subscriber.until(1)
        subscriber.manner = lambda _: web.Response(status=503)
        await asyncio.to_thread(send, place, token, {"headline": "1"})
        await pushed(subscriber, 1)
        await asyncio.to_thread(server.end, signal.SIGKILL)
    subscriber.manner = agreeing
    with await asyncio.to_thread(command.serve, LIVEFEED_PORT=f"{port}") as server:
        before = len(pushes(subscriber))
        found = await pushed(subscriber, before + 1)
        assert titles(found[-1]) == ["1"]
        assert await asyncio.to_thread(server.end) == 0


async def test_an_external_hub_is_named_and_told_and_ours_is_closed(
    make_settings: Callable[..., Settings], receiver: Receiver
) -> None:
    settings = make_settings(
        hub=receiver.url + "/publish", private_networks=LOOPBACK, webhook_pause=0.02, courier_lease=LEASE
    )
    left = [2]

    def failing_twice(_: Delivery) -> web.Response:
        left[0] -= 1
        return web.Response(status=500 if left[0] >= 0 else 204)

    receiver.manner = failing_twice
    async with running(settings) as server:
        await server.open("storm")
        feed = await server.ask("GET", FEED, role=None)
        assert f'<{receiver.url}/publish>; rel="hub"' in feed.headers["Link"]
        assert (await ask(server, receiver.url)).status == 404
        found = await receiver.until(3)
        ping = parse_qs(found[-1].body.decode())
        assert ping["hub.mode"] == ["publish"]
        assert server.url + FEED in ping["hub.url"]
        assert len(ping["hub.url"]) == 9
        await server.publish("storm")
        await receiver.until(4)
