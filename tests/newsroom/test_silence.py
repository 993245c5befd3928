"""Coverages that nobody writes in any more are closed once, and not without a warning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from live_server import Server, running

from livefeed.model import Coverage, CoverageStatus, Status, Update
from livefeed.newsroom.silence import closes_at, warned_from
from livefeed.settings import Settings
from livefeed.store.sqlite import SQLiteStore

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
COVERAGE = Coverage("storm", "العاصفة", starts_at=START)
UPDATE = Update("u1", "storm", Status.PUBLISHED, published_at=START + timedelta(minutes=5))
HOUR = 3600.0


def test_silence_begins_with_the_newest_update_or_else_the_coverage() -> None:
    assert closes_at(COVERAGE, None, HOUR) == START + timedelta(hours=1)
    assert closes_at(COVERAGE, UPDATE, HOUR) == START + timedelta(hours=1, minutes=5)
    assert warned_from(START, HOUR) == START - timedelta(minutes=15)


def test_only_live_coverages_close_and_only_where_it_was_asked_for() -> None:
    assert closes_at(COVERAGE, UPDATE, 0) is None
    for status in (CoverageStatus.SCHEDULED, CoverageStatus.CLOSED):
        assert closes_at(replace(COVERAGE, status=status), UPDATE, HOUR) is None


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


async def audience(server: Server) -> Any:
    return (await server.ask("GET", "/api/v1/coverages/story/audience")).json()


async def test_the_desk_is_warned_then_the_coverage_is_closed_once_and_an_update_keeps_it_open(
    tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    clock = Clock()
    store = SQLiteStore(tmp_path / "livefeed.db", serving=True, clock=clock)
    async with running(make_settings(close_after=HOUR), store) as server:
        newsroom = server.rooms.newsroom
        await server.open()
        await server.publish()
        clock.now = START + timedelta(minutes=44)
        assert (await audience(server))["closes_at"] is None
        clock.now = START + timedelta(minutes=46)
        assert (await audience(server))["closes_at"] == "2026-11-23T18:00:00.000Z"
        await server.publish()
        assert (await audience(server))["closes_at"] is None
        clock.now = START + timedelta(hours=1)
        assert await newsroom.close_silent(HOUR) == []
        clock.now = START + timedelta(hours=1, minutes=46)
        found = await asyncio.gather(*(newsroom.close_silent(HOUR) for _ in range(5)))
        assert sum(map(len, found)) == 1
        kinds = [event["kind"] for event in await server.events()]
        assert kinds == ["coverage", "published", "published", "coverage"]
        document = (await server.ask("GET", "/api/v1/coverages/story")).json()
        assert (document["status"], document["ends_at"]) == ("closed", "2026-11-23T18:46:00Z")
        assert await newsroom.close_silent(HOUR) == []
