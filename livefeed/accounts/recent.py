"""What was read from the store a moment ago."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

RECENT = 1.0
"""Seconds for which what was read is believed, counted from before the reading: how long another process's
change may go unnoticed. A Redis round trip costs more than everything else that a request is checked for."""

CAPACITY = 4096
"""Answers kept. Strangers can fill them with nonsense; it costs each right key one more reading."""


class Recent(Generic[T]):
    """Answers by key, "nothing" among them, each believed for `RECENT` seconds."""

    def __init__(self, now: Callable[[], datetime], capacity: int = CAPACITY) -> None:
        self._now = now
        self._capacity = capacity
        self._answers: dict[str, tuple[datetime, T]] = {}  # in the order of reading: the stalest comes first

    async def get(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """The answer for `key`, from `read` when none is recent."""
        asked_at = self._now()
        if key in self._answers:
            read_at, answer = self._answers[key]
            # A clock that was set back must not make an answer last: before its own reading it is not recent.
            if timedelta(0) <= asked_at - read_at < timedelta(seconds=RECENT):
                return answer
        answer = await read()
        self._answers.pop(key, None)
        self._answers[key] = asked_at, answer
        if len(self._answers) > self._capacity:
            del self._answers[next(iter(self._answers))]
        return answer

    def clear(self) -> None:
        """Believe nothing any more: this process just changed something."""
        self._answers.clear()
