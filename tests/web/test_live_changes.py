"""Polling: pages of the log, long polls, caching."""

from __future__ import annotations

import asyncio
import json
from time import monotonic

import pytest
from live_server import Server
from redis_server import until

from livefeed.events import Kind
from livefeed.store import Batch, Fact
from livefeed.web import live


async def ask(server: Server, query: str = "", channel: str = "/live/story") -> dict[str, object]:
    answer = await server.ask("GET", f"{channel}/changes?{query}", role=None)
    assert answer.status == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    document: dict[str, object] = answer.json()
    return document


async def test_without_a_cursor_the_answer_is_the_top_and_no_events(server: Server) -> None:
    await server.open()
    await server.publish()
    answer = await server.ask("GET", "/live/story/changes", role=None)
    assert set(answer.json()) == {"position", "events", "more"}
    assert answer.json()["events"] == []
    assert answer.json()["more"] is False
    assert answer.json()["position"].endswith("-2")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_worthless_cursor_is_an_answer_with_the_top_that_nobody_keeps(server: Server) -> None:
    await server.open()
    top = (await ask(server))["position"]
    for cursor in ("", "x", "gone-1", f"{str(top).rpartition('-')[0]}-99"):
        answer = await server.ask("GET", f"/live/story/changes?after={cursor}&wait=20", role=None)
        assert answer.status == 200
        assert answer.json() == {"position": top, "events": [], "more": False, "reload": True}
        assert answer.headers["Cache-Control"] == "no-store"


async def test_pages_of_a_long_log_follow_each_other_without_holes(server: Server) -> None:
    await server.open()
    update = await server.publish()
    stored = await server.rooms.store.update(update["id"])
    assert stored
    for _ in range(10):
        facts = (Fact("live:story", Kind.REVISED, stored),) * 107
        await server.rooms.store.append(Batch(facts=facts, updates=(stored,)))
    for limit, view in ((100, "json"), (1000, "html"), (100_000, "json")):
        seen: list[str] = []
        cursor, more, pages = "0", True, 0
        while more:
            answer = await server.ask(
                "GET", f"/live/story/changes?after={cursor}&limit={limit}&view={view}", role=None
            )
            page = answer.json()
            assert len(page["events"]) <= min(limit, 1000)
            seen += [event["position"] for event in page["events"]]
            cursor, more, pages = page["position"], page["more"], pages + 1
            assert answer.headers["Cache-Control"] == ("public, max-age=60" if more else "no-store")
        assert [int(position.rpartition("-")[2]) for position in seen] == list(range(1, 1073))
        assert pages == -(-1072 // min(limit, 1000))


async def test_a_long_poll_wakes_in_the_moment_of_an_update(server: Server) -> None:
    await server.open()
    top = (await ask(server))["position"]
    polls = [asyncio.create_task(ask(server, f"after={top}&wait=20")) for _ in range(20)]
    channel = await server.rooms.fanout.open("live:story")
    await until(lambda: len(channel._grown._waiters) == 20)  # type: ignore[attr-defined]
    update = await server.publish()
    published = monotonic()
    for answer in await asyncio.gather(*polls):
        assert answer["events"][0]["update"] == update  # type: ignore[index]
    assert monotonic() - published < 15  # of the 20 that it would have waited


async def test_a_long_poll_ends_by_itself_and_is_capped(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.open()
    top = (await ask(server))["position"]
    began = monotonic()
    assert await ask(server, f"after={top}&wait=0.05") == {"position": top, "events": [], "more": False}
    assert 0.04 < monotonic() - began < 15  # the cap is 25
    assert live.LONGEST_WAIT == 25
    monkeypatch.setattr(live, "LONGEST_WAIT", 0.05)
    began = monotonic()
    await ask(server, f"after={top}&wait=3600")
    assert monotonic() - began < 10
    await server.publish()
    began = monotonic()
    assert len((await ask(server, f"after={top}&wait=20"))["events"]) == 1  # type: ignore[arg-type]
    assert monotonic() - began < 10


async def test_a_new_epoch_ends_a_long_poll_with_reload(server: Server) -> None:
    await server.open()
    top = str((await ask(server))["position"])
    poll = asyncio.create_task(ask(server, f"after={top}&wait=20"))
    channel = await server.rooms.fanout.open("live:story")
    await until(lambda: channel._grown._waiters)  # type: ignore[attr-defined]
    epoch = await server.rooms.store.begin_epoch(top.rpartition("-")[0])
    assert await poll == {"position": f"{epoch}-1", "events": [], "more": False, "reload": True}


async def test_an_epoch_that_only_the_log_knows_is_a_reload_and_no_silent_hole(server: Server) -> None:
    server.rooms.fanout._tail_events = 3
    await server.open()
    for _ in range(9):
        await server.publish()
    channel = await server.rooms.fanout.open("live:story")
    channel.receive = lambda event: None  # type: ignore[method-assign]  # deaf,
    channel.heal_soon = lambda cause: None  # type: ignore[method-assign]  # and not mended
    before = channel.tail.epoch
    after = await server.rooms.store.begin_epoch(before)
    answer = await ask(server, f"after={before}-1")
    assert answer == {"position": f"{after}-10", "events": [], "more": False, "reload": True}


async def test_numbers_that_are_none_are_refused_with_the_field_and_its_limits(server: Server) -> None:
    await server.open()
    wrong = {"limit": ("0", "-1", "x", "٣", "1.5"), "wait": ("x", "-1", "nan", "", "1e9")}
    for field, value in [(field, value) for field, values in wrong.items() for value in values]:
        answer = await server.ask(
            "GET", "/live/story/changes", role=None, params={"after": "0", field: value}
        )
        assert (answer.status, answer.json()["field"]) == (400, field), value
        assert repr(value) in answer.json()["detail"]


async def test_only_reading_is_taken(server: Server) -> None:
    await server.open()
    for path in ("/live/story/changes", "/changes", "/live/story/sse", "/sse"):
        answer = await server.ask("POST", path, role=None, data=b"x")
        taken = "GET,HEAD,OPTIONS" if path.endswith("changes") else "GET,OPTIONS"
        assert (answer.status, answer.headers["Allow"]) == (405, taken)
        assert json.loads(answer.body)["status"] == 405
    asked = await server.ask("GET", "/live/story/changes?after=0", role=None)
    head = await server.ask("HEAD", "/live/story/changes?after=0", role=None)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == asked.headers["Content-Length"]


async def test_a_page_elsewhere_reads_refusals_too(server: Server) -> None:
    await server.open()
    server.rooms.settings = server.rooms.settings.model_copy(update={"max_readers": 0})
    for path, status in (
        ("/live/none/changes", 404),
        ("/live/story/changes?limit=x", 400),
        ("/changes?view=x", 400),
        ("/live/none/sse", 404),
        ("/live/story/sse", 503),
        ("/live/story/ws", 426),
    ):
        answer = await server.ask("GET", path, role=None, headers={"Origin": "https://elsewhere.example"})
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*"), path
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_page_elsewhere_may_follow_with_headers_of_its_own(server: Server) -> None:
    asks = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "last-event-id",
    }
    for path in live.PUBLIC:
        answer = await server.ask("OPTIONS", path.format(slug="story"), role=None, headers=asks)
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Headers"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for path in ("/desk/story/ws", "/api/v1/coverages", "/live/story"):
        answer = await server.ask("OPTIONS", path, role=None, headers=asks)
        assert answer.status == 405
        assert "Access-Control-Allow-Origin" not in answer.headers
