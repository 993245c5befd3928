"""Excerpts: the beginning of a text, where only a line of it fits."""

import re
import unicodedata

from livefeed.text.characters import clean, clean_line

ELLIPSIS = "…"
SENTENCE_MINIMUM = 16
"""Characters: a shorter "sentence" is mostly an abbreviation ("Dr.", "U.S.") or a bare label ("عاجل")."""


def title_of(headline: str, text: str, limit: int = 100) -> str:
    """The headline, or an excerpt of the text where there is none: every update needs a title somewhere."""
    return clean_line(headline) or excerpt(text, limit)


def excerpt(text: str, limit: int = 100) -> str:
    """The first sentence or line of `text` if it fits into `limit`, else the words that do, and "…"."""
    whole = ""
    for line in filter(None, map(clean_line, clean(text).split("\n"))):
        at = len(whole) + 1 if whole else 0
        whole = f"{whole} {line}" if whole else line
        sentences = (sentence.end() for sentence in _SENTENCE_END.finditer(whole, at, limit + 1))
        for end in (*sentences, len(whole)):
            if SENTENCE_MINIMUM <= end <= limit:
                return clean_line(whole[:end])  # a bidi isolate opened before the end would stay open
        if len(whole) > limit:
            return _words(whole, limit)
    return whole


def _words(text: str, limit: int) -> str:
    end = max(limit - len(ELLIPSIS), 0)
    space = text.rfind(" ", 1, end + 1)
    if space > 0:
        end = space
    while end > 0 and _inside_grapheme(text, end):
        end -= 1
    return clean_line(text[:end]).rstrip(" ,;:-–—،؛ـ") + ELLIPSIS


def _inside_grapheme(text: str, at: int) -> bool:
    """Whether cutting before `at` would part a base from its marks, or an emoji from its continuation.

    A subset of Unicode TR 29 §3.1.1: enough for letters with marks, joined and toned emoji and flags.
    """
    after, before = text[at], text[at - 1]
    if (
        unicodedata.category(after)[0] == "M"
        or after in "\u200c\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    ):
        return True
    if before == "\u200d":
        return True
    flags = _FLAG_LETTERS_BEFORE.search(text, max(0, at - 64), at)
    return "\U0001f1e6" <= after <= "\U0001f1ff" and flags is not None and len(flags[0]) % 2 == 1


_SENTENCE_END = re.compile(r"[.!?؟۔…。！？।][\"'»”’)\]]*(?=\s|$)|[。！？]")
_FLAG_LETTERS_BEFORE = re.compile("[\U0001f1e6-\U0001f1ff]+$")
