"""What every way to follow a channel promises: one suite for WebSocket, server-sent events and polling."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_doors import WAYS, Stream, Way
from live_server import Server, running
from redis_server import RedisServer, binaries

from livefeed.settings import Settings

UPDATE_FIELDS = {
    *(
        "id",
        "coverage",
        "status",
        "revision",
        "position",
        "headline",
        "body",
        "text",
        "language",
        "direction",
    ),
    *(
        "breaking",
        "key_event",
        "pinned",
        "byline",
        "dateline",
        "place",
        "attribution",
        "verification",
        "media",
    ),
    *("related", "tags", "embeds", "corrections", "retraction", "publish_at", "displayed_at", "published_at"),
    *("revised_at", "url"),
}
COVERAGE_FIELDS = {
    *("slug", "headline", "kicker", "standfirst", "language", "direction", "timezone", "place", "dateline"),
    *(
        "byline",
        "section",
        "tags",
        "lead_media",
        "summary",
        "status",
        "starts_at",
        "ends_at",
        "position",
        "url",
    ),
}


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture
async def served(way: Way, make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    """A server with a coverage, that treats connections as `way` says."""
    async with running(make_settings(detach=way.detach, tail_events=20)) as server:
        await server.open()
        yield server


async def top(server: Server, channel: str = "/live/story") -> str:
    position: str = (await server.ask("GET", f"{channel}/changes", role=None)).json()["position"]
    return position


async def change(server: Server, method: str, path: str, **fields: Any) -> Any:
    answer = await server.ask(method, f"/api/v1/coverages/story{path}", json=fields)
    assert answer.status in {200, 201}, answer.text
    return answer.json()


async def starts(stream: Stream) -> str:
    hello = await stream.next()
    assert set(hello) == {"kind", "position"}
    position: str = hello["position"]
    return position


async def test_without_a_cursor_a_stream_starts_at_the_top_and_is_live(served: Server, way: Way) -> None:
    await served.publish()
    async with way.follow(served) as stream:
        assert await starts(stream) == await top(served)
        update = await served.publish(body="خبر جديد")
        event = await stream.event()
        assert event["kind"] == "published"
        assert event["update"] == update
        assert event["position"] == await top(served)


async def test_from_zero_a_stream_starts_at_the_beginning(served: Server, way: Way) -> None:
    updates = [await served.publish() for _ in range(3)]
    position = await top(served)
    async with way.follow(served, after="0") as stream:
        assert (await starts(stream)).endswith("-0")
        witness = await stream.until(position)
        assert witness.kinds == ["coverage", "published", "published", "published"]
        assert list(witness.states.values()) == updates


async def test_a_stream_resumes_after_its_cursor(served: Server, way: Way) -> None:
    await served.publish()
    cursor = await top(served)
    missed = [await served.publish() for _ in range(3)]
    async with way.follow(served, after=cursor) as stream:
        assert await starts(stream) == cursor
        live = await served.publish()
        witness = await stream.until(await top(served))
        assert list(witness.states.values()) == [*missed, live]
        assert witness.reloads == 0


async def test_a_cursor_far_behind_the_tail_gets_everything(served: Server, way: Way) -> None:
    for _ in range(60):
        await served.publish()
    position = await top(served)
    async with way.follow(served, after="0", view="html") as stream:
        witness = await stream.until(position)
        assert witness.offsets == list(range(1, 62))


WORTHLESS = ["", "x", "-", "{e}-", "{e}-x", "{e}-02", "{e}-99", "gone0000-1", "٣", "{e}-1\n", "0 ", "-1"]


async def test_a_worthless_cursor_is_told_to_reload_after_the_hello(served: Server, way: Way) -> None:
    for cursor in WORTHLESS:
        position = await top(served)
        async with way.follow(served, after=cursor.format(e=position.rpartition("-")[0])) as stream:
            assert await starts(stream) == position, cursor
            assert await stream.next() == {"kind": "reload", "position": position}, cursor
            await served.publish()
            assert (await stream.event())["kind"] == "published"


async def test_every_kind_of_event_tells_the_whole_state_in_both_views(served: Server, way: Way) -> None:
    async with (
        way.follow(served, after="0") as as_json,
        way.follow(served, after="0", view="html") as as_html,
    ):
        first = await served.publish(headline="سري جدا", breaking=True, key_event=True)
        second = await served.publish()
        path = f"/updates/{first['id']}"
        await change(served, "PATCH", path, headline="سري جدا معدل")
        await change(served, "POST", f"{path}/corrections", note="خطأ في الاسم", headline="سري جدا مصحح")
        await change(served, "POST", f"{path}/pin")
        await change(served, "POST", f"/updates/{second['id']}/pin")
        await change(served, "DELETE", f"/updates/{second['id']}/pin")
        await change(served, "POST", f"{path}/retraction", reason="للمكتب فقط", note="سُحب")
        await change(served, "DELETE", f"{path}/retraction")
        await change(served, "PATCH", "", headline="عنوان آخر")
        await change(served, "POST", "/closure")
        position = await top(served)
        told, shown = await as_json.until(position), await as_html.until(position)
    assert told.kinds == shown.kinds
    kinds = "coverage published published revised corrected pinned unpinned pinned unpinned retracted"
    assert told.kinds == [*kinds.split(), "restored", "coverage", "coverage"]
    for event in told.events:
        if event["kind"] == "coverage":
            assert set(event) == {"kind", "position", "coverage"}
            assert set(event["coverage"]) == COVERAGE_FIELDS
            assert event["coverage"]["position"] == event["position"]
        else:
            assert set(event) == {"kind", "position", "update"}
            assert set(event["update"]) == UPDATE_FIELDS
            assert event["update"]["position"] == event["position"]
    for event, same in zip(shown.events, told.events, strict=True):
        assert set(event) == {"kind", "position", "id", "html"}
        if event["kind"] == "coverage":
            assert event["id"] is None
            assert "<header" in event["html"]
        else:
            assert event["id"] == same["update"]["id"]
            assert event["html"].lstrip().startswith("<article ")
            assert f'id="u-{event["id"]}"' in event["html"]
            assert 'data-order="' in event["html"]
    retracted = next(event["update"] for event in told.events if event["kind"] == "retracted")
    assert retracted["status"] == "retracted"
    assert retracted["retraction"]["note"] == "سُحب"
    assert "للمكتب فقط" not in json.dumps(told.events, ensure_ascii=False)


async def test_a_retraction_empties_every_later_replay(served: Server, way: Way) -> None:
    for _ in range(2):
        update = await served.publish(headline="سري جدا", body="اسم المصدر")
    await change(served, "POST", f"/updates/{update['id']}/retraction", reason="r", note="سُحب")
    for quiet in (False, True):
        if quiet:
            for _ in range(45):
                await served.publish(body="حشو")  # now the replay comes from the log
        position = await top(served)
        for view in ("json", "html"):
            async with way.follow(served, after="0", view=view) as stream:
                witness = await stream.until(position)
            about = [
                json.dumps(event, ensure_ascii=False)
                for event in witness.events
                if (event.get("id") or event.get("update", {}).get("id")) == update["id"]
            ]
            assert len(about) == 2
            assert not any("سري جدا" in text or "اسم المصدر" in text for text in about)


async def test_a_heartbeat_names_the_top(way: Way, make_settings: Callable[..., Settings]) -> None:
    async with running(make_settings(detach=way.detach, heartbeat_interval=0.03)) as server:
        await server.open()
        async with way.follow(server, after="0") as stream:
            await server.publish()
            position = await top(server)
            await stream.until(position)
            # One from before the update may stand first; the witness objects to any other position.
            while position not in stream.witness.heartbeats:
                await stream.next()


async def test_the_site_channel_carries_coverages_and_breaking_updates(served: Server, way: Way) -> None:
    async with way.follow(served, "", after="0") as stream:
        await served.publish(body="خبر عادي")
        update = await served.publish(breaking=True)
        await served.open("other")
        witness = await stream.until(await top(served, ""))
        assert witness.kinds == ["coverage", "published", "coverage"]
        assert witness.states[update["id"]]["headline"] == update["headline"]
        assert [event["coverage"]["slug"] for event in witness.events if "coverage" in event] == [
            "story",
            "other",
        ]


async def test_what_is_published_between_a_page_and_its_connection_always_arrives(
    served: Server, way: Way
) -> None:
    chance = random.Random(7)
    published: list[str] = []

    async def publish() -> None:
        for _ in range(24):
            published.append((await served.publish())["id"])
            await asyncio.sleep(chance.random() * 0.004)

    async def visit() -> set[str]:
        page = (await served.ask("GET", "/live/story", role=None)).text
        position = page.partition('data-position="')[2].partition('"')[0]
        shown = {id for id in published if f'id="u-{id}"' in page}
        await asyncio.sleep(chance.random() * 0.01)
        async with way.follow(served, after=position) as stream:
            assert await starts(stream) == position
            await writing
            witness = await stream.until(await top(served))
            assert witness.reloads == 0
            return shown | set(witness.states)

    writing = asyncio.create_task(publish())
    visits = []
    for _ in range(12):
        visits.append(asyncio.create_task(visit()))
        await asyncio.sleep(chance.random() * 0.01)
    for seen in await asyncio.gather(*visits):
        assert seen == set(published)


async def test_an_unknown_coverage_is_404_and_a_bad_view_400(served: Server, way: Way) -> None:
    door = {"websocket": "ws", "sse": "sse", "polling": "changes"}[way.name]
    headers = {}
    if door == "ws":
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers["Sec-WebSocket-Key"] = "x" * 22 + "=="
    answer = await served.ask("GET", f"/live/none/{door}", role=None, headers=headers)
    assert (answer.status, answer.json()["detail"]) == (404, "There is no coverage 'none'.")
    for view in ("xml", "", "JSON"):
        answer = await served.ask("GET", f"/live/story/{door}?view={view}", role=None, headers=headers)
        assert (answer.status, answer.json()["field"]) == (400, "view")
        assert repr(view) in answer.json()["detail"]


async def test_a_burst_of_readers_from_all_over_the_log_misses_nothing(served: Server, way: Way) -> None:
    for _ in range(45):
        await served.publish()
    epoch = (await top(served)).rpartition("-")[0]

    async def read(start: int) -> None:
        async with way.follow(served, after=f"{epoch}-{start}") as stream:
            witness = await stream.until(f"{epoch}-56")
            assert witness.offsets == list(range(start + 1, 57))

    readers = [asyncio.create_task(read(start)) for start in range(0, 46, 3)]
    for _ in range(10):
        await served.publish()
    await asyncio.gather(*readers)


# Two servers on one Redis


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), binaries()["valkey"])
    yield server.start()
    server.stop()


@pytest.fixture
async def fleet(
    way: Way, redis: RedisServer, make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[list[Server]]:
    """Two servers that share an empty store."""
    with redis.client() as client:
        client.flushall()
    settings = make_settings(detach=way.detach, store=redis.url, tail_events=5, heal_interval=0.2)
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(settings)) for _ in range(2)]


async def test_what_is_posted_on_one_server_is_read_on_the_other(fleet: list[Server], way: Way) -> None:
    here, there = fleet
    await here.open()
    for _ in range(12):
        await here.publish()
    position = await top(here)
    async with way.follow(there, after="0") as stream, way.follow(there, after=position) as resumed:
        await asyncio.gather(*(here.publish() for _ in range(5)))
        cut = await top(here)
        witness = await stream.until(cut)
        assert witness.offsets == list(range(1, 19))
        assert (await resumed.until(cut)).offsets == list(range(14, 19))
        assert witness.reloads == 0
    async with way.follow(there, after="gone-1") as stream:
        await starts(stream)
        assert (await stream.next())["kind"] == "reload"


async def test_a_cursor_from_a_server_that_was_told_first_is_good_on_the_other(
    fleet: list[Server], way: Way
) -> None:
    here, there = fleet
    await here.open()
    for number in range(15):
        await here.publish()
        # At once, before the other may have heard: the cursor is judged by the log.
        position = await top(here)
        async with way.follow(there, after=position) as stream:
            assert await starts(stream) == position
            if number == 14:
                await here.publish()
                witness = await stream.until(await top(here))
                assert (witness.reloads, len(witness.events)) == (0, 1)
