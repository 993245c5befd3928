"""Pages of corrections over HTTP: complete, conditional, and empty of what was retracted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from live_server import Answer, Server, running
from redis_server import RedisServer, binaries, until

from livefeed.settings import Settings
from livefeed.web import corrections as door

SECRET = "المصدر-المكشوف"


async def correct(server: Server, update: dict[str, Any], note: str, **fields: Any) -> None:
    path = f"/api/v1/coverages/story/updates/{update['id']}/corrections"
    answer = await server.ask("POST", path, json={"note": note, **fields})
    assert answer.status == 201, answer.text


async def retract(server: Server, update: dict[str, Any], method: str = "POST") -> None:
    path = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
    body = {"json": {"reason": "r", "note": "سُحب"}} if method == "POST" else {}
    answer = await server.ask(method, path, **body)
    assert answer.status == 200, answer.text


async def read(server: Server, path: str, **headers: str) -> Answer:
    return await server.ask("GET", f"/live/story{path}", role=None, headers=headers)


def of(update: dict[str, Any]) -> str:
    return f"/updates/{update['id']}/corrections"


async def test_a_corrections_mark_leads_to_what_it_changed(server: Server) -> None:
    await server.open(place="دمشق", timezone="Asia/Damascus")
    update = await server.publish(headline="قُتل 12 شخصاً", body="في إدلب")
    await correct(server, update, "العدد 15 لا 12", headline="قُتل 15 شخصاً")
    page = await read(server, "")
    [link] = [part for part in page.text.split('"') if part.endswith("#correction-1")]
    assert link == f"{server.url}/live/story{of(update)}#correction-1"
    assert f"{server.url}/live/story/corrections" in page.text
    changes = await read(server, of(update))
    assert changes.status == 200
    assert 'id="correction-1"' in changes.text
    assert "العدد 15 لا 12" in changes.text
    assert "12</bdi>" in changes.text
    assert "15</bdi>" in changes.text
    assert "دمشق" in changes.text


@pytest.mark.parametrize("which", ["one", "all"])
async def test_a_page_of_corrections_is_conditional_and_changes_with_them(server: Server, which: str) -> None:
    await server.open()
    update = await server.publish(body="واحد")
    await correct(server, update, "n1", body="اثنان")
    path = of(update) if which == "one" else "/corrections"
    first = await read(server, path)
    assert first.headers["Cache-Control"] == (await read(server, "")).headers["Cache-Control"]
    for name, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = await read(server, path, **{name: first.headers[value]})
        assert (again.status, again.body) == (304, b"")
    await correct(server, update, "n2", body="ثلاثة")
    second = await read(server, path, **{"If-None-Match": first.headers["ETag"]})
    assert second.status == 200
    assert "n2" in second.text


async def test_nothing_is_left_of_the_corrections_of_a_retracted_update_until_that_is_undone(
    server: Server,
) -> None:
    await server.open()
    update = await server.publish(headline=SECRET, body="نص")
    await correct(server, update, f"{SECRET}-note", headline="آخر")
    before = [(await read(server, path)).text for path in (of(update), "/corrections")]
    assert all(SECRET in text for text in before)
    await retract(server, update)
    stub, listed = [await read(server, path) for path in (of(update), "/corrections")]
    assert (stub.status, listed.status) == (200, 200)
    assert "سُحب" in stub.text
    assert SECRET not in stub.text + listed.text
    await retract(server, update, "DELETE")
    again = [(await read(server, path)).text for path in (of(update), "/corrections")]
    assert all(SECRET in text for text in again)


async def test_what_is_not_there_is_not_found(server: Server) -> None:
    await server.open()
    update = await server.publish()
    draft = await server.publish(status="draft")
    for path in (of(update), of(draft), "/updates/nothing/corrections"):
        assert (await read(server, path)).status == 404
    for cursor in ("x", "12", "1-../..", "9" * 18 + "-a", "١-a"):
        answer = await read(server, f"/corrections?before={cursor}")
        assert answer.status == 404, cursor
        assert "follow the links" in answer.text
    empty = await read(server, "/corrections")
    assert empty.status == 200
    assert 'class="empty"' in empty.text
    assert (await server.ask("GET", "/live/none/corrections", role=None)).status == 404


async def test_a_long_list_comes_in_pages(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LISTED", 2)
    await server.open()
    update = await server.publish()
    for number in range(5):
        await correct(server, update, f"note-{number}")
    seen, path = [], "/corrections"
    while path:
        page = await read(server, path)
        assert page.status == 200
        seen += [number for number in range(4, -1, -1) if f"note-{number}" in page.text]
        links = [part for part in page.text.split('"') if part.startswith("/live/story/corrections?before=")]
        links = [link for link in links if "lite=1" not in link]  # the same page, text only
        path = links[0].removeprefix("/live/story") if links else ""
    assert seen == [4, 3, 2, 1, 0]


@pytest.fixture
def redis(tmp_path: Path) -> RedisServer:
    return RedisServer(tmp_path / "redis", binaries()["valkey"])


@pytest.fixture
async def served(redis: RedisServer, make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    redis.start()
    try:
        async with running(make_settings(store=redis.url, heal_interval=0.2)) as server:
            yield server
    finally:
        redis.stop()


async def test_corrections_in_memory_go_on_without_the_store_but_not_those_of_a_retracted_update(
    served: Server, redis: RedisServer
) -> None:
    await served.open()
    update = await served.publish(body="واحد")
    await correct(served, update, "n", body="اثنان")
    before = [(await read(served, path)).body for path in (of(update), "/corrections")]
    redis.kill()
    await until(lambda: served.rooms.store.away)
    assert [(await read(served, path)).body for path in (of(update), "/corrections")] == before
    assert (await read(served, "/corrections?before=1-a")).status == 503
    redis.start()
    await until(lambda: not served.rooms.store.away)
    await retract(served, update)
    redis.kill()
    await until(lambda: served.rooms.store.away)
    assert (await read(served, "/corrections")).status == 503
    assert (await read(served, of(update))).status == 200, "the stub is in memory"
