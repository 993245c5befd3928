"""Characters: which ones may stand in stored text, and in what form.

Invariants of everything returned here: Unicode NFC; legal in XML 1.0 and encodable as UTF-8; every bidi
isolate closed on its own line; cleaning it again changes nothing.
"""

import re
import sys
import unicodedata
from functools import cache

MARK_LIMIT = 8
"""Combining marks on one base: vocalised Arabic and pointed Hebrew need up to four, floods have hundreds."""


def clean(text: str) -> str:
    """Return `text`, its lines kept, in NFC, with LF line ends, without characters that break or deceive.

    Removed: C0 but tab and newline, DEL and C1, lone surrogates, non-characters and the byte order mark (one
    of them makes a whole feed unreadable, XML 1.0 §2.2); the bidi embeddings and overrides U+202A to U+202E,
    which show one text and mean another, and unbalanced isolates; combining marks beyond `MARK_LIMIT` on one
    base. Kept: the joiners U+200C/D and marks U+200E/F, U+061C, which Arabic and Persian need.
    """
    text = _LINE_ENDS.sub("\n", text)
    if text.isascii():
        return _FORBIDDEN_BASIC.sub("", text)  # the rest concerns other characters only
    # Whatever is removed may bring a base and its mark together, therefore all removing precedes normalising.
    forbidden = _FORBIDDEN_BASIC if _is_basic(text) else _FORBIDDEN
    text = balance_isolates(forbidden.sub("", text), _NEWLINE)
    # Marks are bounded before normalising too: canonical reordering sorts by insertion, so its cost grows
    # with the square of a run of marks. And after it, because it can split one mark into several.
    return limit_marks(unicodedata.normalize("NFC", limit_marks(text)))


def clean_line(text: str) -> str:
    """Return `text` cleaned for a single line: each run of white space is one space, none at the ends."""
    return " ".join(clean(text).split())


def limit_marks(text: str) -> str:
    """Drop combining marks beyond `MARK_LIMIT` in a row; joiners between them do not restart the count."""
    return _mark_flood(_is_basic(text)).sub(r"\1", text)


@cache
def marks(basic: bool) -> str:
    """Every combining mark, or those up to U+FFFF, as the inside of a regular expression class.

    `re` knows no categories. Found on first use: 30 ms that not every start has to wait for.
    """
    if basic:
        return _mark_ranges(range(0x300, 0x10000))
    return marks(True) + _mark_ranges(range(0x10000, 0x20000), range(0xE0100, 0xE01F0))  # no other has any


def balance_isolates(text: str, boundary: re.Pattern[str]) -> str:
    """Remove U+2066 to U+2069 that have no partner before the next match of `boundary`.

    An isolate left open would reorder whatever the page shows after it on the same line.
    """
    if not _ISOLATE.search(text):
        return text
    stray: set[int] = set()
    opened: list[int] = []
    for token in re.finditer(f"{_ISOLATE.pattern}|{boundary.pattern}", text):
        if token[0] == "\u2069":
            if opened:
                opened.pop()
            else:
                stray.add(token.start())
        elif _ISOLATE.match(token[0]):
            opened.append(token.start())
        else:
            stray.update(opened)
            opened.clear()
    stray.update(opened)
    return "".join(character for at, character in enumerate(text) if at not in stray)


def _is_basic(text: str) -> bool:
    """True when nothing lies beyond U+FFFF, as in nearly all text. `re` keeps a class within that plane as a
    bitmap, but searches a list of ranges for every character when one reaches further: 20 times slower."""
    # Two units a character in UTF-16 are what tells the planes apart; encoding is the fastest way to ask.
    return len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)


@cache
def _mark_flood(basic: bool) -> re.Pattern[str]:
    mark = f"[{marks(basic)}]"
    joiners = f"[{_JOINERS}]*+"
    # Possessive, and starting at a mark, so that a long run of joiners is read once, not once from each.
    return re.compile(f"({mark}(?:{joiners}{mark}){{{MARK_LIMIT - 1}}})(?:{joiners}{mark})+")


def _mark_ranges(*planes: range) -> str:
    ranges: list[list[int]] = []
    for code in (code for plane in planes for code in plane):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08X}-\\U{last:08X}" for first, last in ranges)


_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_NEWLINE = re.compile("\n")
_NON_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, sys.maxunicode, 0x10000)
)
_NEVER = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufeff"
_FORBIDDEN = re.compile(f"[{_NEVER}{_NON_CHARACTERS}]")
_FORBIDDEN_BASIC = re.compile(f"[{_NEVER}\ufdd0-\ufdef\ufffe\uffff]")
_ISOLATE = re.compile("[\u2066-\u2069]")
_JOINERS = "\u200c-\u200f\u061c"
