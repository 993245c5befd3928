"""Rubrics: the sections and tags that updates are filed under, in the one form in which they are compared.

Editors write «إدلب» and « إدلب », "Idlib" and "IDLIB": each pair is one rubric, one address and one feed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from livefeed.model import Coverage, Update
from livefeed.text import clean_line

Sort = Literal["section", "tag"]

REFILED = 2000
"""How many of a coverage's newest updates follow it when its section or tags change: no feed shows more."""


@dataclass(frozen=True, slots=True, order=True)
class Rubric:
    """A section or a tag. Make it with `of`: `name` is the form in which names are compared, not shown."""

    sort: Sort
    name: str

    @classmethod
    def of(cls, sort: Sort, name: str) -> Rubric:
        """The rubric that somebody names so: cleaned as stored text is, without regard to case (Unicode
        §3.13, canonical caseless matching)."""
        folded = clean_line(name).casefold()
        # Folding takes some letters apart and joins others anew, so it is done until nothing changes.
        while (again := clean_line(unicodedata.normalize("NFC", folded)).casefold()) != folded:
            folded = again
        return cls(sort, folded)

    @property
    def key(self) -> str:
        """The name that a store files it under."""
        return f"{self.sort}:{self.name}"

    @property
    def path(self) -> str:
        """Where its feeds are, without the ending that names the form."""
        return f"/feeds/{self.sort}s/{quote(self.name, safe='')}"


def rubrics_of(subject: Coverage | Update) -> tuple[Rubric, ...]:
    """What a coverage files all its updates under, or an update adds for itself; sorted, each once."""
    return tuple(sorted(named_rubrics(subject)))


def named_rubrics(subject: Coverage | Update) -> dict[Rubric, str]:
    """The rubrics of a coverage, its section first, or of an update, each with its name as it was written."""
    written: list[tuple[Sort, str]] = [("tag", tag) for tag in subject.tags]
    if isinstance(subject, Coverage):
        written.insert(0, ("section", subject.section))
    names: dict[Rubric, str] = {}
    for sort, name in written:
        rubric = Rubric.of(sort, name)
        if rubric.name:
            names.setdefault(rubric, clean_line(name))
    return names
