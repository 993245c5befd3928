"""The verbs: the only writer of the log.

Theory of operation
    A verb reads what there is, decides purely (`decisions`), and appends a batch that expects exactly what
    was read. When somebody else was faster the store says `Conflict`; the verb then reads again and decides
    anew, unless the editor named the revision decided on. Every batch carries an idempotency key, the
    client's or one made at the door, so that whatever was lost on the way can be repeated without doubling.

Invariants
    - A refused verb changes nothing.
    - The first result of a key is the only one: its repetition finds the state as it is now.
    - Times are the store's clock at the moment of the verb; nothing comes from an editor's device.
"""

from livefeed.newsroom.coverages import Coverages
from livefeed.newsroom.refusals import (
    Closed,
    Forbidden,
    Invalid,
    KeyMisused,
    NoCoverage,
    NotNow,
    NoUpdate,
    Refused,
    SlugTaken,
    Stale,
    Unknown,
)
from livefeed.newsroom.rounds import Rounds
from livefeed.newsroom.updates import Updates, permit_addition
from livefeed.newsroom.writer import Written

__all__ = [
    "Closed",
    "Forbidden",
    "Invalid",
    "KeyMisused",
    "Newsroom",
    "NoCoverage",
    "NoUpdate",
    "NotNow",
    "Refused",
    "SlugTaken",
    "Stale",
    "Unknown",
    "Written",
    "permit_addition",
]


class Newsroom(Coverages, Updates, Rounds):
    """Every verb, in one room."""
