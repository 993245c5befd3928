"""A copy of a site as files: which address becomes which file, and pages whose links lead to files. Pure.

Addresses here are paths with their query, percent-encoded, such as `/live/storm?page=2`. Files are named
relative to the copy's folder, such as `live/storm/page-2.html`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator
from html import escape, unescape
from urllib.parse import quote, unquote, urlsplit

START = "/"

_TAG = re.compile(r"<(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:\s+[^\s=>\"]+(?:=\"[^\"]*\")?)*)\s*/?>")
_LINK = re.compile(r"(?P<before>\s(?:href|src)=\")(?P<address>[^\"]*)(?=\")")
_SIZES = re.compile(r"(?P<before>\ssrcset=\")(?P<addresses>[^\"]*)(?=\")")
_SCRIPT = re.compile(r"[ \t]*<script\b[^>]*\ssrc=\"[^\"]*\"[^>]*></script>\n?")
_EARLY = re.compile(r"[ \t]*<link rel=\"preload\"[^>]*>\n?")
_CANONICAL = re.compile(r"<link rel=\"canonical\" href=\"([^\"]*)\">")
_SHEET_LINK = re.compile(r"url\(\"?([^\"():]+)\"?\)")
_ARCHIVED = re.compile(r"archived=([1-9][0-9]{0,8})")
_PAGE = re.compile(r"page=([1-9][0-9]{0,8})")
_BEFORE = re.compile(r"before=([0-9A-Za-z-]{1,100})")
_FEED = re.compile(r"(?:feeds|live)/.+\.(?:rss|atom|json|opml)")
_FILE = re.compile(r"(?:static|media)/.+\.\w+")


def file_of(address: str) -> str | None:
    """The file that stands for an address, None for what has no place in a copy: sockets, desk, API."""
    parts = urlsplit(address)
    segments = [unquote(segment) for segment in parts.path.split("/")[1:]]
    if segments == [""]:
        if archived := _ARCHIVED.fullmatch(parts.query):
            return f"archived-{archived[1]}.html"
        return "index.html" if not parts.query else None
    # The server's names are not to lead out of the folder.
    if any(not segment or segment.startswith(".") or set(segment) & set("/\\\0") for segment in segments):
        return None
    path = "/".join(segments)
    match segments:
        case ["live", _] if not parts.query:
            return f"{path}/index.html"
        case ["live", _] if page := _PAGE.fullmatch(parts.query):
            return f"{path}/page-{page[1]}.html"
        case ["live", _, "updates", _] | ["live", _, "updates", _, "corrections"] if not parts.query:
            return f"{path}.html"
        case ["live", _, "corrections"]:
            if older := _BEFORE.fullmatch(parts.query):
                return f"{path}-{older[1]}.html"
            return None if parts.query else f"{path}.html"
    if _FILE.fullmatch(path):
        return path  # its query is a version, for caches
    return path if not parts.query and _FEED.fullmatch(path) else None


def public_address(index: str) -> str:
    """Where readers find the site, as its front page says; it may not be where the copy is made from."""
    found = _CANONICAL.search(index)
    return unescape(found[1]).rstrip("/") if found else ""


def addresses_in(page: str, site: str) -> Iterator[str]:
    """The addresses of the site at `site` that a page links to."""
    for tag in _TAG.finditer(page):
        for link in _LINK.finditer(tag["attributes"]):
            if tag["name"] != "script" and (address := _own(unescape(link["address"]), site)) is not None:
                yield address.partition("#")[0]
        for sizes in _SIZES.finditer(tag["attributes"]):
            for address, _ in _sizes(sizes["addresses"]):
                if (own := _own(address, site)) is not None:
                    yield own


def addresses_in_sheet(sheet: str, address: str) -> Iterator[str]:
    """The files that a style sheet at `address` names."""
    for link in _SHEET_LINK.finditer(sheet):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(address), link[1]))


def as_file(page: str, name: str, site: str, files: Collection[str]) -> str:
    """The page as the file `name`: links to what is in `files` are relative, others lead to the site.

    Scripts go: they are there for what is new, and browsers load none from a disk. So does what asks for a
    face early: from a disk only style sheets may.
    """

    def led(address: str) -> str:
        own = _own(address, site)
        if own is None:
            return address
        target, mark, fragment = own.partition("#")
        file = file_of(target)
        if file is None or file not in files:
            return f"{site}{own}"
        return f"{quote(posixpath.relpath(file, posixpath.dirname(name)))}{mark}{fragment}"

    return _TAG.sub(lambda tag: _relinked(tag, led), _EARLY.sub("", _SCRIPT.sub("", page)))


def _relinked(tag: re.Match[str], led: Callable[[str], str]) -> str:
    if 'rel="canonical"' in tag["attributes"]:
        return tag[0]  # it says where the page really is

    def sized(sizes: re.Match[str]) -> str:
        found = ", ".join(f"{led(address)}{width}" for address, width in _sizes(sizes["addresses"]))
        return sizes["before"] + escape(found)

    linked = _LINK.sub(lambda link: link["before"] + escape(led(unescape(link["address"]))), tag[0])
    return _SIZES.sub(sized, linked)


def _sizes(srcset: str) -> Iterator[tuple[str, str]]:
    """The addresses of a `srcset`, each with its width, as `livefeed.pages.sizes` writes them."""
    for candidate in unescape(srcset).split(", "):
        address, space, width = candidate.partition(" ")
        if address:
            yield address, space + width


def _own(address: str, site: str) -> str | None:
    """The path, query and fragment of an address of the site, None for any other."""
    if site and (address == site or address.startswith((f"{site}/", f"{site}?", f"{site}#"))):
        address = address[len(site) :] or "/"
    if not address.startswith("/") or address.startswith("//"):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    query, fragment = (
        f"{mark}{part}" if part else "" for mark, part in (("?", parts.query), ("#", parts.fragment))
    )
    path = quote(unquote(parts.path))
    if query.startswith("?with="):
        return f"{path}/updates/{query[6:]}"  # which page has it is for a server to say; here it has its own
    return f"{path}{query}{fragment}"
