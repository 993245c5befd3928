"""Slugs: the readable part of a coverage's address, in the letters of its own language."""

import re
import unicodedata
from collections.abc import Container

from livefeed.text.characters import clean, clean_line
from livefeed.text.refusal import TextRefused

SLUG_LIMIT = 80
TAKEN = "lower-case or caseless letters, digits and single hyphens between them"
FALLBACK = "coverage"
# What stands after /desk/ where a coverage's slug would: such a coverage could not be worked on.
RESERVED = frozenset(
    {
        "account",
        "administration",
        "audit",
        "coverages",
        "limits",
        "login",
        "logout",
        "new",
        "people",
        "snippets",
        "subscribers",
        "tokens",
        "webhooks",
    }
)


def check_slug(slug: str) -> str:
    """Return `slug`, or raise `TextRefused`.

    A slug is 1 to `SLUG_LIMIT` lower-case or caseless letters of any script with their combining marks,
    decimal digits, and single hyphens between them, in NFC: two addresses that look alike must be one.
    """
    shown = repr(slug[:SLUG_LIMIT])
    if not 1 <= len(slug) <= SLUG_LIMIT:
        sentence = f"The slug {shown} has {len(slug)} characters; it needs 1 to {SLUG_LIMIT}."
        raise TextRefused(sentence, SLUG_LIMIT)
    if slug.startswith("-") or slug.endswith("-") or "--" in slug:
        sentence = f"The slug {shown} may have single hyphens only, and only between its words."
        raise TextRefused(sentence, TAKEN)
    if slug in RESERVED:
        raise TextRefused(f"The slug {shown} is the name of a page of the desk; choose another.", TAKEN)
    for character in slug:
        if not _fits(character):
            raise TextRefused(
                f"The slug {shown} contains U+{ord(character):04X}; only lower-case or caseless "
                "letters, digits and single hyphens may stand in it.",
                TAKEN,
            )
    if any(unicodedata.category(word[0])[0] == "M" for word in slug.split("-")):
        raise TextRefused(f"The slug {shown} has a word that begins with a combining mark.", TAKEN)
    if clean(slug) != slug:
        sentence = f"The slug {shown} is not in Unicode's composed form (NFC); {clean(slug)!r} is."
        raise TextRefused(sentence, TAKEN)
    return slug


def slugify(headline: str) -> str:
    """Make a slug of a headline in its own script: Arabic stays Arabic, without tatweel and vowel signs."""
    # NFKC turns the presentation forms that PDF files and old systems give for Arabic into its plain letters.
    text = unicodedata.normalize("NFKC", clean_line(headline)).lower()
    text = clean_line(_UNWRITTEN.sub("", unicodedata.normalize("NFC", text)))
    words = "".join(character if _fits(character) else "-" for character in text).split("-")
    slug = ""
    for word in filter(None, (word.lstrip(_marks_of(word)) for word in words)):
        longer = f"{slug}-{word}" if slug else word[:SLUG_LIMIT]
        if len(longer) > SLUG_LIMIT:
            break
        slug = longer
    return f"{slug}-{FALLBACK}" if slug in RESERVED else slug or FALLBACK


def free_slug(headline: str, taken: Container[str]) -> str:
    """The slug of a headline, or the first of `storm-2`, `storm-3`… that is not `taken`."""
    slug, number = slugify(headline), 1
    free = slug
    while free in taken:
        number += 1
        ending = f"-{number}"
        free = slug[: SLUG_LIMIT - len(ending)].rstrip("-") + ending
    return free


def _fits(character: str) -> bool:
    if character == "-":
        return True
    return unicodedata.category(character) in _CATEGORIES and not _INVISIBLE.match(character)


def _marks_of(word: str) -> str:
    return "".join(character for character in word if unicodedata.category(character)[0] == "M")


_CATEGORIES = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
# Letters and marks by category that show nothing (Default_Ignorable_Code_Point): two slugs would look alike.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Tatweel, Arabic vowel and Quranic signs, Hebrew points: with them or without, it is the same address.
# Apostrophes too, so that "Iran's" becomes "irans" and not "iran-s".
_UNWRITTEN = re.compile(
    "[\u0640\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7'\u2019\u02bc]"
)
