"""The register of webhooks' endpoints and of the letters that could not be delivered."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from livefeed.accounts.drawer import Drawer, Filed
from livefeed.courier.progress import Ledger
from livefeed.store import Conflict, Key, Store
from livefeed.webhooks import DeadLetter, Endpoint

MOST_ENDPOINTS = 100  # each one is a task in the courier and a request for every event


class TooManyEndpoints(Exception):
    """There are as many endpoints as there may be."""


class KeyReused(Exception):
    """The idempotency key made another endpoint before."""


class Endpoints:
    """Endpoints and dead letters in the store's records. Every method raises the store's errors."""

    def __init__(self, store: Store, channels: Callable[[], Awaitable[Sequence[str]]]) -> None:
        self._store = store
        self._channels = channels
        self._drawer = Drawer(store.records, "webhook", Endpoint)

    async def add(self, endpoint: Endpoint, key: Key) -> tuple[Endpoint, bool]:
        """Keep a new endpoint, told of what happens from now on; and whether `key` had made one before, which
        is then answered instead. Raises `KeyReused`, `TooManyEndpoints`."""
        # The name comes from the key, so a repetition meets the record of the first in one atomic put.
        id = hashlib.sha256(key.scope.encode()).hexdigest()[:16]
        made = await self._drawer.find(id)
        if made is None:
            if len(await self.all()) >= MOST_ENDPOINTS:
                raise TooManyEndpoints(f"There are {MOST_ENDPOINTS} webhooks, the limit; delete one first.")
            epoch, tops = await self._store.tops(await self._channels())
            fresh = replace(endpoint, id=id, epoch=epoch, baseline=tops, fingerprint=key.fingerprint)
            try:
                await self._drawer.file(id, fresh, expected=0)
            except Conflict:
                made = await self._drawer.find(id)
            else:
                return fresh, False
        if made is None or made.value.fingerprint != key.fingerprint:
            raise KeyReused("This Idempotency-Key was used for another request.")
        return made.value, True

    async def all(self) -> list[Endpoint]:
        """Every endpoint, the oldest first."""
        found = [filed.value for filed in await self._drawer.all() if not filed.value.deleted]
        return sorted(found, key=lambda endpoint: (endpoint.created_at, endpoint.id))

    async def find(self, id: str) -> Endpoint | None:
        """The endpoint of that name, unless it was deleted."""
        filed = await self._filed(id)
        return filed.value if filed else None

    async def delete(self, id: str) -> bool:
        """Forget an endpoint, its secret, its letters and how far it came; False when there is none."""
        filed = await self._filed(id)
        if filed is None:
            return False
        emptied = replace(filed.value, url="", secret="", description="", baseline={}, deleted=True)
        await self._drawer.file(id, emptied, expected=filed.version)
        await Ledger(self._store.records, id).clear()
        letters = self._letters(id)
        for letter in await letters.all():
            await letters.remove(letter.name)
        return True

    async def disable(self, id: str) -> None:
        """Send nothing to an endpoint any more: it said that it is gone."""
        filed = await self._filed(id)
        if filed is not None:
            await self._drawer.file(id, replace(filed.value, disabled=True), expected=filed.version)

    # letters

    async def letters(self, id: str) -> list[DeadLetter]:
        """An endpoint's dead letters, the oldest first."""
        found = [filed.value for filed in await self._letters(id).all()]
        return sorted(found, key=lambda letter: (letter.failed_at, letter.channel, letter.offset))

    async def bury(self, id: str, letter: DeadLetter) -> None:
        """Keep a letter, in place of itself when it was there."""
        former = await self._letters(id).find(letter.id)
        await self._letters(id).file(letter.id, letter, expected=former.version if former else 0)

    async def deliver(self, id: str, letter: DeadLetter) -> None:
        """A letter has arrived after all."""
        await self._letters(id).remove(letter.id)

    async def replay(self, id: str, wanted: Sequence[str] | None) -> list[DeadLetter]:
        """Ask for dead letters to be tried again, all of them when `wanted` is None; those that will be."""
        asked = []
        for letter in await self.letters(id):
            if wanted is None or letter.id in wanted:
                await self.bury(id, replace(letter, replaying=True))
                asked.append(replace(letter, replaying=True))
        return asked

    async def _filed(self, id: str) -> Filed[Endpoint] | None:
        filed = await self._drawer.find(id)
        return None if filed is None or filed.value.deleted else filed

    def _letters(self, id: str) -> Drawer[DeadLetter]:
        return Drawer(self._store.records, f"dead-letter:{id}", DeadLetter)
