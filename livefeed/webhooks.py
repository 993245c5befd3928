"""Webhooks: who is told, of what, and how a message is signed. Pure.

A message is the frame that readers of the coverage get, as JSON text, with the three headers of the
Standard Webhooks specification (1.0.0): `webhook-id` stays the same for one event whatever happens, so a
receiver knows a repetition; `webhook-timestamp` is the time of the attempt, so an old message that somebody
recorded can be refused; `webhook-signature` is an HMAC-SHA256 over both and the body.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

from livefeed.events import Event, Kind

SECRET_PREFIX = "whsec_"  # noqa: S105 - no secret, but how one is recognised
SHORTEST_SECRET, LONGEST_SECRET = 24, 64  # bytes, by the specification

# A pin changes where an update stands on the page, not what it says.
KINDS = frozenset(
    {Kind.PUBLISHED, Kind.REVISED, Kind.CORRECTED, Kind.RETRACTED, Kind.RESTORED, Kind.COVERAGE}
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go. `coverages` None means every one.

    baseline      the offset of each channel that there was when the endpoint was made, in `epoch`: it is told
                  of what came later, and of everything in channels that are not in it
    fingerprint   of the request that made it, for its repetition
    disabled      the receiver said 410 Gone: nothing more is sent
    deleted       all but the name is gone; kept so that a late repetition does not make it again
    """

    id: str
    url: str
    secret: str
    description: str
    coverages: tuple[str, ...] | None
    created_at: datetime
    epoch: str
    baseline: dict[str, int]
    fingerprint: str
    disabled: bool = False
    deleted: bool = False

    def wants(self, event: Event) -> bool:
        """True when the receiver is to be told of `event`."""
        return event.kind in KINDS

    def follows(self, slug: str) -> bool:
        """True when the coverage is one of the endpoint's."""
        return self.coverages is None or slug in self.coverages


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up: where it is in the log, how often it was tried and what went wrong last.

    Its text is not kept: a retraction empties the log, and must not leave a copy here. `replaying` is True
    from when somebody asked for it again until it was tried.
    """

    id: str
    channel: str
    offset: int
    kind: str
    attempts: int
    failed_at: datetime
    reason: str
    replaying: bool = False


def message_id(event: Event) -> str:
    """The `webhook-id` of an event: the same in every process, at every attempt, after every crash."""
    digest = hashlib.sha256(f"{event.channel}\n{event.position}".encode()).hexdigest()
    return f"msg_{digest[:32]}"


def signed_headers(endpoint: Endpoint, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt at `at`."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret_bytes(endpoint.secret), f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest.digest()).decode()}",
    }


def secret_text(key: bytes) -> str:
    """A secret as it is handed out."""
    return SECRET_PREFIX + b64encode(key).decode()


def secret_bytes(text: str) -> bytes:
    """The key in a secret. Raises `ValueError` with a sentence that does not repeat it."""
    if not text.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret begins with {SECRET_PREFIX}")
    try:
        key = b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {SECRET_PREFIX} is not Base64") from None
    if not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise ValueError(f"it holds {len(key)} bytes; {SHORTEST_SECRET} to {LONGEST_SECRET} are taken")
    return key
