"""RSS, Atom and JSON Feed files as items for import. Pure.

Theory of operation
    XML is read twice. lxml decides whether it is XML at all, in which encoding, and that it declares no
    entities of its own; it fetches nothing, expands nothing and refuses what is nested absurdly. What it read
    is handed on as plain UTF-8 to feedparser, which knows the dialects of thirty years of feeds but would
    otherwise guess at broken input: half of a feed would look like all of it.
"""

from __future__ import annotations

import calendar
import io
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import feedparser
from lxml import etree

from livefeed.cli.incoming import OWN_ID, Item, Unreadable, fingerprint, form_of, in_order
from livefeed.feeds.entry import CORRECTIONS, FLAGS, UPDATES
from livefeed.text import TextRefused, check_language, clean_line, render_body

LARGEST_FEED = 16_000_000  # bytes; feedparser takes ten seconds for as much
OWN_FLAGS = frozenset({"breaking", "key-event", "correction", "retraction"})
MOST_NAMES = 30  # tags and people of one update; a feed may have any number

# Possessive: comments after comments could be divided in more ways than there is time to try.
_HTML = re.compile(
    rb"\s*+(?:(?:<\?xml[^>]*+>|<!--(?:(?!-->).)*+-->)\s*+)*+<(?:!doctype\s+html|html)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_JSON_FEED = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version')
_ENTITIES = "declares XML entities of its own, which no feed needs and which can be a trap."
_ROOTS = {"rss", "feed", "RDF"}
_PERSON = re.compile(r"\S+@\S+\s*\((?P<name>[^()]+)\)")  # RSS 2.0: an address, the name in brackets
_LONGEST_ADDRESS = 2000
_LINK = re.compile(r"https?://[^\s@/?#\[\]]+(?:[/?#]\S*)?")


def xml_feed(content: bytes) -> list[Item]:
    """The items of an RSS or Atom document, oldest first. Raises `Unreadable`."""
    if _HTML.match(content[:4096]):
        raise Unreadable("is an HTML page, not a feed; its feed has an address of its own.")
    feed = feedparser.parse(
        io.BytesIO(_checked(content)),
        sanitize_html=False,  # the server does, more strictly
        response_headers={"content-type": "application/xml; charset=utf-8"},
    )
    source = str(feed.feed.get("id") or feed.feed.get("link") or "")
    language = feed.feed.get("language")
    return in_order(
        [_entry(entry, source, language, f"item {number}") for number, entry in enumerate(feed.entries, 1)]
    )


def is_json_feed(content: bytes) -> bool:
    """Whether it begins like a JSON Feed, broken or not."""
    return _JSON_FEED.search(content[:4096]) is not None


def json_feed(content: bytes) -> list[Item]:
    """The items of a JSON Feed, oldest first. Raises `Unreadable`."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8: byte {content[error.start]:#x} at position {error.start}.") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is a broken JSON Feed: {str(error)[:100]}.") from None
    items = document.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unreadable("is a JSON Feed without a list of items.")
    source = str(document.get("feed_url") or document.get("home_page_url") or "")
    language = document.get("language")
    return in_order(
        [_json_item(item, source, language, f"item {number}") for number, item in enumerate(items, 1)]
    )


def _checked(content: bytes) -> bytes:
    """The document as UTF-8 without a document type. Raises `Unreadable`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as broken:
        if b"<!ENTITY" in content:
            raise Unreadable(_ENTITIES) from None
        raise Unreadable(f"is broken XML: {clean_line(str(broken.msg))}.") from None
    declared: Any = root.getroottree().docinfo.internalDTD
    if declared is not None and any(declared.entities()):
        raise Unreadable(_ENTITIES)
    name = etree.QName(root).localname
    if name not in _ROOTS:
        raise Unreadable(f"is XML of another kind (<{name[:40]}>), not RSS or Atom.")
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _entry(entry: Mapping[str, Any], source: str, language: object, where: str) -> Item:
    flags = {tag.get("term") for tag in entry.get("tags", ()) if tag.get("scheme") == FLAGS}
    tags = [
        tag.get("label") or tag.get("term") for tag in entry.get("tags", ()) if tag.get("scheme") != FLAGS
    ]
    text = next(iter(entry.get("content") or ()), None) or entry.get("summary_detail") or {}
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return _made(
        id=entry.get("id") or entry.get("link"),
        source=source,
        where=where,
        link=entry.get("link"),
        language=(entry.get("title_detail") or {}).get("language") or text.get("language") or language,
        withdrawn="retraction" in flags,
        files=max(len(entry.get("enclosures", ())), len(entry.get("media_content", ()))),
        fields={
            "headline": _headline(entry.get("title_detail") or {}),
            "body": text.get("value") or "",
            "format": "text" if text.get("type") == "text/plain" else "html",
            "byline": _people(entry)[:MOST_NAMES],
            "tags": [tag for tag in tags if tag][:MOST_NAMES],
            "displayed_at": datetime.fromtimestamp(calendar.timegm(moment), UTC) if moment else None,
            **_flagged(flags),
        },
    )


def _json_item(item: Mapping[str, Any], source: str, language: object, where: str) -> Item:
    html = item.get("content_html")
    authors = item.get("authors") or [item.get("author")]
    if not isinstance(authors, list):
        raise Unreadable(f"{where}: authors is {repr(authors)[:100]}; a list is expected.")
    tags = item.get("tags") or []
    if not isinstance(tags, list):
        raise Unreadable(f"{where}: tags is {repr(tags)[:100]}; a list is expected.")
    flags = set()
    if str(item.get("id")).startswith(UPDATES):  # one of ours, where flags stand among the tags
        flags = {tag for tag in tags if isinstance(tag, str) and tag in OWN_FLAGS}
        tags = [tag for tag in tags if not isinstance(tag, str) or tag not in flags]
    return _made(
        id=item.get("id") or item.get("url"),
        source=source,
        where=where,
        link=item.get("url"),
        language=item.get("language") or language,
        withdrawn="retraction" in flags,
        files=len(item.get("attachments") or ()) or (1 if item.get("image") else 0),
        fields={
            "headline": item.get("title") or "",
            "body": html or item.get("content_text") or item.get("summary") or "",
            "format": "html" if html else "text",
            "byline": [
                author["name"] for author in authors if isinstance(author, dict) and author.get("name")
            ],
            "tags": tags[:MOST_NAMES],
            "displayed_at": item.get("date_published") or item.get("date_modified"),
            **_flagged(flags),
        },
    )


def _made(
    *,
    id: object,
    source: str,
    where: str,
    link: object,
    language: object,
    withdrawn: bool,
    files: int,
    fields: dict[str, Any],
) -> Item:
    if _fits(link):
        title = fields["headline"] or link
        fields["related"] = [{"title": title, "url": link}]
    if isinstance(language, str) and (tag := _language(language)):
        fields["language"] = tag
    own = str(id).removeprefix(UPDATES)
    if own != id and OWN_ID.fullmatch(own):
        fields["id"] = own
    form = form_of(fields, where)
    name = str(id) if isinstance(id, str | int) and id else fingerprint(form.model_dump_json())
    # An id that is no address is unique in its feed alone: two feeds both have an item 1.
    return Item(
        name if ":" in name else f"{source} {name}",
        form,
        withdrawn=withdrawn,
        corrects=own != id and CORRECTIONS in own,
        files=files,
    )


def _flagged(flags: Collection[object]) -> dict[str, bool]:
    """The fields that the flags of one of our own feeds set."""
    named = {"breaking": "breaking", "key-event": "key_event"}
    return {field: True for flag, field in named.items() if flag in flags}


def _headline(detail: Mapping[str, Any]) -> str:
    value = str(detail.get("value") or "")
    if detail.get("type") == "text/plain":
        return clean_line(value)
    try:
        return clean_line(render_body(value, "html").text)
    except TextRefused:
        return clean_line(value)


def _people(entry: Mapping[str, Any]) -> list[str]:
    # feedparser cuts addresses under newer domains in two, but keeps the text that it cut.
    match = _PERSON.fullmatch(clean_line(str(entry.get("author") or "")))
    if match:
        return [match["name"].strip()]
    names = [clean_line(str(author.get("name") or "")) for author in entry.get("authors", ())]
    return [name for name in names if name]


def _fits(link: object) -> bool:
    """Whether a related link can have this address."""
    if not isinstance(link, str) or len(link) > _LONGEST_ADDRESS:
        return False
    try:
        urlsplit(link)
    except ValueError:  # letters that a host cannot have
        return False
    return _LINK.fullmatch(link) is not None


def _language(tag: str) -> str | None:
    try:
        return check_language(tag)
    except TextRefused:
        return None  # such as "unknown"; the coverage's will do
