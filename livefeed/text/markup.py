"""Markup: the way any HTML is reduced to the allow-list, and its plain text.

Theory of operation. Three walls, each of which would do alone for honest input:

1. `well_formed` rewrites the source into text and well-nested allowed tags, so no parser, ours or a
   browser's, can read it differently (mutation XSS), and limits hold before anything costs time.
2. nh3 (the ammonia allow-list over Mozilla's HTML parser) parses that and writes it anew.
3. `allowed_value` judges every attribute value as the parser decoded it: entities hide nothing there.

This repeats until nothing changes. So what is stored is a fixed point: sanitising it again, on import or at
another door, gives the same bytes.
"""

import re
from html import escape
from typing import Final

import nh3

from livefeed.text.allowlist import ATTRIBUTES, BLOCK_TAGS, LINK_REL, SCHEMES, TAGS, allowed_value
from livefeed.text.characters import balance_isolates, clean, marks
from livefeed.text.nesting import well_formed

ROUNDS = 8
"""Honest markup is settled after two or three."""


def sanitise(html: str) -> str:
    """Return `html` reduced to the allow-list, such that sanitising the result changes nothing.

    Markup that is not settled within `ROUNDS` was made to confuse: its words are kept, its structure is not.
    Raises TextRefused when tags are nested too deeply.
    """
    for _ in range(ROUNDS):
        before, html = html, _tidy(_CLEANER.clean(well_formed(html)))
        if html == before:
            return html
    lines = escape(plain(html), quote=False).split("\n")
    return _tidy("<p>" + "<br>".join(lines) + "</p>")


def plain(html: str) -> str:
    """The text of sanitised HTML: a blank line between blocks, a line for each break, list item and row."""
    parts: list[str] = []
    verbatim = 0
    for token in _PIECE.finditer(html):
        closing, tag, text = bool(token["closing"]), token["tag"], token["text"]
        if text is not None:
            parts.append(_unescape(text if verbatim else _SPACES.sub(" ", text)))
        elif tag in _TEXT_OF_END:
            parts.append(_TEXT_OF_END[tag] if closing else "")
        elif tag in BLOCK_TAGS:
            parts.append("\n\n")
            if tag == "pre":
                verbatim += -1 if closing else 1
        elif tag == "br":
            parts.append("\n")
    lines = "\n".join(line.strip() for line in "".join(parts).split("\n"))
    return clean(_BLANK_LINES.sub("\n\n", _CELL_EDGE.sub("\t", lines))).strip()


def _tidy(html: str) -> str:
    """Remove what is left without meaning, and clean the characters that entities brought in."""
    html = html.replace("&nbsp;", "\xa0")  # a name known to HTML only: XML readers would stop at it
    html = _LINK_TO_NOTHING.sub(r"\1", html)
    html = _EMPTY_PARAGRAPH.sub("", html)
    html = _PRE_START.sub(r"\1", html)  # a parser drops one newline there each time it reads
    # U+0338 after a tag would compose with its ">" to "≯" in NFC, and the tag would be gone.
    if "\u0338" in html:
        after_tag = re.compile(f">[{marks(basic=False)}]+")
        html = after_tag.sub(lambda run: run[0].replace("\u0338", ""), html)
    return clean(balance_isolates(html, _BLOCK_EDGE)).strip()


def _unescape(text: str) -> str:
    # All that nh3 escapes in text; "&amp;" last, or "&amp;lt;" would be decoded twice.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


_CLEANER: Final = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags={"script", "style"},
    attributes=ATTRIBUTES,
    attribute_filter=allowed_value,
    link_rel=LINK_REL,
    url_schemes=SCHEMES,
    url_relative="deny",
)
_TEXT_OF_END: Final = {"li": "\n", "tr": "\n", "td": "\t", "th": "\t", "thead": "", "tbody": ""}
_PIECE: Final = re.compile(r"<(?P<closing>/?)(?P<tag>[a-z0-9]+)[^>]*>|(?P<text>[^<]+)")
_SPACES: Final = re.compile("[ \t\n]+")
_CELL_EDGE: Final = re.compile(" ?\t ?")
_BLANK_LINES: Final = re.compile("\n{3,}")
_LINK_TO_NOTHING: Final = re.compile("<a(?=[ >])(?![^>]* href=)[^>]*>(.*?)</a>", re.DOTALL)
_EMPTY_PARAGRAPH: Final = re.compile(r"<p(?: [^>]*)?>(?:\s|<br>)*</p>")
_PRE_START: Final = re.compile("(<pre(?: [^>]*)?>)\n+")
_BLOCK_EDGE: Final = re.compile(f"\n|</?(?:br|{'|'.join(sorted(BLOCK_TAGS))})(?: [^>]*)?>")
