"""The WebSub hub's deliveries: the round of one callback, and the source of all of them.

Theory of operation
    A request to the hub becomes an intent in the records. The courier asks the callback whether it agrees,
    and only then is there a subscription: a record that expires with its lease. What a callback has of its
    topic is kept beside it, and a push holds the entries that it has not: those that are new or changed. So a
    restart, a lost announcement or a subscriber's bad hour cannot lose a change: whatever the callback
    missed is in the next push, once.
    All that belongs to one callback is one round, so it gets one request at a time.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from livefeed import metrics
from livefeed.accounts.drawer import Drawer
from livefeed.courier.lease import Lease
from livefeed.courier.outside import Outside
from livefeed.courier.progress import pause_after, pause_left
from livefeed.store import Conflict, Records, Store
from livefeed.websub import Intent, Known, Mark, Subscription, push_headers

log = structlog.get_logger()

MOST_SUBSCRIPTIONS = 1000  # subscriptions, and as many intents: each may be a task and a request to strangers
INTENT_LIFETIME = timedelta(hours=1)
LONGEST_PAUSE = 600.0  # seconds between two attempts at one push
GONE = 410


class HubFull(Exception):
    """There are as many subscriptions, or requests for them, as there may be."""


@dataclass(frozen=True, slots=True)
class TopicDocument:
    """A topic as it is now: a mark for each entry, newest first, and a tag that is the same as long as they
    are. `part` renders the document with the entries of some ids alone."""

    tag: str
    content_type: str
    marks: tuple[Mark, ...]
    part: Callable[[Collection[str]], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a subscriber has by now, when it last took a push, and how often the next one has failed."""

    known: Known
    failures: int = 0
    retry_at: datetime | None = None
    pushed_at: datetime | None = None


class Subscriptions:
    """Intents and subscriptions in the store's records. Every method raises the store's errors."""

    def __init__(self, records: Records) -> None:
        self.intents = Drawer(records, "hub-intent", Intent)
        self.subscriptions = Drawer(records, "hub-subscription", Subscription)
        self.pushed = Drawer(records, "hub-pushed", Pushed)

    async def ask(self, intent: Intent, now: datetime) -> None:
        """Have the callback asked about `intent`, instead of what was to be asked. Raises `HubFull`."""
        while True:
            former = await self.intents.find(intent.name)
            if former is None and len(await self.intents.all()) >= MOST_SUBSCRIPTIONS:
                raise HubFull
            try:
                version = former.version if former else 0
                await self.intents.file(
                    intent.name, intent, expected=version, expires_at=now + INTENT_LIFETIME
                )
                return
            except Conflict:
                continue

    async def keep(self, subscription: Subscription) -> None:
        """A callback agreed. Raises `HubFull`."""
        former = await self.subscriptions.find(subscription.name)
        if former is None:
            if len(await self.subscriptions.all()) >= MOST_SUBSCRIPTIONS:
                raise HubFull
            await self.pushed.remove(subscription.name)  # of one that ended
        else:
            # A renewal must not pass over a change that was not pushed yet.
            subscription = replace(subscription, known=former.value.known)
        await self.subscriptions.file(
            subscription.name,
            subscription,
            expected=former.version if former else 0,
            expires_at=subscription.expires_at,
        )

    async def end(self, name: str) -> None:
        """A callback agreed to get nothing more, or is gone."""
        await self.subscriptions.remove(name)
        await self.pushed.remove(name)


@dataclass(slots=True)
class Callback:
    """What there is to do for one callback, as it was last looked up."""

    intents: list[Intent] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)


class Hub:
    """The source of callbacks' rounds. `document` gives the topic at an address (None: there is none any
    more), `address` the hub's own."""

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        outside: Outside,
        lease: Lease,
        *,
        document: Callable[[str], Awaitable[TopicDocument | None]],
        address: Callable[[], str],
        first_pause: float,
    ) -> None:
        self.store = store
        self.records = subscriptions
        self.outside = outside
        self.lease = lease
        self.document = document
        self.address = address
        self.first_pause = first_pause
        self._callbacks: dict[str, Callback] = {}

    async def rounds(self) -> Mapping[str, Callable[[], CallbackRound]]:
        """See `Source`."""
        callbacks: dict[str, Callback] = {}
        for intent in await self.records.intents.all():
            callbacks.setdefault(intent.value.callback, Callback()).intents.append(intent.value)
        for kept in await self.records.subscriptions.all():
            callbacks.setdefault(kept.value.callback, Callback()).subscriptions.append(kept.value)
        self._callbacks = callbacks
        return {
            f"hub:{_digest(callback)}": lambda callback=callback: CallbackRound(self, callback)  # type: ignore[misc]  # bound early
            for callback in callbacks
        }

    def callback(self, url: str) -> Callback:
        """What there is to do for a callback."""
        return self._callbacks.get(url) or Callback()


class CallbackRound:
    """Asks one callback what it wants, and tells it what is new."""

    def __init__(self, hub: Hub, callback: str) -> None:
        self._hub = hub
        self._callback = callback
        self._done: dict[str, str] = {}  # the tag of the topic under which nothing was missing

    async def run(self) -> float | None:
        """See `Round`."""
        work = self._hub.callback(self._callback)
        for intent in work.intents:
            await self._ask(intent)
        pauses = []
        for subscription in work.subscriptions:
            pauses.append(await self._push(subscription))
        return min((pause for pause in pauses if pause is not None), default=None)

    async def _ask(self, asked: Intent) -> None:
        """Verify an intent (§5.3): the callback must repeat a challenge. One that does not, or cannot be
        reached, leaves everything as it was."""
        hub = self._hub
        filed = await hub.records.intents.find(asked.name)
        if filed is None:
            return  # answered already
        intent = filed.value
        document = await hub.document(intent.topic)
        challenge = secrets.token_urlsafe(24)
        hub.lease.require()
        answer = await hub.outside.get(intent.question(challenge), limit=len(challenge))
        agreed = answer.accepted and hmac.compare_digest(answer.body, challenge.encode())
        metrics.OUTSIDE.labels("verification", "accepted" if agreed else "failed").inc()
        if agreed and intent.mode == "unsubscribe":
            await hub.records.end(intent.name)
            self._done.pop(intent.name, None)
        elif agreed and document is not None:
            ends = await hub.store.now() + timedelta(seconds=intent.lease)
            kept = Subscription(
                intent.callback, intent.topic, intent.secret, ends, Known().after(document.marks)
            )
            try:
                await hub.records.keep(kept)
            except HubFull:
                log.warning("the hub is full", limit=MOST_SUBSCRIPTIONS)
        else:
            log.info("a callback did not agree", mode=intent.mode, reason=answer.sentence)
        latest = await hub.records.intents.find(asked.name)
        if latest is not None and latest.value == intent:  # else it was asked for something else meanwhile
            await hub.records.intents.remove(asked.name)

    async def _push(self, known: Subscription) -> float | None:
        """Push a topic if its document is new; the pause when that failed."""
        hub, name = self._hub, known.name
        document = await hub.document(known.topic)
        if document is None or self._done.get(name) == document.tag:
            return None
        filed = await hub.records.subscriptions.find(name)
        if filed is None:
            return None  # ended
        subscription = filed.value
        noted = await hub.records.pushed.find(name)
        pushed = noted.value if noted else Pushed(subscription.known)
        missing = pushed.known.missing(document.marks)
        if not missing:
            self._done[name] = document.tag
            return None
        now = await hub.store.now()
        if left := pause_left(pushed.retry_at, now, LONGEST_PAUSE):
            return left
        body = await document.part(missing)
        headers = push_headers(subscription, hub.address(), document.content_type, body)
        hub.lease.require()
        answer = await hub.outside.post(subscription.callback, body, headers)
        metrics.OUTSIDE.labels("push", "accepted" if answer.accepted else "failed").inc()
        if answer.status == GONE:
            await hub.records.end(name)
            return None
        version = noted.version if noted else 0
        if answer.accepted:
            taken = Pushed(pushed.known.after(document.marks), pushed_at=now)
            await hub.records.pushed.file(name, taken, expected=version)
            self._done[name] = document.tag
            return None
        log.info("a push failed", attempt=pushed.failures + 1, reason=answer.sentence)
        pause = pause_after(
            pushed.failures + 1,
            hub.first_pause,
            LONGEST_PAUSE,
            random.random(),  # noqa: S311 - spreads load, hides nothing
        )
        retry_at = await hub.store.now() + pause
        failed = replace(pushed, failures=pushed.failures + 1, retry_at=retry_at)
        await hub.records.pushed.file(name, failed, expected=version)
        return pause.total_seconds()


def _digest(callback: str) -> str:
    return hashlib.sha256(callback.encode(errors="replace")).hexdigest()[:32]
