"""No room left: a write is refused as a whole, and done when there is room again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from live_server import Server, running
from redis_server import PATIENCE

from livefeed.settings import Settings
from livefeed.store.sqlite import SQLiteStore

UPDATES = "/api/v1/coverages/story/updates"


class Cramped(SQLiteStore):
    """Its file may not grow past a number of pages."""

    async def leave_room(self, pages: int) -> None:
        def limit(connection: sqlite3.Connection) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}").fetchall()

        await self._write(limit)


async def state(server: Server) -> list[str]:
    """Everything that a write could have left a trace in."""
    paths = ["/api/v1/coverages", UPDATES, f"{UPDATES}?status=unpublished", "/live/story/changes?after=0",
             "/changes?after=0", "/live/story/updates.json"]  # fmt: skip
    return [(await server.ask("GET", path)).text for path in paths]


async def test_a_full_disk_answers_507_and_leaves_no_trace(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    store = Cramped(tmp_path / "livefeed.db", serving=True, write_timeout=PATIENCE)
    async with running(make_settings(), store) as server:
        await server.open()
        update = await server.publish()
        await store.leave_room(100)
        body = {"body": "نص " * 8000}
        for _ in range(100):
            answer = await server.ask("POST", UPDATES, json=body)
            if answer.status != 201:
                break
        assert answer.status == 507, answer.text
        assert "room" in answer.json()["detail"]
        assert str(tmp_path) not in answer.text
        before = await state(server)
        refused = {"Idempotency-Key": "later"}
        long = {"body": "x" * 90_000}
        path = f"{UPDATES}/{update['id']}"
        for method, where, fields in (
            ("POST", UPDATES, long),
            ("POST", UPDATES, long | {"status": "draft"}),
            ("PATCH", path, long),
            ("POST", f"{path}/corrections", long | {"note": "n"}),
            ("POST", "/api/v1/coverages", {"slug": "s", "headline": "h", "standfirst": "x" * 90_000}),
        ):
            answer = await server.ask(method, where, json=fields, headers=refused)
            assert answer.status == 507, (where, answer.text)
            assert await state(server) == before
        answer = await server.ask("POST", "/live/story", data="x" * 90_000)
        assert answer.status == 507
        assert await state(server) == before
        await store.leave_room(100_000)
        answer = await server.ask("POST", UPDATES, json=long, headers=refused)
        assert answer.status == 201
        assert "Idempotency-Replayed" not in answer.headers, "the refused write did not use the key up"
        assert (await server.events())[-1]["update"] == answer.json()
