"""What a page of somebody else's says about itself, for a preview.

Pure: bytes in, texts out. Whatever the page is, its texts come out as plain lines within the limits, and its
picture as an address that has not been asked for yet.

Sources: the Open Graph protocol (ogp.me), the markup of X's cards, HTML Living Standard §13.2.3 (encodings).
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree

from livefeed.text import clean_line, excerpt

MOST_ELEMENTS = 5000  # looked at; what describes a page stands in its head
PRESCAN = 1024  # bytes in which a page names its encoding
# Browsers' encodings alone: Python knows others, such as utf-7 and unicode_escape, that would be tricks here.
_ENCODING = re.compile(
    r"utf-?8|utf-16(le|be)?|windows-125\d|iso-8859-\d{1,2}|koi8-[ru]"
    r"|gbk|gb2312|gb18030|big5|shift_jis|euc-(jp|kr)"
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Described:
    """What a page says of itself; empty where it says nothing. `picture` is an absolute web address."""

    title: str = ""
    text: str = ""
    site: str = ""
    author: str = ""
    picture: str = ""


def described(body: bytes, charset: str, address: str, *, line: int) -> Described:
    """Read a page that stands at `address`; `charset` is what its header said, `line` the longest text."""
    said = dict(reversed(list(_said(_decoded(body, charset)))))  # the first of each name counts

    def first(*names: str) -> str:
        found = (excerpt(clean_line(said.get(name, "")), line) for name in names)
        return next(filter(None, found), "")

    author = first("article:author", "author", "twitter:creator")
    return Described(
        title=first("og:title", "twitter:title", "title"),
        text=first("og:description", "twitter:description", "description"),
        site=first("og:site_name", "application-name"),
        author="" if author.startswith(("http:", "https:")) else author,
        picture=_picture(said, address),
    )


def _picture(said: dict[str, str], address: str) -> str:
    for name in ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"):
        try:
            found = urljoin(address, said.get(name, "").strip())
        except ValueError:
            continue
        if said.get(name, "").strip() and found.startswith(("http://", "https://")):
            return found
    return ""


def _said(text: str) -> Iterator[tuple[str, str]]:
    """Names and what the page says under them, in its order."""
    # No entity of its own, no network, no tree deeper than libxml2's own limit.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(text.encode(errors="replace"), parser)
    except etree.XMLSyntaxError:
        return
    if root is None:
        return
    for number, element in enumerate(root.iter("meta", "title")):
        if number >= MOST_ELEMENTS:
            return
        if element.tag == "title":
            yield "title", element.text or ""
        else:
            name = element.get("property") or element.get("name") or ""
            yield name.strip().lower(), element.get("content") or ""


def _decoded(body: bytes, charset: str) -> str:
    """The page's text. A mark at its beginning wins, then the header, then what it says itself."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").removeprefix("\ufeff")
    declared = _DECLARED.search(body[:PRESCAN])
    for name in (charset, declared[1].decode() if declared else ""):
        label = name.strip().lower()
        if _ENCODING.fullmatch(label):
            # What calls itself Latin 1 on the web is windows-1252.
            with contextlib.suppress(LookupError):  # there is no iso-8859-12
                return body.decode("windows-1252" if label == "iso-8859-1" else label, "replace")
    return body.decode("utf-8", "replace")
