"""Scheduled updates go out once, at their time, whatever stops and starts meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_server import Server, running
from redis_server import PATIENCE, RedisServer, binaries

from livefeed.settings import Settings
from livefeed.store.sqlite import SQLiteStore

UPDATES = "/api/v1/coverages/story/updates"
START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = "2026-11-23T18:00:00Z"
FAST = 0.01  # seconds between two looks for what is due


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serving(make_settings: Callable[..., Settings], tmp_path: Path, clock: Clock) -> Any:
    """Starts a server on this test's file, by this test's clock; again and again."""

    @contextlib.asynccontextmanager
    async def serve() -> AsyncIterator[Server]:
        store = SQLiteStore(tmp_path / "livefeed.db", serving=True, write_timeout=PATIENCE, clock=clock)
        async with running(make_settings(release_interval=FAST), store) as server:
            server.tokens |= known
            yield server
            known.update(server.tokens)

    known: dict[str, str] = {}
    return serve


async def told_after(server: Server, position: str) -> list[dict[str, Any]]:
    """What readers are told after a position, once there is something."""
    path = f"/live/story/changes?after={position}&wait=20"
    events: list[dict[str, Any]] = (await server.ask("GET", path, role=None)).json()["events"]
    return events


async def top(server: Server) -> str:
    answer = await server.ask("GET", "/live/story/changes", role=None)
    position: str = answer.json()["position"]
    return position


async def rounds(server: Server) -> None:
    """Long enough for every server in this loop to look for what is due; shorter than any wait."""
    for _ in range(5):
        await server.rooms.newsroom.release_due()
        await asyncio.sleep(FAST)


async def test_a_scheduled_update_goes_out_at_its_time_and_says_when_it_really_did(
    serving: Any, clock: Clock
) -> None:
    async with serving() as server:
        await server.open()
        before = await top(server)
        update = await server.publish(body="خبر محظور", publish_at=LATER)
        assert (update["status"], update["publish_at"]) == ("scheduled", LATER)
        assert update["published_at"] is None
        clock.now = START + timedelta(minutes=59, seconds=59)
        await rounds(server)
        assert await top(server) == before
        clock.now = START + timedelta(hours=1, seconds=3)
        [event] = await told_after(server, before)
        assert event["kind"] == "published"
        released = event["update"]
        assert (released["id"], released["status"], released["publish_at"]) == (
            update["id"],
            "published",
            None,
        )
        assert released["published_at"] == released["displayed_at"] == "2026-11-23T18:00:03Z"
        assert released["revision"] == 1
        await rounds(server)
        assert len(await server.events()) == 2


async def test_a_release_survives_a_restart_and_fires_once(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        await server.publish(publish_at=LATER)
        before = await top(server)
    clock.now = START + timedelta(days=1)  # it was due while nobody served
    async with serving() as server:
        assert [event["kind"] for event in await told_after(server, before)] == ["published"]
    async with serving() as server:
        await rounds(server)
        assert [event["kind"] for event in await server.events()] == ["coverage", "published"]


async def test_many_who_release_at_once_release_once(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        ids = {(await server.publish(publish_at=LATER))["id"] for _ in range(5)}
        clock.now = START + timedelta(hours=2)
        found = await asyncio.gather(*(server.rooms.newsroom.release_due() for _ in range(20)))
        await rounds(server)
        events = (await server.events())[1:]
        assert {event["update"]["id"] for event in events} == ids
        assert len(events) == 5
        assert len([update for batch in found for update in batch]) <= 5


async def scheduled_soon(server: Server) -> dict[str, Any]:
    """An update that is due in a moment; in a later one when the first was over before it was handed in."""
    for seconds in (0.4, 2, 10, 50):
        soon = datetime.now(UTC) + timedelta(seconds=seconds)
        answer = await server.ask("POST", UPDATES, json={"body": "x", "publish_at": soon.isoformat()})
        if answer.status == 201:
            update: dict[str, Any] = answer.json()
            return update
        assert answer.json()["field"] == "publish_at", answer.text
    raise AssertionError("the server thinks that the future is over")


@pytest.mark.parametrize("binary", list(binaries()))
async def test_two_servers_on_one_redis_release_once(
    binary: str, tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    redis = RedisServer(tmp_path / "redis", binaries()[binary]).start()
    try:
        settings = make_settings(store=redis.url, release_interval=FAST)
        async with running(settings) as one, running(settings) as two:
            await one.open()
            before = await top(one)
            update = await scheduled_soon(one)
            for server in (one, two):
                [event] = await told_after(server, before)
                assert (event["kind"], event["update"]["id"]) == ("published", update["id"])
                assert event["update"]["published_at"] >= update["publish_at"]
            await asyncio.gather(rounds(one), rounds(two))
            assert len(await one.events()) == len(await two.events()) == 2
    finally:
        redis.stop()


async def test_a_moved_schedule_waits_and_a_lifted_one_is_a_draft(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        before = await top(server)
        moved, lifted = await server.publish(publish_at=LATER), await server.publish(publish_at=LATER)
        path = f"{UPDATES}/{moved['id']}"
        answer = await server.ask("PATCH", path, json={"publish_at": "2026-11-23T20:00:00Z"})
        assert (answer.json()["status"], answer.json()["revision"]) == ("scheduled", 2)
        answer = await server.ask("PATCH", f"{UPDATES}/{lifted['id']}", json={"publish_at": None})
        assert answer.json()["status"] == "draft"
        clock.now = START + timedelta(hours=2)
        await rounds(server)
        assert await top(server) == before
        clock.now = START + timedelta(hours=4)
        [event] = await told_after(server, before)
        assert event["update"]["id"] == moved["id"]


async def test_a_draft_is_scheduled_and_an_editors_word_lifts_the_embargo(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        draft = await server.publish(status="draft")
        path = f"{UPDATES}/{draft['id']}/publication"
        answer = await server.ask("POST", path, json={"publish_at": LATER})
        assert (answer.json()["status"], answer.json()["publish_at"]) == ("scheduled", LATER)
        answer = await server.ask("POST", path)
        assert (answer.json()["status"], answer.json()["publish_at"]) == ("published", None)
        clock.now = START + timedelta(hours=2)
        await rounds(server)
        assert [event["kind"] for event in await server.events()] == ["coverage", "published"]


async def test_a_held_update_waits_unseen_and_goes_out_when_its_hold_is_over(
    serving: Any, clock: Clock
) -> None:
    async with serving() as server:
        await server.open()
        before = await top(server)
        held = await server.publish(hold=10)
        draft = await server.publish(status="draft")
        answer = await server.ask("POST", f"{UPDATES}/{draft['id']}/publication", json={"hold": 5})
        for update, until in ((held, "2026-11-23T17:00:10Z"), (answer.json(), "2026-11-23T17:00:05Z")):
            assert (update["status"], update["publish_at"]) == ("scheduled", until)
        await rounds(server)
        assert await top(server) == before
        clock.now = START + timedelta(seconds=10)
        await rounds(server)
        assert [event["update"]["id"] for event in (await server.events())[1:]] == [draft["id"], held["id"]]


async def test_a_held_update_that_is_deleted_was_never_seen(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        held = await server.publish(hold=10)
        answer = await server.ask("DELETE", f"{UPDATES}/{held['id']}", headers={"If-Match": '"1"'})
        assert answer.status == 204
        clock.now = START + timedelta(hours=1)
        await rounds(server)
        assert len(await server.events()) == 1


async def test_what_is_taken_back_before_it_goes_out_is_again_what_it_was(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        for status in ("draft", "submitted"):
            path = f"{UPDATES}/{(await server.publish(status=status))['id']}"
            for when in ({"publish_at": LATER}, {"hold": 5}):  # a schedule, and instead of it some seconds
                assert (await server.ask("POST", f"{path}/publication", json=when)).status == 200
            assert (await server.ask("PATCH", path, json={"headline": "meanwhile"})).status == 200
            answer = (await server.ask("DELETE", f"{path}/publication")).json()
            assert (answer["status"], answer["publish_at"], answer["headline"]) == (status, None, "meanwhile")
            refused = await server.ask("DELETE", f"{path}/publication")
            assert (refused.status, "only a scheduled one" in refused.text) == (409, True)
        never_waited = await server.publish(hold=5)
        answer = (await server.ask("DELETE", f"{UPDATES}/{never_waited['id']}/publication")).json()
        assert answer["status"] == "draft"
        clock.now = START + timedelta(days=400)
        await rounds(server)
        assert len(await server.events()) == 1


async def test_nothing_is_held_in_a_closed_coverage(serving: Any) -> None:
    async with serving() as server:
        await server.open()
        draft = await server.publish(status="draft")
        await server.ask("POST", "/api/v1/coverages/story/closure")
        answer = await server.ask("POST", f"{UPDATES}/{draft['id']}/publication", json={"hold": 5})
        assert (answer.status, answer.json()["type"].rpartition("/")[2]) == (409, "coverage-closed")
        assert (await server.ask("GET", f"{UPDATES}/{draft['id']}")).json()["status"] == "draft"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"hold": 61}, "less than or equal to 60"),
        ({"hold": -1}, "greater than or equal to 0"),
        ({"hold": 5, "status": "draft"}, "hold is 5, but the update is to be draft"),
        ({"hold": 5, "publish_at": LATER}, "hold is 5, but the update is to be scheduled"),
    ],
)
async def test_a_hold_that_makes_no_sense_is_refused(
    serving: Any, fields: dict[str, Any], sentence: str
) -> None:
    async with serving() as server:
        await server.open()
        answer = await server.ask("POST", UPDATES, json={"body": "خبر", **fields})
        assert (answer.status, answer.json()["field"]) == (422, "hold")
        assert sentence in answer.json()["detail"]
        assert len(await server.events()) == 1


async def test_the_pause_before_the_next_look_ends_when_something_is_due(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        newsroom = server.rooms.newsroom
        assert await newsroom.until_release(1) == 1
        await server.publish(hold=30)
        assert await newsroom.until_release(1) == 1
        assert await newsroom.until_release(60) == 30


async def test_an_embargo_in_the_past_is_refused_with_the_time_it_is(serving: Any) -> None:
    async with serving() as server:
        await server.open()
        draft = await server.publish(status="draft")
        past = {"publish_at": "2026-11-23T16:59:59Z"}
        for method, path in (
            ("POST", UPDATES),
            ("PATCH", f"{UPDATES}/{draft['id']}"),
            ("POST", f"{UPDATES}/{draft['id']}/publication"),
        ):
            body = past | ({"body": "x"} if path == UPDATES else {})
            answer = await server.ask(method, path, json=body)
            assert (answer.status, answer.json()["field"]) == (422, "publish_at")
            assert "2026-11-23T17:00:00" in answer.json()["detail"]
        assert len(await server.events()) == 1


async def test_what_falls_due_in_a_closed_coverage_becomes_a_draft_and_holds_up_no_other(
    serving: Any, clock: Clock
) -> None:
    async with serving() as server:
        await server.open()
        await server.open("other")
        missed = await server.publish(publish_at=LATER)
        await server.ask("POST", "/api/v1/coverages/story/closure")
        await server.publish("other", publish_at=LATER)
        clock.now = START + timedelta(hours=2)
        await rounds(server)
        assert [event["kind"] for event in await server.events()] == ["coverage", "coverage"]
        assert [event["kind"] for event in await server.events("other")] == ["coverage", "published"]
        path = f"/api/v1/coverages/story/updates/{missed['id']}"
        update = (await server.ask("GET", path)).json()
        assert (update["status"], update["publish_at"]) == ("draft", None)
        await server.ask("DELETE", "/api/v1/coverages/story/closure")
        await rounds(server)
        assert (await server.ask("GET", path)).json()["status"] == "draft"


async def test_times_of_an_update_never_run_backwards_when_the_clock_does(serving: Any, clock: Clock) -> None:
    async with serving() as server:
        await server.open()
        update = await server.publish()
        path = f"{UPDATES}/{update['id']}"
        clock.now = START - timedelta(hours=3)
        times = [datetime.fromisoformat(update["published_at"])]
        for method, rest in (("PATCH", ""), ("POST", "/retraction"), ("DELETE", "/retraction")):
            changed = (await server.ask(method, path + rest, json={})).json()
            times.append(datetime.fromisoformat(changed["revised_at"]))
        assert times == sorted(set(times))
