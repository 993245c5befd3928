"""Readers as they differ: on a phone or a wide screen, in Arabic or English, with or without motion."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
EVERYBODY = os.environ.get("LIVEFEED_READERS") == "all"  # `make readers`


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: on what, in which language, and how much motion they bear."""

    screen: Literal["phone", "desktop"]
    language: Literal["ar", "en"]
    motion: Literal["reduce", "no-preference"]

    def __str__(self) -> str:
        return f"{self.screen}-{self.language}-{'still' if self.motion == 'reduce' else 'motion'}"

    @property
    def profile(self) -> dict[str, Any]:
        """What makes a browser theirs."""
        return {
            "viewport": PHONE if self.screen == "phone" else DESKTOP,
            "locale": "ar-SY" if self.language == "ar" else "en-GB",
            "reduced_motion": self.motion,
        }

    def says(self, arabic: str, english: str) -> str:
        """What stands on a page in their language."""
        return arabic if self.language == "ar" else english


# Each beside one who shares nothing with them.
READERS = (
    Reader("phone", "ar", "reduce"),
    Reader("desktop", "en", "no-preference"),
    Reader("phone", "en", "reduce"),
    Reader("desktop", "ar", "no-preference"),
    Reader("phone", "ar", "no-preference"),
    Reader("desktop", "en", "reduce"),
    Reader("phone", "en", "no-preference"),
    Reader("desktop", "ar", "reduce"),
)


def readers_at(turn: int, *, one: bool) -> Sequence[Reader]:
    """Two who share nothing, so that the `turn`th test of a module has every screen, language and motion; or
    `one`, where two cost too much: then two such tests that follow each other meet all of these.
    """
    return (READERS[turn % 8],) if one else READERS[2 * turn % 8 : 2 * turn % 8 + 2]
