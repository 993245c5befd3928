"""What the processes of one site tell each other in passing, beside the log: who is at which desk, that a
note was left.

Theory of operation
    A whisper reaches every process that listens at this moment, the one that whispers among them, and nothing
    keeps it: it costs no disk, and may be lost. So nothing may rest on one. It says only what is said again
    soon (somebody is still here), or where to look now instead of later.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import structlog

from livefeed.store import Store, StoreAway

Ear = Callable[[Any], None]

log = structlog.get_logger()


class Whispers:
    """Whispers of each topic. `hear` is what the store is started with."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ears: dict[str, Ear] = {}

    def listen(self, topic: str, ear: Ear) -> None:
        """Have `ear` called on the event loop with everything that is whispered of `topic`: JSON values, in
        the shape that `tell` was given, or a newer version's."""
        self._ears[topic] = ear

    async def tell(self, topic: str, words: object) -> None:
        """Whisper `words`, a small JSON value. With the store away nobody hears them, which is no error."""
        with contextlib.suppress(StoreAway):
            await self._store.whisper(json.dumps([topic, words], ensure_ascii=False))

    def hear(self, message: str) -> None:
        """Take a whisper. One that cannot be read is of a newer version, during an upgrade."""
        try:
            topic, words = json.loads(message)
            ear = self._ears.get(topic)
            if ear is not None:
                ear(words)
        except (ValueError, TypeError, KeyError) as reason:
            log.warning("a whisper cannot be read", message=message[:200], reason=str(reason))
