"""What is still being written: kept for its writer alone."""

from __future__ import annotations

import pytest
from live_server import Server

from livefeed.autosaves import MOST_AUTOSAVES

PLACE = "/api/v1/coverages/story/autosaves"


async def keep(server: Server, id: str, kept: object, role: str = "contributor") -> int:
    answer = await server.ask("PUT", f"{PLACE}/{id}", json={"kept": kept}, role=role)
    return answer.status


async def test_the_newest_copy_counts_and_the_last_saved_comes_first(server: Server) -> None:
    await server.open()
    assert await keep(server, "one", {"values": {"headline": "ن"}}) == 204
    assert await keep(server, "two", {"values": {"headline": "أخرى"}}) == 204
    assert await keep(server, "one", {"values": {"headline": "نص لم يُرسل"}}) == 204
    found = (await server.ask("GET", PLACE, role="contributor")).json()["autosaves"]
    assert [autosave["kept"]["values"]["headline"] for autosave in found] == ["نص لم يُرسل", "أخرى"]
    assert (await server.ask("DELETE", f"{PLACE}/one", role="contributor")).status == 204
    found = (await server.ask("GET", PLACE, role="contributor")).json()["autosaves"]
    assert [autosave["id"] for autosave in found] == ["two"]
    assert len(await server.events()) == 1


async def test_nobody_elses_text_is_shown_and_none_of_another_coverage(server: Server) -> None:
    await server.open()
    await server.open("other")
    await keep(server, "one", {"secret": 1})
    assert (await server.ask("GET", PLACE, role="admin")).json() == {"autosaves": []}
    elsewhere = PLACE.replace("story", "other")
    assert (await server.ask("GET", elsewhere, role="contributor")).json() == {"autosaves": []}


async def test_forgetting_what_is_not_there_is_no_mistake(server: Server) -> None:
    await server.open()
    assert (await server.ask("DELETE", f"{PLACE}/gone", role="contributor")).status == 204


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        (f"{PLACE}/a.b", {"kept": {}}, 422, "id"),
        (f"{PLACE}/{'a' * 65}", {"kept": {}}, 422, "id"),
        (f"{PLACE}/one", {"kept": "text"}, 422, "kept"),
        (f"{PLACE}/one", {}, 422, "kept"),
        (f"{PLACE}/one", {"kept": {"text": "ا" * 80_000}}, 413, "body"),
        (PLACE.replace("story", "none") + "/one", {"kept": {}}, 404, None),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_name(
    server: Server, path: str, body: object, status: int, field: str | None
) -> None:
    await server.open()
    answer = await server.ask("PUT", path, json=body)
    assert (answer.status, answer.json().get("field")) == (status, field)
    assert (await server.ask("GET", PLACE)).json() == {"autosaves": []}


async def test_the_number_of_unsent_texts_has_a_limit_and_old_ones_can_still_be_kept_anew(
    server: Server,
) -> None:
    await server.open()
    for number in range(MOST_AUTOSAVES):
        assert await keep(server, f"tab-{number}", {}) == 204
    answer = await server.ask("PUT", f"{PLACE}/more", json={"kept": {}}, role="contributor")
    assert (answer.status, str(MOST_AUTOSAVES) in answer.json()["detail"]) == (409, True)
    assert await keep(server, "tab-0", {"values": {}}) == 204
