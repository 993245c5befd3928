"""Who is at the desk: told by each tab, forgotten by itself, never logged or stored."""

from __future__ import annotations

from typing import Any

import pytest
from live_server import Server

from livefeed import presence
from livefeed.presence import MOST_TABS

PLACE = "/api/v1/coverages/story/presence"


async def tell(server: Server, tab: str, editing: str | None = None, role: str = "editor") -> Any:
    answer = await server.ask("PUT", f"{PLACE}/{tab}", json={"editing": editing}, role=role)
    assert answer.status == 200, answer.text
    return answer.json()["present"]


async def test_each_tab_is_told_of_the_others_and_of_what_they_change(server: Server) -> None:
    await server.open()
    before = await server.events()
    assert await tell(server, "a", "update-1") == []
    assert await tell(server, "b", role="contributor") == [
        {"name": "editor-[]", "editing": ["update-1"], "own": False}
    ]
    assert await tell(server, "c", "update-2") == [
        {"name": "contributor-[]", "editing": [], "own": False},
        {"name": "editor-[]", "editing": ["update-1"], "own": True},
    ]
    assert (await tell(server, "b", role="contributor"))[0]["editing"] == ["update-1", "update-2"]
    await tell(server, "a", None)
    assert (await tell(server, "b", role="contributor"))[0]["editing"] == ["update-2"]
    assert await server.events() == before


async def test_whoever_left_or_fell_silent_is_not_there_any_longer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.open()
    await tell(server, "a")
    assert (await server.ask("DELETE", f"{PLACE}/a", role="editor")).status == 204
    assert (await server.ask("DELETE", f"{PLACE}/a", role="editor")).status == 204
    assert await tell(server, "b", role="contributor") == []
    monkeypatch.setattr(presence, "KEPT_FOR", -1.0)  # silent for that long
    await tell(server, "a")
    assert await tell(server, "b", role="contributor") == []


async def test_nobody_is_at_the_desk_of_another_coverage(server: Server) -> None:
    await server.open()
    await server.open("other")
    await tell(server, "a")
    answer = await server.ask("PUT", PLACE.replace("story", "other") + "/b", json={}, role="chief")
    assert answer.json() == {"present": []}


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        (f"{PLACE}/a.b", {}, 422, "id"),
        (f"{PLACE}/a", {"editing": "<b>"}, 422, "editing"),
        (f"{PLACE}/a", {"editing": "a" * 65}, 422, "editing"),
        (f"{PLACE}/a", {"away": True}, 422, "away"),
        (PLACE.replace("story", "none") + "/a", {}, 404, None),
    ],
)
async def test_what_cannot_be_said_is_refused_by_name(
    server: Server, path: str, body: object, status: int, field: str | None
) -> None:
    await server.open()
    answer = await server.ask("PUT", path, json=body)
    assert (answer.status, answer.json().get("field")) == (status, field)


async def test_the_number_of_tabs_has_a_limit_and_those_that_are_there_stay(server: Server) -> None:
    await server.open()
    for number in range(MOST_TABS):
        await tell(server, f"tab-{number}")
    answer = await server.ask("PUT", f"{PLACE}/more", json={}, role="editor")
    assert (answer.status, str(MOST_TABS) in answer.json()["detail"]) == (409, True)
    assert len(await tell(server, "tab-0")) == 1
