"""A coverage's pages by their addresses: which way round, and which page has an update."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from live_server import Server, running, settings_for


def shown(page: str) -> list[str]:
    """The ids of the updates of a page's stream, from the top."""
    return re.findall(r'<article id="u-(\w+)"', page)


@pytest.mark.asyncio
async def test_a_page_turned_round_has_the_same_updates(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, page_size=2)) as server:
        ids = await _told(server, 5)
        for query, expected in (("", ids[2:]), ("page=1", ids[:2])):
            newest = await server.ask("GET", f"/live/story?{query}", role=None)
            oldest = await server.ask("GET", f"/live/story?{query}&order=oldest", role=None)
            assert shown(newest.text) == expected[::-1]
            assert shown(oldest.text) == expected
            same = await server.ask("GET", f"/live/story?{query}&order=newest", role=None)
            assert same.headers["ETag"] == newest.headers["ETag"] != oldest.headers["ETag"]
        unknown = await server.ask("GET", "/live/story?order=sideways", role=None)
        assert unknown.status == 400
        assert "sideways" in unknown.json()["detail"]


@pytest.mark.asyncio
async def test_an_update_is_led_to_on_the_page_that_has_it(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path, page_size=2)) as server:
        ids = await _told(server, 5)

        async def led(query: str) -> str:
            answer = await server.ask("GET", f"/live/story?with={query}", role=None)
            assert answer.status == 302
            return str(answer.headers["Location"])

        assert await led(ids[1]) == f"/live/story?page=1#u-{ids[1]}"
        assert await led(ids[2]) == f"/live/story#u-{ids[2]}"
        assert await led(f"{ids[1]}&order=oldest") == f"/live/story?page=1&order=oldest#u-{ids[1]}"
        await server.publish()
        assert await led(ids[2]) == f"/live/story?page=2#u-{ids[2]}"
        draft = await server.publish(status="draft")
        for id in ("nothing", draft["id"]):
            assert (await server.ask("GET", f"/live/story?with={id}", role=None)).status == 404


async def _told(server: Server, count: int) -> list[str]:
    await server.open()
    return [(await server.publish())["id"] for _ in range(count)]
