"""JSON Feed 1.1 (jsonfeed.org/version/1.1) of a `Feed`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from livefeed.events import rfc3339
from livefeed.feeds.channel import Feed
from livefeed.feeds.entry import Entry
from livefeed.feeds.galleys import Galleys, Pieces
from livefeed.feeds.setting import joined, written

VERSION = "https://jsonfeed.org/version/1.1"


def document(feed: Feed, galleys: Galleys) -> Pieces:
    """The feed as JSON in UTF-8. What is empty is left out, as the specification asks."""

    def write(entries: Sequence[Entry]) -> list[bytes]:
        return [_json(_item(entry, feed)) for entry in entries]

    items = written(feed, ("json", feed.language), write, galleys)
    return Pieces.of([_json(_members(feed))[:-1] + b',"items":[', *joined(items, b",", galleys), b"]}"])


def _members(feed: Feed) -> dict[str, Any]:
    members = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.address("json"),
        "next_url": f"{feed.older}.json" if feed.older else "",
        "description": feed.description,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs],
        "expired": feed.expired,
    }
    return _filled(members)


def _item(entry: Entry, feed: Feed) -> dict[str, Any]:
    members = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(dict.fromkeys(category.term for category in entry.categories)),
        "image": entry.pictures[0].url if entry.pictures else "",
        "attachments": [
            {"url": each.url, "mime_type": each.type, "size_in_bytes": each.size} for each in entry.enclosures
        ],
        "language": entry.language if entry.language != feed.language else "",
    }
    return _filled(members) | {"content_html": entry.content}


def _json(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def _filled(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
