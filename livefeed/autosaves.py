"""What editors are still writing: a copy of each composition on the server, so that a lost laptop loses
no text.

Autosaves are records, not drafts: they are nobody's but their writer's, hold whatever the composer holds,
and end by themselves. A composition is named by the browser tab that it is written in; its newest copy
counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from livefeed.events import rfc3339
from livefeed.store import Store

MOST_AUTOSAVES = 50  # of one editor in one coverage: tabs are few, and what is sent leaves
KEPT_FOR = timedelta(days=30)


class TooManyAutosaves(Exception):
    """An editor has `MOST_AUTOSAVES` compositions in a coverage already."""


@dataclass(frozen=True, slots=True)
class Autosave:
    """One composition as it was last saved. `kept` is the composer's own document."""

    id: str
    saved_at: datetime
    kept: dict[str, Any]


class Autosaves:
    """The compositions of all editors."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, account: str, slug: str) -> list[Autosave]:
        """An editor's compositions in a coverage, the last saved first."""
        found = []
        for record in await self._store.records.all(_kind(account, slug)):
            document = json.loads(record.value)
            saved_at = datetime.fromisoformat(document["saved_at"])
            found.append(Autosave(record.name, saved_at, document["kept"]))
        return sorted(found, key=lambda autosave: autosave.saved_at, reverse=True)

    async def keep(self, account: str, slug: str, id: str, kept: dict[str, Any]) -> None:
        """Keep a composition, in place of its former copy. Raises `TooManyAutosaves`."""
        kind = _kind(account, slug)
        names = {record.name for record in await self._store.records.all(kind)}
        if id not in names and len(names) >= MOST_AUTOSAVES:
            raise TooManyAutosaves(
                f"There are {len(names)} unsent texts here already; the limit is {MOST_AUTOSAVES}."
            )
        now = await self._store.now()
        value = json.dumps({"saved_at": rfc3339(now), "kept": kept})
        await self._store.records.put(kind, id, value, expires_at=now + KEPT_FOR)

    async def forget(self, account: str, slug: str, id: str) -> None:
        """Remove a composition; nothing happens when there is none."""
        await self._store.records.delete(_kind(account, slug), id)


def _kind(account: str, slug: str) -> str:
    return f"autosave:{account}:{slug}"
