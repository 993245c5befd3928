"""How the deliveries of one coverage stand, as values: who was told of what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """One webhook, or the external hub. `host` alone is told, for the rest of an address may be a secret.

    waiting    changes of the coverage that it has not been told of yet
    failures   attempts at the next of them that came to nothing
    reason     what went wrong at the last attempt; empty when it arrived
    letters    dead letters of this coverage
    """

    host: str
    description: str = ""
    waiting: int = 0
    told_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    reason: str = ""
    letters: int = 0
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The webhooks of a coverage and, where it is not our own, the hub; else how many follow its feeds by
    WebSub, how many of them the last push has not reached, and when one last reached anybody."""

    webhooks: tuple[Recipient, ...]
    hub: Recipient | None
    subscribers: int
    failing: int
    pushed_at: datetime | None
