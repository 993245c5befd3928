"""Coverages that nobody writes in any more are closed once, not without a warning, and archived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_server import Server, running
from redis_server import PATIENCE

from livefeed.model import Coverage, CoverageStatus, Status, Update
from livefeed.newsroom.silence import archived_from, closes_at, warned_from
from livefeed.settings import Settings
from livefeed.store.sqlite import SQLiteStore

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
COVERAGE = Coverage("storm", "العاصفة", starts_at=START)
UPDATE = Update("u1", "storm", Status.PUBLISHED, published_at=START + timedelta(minutes=5))
HOUR = 3600.0
DAY = 24 * HOUR


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


# What ended long ago


def test_a_closed_coverage_is_due_some_time_after_its_end_and_an_archived_one_never() -> None:
    ended = replace(COVERAGE, status=CoverageStatus.CLOSED, ends_at=START)
    assert archived_from(ended, DAY) == START + timedelta(days=1)
    assert archived_from(replace(ended, archived_at=START), DAY) is None
    assert archived_from(replace(ended, ends_at=None), DAY) is None
    for status in (CoverageStatus.SCHEDULED, CoverageStatus.LIVE):
        assert archived_from(replace(ended, status=status), DAY) is None


async def test_what_ended_long_ago_is_archived_once_by_one_and_stays_where_an_editor_puts_it(
    tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    clock = Clock()
    store = SQLiteStore(tmp_path / "livefeed.db", serving=True, clock=clock)

    async def archived() -> list[str]:
        answer = await server.ask("GET", "/api/v1/coverages?archived=yes")
        return [coverage["slug"] for coverage in answer.json()["coverages"]]

    async with running(make_settings(), store) as server:
        newsroom = server.rooms.newsroom
        await server.open()
        await server.open("goes-on")
        place = "/api/v1/coverages/story"
        assert (await server.ask("POST", f"{place}/closure")).status == 200
        clock.now = START + timedelta(hours=23)
        assert await newsroom.archive_ended(DAY) == []
        clock.now = START + timedelta(hours=25)
        assert await newsroom.archive_ended(0) == []
        found = await asyncio.gather(*(newsroom.archive_ended(DAY) for _ in range(5)))
        assert [coverage.slug for each in found for coverage in each] == ["story"]
        assert await archived() == ["story"]
        acts = (await server.ask("GET", "/api/v1/audit?coverage=story")).json()["acts"]
        assert [act["deed"] for act in acts] == ["archive", "close", "open"]

        assert (await server.ask("DELETE", f"{place}/archive")).status == 200
        clock.now = START + timedelta(hours=30)
        assert await newsroom.archive_ended(DAY) == []
        assert await archived() == []

        await server.ask("DELETE", f"{place}/closure")
        await server.ask("POST", f"{place}/closure")  # another end, which counts anew
        clock.now = START + timedelta(hours=55)
        assert [coverage.slug for coverage in await newsroom.archive_ended(DAY)] == ["story"]


@pytest.mark.parametrize(
    ("setting", "archived"), [({"archive_after": 0.05}, True), ({"close_after": 0.05}, False)]
)
async def test_a_server_with_the_setting_does_it_by_itself(
    make_settings: Callable[..., Settings], setting: dict[str, float], archived: bool
) -> None:
    async with running(make_settings(**setting)) as server:
        await server.open()
        if archived:
            await server.ask("POST", "/api/v1/coverages/story/closure")

        async def done() -> bool:
            coverage = await server.rooms.store.coverage("story")
            assert coverage is not None
            return bool(coverage.archived_at) if archived else coverage.status is CoverageStatus.CLOSED

        async with asyncio.timeout(PATIENCE):
            while not await done():  # noqa: ASYNC110 - nobody announces a chore's end
                await asyncio.sleep(0.01)
