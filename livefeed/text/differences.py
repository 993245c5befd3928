"""What changed between two texts, word by word.

A piece never ends inside a word: letters with their marks and joiners stay together, so that Arabic keeps its
shape. Words of the other writing direction that stand together are one word, for a browser lays the halves
of a parted Latin name out from right to left in an Arabic sentence.

difflib can take cubic time and cannot be told to stop; this is Myers' algorithm (Algorithmica 1, 1986, §4)
with a budget. Texts that differ in more than it pays for are compared by lines, and as wholes in the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from livefeed.text.languages import direction_of

BUDGET = 300_000
"""Steps of one comparison: some 0.15 s. A text of 2,000 words with 200 changes takes a tenth of it."""


class Change(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, never empty. Kept and removed ones make the former text, kept and added ones the
    present one; what was removed stands before what was added in its place."""

    change: Change
    text: str


def differences(before: str, after: str, direction: str = "ltr") -> tuple[Piece, ...]:
    """How `after`, a text that runs in `direction`, came of `before`."""
    for parted in (lambda text: _words(text, direction), _lines):
        script = _script(parted(before), parted(after))
        if script is not None:
            return tuple(_joined(_without_crumbs(_joined(script))))
    return tuple(_joined([Piece(Change.REMOVED, before), Piece(Change.ADDED, after)]))


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(text: str, direction: str) -> list[str]:
    words = []
    for run in _RUN.findall(text):
        first, last = 0, len(run)
        while first < last - 1 and _is_mark_of_its_own(run, first):
            first += 1
        while last > first + 1 and _is_mark_of_its_own(run, last - 1):
            last -= 1
        words += [*run[:first], run[first:last], *run[last:]]
    return list(_with_foreign_runs(words, "rtl" if direction == "ltr" else "ltr"))


def _is_mark_of_its_own(text: str, at: int) -> bool:
    """True for punctuation that nothing is joined to, such as a variation selector or an accent."""
    joined = at + 1 < len(text) and unicodedata.category(text[at + 1])[0] in "MC"
    return unicodedata.category(text[at])[0] == "P" and not joined


def _with_foreign_runs(words: Sequence[str], foreign: str) -> Iterator[str]:
    """`words` with those of the direction `foreign` that follow each other made one."""
    start = 0
    while start < len(words):
        end = start + 1
        if direction_of(words[start]) == foreign:
            for at in range(end, len(words)):
                if (direction := direction_of(words[at])) == foreign:
                    end = at + 1
                elif direction is not None or "\n" in words[at]:
                    break
        yield "".join(words[start:end])
        start = end


def _script(before: Sequence[str], after: Sequence[str]) -> list[Piece] | None:
    """The shortest way from one sequence to the other; None when finding it exceeds the budget."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    middle = _shortest(before[start : len(before) - end], after[start : len(after) - end])
    if middle is None:
        return None
    head = [Piece(Change.KEPT, word) for word in before[:start]]
    return head + middle + [Piece(Change.KEPT, word) for word in before[len(before) - end :]]


def _shortest(before: Sequence[str], after: Sequence[str]) -> list[Piece] | None:
    # Diagonal k holds the places where `before` is k words further than `after`; reached[k] is how far into
    # `before` one gets there with so many changes.
    reached, trace, spent = {1: 0}, [], 0
    for changes in range(len(before) + len(after) + 1):
        trace.append(dict(reached))
        spent += len(reached)
        for k in range(-changes, changes + 1, 2):
            down = k == -changes or (k != changes and reached[k - 1] < reached[k + 1])
            x = reached[k + 1] if down else reached[k - 1] + 1
            first = x
            while x < len(before) and x - k < len(after) and before[x] == after[x - k]:
                x += 1
            reached[k] = x
            spent += 1 + x - first
            if x >= len(before) and x - k >= len(after):
                return _walked_back(before, after, trace)
            if spent > BUDGET:
                return None
    raise AssertionError("every word removed and every word added is a way")


def _walked_back(before: Sequence[str], after: Sequence[str], trace: Sequence[dict[int, int]]) -> list[Piece]:
    x, y = len(before), len(after)
    way: list[Piece] = []
    for changes in range(len(trace) - 1, -1, -1):
        reached, k = trace[changes], x - y
        down = k == -changes or (k != changes and reached[k - 1] < reached[k + 1])
        from_k = k + 1 if down else k - 1
        from_x = reached[from_k] if changes else 0
        from_y = from_x - from_k if changes else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            way.append(Piece(Change.KEPT, before[x]))
        if changes:
            way.append(Piece(Change.ADDED, after[from_y]) if down else Piece(Change.REMOVED, before[from_x]))
        x, y = from_x, from_y
    return way[::-1]


def _without_crumbs(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """A space or comma that happens to stand in both of two rewritten passages is no common text: what is
    kept between changes without a letter or digit counts as changed."""
    all_pieces = list(pieces)
    for place, piece in enumerate(all_pieces):
        inside = 0 < place < len(all_pieces) - 1
        if piece.change is Change.KEPT and inside and not any(map(str.isalnum, piece.text)):
            yield Piece(Change.REMOVED, piece.text)
            yield Piece(Change.ADDED, piece.text)
        else:
            yield piece


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind made one; between two kept pieces first all that was removed, then all that was
    added."""
    held = dict.fromkeys(Change, "")
    for piece in pieces:
        if piece.change is Change.KEPT:
            yield from _changed(held)
            held[Change.KEPT] += piece.text
        else:
            if held[Change.KEPT]:
                yield Piece(Change.KEPT, held[Change.KEPT])
                held[Change.KEPT] = ""
            held[piece.change] += piece.text
    if held[Change.KEPT]:
        yield Piece(Change.KEPT, held[Change.KEPT])
    yield from _changed(held)


def _changed(held: dict[Change, str]) -> Iterator[Piece]:
    for change in (Change.REMOVED, Change.ADDED):
        if held[change]:
            yield Piece(change, held[change])
            held[change] = ""


_RUN = re.compile(r"\s+|\+\d[\d ()-]*\d(?!\w)|\S+")  # of words with spaces there are telephone numbers alone
