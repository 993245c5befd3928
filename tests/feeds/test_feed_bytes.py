"""The same state renders the same bytes, wherever and whenever."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from feed_samples import feed_of, fingerprints

from livefeed.feeds import CONTENT_TYPES, render


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


def test_content_types_are_the_registered_ones() -> None:
    assert CONTENT_TYPES == {
        "rss": "application/rss+xml; charset=utf-8",
        "atom": "application/atom+xml; charset=utf-8",
        "json": "application/feed+json; charset=utf-8",
    }
