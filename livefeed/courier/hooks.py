"""Delivering webhooks: the round of one endpoint, and the source of all of them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from livefeed import metrics
from livefeed.courier.endpoints import Endpoints
from livefeed.courier.lease import Lease
from livefeed.courier.outside import Answer, Outside
from livefeed.courier.progress import Ledger, Progress, pause_after, pause_left
from livefeed.events import Event, live_channel
from livefeed.store import Store
from livefeed.webhooks import DeadLetter, Endpoint, message_id, signed_headers

log = structlog.get_logger()

PAGE = 100  # events read at a time
GONE = 410


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a message is tried, and the pauses between, in seconds."""

    attempts: int
    first_pause: float
    longest_pause: float = 3600.0


class Webhooks:
    """The source of endpoints' rounds. `slugs` gives every coverage; `text` the frame of an event as JSON."""

    def __init__(
        self,
        store: Store,
        endpoints: Endpoints,
        outside: Outside,
        lease: Lease,
        *,
        slugs: Callable[[], Awaitable[Sequence[str]]],
        text: Callable[[Event], str],
        patience: Patience,
    ) -> None:
        self.store = store
        self.endpoints = endpoints
        self.outside = outside
        self.lease = lease
        self.slugs = slugs
        self.text = text
        self.patience = patience

    async def rounds(self) -> Mapping[str, Callable[[], EndpointRound]]:
        """See `Source`."""
        return {
            endpoint.id: partial(EndpointRound, endpoint, self)
            for endpoint in await self.endpoints.all()
            if not endpoint.disabled
        }


class EndpointRound:
    """Tells one endpoint what it has not been told.

    While a message is failing everything behind it waits: what arrives is in order, and an endpoint that is
    down is asked by one message, not by all. After the last attempt it becomes a dead letter and the next one
    has its turn.
    """

    def __init__(self, endpoint: Endpoint, webhooks: Webhooks) -> None:
        self._endpoint = endpoint
        self._webhooks = webhooks
        self._store = webhooks.store
        self._endpoints = webhooks.endpoints
        self._patience = webhooks.patience
        self._ledger = Ledger(webhooks.store.records, endpoint.id)
        self._gone = False

    async def run(self) -> float | None:
        """See `Round`."""
        if self._gone:
            return None  # the courier has yet to notice
        # Read anew each time: a delivery whose note was refused, or whose outcome nobody knows, is not
        # believed.
        await self._ledger.load()
        await self._replay()
        channels = [
            live_channel(slug) for slug in await self._webhooks.slugs() if self._endpoint.follows(slug)
        ]
        epoch, tops = await self._store.tops(channels)
        now = await self._store.now()
        behind = []
        for channel in channels:
            top = tops.get(channel, 0)
            progress = await self._start(channel, epoch, top)
            if left := pause_left(progress.retry_at, now, self._patience.longest_pause):
                return left
            if progress.offset < top:
                behind.append((channel, progress))
        # What failed goes first: it has waited longest, and shows whether the endpoint is back.
        behind.sort(key=lambda pair: -pair[1].failures)
        for channel, progress in behind:
            pause = await self._tell(channel, progress)
            if pause is not None:
                return pause
        return None

    async def _start(self, channel: str, epoch: str, top: int) -> Progress:
        endpoint = self._endpoint
        known = self._ledger.find(channel) or Progress(endpoint.epoch, endpoint.baseline.get(channel, 0))
        progress = known.in_epoch(epoch, top)
        if progress != known:
            # At once: judged later, against a longer log, it would pass over what was added meanwhile.
            await self._ledger.note(channel, progress)
        return progress

    async def _tell(self, channel: str, progress: Progress) -> float | None:
        """Deliver a channel's events after `progress`, one by one; the pause when one of them failed."""
        while True:
            page = await self._store.read(channel, progress.offset, PAGE)
            if page.epoch != progress.epoch or not page.events:
                return None  # all told, or numbered anew: the next round looks again
            for event in page.events:
                if not self._endpoint.wants(event):
                    progress = progress.settled(event.offset)
                    continue
                answer, at = await self._post(event)
                if answer.status == GONE:
                    self._gone = True
                    await self._endpoints.disable(self._endpoint.id)
                    log.warning("a webhook is gone", endpoint=self._endpoint.id)
                    return self._patience.longest_pause
                pause = None
                if answer.accepted:
                    progress = progress.told(event.offset, at)
                else:
                    progress, pause = await self._failed(event, progress, answer)
                await self._ledger.note(channel, progress)
                if pause is not None:
                    return pause
            await self._note_unwanted(channel, progress)

    async def _failed(
        self, event: Event, progress: Progress, answer: Answer
    ) -> tuple[Progress, float | None]:
        """What a failure leads to: another attempt after a pause, or a dead letter."""
        failures = progress.failures + 1
        now = await self._store.now()
        log.info("a webhook failed", endpoint=self._endpoint.id, attempt=failures, reason=answer.sentence)
        if failures < self._patience.attempts:
            pause = pause_after(
                failures,
                self._patience.first_pause,
                self._patience.longest_pause,
                random.random(),  # noqa: S311 - spreads load, hides nothing
            )
            return progress.failed(answer.sentence, now + pause), pause.total_seconds()
        # The letter first: a crash in between tries the message once more instead of losing it.
        await self._endpoints.bury(self._endpoint.id, _letter(event, failures, now, answer))
        return replace(progress.settled(event.offset), reason=answer.sentence), None

    async def _replay(self) -> None:
        """Try the dead letters that somebody asked for again, once each."""
        for letter in await self._endpoints.letters(self._endpoint.id):
            if not letter.replaying:
                continue
            page = await self._store.read(letter.channel, letter.offset - 1, 1)
            event = page.events[0] if page.events else None
            if event is None or message_id(event) != letter.id:
                # The log was replaced by an older copy: what the letter told is not there any more.
                await self._endpoints.deliver(self._endpoint.id, letter)
                continue
            answer, _ = await self._post(event)
            if answer.accepted:
                await self._endpoints.deliver(self._endpoint.id, letter)
            else:
                now = await self._store.now()
                again = _letter(event, letter.attempts + 1, now, answer)
                await self._endpoints.bury(self._endpoint.id, again)

    async def _post(self, event: Event) -> tuple[Answer, datetime]:
        """The answer, and the time of the attempt."""
        body, at = self._webhooks.text(event).encode(), await self._store.now()
        headers = signed_headers(self._endpoint, message_id(event), at, body)
        self._webhooks.lease.require()
        answer = await self._webhooks.outside.post(self._endpoint.url, body, headers)
        metrics.OUTSIDE.labels("webhook", "accepted" if answer.accepted else "failed").inc()
        return answer, at

    async def _note_unwanted(self, channel: str, progress: Progress) -> None:
        """Events that nobody is told of are settled too, noted once a page."""
        if self._ledger.find(channel) != progress:
            await self._ledger.note(channel, progress)


def _letter(event: Event, attempts: int, at: datetime, answer: Answer) -> DeadLetter:
    return DeadLetter(
        message_id(event), event.channel, event.offset, event.kind.value, attempts, at, answer.sentence
    )
