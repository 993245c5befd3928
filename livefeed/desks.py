"""Open desks, told to look again when something changes that no log tells of: notes, and who is there.

A desk follows its coverage's desk channel as hints alone (`View.HINTS`) and then asks for what it may see.
What is no event reaches it as one more hint, by a whisper to all processes. A whisper may be lost, and is
when the store was away: therefore every desk is told to look once the store's announcements are heard again.
"""

from __future__ import annotations

from livefeed.events import Event, desk_channel, is_private
from livefeed.fanout import Fanout
from livefeed.whispers import Whispers

NOTES = "notes"
PRESENCE = "presence"


class Desks:
    """The desks that are open at this process; one of the store's listeners."""

    def __init__(self, fanout: Fanout, whispers: Whispers) -> None:
        self._fanout = fanout
        self._whispers = whispers
        whispers.listen(NOTES, lambda slug: self._hint(slug, NOTES))

    async def notes_changed(self, slug: str) -> None:
        """Have every desk of a coverage look at its notes, at whatever process it is open."""
        await self._whispers.tell(NOTES, slug)

    def presence_changed(self, slug: str) -> None:
        """Have the desks that are open here look who is there; each process hears of that itself."""
        self._hint(slug, PRESENCE)

    def receive(self, event: Event) -> None:
        """Events reach desks through the fan-out."""

    def heal(self) -> None:
        """See `Listener`."""
        for channel in self._fanout.followed():
            if is_private(channel.name):
                channel.hint(NOTES)

    def _hint(self, slug: str, kind: str) -> None:
        channel = self._fanout.channel(desk_channel(slug))
        if channel is not None:
            channel.hint(kind)
