"""Nesting: any source read as plain text and well-nested allowed tags, within limits."""

import re
from typing import Final

from livefeed.text.allowlist import BLOCK_TAGS, CELL_TAGS, FLOW_TAGS, TABLE_PARTS, TAGS
from livefeed.text.refusal import TextRefused

DEPTH_LIMIT = 100
"""Tags open inside one another: 50,000 of them block the HTML parser, and with it every reader, for 3 s."""

NESTING_LIMIT = 100_000
"""The depths of all tags, added: a parser may repeat open tags in every block, so cost grows with this."""


def well_formed(source: str) -> str:
    """`source` with only allowed tags, each closed inside the one it was opened in.

    What is not a tag in plain, unambiguous syntax is escaped: it will be shown as the text it is. Tags that
    mean the same as an allowed one become it. The highest heading becomes h3, because h1 is the coverage's
    and h2 the update's.

    Raises TextRefused beyond `DEPTH_LIMIT` and `NESTING_LIMIT`.
    """
    shift = max(0, 3 - min((int(level) for level in _HEADING.findall(source)), default=3))
    tree = _Nesting()
    endless: set[str] = set()
    at = 0
    while token := _TOKEN.search(source, at):
        tree.add(source[at : token.start()])
        at = token.end()
        written = token["tag"]
        if written is None:
            tree.add("&lt;" if token[0] == "<" else "")
            continue
        tag, closing = _canonical(written.lower(), shift), bool(token["closing"])
        if tag in TAGS and closing:
            tree.close(tag)
        elif tag in TAGS:
            tree.open(tag, token["attributes"])
        elif tag in _SWALLOWED and not closing and tag not in endless:
            if end := _SWALLOWED[tag].search(source, at):
                at = end.end()
            else:
                endless.add(tag)  # sought once: its opening tag may come ten thousand times
    tree.add(source[at:])
    return tree.written()


def _canonical(tag: str, shift: int) -> str:
    if _HEADING_NAME.fullmatch(tag):
        return f"h{min(6, int(tag[1]) + shift)}"
    return _ALIASES.get(tag, tag)


class _Nesting:
    """Writes tags and closes them where an HTML parser would.

    Were it left to the parser, it would carry formatting left open into every later block: a short text could
    become a huge page.
    """

    __slots__ = ("_depths", "_open", "_parts")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[str] = []
        self._depths = 0

    def add(self, text: str) -> None:
        self._parts.append(text)

    def open(self, tag: str, attributes: str) -> None:
        if tag in FLOW_TAGS:
            self._leave(frozenset({"p"}), CELL_TAGS | {"table"})
        if tag in _IMPLIED_END:
            self._leave(*_IMPLIED_END[tag])
        if tag == "br":
            self._parts.append("<br>")
            return
        depth = len(self._open) + 1
        self._depths += depth
        if depth > DEPTH_LIMIT:
            sentence = f"The text has {depth} tags inside one another; the limit is {DEPTH_LIMIT}."
            raise TextRefused(sentence, DEPTH_LIMIT)
        if self._depths > NESTING_LIMIT:
            raise TextRefused(
                "The text has too many tags inside one another: the sum of their depths is at least "
                f"{self._depths}; the limit is {NESTING_LIMIT}.",
                NESTING_LIMIT,
            )
        self._parts.append(f"<{tag}{attributes}>")
        if tag != "hr":
            self._open.append(tag)

    def close(self, tag: str) -> None:
        if tag == "table":
            boundary: frozenset[str] = frozenset()
        else:
            boundary = frozenset({"table"}) if tag in TABLE_PARTS else CELL_TAGS
        self._leave(frozenset({tag}), boundary)

    def written(self) -> str:
        return "".join(self._parts)

    def _leave(self, tags: frozenset[str], boundary: frozenset[str]) -> None:
        """Close the innermost of `tags` and all inside it, unless one of `boundary` stands in between."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] in tags:
                self._parts.extend(f"</{tag}>" for tag in reversed(self._open[at:]))
                del self._open[at:]
                return
            if self._open[at] in boundary:
                return


# Opening the tag ends an open one of the first set, sought up to the second (HTML §13.1.2.4, optional tags).
_IMPLIED_END: Final = {
    "a": (frozenset({"a"}), CELL_TAGS),
    "li": (frozenset({"li"}), BLOCK_TAGS - {"li", "p"}),
    "td": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "th": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "tbody": (frozenset({"tbody", "thead"}), frozenset({"table"})),
    "thead": (frozenset({"tbody", "thead"}), frozenset({"table"})),
}
# Boxes become paragraphs, or the words of two blocks would run together (rich-text editors write a paragraph
# as a div).
_BOXES: Final = frozenset(
    {"address", "article", "aside", "center", "dd", "details", "div", "dl", "dt", "fieldset"}
    | {"footer", "form", "header", "main", "nav", "section", "summary"}
)
_ALIASES: Final = {
    **dict.fromkeys(_BOXES, "p"),
    **dict.fromkeys(("kbd", "samp", "tt", "var"), "code"),
    "del": "s",
    "dfn": "em",
    "ins": "u",
    "strike": "s",
}
# Elements whose content is no text for people, or is read by rules of its own: gone with all that is inside.
_SWALLOWED: Final = {
    tag: re.compile(rf"</{tag}[\s/]*>", re.IGNORECASE | re.ASCII)
    for tag in frozenset(
        {"applet", "audio", "canvas", "head", "iframe", "math", "noembed", "noframes", "noscript", "object"}
        | {"script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp"}
    )
}
# Quantifiers are possessive: a failed match costs its own length once, never a search for other ways.
_TOKEN: Final = re.compile(
    r"""
      <!--.*?(?:-->|\Z)
    | <[!?][^>]*+(?:>|\Z)
    | <(?P<closing>/?)(?P<tag>[a-z][a-z0-9:-]*+)
      (?P<attributes>(?:[\s/]++[^\s"'<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?+)*+)
      [\s/]*+>
    | <
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
_HEADING: Final = re.compile(r"<h([1-6])(?=[\s/>])", re.IGNORECASE | re.ASCII)
_HEADING_NAME: Final = re.compile("h[1-6]")
