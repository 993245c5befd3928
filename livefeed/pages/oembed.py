"""oEmbed: what a site asks that was given one of our addresses and wants to show what is there.

Source: oEmbed 1.0 (oembed.com), §2.3 (requests and answers), §2.3.4.4 (the rich type), §2.3.5 (XML).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from livefeed.pages.addresses import absolute
from livefeed.pages.card import Card

CACHE_AGE = 3600  # seconds; only a title can grow old, for the frame is live
WIDTH, HEIGHT = 600, 600  # pixels, when nothing less is asked for
NARROWEST = 50

Answer = dict[str, str | int]

_PATH = re.compile(r"/live/(?P<slug>[^/]+)(?:/updates/(?P<id>[0-9A-Za-z]+))?/?")


@dataclass(frozen=True, slots=True)
class Subject:
    """What an address of ours is the page of: a coverage, or its update `id`."""

    slug: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """The room in pixels that the asking page has."""

    width: int = WIDTH
    height: int = HEIGHT


def subject_of(url: str, base_url: str) -> Subject | None:
    """What `url` is the page of; None for an address that is not ours, or that of another page."""
    try:
        asked, ours = urlsplit(url), urlsplit(base_url)
    except ValueError:
        return None
    # Who copied an address may have it from before the site had a certificate.
    if asked.scheme not in {"http", "https"} or asked.netloc.lower() != ours.netloc.lower():
        return None
    found = _PATH.fullmatch(unquote(asked.path).removeprefix(ours.path))
    return Subject(found["slug"], found["id"]) if found else None


def answer(card: Card, frame: str, room: Room, *, base_url: str, site_title: str) -> Answer:
    """What is answered for the page with this card, which is shown by the address `frame`."""
    # No style: who asked may clean what it gets, and an iframe with these attributes is what is let through.
    html = (
        f'<iframe src="{escape(frame)}" title="{escape(card.title)}" width="{room.width}" '
        f'height="{room.height}" frameborder="0" loading="lazy" allowfullscreen></iframe>'
    )
    document: Answer = {
        "version": "1.0",
        "type": "rich",
        "title": card.title,
        "provider_name": site_title,
        "provider_url": f"{base_url}/",
        "cache_age": CACHE_AGE,
        "html": html,
        "width": room.width,
        "height": room.height,
    }
    picture = card.picture
    if picture and 0 < picture.width <= room.width and 0 < picture.height <= room.height:
        thumbnail = absolute(picture.url, base_url)
        if thumbnail:
            document |= {
                "thumbnail_url": thumbnail,
                "thumbnail_width": picture.width,
                "thumbnail_height": picture.height,
            }
    return document


def as_xml(document: Answer) -> bytes:
    """The answer in its XML form."""
    root = ElementTree.Element("oembed")
    for name, value in document.items():
        ElementTree.SubElement(root, name).text = str(value)
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body
