"""A reader: one open connection as a cursor. There is neither a task nor a queue for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from livefeed.frames import Form
from livefeed.model import Position

RELOAD = -1  # the offset of a reader who must be told `reload` before anything else


class Meeting(Protocol):
    """Where a reader belongs: told when it stops taking bytes, takes them again, or leaves."""

    def drain_began(self, reader: Reader) -> None: ...

    def drain_ended(self, reader: Reader) -> None: ...

    def leave(self, reader: Reader) -> None: ...


class Reader:
    """Where it is written to, in which form, and up to which offset it was.

    draining   the kernel did not take everything; passes leave it out until it did
    behind     its offset has left the tail (or its cursor waits to be judged): the log serves it, not passes
    cursor     a position that only the log can judge
    place      its index among the channel's readers
    counted    whether it is told of as an open page; the desk's own pages are not
    """

    __slots__ = ("behind", "channel", "counted", "cursor", "draining", "form", "offset", "place", "transport")

    def __init__(self, transport: asyncio.Transport, form: Form, *, counted: bool = True) -> None:
        self.transport = transport
        self.form = form
        self.counted = counted
        self.channel: Meeting | None = None
        self.offset = 0
        self.place = -1
        self.draining = False
        self.behind = False
        self.cursor: Position | None = None

    def drain_begins(self) -> None:
        """The write buffer is not empty."""
        self.draining = True
        if self.channel is not None:
            self.channel.drain_began(self)

    def drain_ends(self) -> None:
        """The write buffer is empty again."""
        self.draining = False
        if self.channel is not None:
            self.channel.drain_ended(self)

    def left(self) -> None:
        """The connection is gone."""
        if self.channel is not None:
            self.channel.leave(self)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream begins. `worthless`: the cursor leads nowhere; `judged` False: nobody can tell yet."""

    position: Position
    worthless: bool = False
    judged: bool = True
