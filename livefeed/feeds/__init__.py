"""Feeds: a coverage's or the site's updates as RSS 2.0, Atom and JSON Feed 1.1.

`window` decides which updates a feed shows, `channel` turns them into a `Feed` of entries (`entry`), one
value that all three forms are written from; `rss_atom` and `jsonfeed` write it, and `opml` a list of feeds.
All pure and free of shared state, so rendering may run in any thread: the same feed gives the same bytes in
every process, whatever its locale, time zone or clock.
"""

from __future__ import annotations

from livefeed.feeds.channel import (
    MEDIA_TYPES,
    Feed,
    Format,
    Link,
    archive_feed,
    coverage_feed,
    rubric_feed,
    site_feed,
)
from livefeed.feeds.entry import Category, Entry
from livefeed.feeds.galleys import NONE, Galleys, Pieces
from livefeed.feeds.opml import opml
from livefeed.feeds.publisher import FeedWords, Publisher
from livefeed.feeds.window import ARCHIVE_ITEMS, Window, archive_documents, with_recent

__all__ = [
    "ARCHIVE_ITEMS",
    "CONTENT_TYPES",
    "Category",
    "Entry",
    "Feed",
    "FeedWords",
    "Format",
    "Galleys",
    "Link",
    "Pieces",
    "Publisher",
    "Window",
    "archive_documents",
    "archive_feed",
    "assemble",
    "coverage_feed",
    "opml",
    "render",
    "rubric_feed",
    "site_feed",
    "with_recent",
]

CONTENT_TYPES: dict[Format, str] = {form: f"{type_}; charset=utf-8" for form, type_ in MEDIA_TYPES.items()}
"""What `Content-Type` says of each form."""


def render(feed: Feed, format: Format) -> bytes:
    """The feed as UTF-8 bytes in one of the forms of `CONTENT_TYPES`."""
    return assemble(feed, format, NONE).plain


def assemble(feed: Feed, format: Format, galleys: Galleys) -> Pieces:
    """The same bytes in pieces, of which those are made that `galleys` does not have."""
    from livefeed.feeds import jsonfeed, rss_atom  # noqa: PLC0415 - feedgen: no start waits for it

    writers = {"rss": rss_atom.rss, "atom": rss_atom.atom, "json": jsonfeed.document}
    return writers[format](feed, galleys)
