"""Judges of feeds: each returns the faults it finds as sentences, so that a test can also see one found."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import html5lib
from jsonschema import Draft4Validator, FormatChecker
from lxml import etree
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

SCHEMAS = Path(__file__).parent / "schemas"
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}

_RELAX_NG = etree.RelaxNG(etree.parse(SCHEMAS / "atom.rng"))
_BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\ufdd0-\ufdef\ufffe\uffff]")
_URI = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d+)?(/([A-Za-z0-9\-._~!$&'()*+,;=:@/?#]|%[0-9A-F]{2})*)?")
_TAG_URI = re.compile(r"tag:[a-z0-9.\-]+,\d{4}:[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+")  # RFC 4151 §2.1
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UTC_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CHANNEL_PART = re.compile(
    "title|link|description|language|copyright|managingEditor|webMaster|pubDate|lastBuildDate|category"
    "|generator|docs|cloud|ttl|image|rating|textInput|skipHours|skipDays|item|{.*"
)
_ITEM_PART = re.compile("title|link|description|author|category|comments|enclosure|guid|pubDate|source|{.*")
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def rss_faults(document: bytes) -> list[str]:
    """Against RSS 2.0 and the RSS Advisory Board's profile."""
    return list(_rss_faults(document))


def atom_faults(document: bytes) -> list[str]:
    """Against the schema of RFC 4287, its Schematron rules, its rules in prose, and RFC 6721."""
    return list(_atom_faults(document))


def json_faults(document: bytes) -> list[str]:
    """Against the schema of JSON Feed 1.1, and its rules in prose."""
    return list(_json_faults(document))


FAULTS = {"rss": rss_faults, "atom": atom_faults, "json": json_faults}


def _rss_faults(document: bytes) -> Iterator[str]:
    root = etree.fromstring(document)
    yield from _character_faults(document)
    if root.tag != "rss" or root.get("version") != "2.0" or [part.tag for part in root] != ["channel"]:
        yield "the document is not <rss version='2.0'> with one channel"
        return
    channel = root[0]
    parts = Counter(part.tag for part in channel if part.tag != "item")
    for name in ("title", "link", "description", "language", "lastBuildDate", "ttl", "generator"):
        if parts[name] != 1:
            yield f"the channel has {parts[name]} of <{name}>"
    yield from (f"the channel has an unknown <{name}>" for name in parts if not _CHANNEL_PART.fullmatch(name))
    yield from _empty(channel, "title", "link", "description")
    yield from _date_faults(channel.findtext("lastBuildDate", ""))
    yield from _address_faults(channel.findtext("link", ""))
    yield from _language_faults(channel.findtext("language", ""))
    if not channel.findtext("ttl", "").isdecimal():
        yield "the ttl is no number of minutes"
    selves = channel.xpath("a:link[@rel='self']", namespaces=NS)
    if len(selves) != 1 or selves[0].get("type") != "application/rss+xml":
        yield "the channel does not link to itself exactly once, as RSS"
    for link in selves:
        yield from _address_faults(link.get("href"))
        if link.get("href") == channel.findtext("link"):
            yield "the channel's link is the feed and not its page"
    yield from _id_faults([item.findtext("guid", "") for item in channel.iter("item")])
    for item in channel.iter("item"):
        yield from _item_faults(item)


def _item_faults(item: Any) -> Iterator[str]:
    parts = Counter(part.tag for part in item)
    for name in ("title", "link", "description", "guid", "pubDate"):
        if parts[name] != 1:
            yield f"an item has {parts[name]} of <{name}>"
    yield from (f"an item has an unknown <{name}>" for name in parts if not _ITEM_PART.fullmatch(name))
    yield from _empty(item, "title", "link", "guid")
    yield from _address_faults(item.findtext("link", ""))
    yield from _date_faults(item.findtext("pubDate", ""))
    guid = item.find("guid")
    if guid is not None and guid.get("isPermaLink") != "false" and not _URI.fullmatch(guid.text or ""):
        yield f"the guid {guid.text!r} claims to be an address"
    for author in item.findall("author"):
        if "@" not in (author.text or ""):
            yield f"the author {author.text!r} is no e-mail address"
    for category in item.findall("category"):
        if not category.text:
            yield "a category is empty"
    for stamp in item.findall("a:updated", NS):
        if not _UTC_STAMP.fullmatch(stamp.text or ""):
            yield f"atom:updated {stamp.text!r} is not in UTC"
    for name in ("description", "content:encoded"):
        yield from _html_faults(item.findtext(name, "", NS))
    yield from _enclosure_faults(item.findall("enclosure"))
    yield from _picture_faults(item)


def _enclosure_faults(enclosures: list[Any]) -> Iterator[str]:
    if len(enclosures) > 1:
        yield "an item has several enclosures, of which many readers show one"
    for enclosure in enclosures:
        yield from _address_faults(enclosure.get("url", ""))
        if not re.fullmatch("[1-9][0-9]*", enclosure.get("length", "")) or "/" not in enclosure.get(
            "type", ""
        ):
            yield "an enclosure has no length in bytes, or no type"


def _atom_faults(document: bytes) -> Iterator[str]:
    root = etree.fromstring(document)
    yield from _character_faults(document)
    if not _RELAX_NG.validate(root):
        yield f"the schema refuses it: {_RELAX_NG.error_log.last_error}"
    entries = root.findall("a:entry", NS)
    # Two Schematron rules of RFC 4287, Appendix B, which RELAX NG validators pass over.
    if root.find("a:author", NS) is None and any(entry.find("a:author", NS) is None for entry in entries):
        yield "neither the feed nor every entry has an author"
    for entry in entries:
        if entry.find("a:link[@rel='alternate']", NS) is None and entry.find("a:content", NS) is None:
            yield "an entry has neither an alternate link nor content"
    if len(root.findall("a:link[@rel='self']", NS)) != 1:
        yield "the feed does not link to itself exactly once"
    for holder in (root, *entries):
        alternates = holder.xpath("a:link[@rel='alternate' or not(@rel)]", namespaces=NS)
        if len(alternates) != 1:
            yield f"{holder.tag} has {len(alternates)} alternate links"
        yield from _empty(holder, f"{{{NS['a']}}}title")
    for link in root.iter(f"{{{NS['a']}}}link"):
        yield from _address_faults(link.get("href"))
    for stamp in root.iter(f"{{{NS['a']}}}updated", f"{{{NS['a']}}}published"):
        if not _UTC_STAMP.fullmatch(stamp.text or ""):
            yield f"the time {stamp.text!r} is not in UTC"
    ids = [entry.findtext("a:id", "", NS) for entry in entries]
    yield from _id_faults(ids)
    for entry in entries:
        yield from _html_faults(entry.findtext("a:content", "", NS))
        yield from _picture_faults(entry)
    yield from _tombstone_faults(root, ids)


def _tombstone_faults(root: Any, ids: list[str]) -> Iterator[str]:
    for tombstone in root.iter(f"{{{NS['at']}}}deleted-entry"):
        if tombstone.get("ref") not in ids or not _UTC_STAMP.fullmatch(tombstone.get("when", "")):
            yield f"the tombstone {dict(tombstone.attrib)} is of no entry or time"


def _json_faults(document: bytes) -> Iterator[str]:
    feed = json.loads(document.decode())
    yield from _character_faults(document)
    yield from (error.message for error in _json_validator().iter_errors(feed))
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield f"the version is {feed.get('version')!r}"
    yield from _language_faults(feed.get("language", ""))
    for name in ("home_page_url", "feed_url"):
        yield from _address_faults(feed.get(name, ""))
    yield from _id_faults([item.get("id", "") for item in feed["items"]])
    for item in feed["items"]:
        yield from _address_faults(item["url"])
        if not item.get("title"):
            yield "an item has no title"
        if "image" in item:
            yield from _address_faults(item["image"])
        for name in ("date_published", "date_modified"):
            if not _UTC_STAMP.fullmatch(item.get(name, "")):
                yield f"{name} {item.get(name)!r} is not in UTC"
        yield from _html_faults(item.get("content_html", ""))


def _json_validator() -> Draft4Validator:
    schemas = [
        json.loads((SCHEMAS / name).read_text())
        for name in ("jsonfeed.schema.json", "jsonfeed-1.schema.json")
    ]
    resources = [
        (schema["id"], Resource.from_contents(schema, default_specification=DRAFT4)) for schema in schemas
    ]
    return Draft4Validator(
        schemas[0], registry=Registry().with_resources(resources), format_checker=FormatChecker()
    )


def _character_faults(document: bytes) -> Iterator[str]:
    for character in sorted(set(_BAD_CHARACTERS.findall(document.decode()))):
        yield f"U+{ord(character):04X} stands in it"


def _empty(parent: Any, *names: str) -> Iterator[str]:
    yield from (
        f"{parent.tag} has an empty {name}" for name in names if not (parent.findtext(name) or "").strip()
    )


def _id_faults(ids: list[str]) -> Iterator[str]:
    yield from (f"{count} entries have the id {id_!r}" for id_, count in Counter(ids).items() if count > 1)
    yield from (f"{id_!r} is no tag URI" for id_ in ids if not _TAG_URI.fullmatch(id_))


def _date_faults(text: str) -> Iterator[str]:
    """RFC 822 with a year of four digits, English names and GMT; `strptime` checks no weekday."""
    match = re.fullmatch(r"(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", text, re.ASCII)
    if match is None or match[3] not in _MONTHS:
        yield f"the date {text!r} is not as RFC 822 has it"
        return
    _, day, month, *rest = match.groups()
    year, hour, minute, second = map(int, rest)
    moment = datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    if _DAYS[moment.weekday()] != match[1]:
        yield f"the date {text!r} is on another weekday"


def _address_faults(address: str) -> Iterator[str]:
    if not _URI.fullmatch(address):
        yield f"{address!r} is no absolute URI"


def _language_faults(language: str) -> Iterator[str]:
    if not _LANGUAGE.fullmatch(language):
        yield f"{language!r} is no language tag"


def _picture_faults(parent: Any) -> Iterator[str]:
    for picture in parent.xpath("media:content|media:thumbnail", namespaces=NS):
        yield from _address_faults(picture.get("url"))


def _html_faults(html: str) -> Iterator[str]:
    for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        if element.tag == "script":
            yield "the content has a script"
        for name in ("href", "src", "poster"):
            if name in element.attrib and not element.attrib[name].startswith(("https://", "http://")):
                yield f"the content refers to {element.attrib[name]!r}"
