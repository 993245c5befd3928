"""Feeds as programs read them that we did not write: fastfeedparser, atoma and `reader`."""

from __future__ import annotations

import asyncio
from calendar import timegm
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import atoma
import fastfeedparser
import feedparser
import pytest
from feed_samples import ENGLISH, FRONTS, archive_of, feed_of, feed_of_site, front_of
from hypothesis import example, given, settings
from live_server import Server
from reader import make_reader

from livefeed.feeds import Entry, Feed, Format, render
from livefeed.timeline import Front

FORMS: tuple[Format, ...] = ("rss", "atom", "json")
FEEDS = [feed_of(archives=2), feed_of(breaking_only=True), feed_of_site(), archive_of(1)]


def said(entry: Entry) -> tuple[object, ...]:
    """What every reader must find, with the times to the second: RSS has no finer ones."""
    return entry.id, entry.title, entry.url, entry.content, seconds(entry.published)


def seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("feed", FEEDS, ids=["everything", "breaking", "site", "archive"])
def test_fastfeedparser_reads_what_the_feed_says(feed: Feed, form: Format) -> None:
    read = fastfeedparser.parse(render(feed, form))
    assert (read.feed["title"], read.feed["link"]) == (feed.title, feed.home)
    assert [
        (
            entry["id"],
            entry["title"],
            entry["link"],
            entry["content"][0]["value"],
            seconds(datetime.fromisoformat(entry["published"])),
        )
        for entry in read.entries
    ] == [said(entry) for entry in feed.entries]
    for entry, parsed in zip(feed.entries, read.entries, strict=True):
        assert seconds(datetime.fromisoformat(parsed["updated"])) == seconds(entry.updated)
        assert [tag["term"] for tag in parsed.get("tags") or ()] == [each.term for each in entry.categories]


@pytest.mark.parametrize("feed", FEEDS, ids=["everything", "breaking", "site", "archive"])
def test_atoma_reads_what_the_feed_says_in_every_form(feed: Feed) -> None:
    rss = atoma.parse_rss_bytes(render(feed, "rss"))
    atom = atoma.parse_atom_bytes(render(feed, "atom"))
    json = atoma.parse_json_feed_bytes(render(feed, "json"))
    expected = [said(entry) for entry in feed.entries]
    assert (rss.title, atom.title.value, json.title) == (feed.title,) * 3
    assert (rss.link, json.home_page_url, rss.language) == (feed.home, feed.home, feed.language)
    assert [
        (item.guid, item.title, item.link, item.content_encoded, seconds(item.pub_date)) for item in rss.items
    ] == expected
    assert [
        (
            entry.id_,
            entry.title.value,
            entry.links[0].href,
            entry.content.value,
            seconds(entry.published),
        )
        for entry in atom.entries
    ] == expected
    assert [
        (item.id_, item.title, item.url, item.content_html, seconds(item.date_published))
        for item in json.items
    ] == expected
    assert [entry.updated for entry in atom.entries] == [entry.updated for entry in feed.entries]


class Subscriber:
    """A feed reader with a database of its own, which asks over HTTP as people's do."""

    def __init__(self, database: Path, url: str) -> None:
        self._database = str(database)
        self._url = url

    async def poll(self) -> tuple[int, int] | None:
        """How many items it takes for new and for changed; None when the server said 304."""
        return await asyncio.to_thread(self._poll)

    async def titles(self) -> dict[str, str | None]:
        """What it shows, by id."""
        return await asyncio.to_thread(self._titles)

    def _poll(self) -> tuple[int, int] | None:
        with self._open() as reader:
            reader.add_feed(self._url, exist_ok=True)
            result = reader.update_feed(self._url)
            return (result.new, result.modified) if result else None

    def _titles(self) -> dict[str, str | None]:
        with self._open() as reader:
            return {entry.id: entry.title for entry in reader.get_entries()}

    def _open(self) -> Any:
        return make_reader(self._database)


@pytest.mark.parametrize("form", FORMS)
async def test_reader_takes_an_edit_for_an_edit_and_a_withdrawal_for_one(
    server: Server, tmp_path: Path, form: Format
) -> None:
    await server.open()
    updates = [await server.publish(headline=f"خبر {number}") for number in range(10)]
    address = f"/api/v1/coverages/story/updates/{updates[3]['id']}"
    id = f"tag:livefeed.invalid,2026:updates/{updates[3]['id']}"
    subscriber = Subscriber(tmp_path / "reader.db", f"{server.url}/live/story/updates.{form}")

    async def write(method: str, path: str, **body: Any) -> None:
        answer = await server.ask(method, path, json=body)
        assert answer.status in {200, 201}, answer.text

    assert await subscriber.poll() == (10, 0)
    assert await subscriber.poll() is None
    await write("PATCH", address, headline="خبر منقح")
    assert await subscriber.poll() == (0, 1)
    assert (await subscriber.titles())[id] == "خبر منقح"
    await write("POST", f"{address}/pin")
    assert await subscriber.poll() is None, "a pin is about the page"
    await write("PATCH", "/api/v1/coverages/story", headline="عنوان آخر للتغطية")
    assert await subscriber.poll() == (0, 0)
    await write("POST", f"{address}/corrections", note="كان العدد خطأ", headline="خبر مصحح")
    assert await subscriber.poll() == (1, 1)
    assert (await subscriber.titles())[f"{id}/corrections/1"] == "تصحيح: كان العدد خطأ"
    await write("PATCH", address, headline="خبر منقح ثانية")
    assert await subscriber.poll() == (0, 1)
    await write("POST", f"{address}/retraction", reason="x", note="سُحب")
    assert await subscriber.poll() == (0, 2)
    shown = await subscriber.titles()
    assert len(shown) == 11
    assert shown[id] == shown[f"{id}/corrections/1"] == "سُحب هذا التحديث"


def taken_for_mojibake(text: str) -> str:
    """What feedparser makes of a text: one whose letters would be UTF-8 if they were bytes it takes for
    UTF-8 that somebody read as Latin-1, and no feed can tell it otherwise."""
    try:
        return text.encode("iso-8859-1").decode()
    except UnicodeError:
        return text


@settings(max_examples=25)
@example(front=front_of(replace(ENGLISH, headline="Â¡")))
@given(front=FRONTS)
def test_whatever_is_written_three_parsers_read_what_the_feed_says(front: Front) -> None:
    feed = feed_of(front)
    expected = [said(entry) for entry in feed.entries]
    for form in ("rss", "atom"):
        parsed = feedparser.parse(render(feed, form), sanitize_html=False, resolve_relative_uris=False)
        assert not parsed.bozo
        taken = [
            (id, taken_for_mojibake(title), link, taken_for_mojibake(content), published)
            for id, title, link, content, published in expected
        ]
        assert [
            (
                each.id,
                each.title,
                each.link,
                each.content[0].value,
                datetime.fromtimestamp(timegm(each.published_parsed), UTC),
            )
            for each in parsed.entries
        ] == taken
    for form in FORMS:
        read = fastfeedparser.parse(render(feed, form)) if feed.entries else None
        assert [
            (
                each["id"],
                each["title"],
                each["link"],
                each["content"][0]["value"],
                seconds(datetime.fromisoformat(each["published"])),
            )
            for each in (read.entries if read else ())
        ] == expected
    rss = atoma.parse_rss_bytes(render(feed, "rss"))
    assert [
        (each.guid, each.title, each.link, each.content_encoded, seconds(each.pub_date)) for each in rss.items
    ] == expected
    atom = atoma.parse_atom_bytes(render(feed, "atom"))
    assert [
        (each.id_, each.title.value, each.links[0].href, each.content.value, seconds(each.published))
        for each in atom.entries
    ] == expected
    json = atoma.parse_json_feed_bytes(render(feed, "json"))
    assert [
        (each.id_, each.title, each.url, each.content_html, seconds(each.date_published))
        for each in json.items
    ] == expected
