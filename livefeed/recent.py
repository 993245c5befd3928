"""What the last two days brought to a channel: more than a front of its newest updates holds.

Feeds promise everything that was published or changed lately, however much it was and however old the updates
that were changed. So the newest state of each is kept beside the front, folded from the same events.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from livefeed.events import Event
from livefeed.model import Position, Update

SPAN = timedelta(hours=48)
NEVER = datetime.fromtimestamp(0, UTC)


class Recent:
    """The updates that the last `most` events of a channel changed, each in its newest state, but for those
    that changed last before `SPAN`. How many events count decides the bound, not how many this process has
    seen, so that all of a fleet know the same."""

    def __init__(self, epoch: str, events: Iterable[Event], most: int) -> None:
        self.position = Position(epoch, 0)
        self._most = most
        self._states: dict[str, tuple[int, Update]] = {}  # the last changed last
        self._newest_first: tuple[Update, ...] | None = None
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Take the next event; a double changes nothing."""
        if event.offset <= self.position.offset:
            return
        self.position = event.position
        if event.update is not None:
            self._states.pop(event.update.id, None)
            self._states[event.update.id] = event.offset, event.update
            self._newest_first = None
        while self._states and self._oldest()[0] <= event.offset - self._most:
            self._forget()

    def updates(self, now: datetime) -> tuple[Update, ...]:
        """What is recent at `now`, the last published first."""
        while self._states and changed_at(self._oldest()[1]) <= now - SPAN:
            self._forget()
        if self._newest_first is None:
            updates = (update for _, update in self._states.values())
            self._newest_first = tuple(sorted(updates, key=_published, reverse=True))
        return self._newest_first

    def _oldest(self) -> tuple[int, Update]:
        return next(iter(self._states.values()))

    def _forget(self) -> None:
        del self._states[next(iter(self._states))]
        self._newest_first = None


def changed_at(update: Update) -> datetime:
    """When readers last saw it change."""
    return max(filter(None, (update.published_at, update.revised_at)), default=NEVER)


def _published(update: Update) -> tuple[datetime, int, str]:
    # Orders are of one coverage, and those of the site are of many; clocks may have been set back.
    return update.published_at or NEVER, update.order, update.id
