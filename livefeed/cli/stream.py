"""Following a coverage over WebSocket, across lost connections.

Invariants
    - Each event is handed over once and in order, or a `reload` says that some cannot be had any more.
    - What proves a gap is the server's heartbeat: it names everything that was written to this follower.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import quote

import aiohttp
import typer

from livefeed.cli.client import LOST, REPEATED, Site, jittered, quoted
from livefeed.cli.outcome import Failed

SILENCE = 60.0  # seconds; heartbeats come every 25 at most, so a connection silent for longer is dead
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


class Move(Enum):
    """What a follower does after a frame."""

    SHOW = auto()
    PASS = auto()
    RECONNECT = auto()


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the server: its text, and what that says."""

    text: str
    document: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.document.get("kind", ""))

    @classmethod
    def parse(cls, text: str) -> Frame | None:
        """The frame, or None for what is no JSON object."""
        try:
            document = json.loads(text)
        except ValueError:
            return None
        return cls(text, document) if isinstance(document, dict) else None


@dataclass(slots=True)
class Place:
    """How far a follower has come: `cursor` is what the next connection asks to go on after."""

    cursor: str | None = None

    def take(self, frame: Frame) -> Move:
        """Note one frame, and say what to do."""
        position = frame.document.get("position")
        if frame.kind == "goodbye":
            return Move.RECONNECT
        if frame.kind == "heartbeat":
            return Move.PASS if position == self.cursor else Move.RECONNECT
        if isinstance(position, str):
            self.cursor = position
        return Move.PASS if frame.kind == "hello" else Move.SHOW


async def follow(site: Site, slug: str, place: Place) -> AsyncGenerator[tuple[Frame, Move]]:
    """Every frame of a coverage from `place` on, until the consumer stops; raises `Failed` when the server
    refuses for good."""
    losses = 0  # since the last frame
    while True:
        asked = None
        try:
            async with site.socket(_path(slug, place)) as socket:
                while (frame := await _next(socket)) is not None:
                    if losses:
                        typer.echo("livefeed: connected again.", err=True)
                    losses = 0
                    move = place.take(frame)
                    yield frame, move
                    if move is Move.RECONNECT:
                        asked = frame.document.get("retry")
                        break
        except aiohttp.WSServerHandshakeError as refused:
            if refused.status < 500 and refused.status not in REPEATED:
                raise Failed(_refusal(refused.status)) from refused
        except LOST:
            pass  # the same as a connection that just ends
        if not losses:
            typer.echo("livefeed: the connection was lost; coming back.", err=True)
        await asyncio.sleep(_pause(losses, asked, site.chance()))
        losses += 1


async def _next(socket: aiohttp.ClientWebSocketResponse) -> Frame | None:
    """The next frame, None when the connection is over. Raises `TimeoutError`."""
    while True:
        message = await socket.receive(timeout=SILENCE)
        if message.type is aiohttp.WSMsgType.TEXT:
            frame = Frame.parse(message.data)
            if frame is not None:
                return frame
        elif message.type is not aiohttp.WSMsgType.BINARY:
            return None


def _path(slug: str, place: Place) -> str:
    after = "" if place.cursor is None else f"&after={quote(place.cursor, safe='')}"
    return f"/live/{quoted(slug)}/ws?counted=no{after}"  # a terminal is no page that readers have open


def _pause(losses: int, asked: object, chance: float) -> float:
    """Seconds until the next connection: spread over the milliseconds a goodbye `asked` for, because
    everybody else was told the same, or else by how often it failed."""
    if isinstance(asked, int | float):
        return chance * max(0.0, min(asked / 1000, LONGEST_PAUSE))
    return jittered(losses, chance, first=FIRST_PAUSE, longest=LONGEST_PAUSE)


def _refusal(status: int) -> str:
    if status == 404:
        return "There is no such coverage any more."
    if status in {400, 426}:
        return f"The server answered {status}: a proxy on the way may not pass WebSocket on."
    return f"The server answered {status} and lets nobody follow."
