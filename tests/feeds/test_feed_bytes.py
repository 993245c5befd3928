"""The same state renders the same bytes, wherever and whenever."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from feed_samples import START, STORY, archive_of, at, feed_of, feed_of_site, fingerprints
from redis_server import RedisServer, binaries
from store_desk import Desk

from livefeed.feeds import ARCHIVE_ITEMS, CONTENT_TYPES, render
from livefeed.model import Correction
from livefeed.rubrics import Rubric
from livefeed.settings import Settings
from livefeed.store import Store
from livefeed.store.redis import RedisStore
from livefeed.store.sqlite import SQLiteStore
from livefeed.timeline import Limits


@pytest.mark.parametrize("form", CONTENT_TYPES)
def test_two_renders_of_one_state_are_equal(form: str) -> None:
    assert render(feed_of(), form) == render(feed_of(), form)


def test_threads_that_render_together_do_not_disturb_each_other() -> None:
    feeds = [feed_of(), feed_of(breaking_only=True)] * 8
    alone = [render(feed, "rss") + render(feed, "atom") for feed in feeds[:2]]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda feed: render(feed, "rss") + render(feed, "atom"), feeds))
    assert together == alone * 8


@pytest.mark.parametrize(
    "surroundings",
    [
        {"LC_ALL": "POSIX", "TZ": "America/New_York", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "C.UTF-8", "TZ": "Asia/Damascus", "PYTHONHASHSEED": "2"},
    ],
    ids=lambda surroundings: surroundings["TZ"],
)
def test_a_process_of_another_locale_and_time_zone_renders_the_same_bytes(
    surroundings: dict[str, str],
) -> None:
    samples = Path(__file__).with_name("feed_samples.py")
    told = subprocess.run(
        [sys.executable, str(samples)],
        env={**os.environ, "PYTHONPATH": str(samples.parents[2]), **surroundings},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert told.stdout.strip() == fingerprints()


async def test_both_stores_lead_to_the_same_bytes(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"])
    redis.start()
    sqlite = SQLiteStore(tmp_path / "live.db", serving=True)
    try:
        assert await told(sqlite) == await told(RedisStore.from_settings(Settings(store=redis.url)))
    finally:
        redis.stop()


async def told(store: Store) -> list[bytes]:
    """Every form of every feed of a story that is written into an empty store."""
    await store.start()
    try:
        desk = Desk(store, STORY.slug)
        await desk.open(tags=("إدلب",), starts_at=START)
        for number in range(1, ARCHIVE_ITEMS + 3):
            await desk.publish(f"u{number}", headline=f"خبر {number}", breaking=number % 2 == 0)
        await desk.revise("u1", headline="منقح", revised_at=at(9))
        await desk.revise("u2", corrections=(Correction(at(9), "كان خطأ"),), revised_at=at(9))
        await desk.retract("u3")
        front = await store.front(STORY.slug, Limits(100, 100))
        site = await store.site(100)
        archived = await store.published_range(STORY.slug, 1, ARCHIVE_ITEMS)
        filed = await store.filed(Rubric.of("tag", "إدلب"), 100)
        assert front
        feeds = [
            feed_of(front, archives=1),
            feed_of(front, breaking_only=True),
            archive_of(1, archives=1, front=replace(front, updates=tuple(reversed(archived)))),
            feed_of_site(site),
            feed_of(replace(front, updates=filed.updates)),
        ]
        assert all(feed.entries for feed in feeds)
        return [render(feed, form) for feed in feeds for form in CONTENT_TYPES]
    finally:
        await store.aclose()


def test_content_types_are_the_registered_ones() -> None:
    assert CONTENT_TYPES == {
        "rss": "application/rss+xml; charset=utf-8",
        "atom": "application/atom+xml; charset=utf-8",
        "json": "application/feed+json; charset=utf-8",
    }
