"""The supervised subscription: hears announcements, proves that it still hears, and comes back for ever.

Theory of operation
    One task looks after one subscription. It judges the server (`judge`), subscribes, and on every
    confirmation tells the listener to heal, for whatever was announced before may have been lost: redis-py
    reconnects and subscribes again on its own, and the repeated confirmation is the only trace of it. After a
    second of silence it publishes a probe to itself; when nothing comes back in time, the connection is dead
    although no error says so (a hung server, a half-open socket), and it starts anew. Every fault ends in a
    short random pause and another attempt, whatever the outage lasts.

Invariants
    - The task ends only when it is cancelled.
    - Only this task ends the state `away`, and only after the server was judged fit.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from livefeed.store import Listener, StoreAway, StoreError
from livefeed.store.redis import plan
from livefeed.store.redis.primary import CUT, Primary

EVENTS = "{livefeed}:events"
WHISPERS = "{livefeed}:whispers"
TICK = 0.25  # seconds; longest wait for a message before looking at the clock
SILENCE = 1.0  # seconds without a message until a probe is sent
ECHO_TIMEOUT = 2.0  # seconds in which the probe must come back
PAUSE = 1.0  # seconds; longest pause before another attempt

_logger = logging.getLogger(__name__)


class Subscription:
    """Announcements of the primary, handed to `listener` (None: only the server's presence is watched), and
    what is whispered, to `hear`.

    `judge` checks the server and names the epoch; it raises a `StoreError` when the server is out of reach or
    must not be used.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        primary: Primary,
        listener: Listener | None,
        hear: Callable[[str], None] | None,
        judge: Callable[[], Awaitable[object]],
    ) -> None:
        self.confirmed = asyncio.Event()
        self._client = Redis(connection_pool=pool)
        self._primary = primary
        self._listener = listener
        self._whispered = hear
        self._judge = judge
        self._probe = f"{{livefeed}}:probe:{secrets.token_hex(8)}"

    async def keep(self) -> None:
        """Listen until cancelled."""
        failures = 0
        complaint = ""
        while True:
            self.confirmed.clear()
            try:
                await self._listen()
            except (RedisError, StoreError, *CUT) as error:
                if self.confirmed.is_set() or str(error) != complaint:  # an outage is told once
                    complaint = str(error)
                    _logger.warning("announcements from Redis are interrupted: %s", complaint)
            except Exception:
                _logger.exception("announcements from Redis are interrupted by a defect")
            failures = 1 if self.confirmed.is_set() else failures + 1
            # Full jitter: a fleet must not knock in step.
            await asyncio.sleep(random.uniform(0, min(PAUSE, 0.02 * 2 ** min(failures, 10))))  # noqa: S311 - no secret

    async def _listen(self) -> None:
        try:
            await self._judge()
        except StoreError as error:
            self._primary.set_away(True, error)
            raise
        channels = [self._probe]
        if self._whispered:
            channels.append(WHISPERS)
        if self._listener:
            channels.append(EVENTS)  # last: its confirmation means that all are heard
        # Never ignore_subscribe_messages: it would hide that redis-py reconnected.
        pubsub = self._client.pubsub()
        try:
            await pubsub.subscribe(*channels)
            await self._hear(pubsub)
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _hear(self, pubsub: PubSub) -> None:
        clock = asyncio.get_running_loop().time
        heard, probed = clock(), 0.0
        while True:
            message = await pubsub.get_message(timeout=TICK)
            if message is not None:
                heard, probed = clock(), 0.0
                self._take(message)
            if self._primary.away and self.confirmed.is_set():
                await self._judge()
                self._welcome()
            if probed and clock() - probed > ECHO_TIMEOUT:
                raise StoreAway(f"Redis did not send back a probe within {ECHO_TIMEOUT:g} s")
            if not probed and clock() - heard > SILENCE:
                probed = clock()
                await self._primary.ask("PUBLISH", self._probe, "", knock=True)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # One confirmation a channel, in their order.
            if self._listener is None or message["channel"] == EVENTS:
                self.confirmed.set()
                self._welcome()
        elif message["channel"] == WHISPERS and self._whispered:
            self._whispered(message["data"])
        elif message["channel"] == EVENTS and self._listener:
            if not message["data"]:  # a new epoch
                self._listener.heal()
                return
            channel, epoch, offset, entry = message["data"].split("\n", 3)
            try:
                event = plan.event(channel, epoch, int(offset), entry)
            except ValueError:  # written by a newer version, during an upgrade
                _logger.exception("event %s-%s of %s cannot be read", epoch, offset, channel)
                return
            self._listener.receive(event)

    def _welcome(self) -> None:
        self._primary.set_away(False)
        if self._listener:
            self._listener.heal()
