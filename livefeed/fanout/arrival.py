"""How long a publication took until the last open page of this process had it.

A page has it when the kernel has taken the bytes: what the network and the reader's device add is not seen
from here. Who joins later, or replays the log, is not waited for, and connections that are not counted as
open pages never are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from livefeed.events import Event, Kind
from livefeed.fanout.reader import Reader


@dataclass(frozen=True, slots=True)
class Arrival:
    """The publication at `offset` was with everybody `seconds` after the time that it bears: that is the
    store's, whose clock may be ahead of this machine's, so that they may be less than 0."""

    offset: int
    seconds: float


class Arrivals:
    """Watches the newest publication of one channel. `arrived` is called when everybody has it."""

    def __init__(
        self,
        arrived: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.latest: Arrival | None = None
        self._arrived = arrived
        self._clock = clock
        self._offset = 0  # of the publication that is under way; 0 for none
        self._published_at = datetime.fromtimestamp(0, UTC)
        self._awaited: set[Reader] = set()

    def take(self, event: Event) -> None:
        """The log has a new event, while a page is open."""
        if event.kind is Kind.PUBLISHED and event.update is not None and event.update.published_at:
            self._offset, self._published_at = event.offset, event.update.published_at
            self._awaited.clear()

    def passed(self, top: int, draining: Iterable[Reader]) -> None:
        """A pass has written everything up to `top` to every reader but those who are still draining."""
        if 0 < self._offset <= top:
            self._awaited = {reader for reader in draining if reader.counted}
            self._settle()

    def drained(self, reader: Reader) -> None:
        """What was written to `reader` has been taken."""
        if reader in self._awaited and (reader.offset >= self._offset or reader.behind):
            self.left(reader)

    def left(self, reader: Reader) -> None:
        """`reader` is not waited for any more."""
        if reader in self._awaited:
            self._awaited.remove(reader)
            self._settle()

    def restart(self) -> None:
        """A new epoch began: offsets mean nothing any more."""
        self.latest, self._offset = None, 0
        self._awaited.clear()

    def _settle(self) -> None:
        if not self._awaited:
            took = (self._clock() - self._published_at).total_seconds()
            self.latest, self._offset = Arrival(self._offset, took), 0
            self._arrived()
