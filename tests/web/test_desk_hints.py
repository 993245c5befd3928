"""A desk's hints: that something changed and nothing of what, to everybody who may be there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from live_server import Server, running
from redis_server import PATIENCE, RedisServer, binaries

from livefeed.settings import Settings

API = "/api/v1/coverages/story"


class Hints:
    """What one desk was told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        """The next frame that is no heartbeat."""
        while (frame := await self.socket.receive_json(timeout=PATIENCE))["kind"] == "heartbeat":
            pass
        told: dict[str, Any] = frame
        return told


@contextlib.asynccontextmanager
async def desk(server: Server, role: str = "contributor", door: str = "hints") -> AsyncIterator[Hints]:
    """An open desk of `role`, which has been greeted."""
    headers = {"Authorization": f"Bearer {await server.token(role)}"}
    async with server.client.ws_connect(f"{server.url}/desk/story/{door}", headers=headers) as socket:
        hints = Hints(socket)
        assert (await hints.next())["kind"] == "hello"
        yield hints


async def be_there(server: Server, tab: str, editing: str | None = None, role: str = "editor") -> list[Any]:
    answer = await server.ask("PUT", f"{API}/presence/{tab}", json={"editing": editing}, role=role)
    assert answer.status == 200, answer.text
    people: list[Any] = answer.json()["present"]
    return people


async def add_note(server: Server) -> None:
    answer = await server.ask("POST", f"{API}/notes", json={"kind": "note", "text": "سرّ"}, role="editor")
    assert answer.status == 201, answer.text


async def test_a_contributor_is_told_that_something_changed_and_nothing_of_what(server: Server) -> None:
    await server.open()
    async with desk(server) as hints:
        draft = await server.publish(status="draft", body="مسودة")
        drafted = await hints.next()
        assert drafted == {"kind": "drafted", "position": drafted["position"]}
        await add_note(server)
        assert await hints.next() == {"kind": "notes", "position": drafted["position"]}
        await server.ask("DELETE", f"{API}/updates/{draft['id']}")
        assert (await hints.next()).keys() == {"kind", "position"}


async def test_desks_are_told_to_look_when_somebody_comes_changes_something_or_goes(server: Server) -> None:
    await server.open()
    async with desk(server) as hints:
        await be_there(server, "a")
        assert (await hints.next())["kind"] == "presence"
        await be_there(server, "a")  # nothing new
        await add_note(server)
        assert (await hints.next())["kind"] == "notes"
        await be_there(server, "a", "update-1")
        assert (await hints.next())["kind"] == "presence"
        await server.ask("DELETE", f"{API}/presence/a", role="editor")
        assert (await hints.next())["kind"] == "presence"


async def test_the_socket_of_events_is_told_of_events_alone(server: Server) -> None:
    await server.open()
    async with desk(server, "editor", "ws") as events:
        await add_note(server)
        await be_there(server, "a")
        await server.publish(status="draft", body="مسودة")
        assert (await events.next())["kind"] == "drafted"


async def test_hints_are_for_those_who_may_be_at_this_desk_on_our_own_pages(server: Server) -> None:
    await server.open()
    session = await server.session("contributor")
    elsewhere = session | {"Origin": "https://elsewhere.example"}
    for headers, slug, status in (
        ({}, "story", 401),
        (elsewhere, "story", 403),
        ({"Cookie": session["Cookie"]}, "story", 403),
        (session, "none", 404),
        (session, "story", 101),
    ):
        try:
            async with server.client.ws_connect(f"{server.url}/desk/{slug}/hints", headers=headers):
                found = 101
        except aiohttp.WSServerHandshakeError as refused:
            found = refused.status
        assert found == status, (headers, slug)


async def test_being_there_writes_nothing_to_the_disk(server: Server, tmp_path: Path) -> None:
    await server.open()
    await be_there(server, "a")
    log = tmp_path / "livefeed.db-wal"
    before = log.stat()
    for number in range(5):
        await be_there(server, "a", f"update-{number}")
    after = log.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    await add_note(server)
    assert log.stat().st_mtime_ns > after.st_mtime_ns, "this is how a write shows"


async def test_two_processes_see_each_others_people_and_one_that_begins_again_with_their_next_words(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    redis.start()
    settings = make_settings(store=redis.url)
    try:
        async with running(settings) as first:
            await first.open()
            async with desk(first) as hints:
                async with running(settings) as second:
                    second.tokens = first.tokens
                    await be_there(second, "a", "update-1")
                    assert (await hints.next())["kind"] == "presence"
                    people = await be_there(first, "b", role="chief")
                    assert [(person["name"], person["editing"]) for person in people] == [
                        ("editor-[]", ["update-1"])
                    ]
                    assert (await hints.next())["kind"] == "presence"
                    await add_note(second)
                    assert (await hints.next())["kind"] == "notes"
                    await second.ask("DELETE", f"{API}/presence/a", role="editor")
                    assert (await hints.next())["kind"] == "presence"
                    assert await be_there(first, "b", role="chief") == []
                async with running(settings) as again:
                    again.tokens = first.tokens
                    assert await be_there(again, "a") == []
                    async with desk(again) as others:
                        await be_there(first, "b", role="chief")
                        assert (await others.next())["kind"] == "presence"
                    assert [person["name"] for person in await be_there(again, "a")] == ["chief-[]"]
    finally:
        redis.stop()


async def test_desks_look_again_when_announcements_may_have_been_lost(server: Server) -> None:
    await server.open()
    async with desk(server) as hints:
        server.rooms.desks.heal()
        assert (await hints.next())["kind"] == "notes"


@pytest.mark.parametrize("message", ["", "[]", "{}", '["presence", 1]', '["presence", ["story", "a", 1]]'])
async def test_a_whisper_of_another_version_is_no_matter(server: Server, message: str) -> None:
    await server.open()
    await server.rooms.store.whisper(message)
    async with desk(server) as hints:
        await add_note(server)
        assert (await hints.next())["kind"] == "notes"
