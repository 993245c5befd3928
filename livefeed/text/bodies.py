"""Bodies: what an editor wrote, in any of three formats, as the HTML that is stored and shown everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from livefeed.text.characters import clean
from livefeed.text.markup import plain, sanitise
from livefeed.text.nesting import DEPTH_LIMIT
from livefeed.text.refusal import TextRefused

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

Format = Literal["markdown", "html", "text"]

BRACKET_LIMIT = 2000
"""Opening brackets in Markdown: each may start a link, and seeking its end costs 60 µs (100,000 take 6 s)."""


@dataclass(frozen=True, slots=True)
class Body:
    """A text as readers get it: `html` is safe to put into a page as it is, `text` is its plain text."""

    html: str
    text: str


def render_body(source: str, format: Format) -> Body:
    """Render what an editor wrote. Rendering the result's `html` as "html" gives the same body.

    Raises TextRefused when tags, quotes or lists are nested too deeply, or brackets too many.
    """
    source = clean(source)
    html = sanitise(_to_html(source, format))
    return Body(html, plain(html))


def _to_html(source: str, format: Format) -> str:
    match format:
        case "markdown":
            return _from_markdown(source)
        case "html":
            return source
        case "text":
            return _from_text(source)


def _from_markdown(source: str) -> str:
    if (brackets := source.count("[")) > BRACKET_LIMIT:
        sentence = f"The Markdown has {brackets} opening brackets; the limit is {BRACKET_LIMIT}."
        raise TextRefused(sentence, BRACKET_LIMIT)
    markdown = _markdown()
    env: EnvType = {}
    tokens = markdown.parse(source, env)
    # At its limit the parser silently skips what is deeper. Words must not vanish, therefore refuse.
    if max((token.level for token in tokens), default=0) >= DEPTH_LIMIT - 1:
        raise TextRefused(
            f"The Markdown has quotes or lists inside one another that make {DEPTH_LIMIT} or more levels of"
            f" tags; the limit is {DEPTH_LIMIT - 1}.",
            DEPTH_LIMIT - 1,
        )
    return str(markdown.renderer.render(tokens, markdown.options, env))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a start does not wait for it, the first text does

    # Differences from CommonMark are what people do in a hurry: a newline is meant as one; an indented line
    # is no code; a line of dashes under a paragraph is a rule, not a heading.
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEPTH_LIMIT})
    markdown.enable(["table", "strikethrough"]).disable(["code", "lheading"])
    markdown.add_render_rule("image", _alternative_text)
    return markdown


def _from_text(source: str) -> str:
    """Blank lines part paragraphs, single newlines are kept, bare addresses become links."""
    lines = source.split("\n")
    paragraphs = (
        list(lines) for written, lines in groupby(lines, key=lambda line: bool(line.strip())) if written
    )
    return "\n".join(f"<p>{'<br>'.join(map(_linked, lines))}</p>" for lines in paragraphs)


def _linked(line: str) -> str:
    parts: list[str] = []
    at = 0
    for match in _ADDRESS.finditer(line):
        address = match[0].rstrip(_AFTER_ADDRESS)
        if ")" in match[0] and address.count("(") > address.count(")"):
            address += ")"  # the bracket is its own, as in https://en.wikipedia.org/wiki/Aleppo_(city)
        shown = escape(address)
        # An address reads from the left in an Arabic line too, or its slashes and dots would change sides.
        parts += (escape(line[at : match.start()], quote=False), f'<a href="{shown}" dir="ltr">{shown}</a>')
        at = match.start() + len(address)
    return "".join(parts) + escape(line[at:], quote=False)


def _alternative_text(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    # Pictures are uploaded and belong to the update's media; one inside the text would be fetched from a
    # stranger's server by every reader.
    return escape(renderer.renderInlineAsText(tokens[at].children, options, env))


_ADDRESS = re.compile(r"""https?://[^\s<>"\\`]+""", re.IGNORECASE)
_AFTER_ADDRESS = ".,;:!?)]}'»”’…،؛؟"
