"""JSON Feed as a document."""

from __future__ import annotations

import json
from dataclasses import replace

from feed_samples import FRONT, STORY, archive_of, feed_of

from livefeed.events import rfc3339
from livefeed.feeds import render
from livefeed.model import CoverageStatus


def test_items_say_what_the_entries_say() -> None:
    feed = feed_of()
    document = json.loads(render(feed, "json"))
    assert document["feed_url"] == feed.address("json")
    assert (document["home_page_url"], document["language"]) == (feed.home, "ar")
    assert document["authors"] == [{"name": "أخبار الشمال"}]
    for entry, item in zip(feed.entries, document["items"], strict=True):
        assert (item["id"], item["url"], item["title"]) == (entry.id, entry.url, entry.title)
        assert (item["content_html"], item["summary"]) == (entry.content, entry.summary)
        assert (item["date_published"], item["date_modified"]) == (
            rfc3339(entry.published),
            rfc3339(entry.updated),
        )
        assert tuple(author["name"] for author in item.get("authors", ())) == entry.authors
        assert item.get("language", "ar") == entry.language


def test_tags_hold_the_flags_and_an_image_the_first_picture() -> None:
    items = json.loads(render(feed_of(), "json"))["items"]
    item = next(item for item in items if item["id"].endswith("/b2"))
    assert item["tags"] == ["إغاثة", "معابر", "breaking", "key-event", "correction"]
    assert item["image"] == "https://live.example.org/media/m1.jpg"


def test_the_feed_expires_when_its_coverage_closes() -> None:
    closed = replace(FRONT, coverage=replace(STORY, status=CoverageStatus.CLOSED))
    assert json.loads(render(feed_of(closed), "json"))["expired"] is True
    assert "expired" not in json.loads(render(feed_of(), "json"))


def test_hubs_are_named() -> None:
    document = json.loads(render(replace(feed_of(), hubs=("https://hub.example.org/",)), "json"))
    assert document["hubs"] == [{"type": "WebSub", "url": "https://hub.example.org/"}]


def test_the_next_page_is_the_archive_document_before_this_one() -> None:
    feed = feed_of(archives=2)
    assert json.loads(render(feed, "json"))["next_url"] == f"{feed.home}/archive/2.json"
    assert json.loads(render(archive_of(2), "json"))["next_url"] == f"{feed.home}/archive/1.json"
    assert "next_url" not in json.loads(render(archive_of(1), "json"))
    assert "next_url" not in json.loads(render(feed_of(), "json"))
