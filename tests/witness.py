"""What one reader can prove from the frames alone: every offset once, in order, or told to reload."""

from __future__ import annotations

from typing import Any

EVENTS = {"published", "revised", "corrected", "retracted", "restored", "pinned", "unpinned", "coverage"}


class Witness:
    """Takes one stream's frames in the order of their coming and objects to what must not happen.

    start      the position that the hello named
    position   that of the last event, or what the hello or a reload named
    events     since the stream began or was reloaded
    reloads    how often the cursor was called worthless
    """

    def __init__(self) -> None:
        self.start = ""
        self.position = ""
        self.events: list[dict[str, Any]] = []
        self.reloads = 0
        self.heartbeats: list[str] = []
        self.retry: int | None = None

    @property
    def offset(self) -> int:
        return int(self.position.rpartition("-")[2])

    @property
    def epoch(self) -> str:
        return self.position.rpartition("-")[0]

    @property
    def offsets(self) -> list[int]:
        return [int(event["position"].rpartition("-")[2]) for event in self.events]

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """The last state of every update that an event told of."""
        return {event["update"]["id"]: event["update"] for event in self.events if "update" in event}

    def take(self, frame: dict[str, Any]) -> None:
        kind = frame["kind"]
        assert self.retry is None, f"{kind} came after the goodbye"
        if not self.start:
            assert kind == "hello", f"{kind} came before the hello"
            self.start = self.position = frame["position"]
        elif kind == "reload":
            self.reloads += 1
            self.position = frame["position"]
            self.events.clear()
        elif kind == "heartbeat":
            assert frame["position"] == self.position, f"a heartbeat at {self.position}: {frame}"
            self.heartbeats.append(frame["position"])
        elif kind == "goodbye":
            self.retry = frame["retry"]
        else:
            assert kind in EVENTS, frame
            expected = f"{self.epoch}-{self.offset + 1}"
            assert frame["position"] == expected, f"{frame['position']} came where {expected} was due"
            self.position = frame["position"]
            self.events.append(frame)
