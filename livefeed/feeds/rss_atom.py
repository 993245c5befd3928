"""RSS 2.0 (with the RSS Advisory Board's profile) and Atom (RFC 4287) of a `Feed`, by feedgen.

feedgen builds the documents; an extension per form, `_Rss…` and `_Atom…`, mends what it gets wrong or cannot
say:

- it formats RSS dates under `locale.setlocale`, which changes the locale of the whole process under other
  threads, so it is given no date that it would format: the extension writes them, in English and GMT;
- it takes "now" for every time it was not given, so that each build had other bytes: all times are given;
- it drops all but the address of an entry's links in Atom, and every link but `self` in RSS;
- it knows no tombstones (RFC 6721), no `xml:lang` on entries, and wraps pictures in groups of their own.

Characters that XML forbids, on which it raises, were removed in `entry`. Neither form has CDATA, which
feedgen writes as an invalid type in Atom; everything is escaped once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from html import escape
from itertools import pairwise
from typing import Any, Literal

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import SubElement, _Element

from livefeed.events import rfc3339
from livefeed.feeds.channel import Feed, Format
from livefeed.feeds.entry import Entry
from livefeed.feeds.galleys import Galleys, Pieces
from livefeed.feeds.setting import joined, written

Form = Literal["rss", "atom"]

ATOM = "http://www.w3.org/2005/Atom"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

HISTORY = "http://purl.org/syndication/history/1.0"
GENERATED = {"self", "hub"}
"""The links of a feed that feedgen may write, besides its page; it refuses those of archives (RFC 5005)."""

TTL = "1"
"""Minutes. Some readers wait for the longest of their own interval, this and `max-age`."""


def rss(feed: Feed, galleys: Galleys) -> Pieces:
    """The feed as RSS 2.0."""
    return _assembled(feed, "rss", galleys)


def atom(feed: Feed, galleys: Galleys) -> Pieces:
    """The feed as Atom."""
    return _assembled(feed, "atom", galleys)


def _assembled(feed: Feed, form: Form, galleys: Galleys) -> Pieces:
    """feedgen's document without entries, with those that it wrote, now or before, put in at its end."""
    document, opening, closing = _FORMS[form]
    frame = document(feed, ())

    def write(entries: Sequence[Entry]) -> list[bytes]:
        # `<` stands for itself nowhere in the texts and attributes of a serialised document.
        text = document(replace(feed, entries=tuple(entries)), entries).removesuffix(closing)
        starts = [found.start() for found in opening.finditer(text)]
        return [text[start:end] for start, end in pairwise([*starts, len(text)])]

    entries = written(feed, (form, feed.language), write, galleys)
    return Pieces.of([frame.removesuffix(closing), *joined(entries, b"", galleys), closing])


def _rss(feed: Feed, entries: Iterable[Entry]) -> bytes:
    generator = _generator(feed, "rss")
    generator.register_extension("live", partial(_RssFeed, feed), atom=False)
    for entry in entries:
        item = _added(generator, entry)
        item.link(href=entry.url)
        # A description is HTML: plain text is escaped for that, and once more as XML by the serialiser.
        # Never empty: feedgen would put the content there, and some readers then take a caption for it.
        item.description(escape(entry.summary or entry.title, quote=False))
        item.content(entry.content, type="html")
        for category in entry.categories:
            item.category(term=category.term, scheme=category.scheme)
        item.register_extension("live", partial(_RssEntry, entry, feed), atom=False)
    document: bytes = generator.rss_str()
    return document


def _atom(feed: Feed, entries: Iterable[Entry]) -> bytes:
    generator = _generator(feed, "atom")
    generator.register_extension("live", partial(_AtomFeed, feed), rss=False)
    for entry in entries:
        element = _added(generator, entry)
        element.content(entry.content, type="html")
        if entry.summary:
            element.summary(entry.summary)
        for name in entry.authors:
            element.author(name=name)
        for category in entry.categories:
            element.category(term=category.term, scheme=category.scheme, label=category.label)
        element.register_extension("live", partial(_AtomEntry, entry, feed), rss=False)
    document: bytes = generator.atom_str()
    return document


_FORMS: dict[Form, tuple[Callable[[Feed, Iterable[Entry]], bytes], re.Pattern[bytes], bytes]] = {
    "rss": (_rss, re.compile(b"<item[ >]"), b"</channel></rss>"),
    "atom": (_atom, re.compile(b"<entry[ >]"), b"</feed>"),
}


def _generator(feed: Feed, form: Format) -> Any:
    generator = FeedGenerator()
    generator.id(feed.id)
    generator.title(feed.title)
    generator.description(feed.description)
    generator.language(feed.language)
    generator.author(name=feed.author)
    generator.generator("livefeed")
    generator.updated(feed.updated)
    # It is "now" from the start, has no way to be left out, and is formatted under setlocale.
    generator._FeedGenerator__rss_lastBuildDate = None
    for link in feed.links(form):
        if link.rel in GENERATED:
            generator.link(href=link.href, rel=link.rel, type=link.type or None)
    # Last, because the last link becomes the `<link>` of RSS, which is the page.
    generator.link(href=feed.home, rel="alternate", type="text/html", hreflang=feed.language)
    return generator


def _added(generator: Any, entry: Entry) -> Any:
    element = FeedEntry()
    element.guid(entry.id, permalink=False)
    element.title(entry.title)
    element.updated(entry.updated)
    generator.add_entry(element, order="append")
    return element


class _RssFeed(BaseExtension):  # type: ignore[misc]  # feedgen ships no types
    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DUBLIN_CORE, "media": MEDIA} | _history_namespace(self._feed)

    def extend_rss(self, rss: _Element) -> _Element:
        channel = rss[0]
        _add(channel, "lastBuildDate", _rfc822(self._feed.updated))
        _add(channel, "ttl", TTL)
        # Not `managingEditor`, which must be an e-mail address.
        _add(channel, f"{{{DUBLIN_CORE}}}creator", self._feed.author)
        for hub in self._feed.hubs:
            _add(channel, f"{{{ATOM}}}link", rel="hub", href=hub)
        _add_history(channel, self._feed, "rss")
        return rss


class _RssEntry(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
    def __init__(self, entry: Entry, feed: Feed) -> None:
        self._entry = entry
        self._feed = feed

    def extend_rss(self, item: _Element) -> _Element:
        entry = self._entry
        _add(item, "pubDate", _rfc822(entry.published))
        _add(item, f"{{{ATOM}}}updated", rfc3339(entry.updated))
        # Not `author`, which must be an e-mail address.
        for name in entry.authors:
            _add(item, f"{{{DUBLIN_CORE}}}creator", name)
        for enclosure in entry.enclosures[:1]:  # more than one is for many readers an error (the profile)
            _add(item, "enclosure", url=enclosure.url, length=str(enclosure.size), type=enclosure.type)
        _add_pictures(item, entry)
        _mark_language(item, entry, self._feed)
        return item


class _AtomFeed(BaseExtension):  # type: ignore[misc]  # feedgen ships no types
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._withdrawn = [(entry, entry.withdrawn_at) for entry in feed.entries if entry.withdrawn_at]

    def extend_ns(self) -> dict[str, str]:
        # Declared only where it is used: validators warn of a namespace that they do not know.
        tombstones = {"at": TOMBSTONES} if self._withdrawn else {}
        return {"media": MEDIA} | tombstones | _history_namespace(self._feed)

    def extend_atom(self, feed: _Element) -> _Element:
        _set_text(feed, "updated", rfc3339(self._feed.updated))
        _add_history(feed, self._feed, "atom")
        for entry, at in self._withdrawn:
            tombstone = _add(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=entry.id, when=rfc3339(at))
            comment = _add(tombstone, f"{{{TOMBSTONES}}}comment", entry.summary)
            _mark_language(comment, entry, self._feed)
        return feed


class _AtomEntry(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
    def __init__(self, entry: Entry, feed: Feed) -> None:
        self._entry = entry
        self._feed = feed

    def extend_atom(self, element: _Element) -> _Element:
        entry = self._entry
        _set_text(element, "updated", rfc3339(entry.updated))
        _add(element, "published", rfc3339(entry.published))
        _add(element, "link", rel="alternate", type="text/html", hreflang=entry.language, href=entry.url)
        for each in entry.enclosures:
            _add(element, "link", rel="enclosure", type=each.type, length=str(each.size), href=each.url)
        _add_pictures(element, entry)
        _mark_language(element, entry, self._feed)
        return element


def _history_namespace(feed: Feed) -> dict[str, str]:
    return {"fh": HISTORY} if feed.current else {}


def _add_history(parent: _Element, feed: Feed, form: Format) -> None:
    """What RFC 5005 §4 asks of a feed that has archive documents, and of each of these."""
    if feed.current:
        _add(parent, f"{{{HISTORY}}}archive")
    name = "link" if form == "atom" else f"{{{ATOM}}}link"
    for link in feed.links(form):
        if link.rel in {"prev-archive", "next-archive", "current"}:
            _add(parent, name, rel=link.rel, type=link.type, href=link.href)


def _add_pictures(parent: _Element, entry: Entry) -> None:
    """Media RSS. The content has the pictures too: some readers look only here, others only there."""
    for picture in entry.pictures:
        content = _add(parent, f"{{{MEDIA}}}content", url=picture.url, medium="image")
        if picture.width and picture.height:
            content.set("width", str(picture.width))
            content.set("height", str(picture.height))
        if description := picture.caption or picture.alt:
            _add(content, f"{{{MEDIA}}}description", description, type="plain")
        if picture.credit:
            _add(content, f"{{{MEDIA}}}credit", picture.credit)
    if entry.pictures:
        _add(parent, f"{{{MEDIA}}}thumbnail", url=entry.pictures[0].url)


def _mark_language(element: _Element, entry: Entry, feed: Feed) -> None:
    if entry.language != feed.language:
        element.set(LANGUAGE, entry.language)


def _set_text(parent: _Element, name: str, text: str) -> None:
    """Put `text` in the child that feedgen has written."""
    child = parent.find(name)
    if child is None:
        raise ValueError(f"feedgen wrote no <{name}> into <{parent.tag!s}>")
    child.text = text


def _add(parent: _Element, name: str, text: str = "", **attributes: str) -> _Element:
    child = SubElement(parent, name, attributes)
    child.text = text or None
    return child


def _rfc822(moment: datetime) -> str:
    """A date as RSS has it: RFC 822 with four digits of year, English names, GMT."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
