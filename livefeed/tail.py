"""The last events of one channel, with the frames made of them.

A tail is contiguous: its events run without a hole from `first` to `top`. Frames are made lazily, once per
event and form, and kept beside the event, so a thousand readers share one encoding. A retraction empties the
frames and events of the same update in place: a replay must not show what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from livefeed.events import Event, Kind
from livefeed.frames import Form, View, on_wire
from livefeed.model import Position

Render = Callable[[Event, View], str]


@dataclass(slots=True)
class Entry:
    """One event and what was made of it."""

    event: Event
    texts: dict[View, str] = field(default_factory=dict)
    frames: dict[Form, bytes] = field(default_factory=dict)

    def text(self, view: View, render: Render) -> str:
        """The JSON text of the event's frame."""
        text = self.texts.get(view)
        if text is None:
            text = self.texts[view] = render(self.event, view)
        return text

    def frame(self, form: Form, render: Render) -> bytes:
        """The event's bytes on the wire."""
        frame = self.frames.get(form)
        if frame is None:
            text = self.text(form.view, render)
            frame = self.frames[form] = on_wire(form.wire, text, self.event.kind, self.event.position)
        return frame


class Tail:
    """The newest events of one channel, at most about `capacity` of them."""

    __slots__ = ("_entries", "capacity", "epoch", "render", "top")

    def __init__(
        self, epoch: str, top: int, events: Iterable[Event], *, capacity: int, render: Render
    ) -> None:
        """`events` are the last ones of the log, up to and including `top`."""
        self.epoch = epoch
        self.top = top
        self.render = render
        self.capacity = capacity
        self._entries = [Entry(event) for event in events]

    def reborn(self, epoch: str, top: int, events: Iterable[Event]) -> Tail:
        """The tail of the same channel in a new life of its log."""
        return Tail(epoch, top, events, capacity=self.capacity, render=self.render)

    @property
    def first(self) -> int:
        """The oldest offset held; `top + 1` when nothing is."""
        return self.top + 1 - len(self._entries)

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.top)

    def append(self, event: Event) -> None:
        """Take the next event. Raises ValueError for any other than the next."""
        if event.position != Position(self.epoch, self.top + 1):
            raise ValueError(f"event {event.position} does not follow {self.position} in {event.channel}")
        if event.kind in (Kind.RETRACTED, Kind.DELETED):
            empty(self._entries, event)
        self._entries.append(Entry(event))
        self.top += 1
        # Cut in halves, not one by one: removing the head of a list moves all the rest.
        if len(self._entries) >= 2 * self.capacity:
            del self._entries[: -self.capacity]

    def entries_after(self, offset: int) -> list[Entry] | None:
        """What follows `offset`, or None when part of it has left the tail."""
        if offset < self.first - 1:
            return None
        return self._entries[len(self._entries) - (self.top - offset) :] if offset < self.top else []

    def bytes_after(self, offset: int, form: Form, limit: int) -> tuple[bytes, int] | None:
        """The frames after `offset` as one piece of at most `limit` bytes (but at least one frame), and the
        offset of the last; None when part of it has left the tail."""
        entries = self.entries_after(offset)
        return None if entries is None else joined(entries, form, limit, self.render)


def joined(entries: list[Entry], form: Form, limit: int, render: Render) -> tuple[bytes, int]:
    """The frames of `entries` (at least one) in a piece of at most `limit` bytes, and its last offset."""
    if len(entries) == 1:
        return entries[0].frame(form, render), entries[0].event.offset
    pieces: list[bytes] = []
    size = last = 0
    for entry in entries:
        frame = entry.frame(form, render)
        if pieces and size + len(frame) > limit:
            break
        pieces.append(frame)
        size += len(frame)
        last = entry.event.offset
    return b"".join(pieces), last


def empty(entries: Iterable[Entry], withdrawal: Event) -> None:
    """Replace the content of every earlier event about a withdrawn update by what is left of it."""
    stub = withdrawal.update
    if stub is None:
        return
    for entry in entries:
        update = entry.event.update
        if update is not None and update.id == stub.id:
            emptied = replace(stub, breaking=update.breaking, position=update.position, order=update.order)
            entry.event = replace(entry.event, update=emptied)
            entry.texts.clear()
            entry.frames.clear()
