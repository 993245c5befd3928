"""Languages and their writing directions."""

import re
import unicodedata
from typing import Literal

from livefeed.text.refusal import TextRefused

LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)",
    re.ASCII | re.IGNORECASE,
)
"""A well-formed language tag (RFC 5646 §2.1) that starts with a registered two or three letter language."""

LANGUAGE_LIMIT = 35
"""Characters in a tag; every system must take this many (RFC 5646 §4.4.1), longer ones may be cut by some."""


def check_language(tag: str) -> str:
    """Return `tag` in its usual case (RFC 5646 §2.1.1: `ar-SY`, `ku-Latn`), or raise `TextRefused`."""
    match = LANGUAGE.fullmatch(tag) if len(tag) <= LANGUAGE_LIMIT else None
    if match is None:
        raise TextRefused(
            f"The language {tag[:50]!r} is not a language tag of at most {LANGUAGE_LIMIT} characters"
            " like 'ar', 'ar-SY' or 'ku-Latn' (RFC 5646).",
            "a language tag of RFC 5646",
        )
    script, region = match["script"], match["region"]
    return "".join(
        (
            match["language"].lower(),
            f"-{script.title()}" if script else "",
            f"-{region.upper()}" if region else "",
            match["variants"].lower(),
            match["extensions"].lower(),
        )
    )


def direction_of_language(language: str) -> Literal["rtl", "ltr"]:
    """The direction a language tag is written in, by its script, else by the usual script of the language."""
    match = LANGUAGE.fullmatch(language.replace("_", "-"))
    if match is None:
        return "ltr"
    if match["script"]:
        return "rtl" if match["script"].lower() in _RTL_SCRIPTS else "ltr"
    return "rtl" if match["language"].lower().split("-")[0] in _RTL_LANGUAGES else "ltr"


def direction_of(text: str) -> Literal["rtl", "ltr"] | None:
    """The direction of the first strong character (Unicode TR 9, P2), or None without one, as in "2-1"."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return None


# ISO 15924 codes of the scripts whose letters Unicode's DerivedBidiClass.txt gives class R or AL.
_RTL_SCRIPT_CODES = """
    adlm arab aran armi avst chrs cprt elym garm hatr hebr hung khar lydi mand mani mend merc mero narb
    nbat nkoo orkh ougr palm phli phlp phnx prti rohg samr sarb sogd sogo syrc syre syrj syrn thaa todr
    yezi
"""
# Languages whose usual script is one of those (Unicode CLDR's likely subtags; `iw` and `ji` are old codes).
_RTL_LANGUAGE_CODES = """
    aao abh abv acm acq acw acx acy adf aeb aec afb aii aij ajp apc apd ar arb arc arq ars ary arz auz
    avl ayh ayl ayn ayp bal bcc bgn bgp bqi ckb cld dv fa gbz glk haz he iw ji jpr jrb khw ks kvx lad
    lki lrc luz mid mnd mve mzn nqo pbt pbu pes pga pnb prd prs ps pst rhg sam sd sdh sgl shu skr ssh
    syc syr tru trw ug ur wbl ydd yi
"""
_RTL_SCRIPTS = frozenset(_RTL_SCRIPT_CODES.split())
_RTL_LANGUAGES = frozenset(_RTL_LANGUAGE_CODES.split())
