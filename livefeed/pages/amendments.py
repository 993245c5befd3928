"""What each correction of an update changed, from its history, as readers are shown it.

A correction is public, and so are the text that it corrected and the text that it made. A silent revision is
neither marked nor compared: what it changed is part of the text that the next correction found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from livefeed.model import Correction, Direction, Status, Update
from livefeed.text.differences import Change, Piece, differences

AROUND = 240  # characters of unchanged text beside a change; of a long text nobody reads the rest again


@dataclass(frozen=True, slots=True)
class Amendment:
    """The `number`-th correction of an update, from 1. `headline` and `text` are what it did to them, empty
    where it left one as it was; None in place of a piece stands for unchanged text that is left out."""

    number: int
    correction: Correction
    direction: Direction
    headline: tuple[Piece | None, ...] = ()
    text: tuple[Piece | None, ...] = ()


def amendments_of(update: Update, history: Iterable[Update]) -> list[Amendment]:
    """Every correction of `update`, the newest first, from its states, oldest first; none of one that is
    retracted."""
    made = []
    former: Update | None = None
    for state in history:
        if state.status is not Status.PUBLISHED:
            continue
        number = len(state.corrections)
        if former is not None and len(former.corrections) < number <= len(update.corrections):
            made.append(_amendment(number, former, state))
        former = state
    return made[::-1]


def _amendment(number: int, before: Update, after: Update) -> Amendment:
    return Amendment(
        number,
        after.corrections[-1],
        after.direction,
        shortened_differences(before.headline, after.headline, after.direction),
        shortened_differences(before.text, after.text, after.direction),
    )


def shortened_differences(before: str, after: str, direction: Direction) -> tuple[Piece | None, ...]:
    """How `after` came of `before`, empty when they are the same; None for unchanged text left out."""
    return () if before == after else tuple(_shortened(differences(before, after, direction)))


def _shortened(pieces: Sequence[Piece]) -> Iterator[Piece | None]:
    for place, piece in enumerate(pieces):
        head = AROUND if place else 0
        tail = AROUND if place < len(pieces) - 1 else 0
        if piece.change is not Change.KEPT or len(piece.text) <= head + tail + AROUND:
            yield piece
            continue
        # Cut at spaces, so that no word is parted.
        if head and (found := _SPACE.search(piece.text, head, head + AROUND)):
            yield Piece(Change.KEPT, piece.text[: found.start()])
        yield None
        if tail and (found := _SPACE.search(piece.text, len(piece.text) - tail)):
            yield Piece(Change.KEPT, piece.text[found.end() :])


_SPACE = re.compile(r"\s+")
