"""Order on the screen of what is written from left to right inside a right-to-left text.

After an Arabic letter the bidirectional algorithm takes a score apart (4-3 is shown as 3-4, UAX #9 rule W2),
sets the plus of a telephone number and the @ of an account at the wrong end, and the last slash of an address
before it.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_RTL_LETTER = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_TAG = re.compile("(<[^>]*>)")  # neither text nor a stored body has a bare `>` in an attribute
_NUMBER = r"\d+(?:[.,:/]\d+)*"
_APART = re.compile(
    rf"""(?<![A-Za-z0-9_&/.@\#+-])       # a whole one, and no character reference
    (?: https?://[^\s<>«»]*[^\s<>«».,:;!?()'"،؛؟]
      | [@\#](?=\w*[A-Za-z])[A-Za-z0-9_]+
      | (?P<figures> \+\d[\d ()-]+\d      # a telephone number: the only one with spaces
          | [-+−±]?{_NUMBER}(?:[-–−]{_NUMBER})+
          | [-+−±]{_NUMBER} )
    )""",
    re.VERBOSE,
)


def isolated(text: str) -> Markup:
    """`text` (escaped unless it is markup) with scores, signed numbers, telephone numbers, accounts, hashtags
    and addresses isolated. Text without a right-to-left letter needs none of it. Those of figures alone say
    their direction, by which the style sheet knows what must not be broken over two lines."""
    markup = escape(text)
    if not _RTL_LETTER.search(markup):
        return markup
    pieces = _TAG.split(markup)
    pieces[::2] = [_APART.sub(_isolate, piece) for piece in pieces[::2]]
    return Markup("".join(pieces))  # noqa: S704 - it was escaped above


def _isolate(part: re.Match[str]) -> str:
    return f'<bdi dir="ltr">{part.group()}</bdi>' if part["figures"] else f"<bdi>{part.group()}</bdi>"
