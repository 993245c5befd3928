"""A line on standard error now and then, while something takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

import typer

INTERVAL = 3.0  # seconds between two lines; what is done sooner says nothing


class Progress:
    """Counts what is done and says so."""

    def __init__(self, sentence: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`sentence` has a place for the count, such as "{} updates are read"."""
        self._sentence = sentence
        self._clock = clock
        self._said_at = clock()
        self.count = 0

    def add(self, number: int = 1) -> None:
        self.count += number
        now = self._clock()
        if now - self._said_at >= INTERVAL:
            self._said_at = now
            typer.echo(f"livefeed: {self._sentence.format(f'{self.count:,}')}…", err=True)
