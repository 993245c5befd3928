"""People's text: made safe and uniform when it is written, so that no page, frame or feed breaks later.

Pure functions from strings to values. Whatever the input, the only exception is `TextRefused`.
"""

from livefeed.text.bodies import Body, Format, render_body
from livefeed.text.characters import clean, clean_line
from livefeed.text.excerpts import excerpt, title_of
from livefeed.text.languages import LANGUAGE, check_language, direction_of, direction_of_language
from livefeed.text.refusal import TextRefused
from livefeed.text.slugs import RESERVED, check_slug, free_slug, slugify

__all__ = [
    "LANGUAGE",
    "RESERVED",
    "Body",
    "Format",
    "TextRefused",
    "check_language",
    "check_slug",
    "clean",
    "clean_line",
    "direction_of",
    "direction_of_language",
    "excerpt",
    "free_slug",
    "render_body",
    "slugify",
    "title_of",
]
