"""The allow-list: the tags, attributes and addresses that stored text may contain; nothing else."""

import re
from typing import Final

from livefeed.text.characters import clean_line
from livefeed.text.languages import check_language
from livefeed.text.refusal import TextRefused

INLINE_TAGS: Final = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "br",
        "cite",
        "code",
        "em",
        "i",
        "q",
        "s",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
    }
)
CELL_TAGS: Final = frozenset({"caption", "td", "th"})
TABLE_PARTS: Final = CELL_TAGS | {"tbody", "thead", "tr"}
FLOW_TAGS: Final = frozenset(
    {"blockquote", "figcaption", "figure", "h3", "h4", "h5", "h6", "hr"}
) | frozenset({"li", "ol", "p", "pre", "table", "ul"})
"""Blocks that end an open paragraph."""
BLOCK_TAGS: Final = FLOW_TAGS | TABLE_PARTS
TAGS: Final = INLINE_TAGS | BLOCK_TAGS
ATTRIBUTES: Final = {
    "*": {"dir", "lang"},
    "a": {"href", "hreflang"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
}
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
LINK_REL: Final = "noopener noreferrer nofollow"


def allowed_value(tag: str, name: str, value: str) -> str | None:
    """The value to keep for an attribute of the list, entities already decoded; None drops the attribute.

    Never raises: nh3, whose callback this is, would only log it.
    """
    if name == "rel":
        return value  # nh3 itself has just written it
    if name == "href":
        value = value.strip(" \t\n")
        return value if clean_line(value) == value and _ADDRESS.fullmatch(value) else None
    if name in {"lang", "hreflang"}:
        try:
            return check_language(value)
        except TextRefused:
            return None
    return value if _VALUES[name].fullmatch(value) else None


_VALUES: Final = {
    "dir": re.compile("ltr|rtl|auto"),
    "start": re.compile("[0-9]{1,6}"),
    "colspan": re.compile("[1-9][0-9]?"),
    "rowspan": re.compile("[1-9][0-9]?"),
    "datetime": re.compile(r"[0-9TZPWDHMS:+., \-]{1,40}"),
}
# The host begins right after "//" (browsers skip further slashes, read backslashes as slashes) and has no "@"
# and no "%" (user names and their disguises make a link look as if it led to another site), nor invisible
# characters. No bidi isolates anywhere: they belong to the text around, not to an address.
_ADDRESS: Final = re.compile(
    r"https?://[^\s/?#@\\%<>\"'`{}|^\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u206f]+"
    r"(?:[/?#][^\s\\<>\"`\u2066-\u2069]*)?"
    r"|mailto:[^\s\\<>\"`\u2066-\u2069]+"
    r"|tel:[+0-9().\-]{2,30}",
    re.IGNORECASE,
)
