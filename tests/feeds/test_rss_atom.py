"""RSS and Atom as documents: what stands where, and what an independent parser reads."""

from __future__ import annotations

import calendar
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import unescape
from types import FrameType

import feedparser
import pytest
from feed_checks import NS
from feed_samples import BASE_URL, BREAKING, ENGLISH, STORY, archive_of, at, feed_of, feed_of_site, front_of
from feedgen.feed import FeedGenerator
from lxml import etree

from livefeed.events import rfc3339
from livefeed.feeds import Feed, render
from livefeed.model import Media, Position, Retraction, Update
from livefeed.timeline import Front

RSS = etree.fromstring(render(feed_of(), "rss"))
ATOM = etree.fromstring(render(feed_of(), "atom"))
PLACE = next(place for place, entry in enumerate(feed_of().entries) if entry.id.endswith("/b2"))


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.mark.parametrize("feed", [feed_of(), feed_of(breaking_only=True), feed_of_site()])
@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_parser_reads_back_what_the_feed_says(feed: Feed, form: str) -> None:
    read = feedparser.parse(render(feed, form), sanitize_html=False, resolve_relative_uris=False)
    assert not read.bozo
    assert (read.feed.title, read.feed.link, read.feed.language) == (feed.title, feed.home, feed.language)
    assert read.feed.subtitle == feed.description
    assert calendar.timegm(read.feed.updated_parsed) == seconds(feed.updated)
    assert read.feed.author == feed.author
    assert len(read.entries) == len(feed.entries)
    for entry, parsed in zip(feed.entries, read.entries, strict=True):
        assert (parsed.id, parsed.link) == (entry.id, entry.url)
        assert parsed.title == entry.title
        assert calendar.timegm(parsed.published_parsed) == seconds(entry.published)
        assert calendar.timegm(parsed.updated_parsed) == seconds(entry.updated)
        assert tuple(author.name for author in parsed.get("authors", ()) if author) == entry.authors
        assert [tag.term for tag in parsed.get("tags", ())] == [each.term for each in entry.categories]
        assert parsed.content[-1].value == entry.content
        assert (parsed.content[-1].language or read.feed.language) == entry.language
        assert [picture["url"] for picture in parsed.get("media_content", ())] == [
            picture.url for picture in entry.pictures
        ]


def test_rss_and_atom_say_the_same_to_a_parser() -> None:
    rss, atom = (feedparser.parse(render(feed_of(), form)).entries for form in ("rss", "atom"))
    names = ("id", "title", "link", "summary")
    assert [[entry[name] for name in names] for entry in rss] == [
        [entry[name] for name in names] for entry in atom
    ]
    assert [entry.content[-1].value for entry in rss] == [entry.content[-1].value for entry in atom]


def test_the_link_of_an_rss_channel_is_the_page_and_not_the_feed_or_a_hub() -> None:
    feed = replace(feed_of(), hubs=("https://hub.example.org/",))
    channel = etree.fromstring(render(feed, "rss"))[0]
    assert channel.findtext("link") == feed.home
    links = {link.get("rel"): link.get("href") for link in channel.findall("a:link", NS)}
    assert links == {"self": feed.address("rss"), "hub": "https://hub.example.org/"}


def test_atom_names_hubs_beside_itself_and_its_page() -> None:
    feed = replace(feed_of(), hubs=("https://hub.example.org/",))
    links = etree.fromstring(render(feed, "atom")).findall("a:link", NS)
    assert {link.get("rel"): link.get("href") for link in links} == {
        "self": feed.address("atom"),
        "hub": "https://hub.example.org/",
        "alternate": feed.home,
    }


def test_titles_are_escaped_once() -> None:
    document = render(feed_of(), "rss").decode()
    assert "<title>\u200fR&amp;D: اتفاق &lt; هدنة بنسبة 2-1</title>" in document
    assert RSS.findall("channel/item")[PLACE].findtext("title") == f"\u200f{BREAKING.headline}"
    assert ATOM.findall("a:entry", NS)[PLACE].findtext("a:title", "", NS) == f"\u200f{BREAKING.headline}"


def test_a_plain_summary_is_html_in_rss_and_text_in_atom() -> None:
    feed = _feed_of(replace(BREAKING, text="AT&T < 5", corrections=()))
    assert etree.fromstring(render(feed, "rss")).findtext("channel/item/description") == "AT&amp;T &lt; 5"
    assert etree.fromstring(render(feed, "atom")).findtext("a:entry/a:summary", "", NS) == "AT&T < 5"


def test_an_entry_without_words_has_its_title_for_a_description_and_its_content_in_its_place() -> None:
    feed = _feed_of(replace(BREAKING, text="", corrections=()))
    item = etree.fromstring(render(feed, "rss")).find("channel/item")
    assert unescape(item.findtext("description") or "") == feed.entries[0].title
    assert item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded") == feed.entries[0].content
    assert etree.fromstring(render(feed, "atom")).find("a:entry/a:summary", NS) is None


def test_dates_are_english_and_in_gmt() -> None:
    item = RSS.findall("channel/item")[PLACE]
    assert item.findtext("pubDate") == "Wed, 04 Mar 2026 05:08:07 GMT"
    assert item.findtext("a:updated", "", NS) == "2026-03-04T05:15:07.891Z"
    assert RSS.findtext("channel/lastBuildDate") == "Wed, 04 Mar 2026 05:15:07 GMT"


def test_a_tombstone_stands_in_atom_for_a_retracted_entry_only() -> None:
    correction, tombstone = ATOM.findall("at:deleted-entry", NS)
    assert dict(tombstone.attrib) == {"ref": "tag:livefeed.invalid,2026:updates/d4", "when": rfc3339(at(8))}
    assert dict(correction.attrib) == {**tombstone.attrib, "ref": f"{tombstone.get('ref')}/corrections/1"}
    assert tombstone.findtext("at:comment", "", NS) == "تبين أن الخبر غير صحيح."
    assert b"tombstones" not in render(_feed_of(ENGLISH), "atom")
    assert b"tombstones" not in render(feed_of(), "rss")


def test_the_language_is_marked_where_it_differs() -> None:
    attribute = "{http://www.w3.org/XML/1998/namespace}lang"
    assert ATOM.get(attribute) == "ar"
    for entries in (ATOM.findall("a:entry", NS), RSS.findall("channel/item")):
        told = [entry.get(attribute) for entry in entries]
        assert told == ["en" if entry.language == "en" else None for entry in feed_of().entries]
        assert told.count("en") == 1
    pages = [link.get("hreflang") for link in ATOM.findall("a:entry/a:link[@rel='alternate']", NS)]
    assert pages == [entry.language for entry in feed_of().entries]


def test_namespaces_are_declared_once() -> None:
    for form in ("rss", "atom"):
        document = render(feed_of(), form).decode()
        assert document.count("xmlns:media=") == 1
        assert document.count("xmlns") == len(set(etree.fromstring(document.encode()).nsmap))


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_archive_documents_say_so_and_name_their_neighbours(form: str) -> None:
    def links(feed: Feed) -> dict[str, str]:
        root = etree.fromstring(render(feed, form))
        holder = root if form == "atom" else root[0]
        marked = root.find(".//{http://purl.org/syndication/history/1.0}archive") is not None
        assert marked is bool(feed.current)
        return {link.get("rel"): link.get("href") for link in holder.findall("a:link", NS)}

    feed = feed_of(archives=3)
    assert links(feed)["prev-archive"] == f"{feed.home}/archive/3.{form}"
    told = links(archive_of(2))
    assert told["prev-archive"] == f"{feed.home}/archive/1.{form}"
    assert told["next-archive"] == f"{feed.home}/archive/3.{form}"
    assert told["current"] == feed.address(form)
    assert told["self"] == f"{feed.home}/archive/2.{form}"
    assert "prev-archive" not in links(feed_of())


def test_pictures_stand_outside_the_content_too() -> None:
    for entry in (RSS.findall("channel/item")[PLACE], ATOM.findall("a:entry", NS)[PLACE]):
        picture = entry.find("media:content", NS)
        assert (picture.get("url"), picture.get("width"), picture.get("height")) == (
            "https://live.example.org/media/m1.jpg",
            "800",
            "600",
        )
        assert picture.findtext("media:credit", "", NS) == "إنترنت"
        assert entry.find("media:thumbnail", NS).get("url") == picture.get("url")


def test_rendering_never_touches_the_locale_of_the_process() -> None:
    assert "setlocale" not in _called(lambda: [render(feed_of(), form) for form in ("rss", "atom", "json")])


def test_feedgen_by_itself_would_touch_it() -> None:
    bare = FeedGenerator()
    bare.title("t")
    bare.link(href="https://live.example.org/")
    bare.description("d")
    assert "setlocale" in _called(bare.rss_str)


def _called(action: Callable[[], object]) -> set[str]:
    """The names of all functions, of Python and of C, that `action` calls in this thread."""
    names: set[str] = set()

    def note(frame: FrameType, event: str, called: object) -> None:
        names.add(frame.f_code.co_name if event == "call" else getattr(called, "__name__", ""))

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return names


def _feed_of(update: Update) -> Feed:
    return feed_of(Front(Position("e", 1), STORY, (update,)))


def test_a_picture_of_known_size_is_an_enclosure_that_readers_find() -> None:
    url = f"{BASE_URL}/media/m1.jpg"
    second = Media("m2", "/media/m2.webp", size=7)
    unknown = (Media("m3", "/media/m3.png"), Media("m4", "/media/m4.gif", size=5))
    update = replace(BREAKING, media=(*BREAKING.media, second, *unknown), corrections=())
    feed = feed_of(front_of(update))
    found = {form: feedparser.parse(render(feed, form)).entries[0].enclosures for form in ("rss", "atom")}
    first = {"type": "image/jpeg", "length": "48123", "href": url}
    other = {"type": "image/webp", "length": "7", "href": f"{BASE_URL}/media/m2.webp"}
    assert [dict(each) for each in found["rss"]] == [first]
    assert [{name: each[name] for name in first} for each in found["atom"]] == [first, other]
    (item,) = json.loads(render(feed, "json"))["items"]
    assert item["attachments"] == [
        {"url": url, "mime_type": "image/jpeg", "size_in_bytes": 48123},
        {"url": f"{BASE_URL}/media/m2.webp", "mime_type": "image/webp", "size_in_bytes": 7},
    ]
    withdrawn = feed_of(front_of(update.withdrawn(Retraction(at(10)))))
    assert all(url.encode() not in render(withdrawn, form) for form in ("rss", "atom", "json"))
