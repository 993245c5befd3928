"""How the deliveries of one coverage stand, read from what the courier keeps."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from livefeed.courier.endpoints import Endpoints
from livefeed.courier.hub import Subscriptions
from livefeed.courier.ping import NAME as EXTERNAL_HUB
from livefeed.courier.progress import Ledger, Progress
from livefeed.events import live_channel
from livefeed.standing import Recipient, Standing
from livefeed.store import Store
from livefeed.webhooks import Endpoint


async def standing_of(
    slug: str,
    store: Store,
    endpoints: Endpoints,
    subscriptions: Subscriptions,
    *,
    topics: Collection[str],
    hub: str,
) -> Standing:
    """How things stand now. `topics` are the feeds that the coverage's changes show in, `hub` is the address
    of an external one. Raises `StoreAway`."""
    channel = live_channel(slug)
    epoch, tops = await store.tops([channel])
    top = tops.get(channel, 0)

    async def found(recipient: str, beginning: Progress) -> Progress:
        ledger = Ledger(store.records, recipient)
        await ledger.load()
        return (ledger.find(channel) or beginning).in_epoch(epoch, top)

    webhooks = []
    for endpoint in await endpoints.all():
        if endpoint.follows(slug):
            beginning = Progress(endpoint.epoch, endpoint.baseline.get(channel, 0))
            letters = [letter for letter in await endpoints.letters(endpoint.id) if letter.channel == channel]
            progress = await found(endpoint.id, beginning)
            webhooks.append(_webhook(endpoint, progress, top, len(letters)))
    external = _recipient(hub, await found(EXTERNAL_HUB, Progress(epoch, 0)), top) if hub else None
    following = [kept for kept in await subscriptions.subscriptions.all() if kept.value.topic in topics]
    pushed = {kept.name: kept.value for kept in await subscriptions.pushed.all()} if following else {}
    states = [pushed[kept.name] for kept in following if kept.name in pushed]
    return Standing(
        webhooks=tuple(webhooks),
        hub=external,
        subscribers=len({kept.value.callback for kept in following}),
        failing=sum(bool(state.failures) for state in states),
        pushed_at=max((state.pushed_at for state in states if state.pushed_at), default=None),
    )


def _webhook(endpoint: Endpoint, progress: Progress, top: int, letters: int) -> Recipient:
    return _recipient(
        endpoint.url,
        progress,
        top,
        description=endpoint.description,
        letters=letters,
        disabled=endpoint.disabled,
    )


def _recipient(
    url: str,
    progress: Progress,
    top: int,
    *,
    description: str = "",
    letters: int = 0,
    disabled: bool = False,
) -> Recipient:
    return Recipient(
        urlsplit(url).netloc.rpartition("@")[2],
        description,
        max(0, top - progress.offset),
        progress.told_at,
        progress.failures,
        progress.retry_at,
        progress.reason,
        letters,
        disabled,
    )
