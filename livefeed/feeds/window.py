"""Which updates a feed shows, and which stand in which of its archive documents.

Both are rules of values: the clock comes in from outside, so what it decides can be part of the state that a
rendered feed is known by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from livefeed.model import Status, Update

NEVER = datetime.fromtimestamp(0, UTC)

ARCHIVE_ITEMS = 50
"""Updates in an archive document. No setting: another number would move every update to another document."""


@dataclass(frozen=True, slots=True)
class Window:
    """How much of a coverage its feeds show.

    Some feed readers keep only what is in the feed, and many ask once an hour or a day. So a feed has at
    least the newest `items` updates, and besides all that were published or changed within `span`. `most` is
    a limit for when something goes wrong, such as a script that publishes in a loop.
    """

    items: int
    most: int
    span: timedelta = timedelta(hours=48)

    def shown(self, updates: Iterable[Update], now: datetime) -> tuple[Update, ...]:
        """What of `updates`, newest first, is in the feed at `now`.

        A withdrawal is shown for `span`, for that is how feed readers learn of it; then it leaves. Where not
        all that is recent has room, what was changed goes before what was published: the archive has that.
        """
        begin = now - self.span
        # Asked at each request, so written for speed: some 35 µs for 200 updates.
        present = [
            update
            for update in updates
            if update.status is not Status.RETRACTED or _withdrawn_at(update) > begin
        ]
        recent = [update for update in present[self.items :] if _changed_at(update) > begin]
        room = max(0, self.most - self.items)
        if len(recent) > room:
            first = sorted(recent, key=_changed_lately, reverse=True)[:room]  # of equals, the newest
            chosen = {update.id for update in first}
            recent = [update for update in recent if update.id in chosen]
        return (*present[: self.items], *recent)


def with_recent(
    newest: Sequence[Update], recent: Iterable[Update], *, breaking_only: bool
) -> tuple[Update, ...]:
    """`newest`, with what older updates there are among the `recent` ones, both newest first."""
    held = {update.id for update in newest}
    older = (update for update in recent if update.breaking or not breaking_only)
    return (*newest, *(update for update in older if update.id not in held))


def archive_documents(total: int) -> int:
    """How many archive documents `total` published updates make: those that are full.

    Document n holds the n-th `ARCHIVE_ITEMS` from the oldest, for ever (RFC 5005 §4). What no document holds
    yet is fewer updates than the least that a feed shows, so the feed and its archive have no hole between.
    """
    return total // ARCHIVE_ITEMS


def _changed_lately(update: Update) -> datetime:
    return update.revised_at or NEVER


def _withdrawn_at(update: Update) -> datetime:
    return update.retraction.at if update.retraction else _changed_at(update)


def _changed_at(update: Update) -> datetime:
    changed = update.revised_at or update.published_at
    if changed is None:
        raise ValueError(f"update {update.id} is {update.status} but has no time of publication")
    return changed
