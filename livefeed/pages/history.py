"""An update's history as the desk sees it: who did what, and what it did to the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livefeed.model import Update
from livefeed.pages.amendments import shortened_differences
from livefeed.store import Revision
from livefeed.text.differences import Piece


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history. `headline` and `text` are what it did to them, empty where it left one as it
    was. `returnable` says that the update had other words then than it has now."""

    line: Revision
    headline: tuple[Piece | None, ...]
    text: tuple[Piece | None, ...]
    returnable: bool


def steps_of(history: Sequence[Revision]) -> list[Step]:
    """The steps of a history that runs oldest first, newest first."""
    steps = []
    headline = text = ""
    for line in history:
        update = line.update
        steps.append(
            Step(
                line,
                shortened_differences(headline, update.headline, update.direction),
                shortened_differences(text, update.text, update.direction),
                _words(update) not in (_words(history[-1].update), ("", "")),
            )
        )
        headline, text = update.headline, update.text
    return steps[::-1]


def _words(update: Update) -> tuple[str, str]:
    return update.headline, update.body
