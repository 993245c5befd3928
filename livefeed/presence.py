"""Who is at the desk of a coverage, and which update each is changing.

Advisory: it locks nothing, and it is never logged. Each tab of a desk says now and then that it is there; the
store forgets it by itself soon after the last time, so a crashed tab or a lost network leaves no ghost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from livefeed.model import Editor
from livefeed.store import Store

KEPT_FOR = timedelta(seconds=20)  # a desk says it every 6 s: two may be lost
MOST_TABS = 20  # of one editor in one coverage


class TooManyTabs(Exception):
    """An editor has `MOST_TABS` desks of a coverage open already."""


@dataclass(frozen=True, slots=True)
class Present:
    """A person at the desk: `editing` holds the ids of the updates being changed, in order."""

    account: str
    name: str
    editing: tuple[str, ...] = ()


class Presence:
    """The people at all desks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def tell(self, slug: str, editor: Editor, tab: str, editing: str | None) -> list[Present]:
        """A tab of `editor` is there and changes `editing` (None: nothing); the others who are there.

        The editor's own other tabs are among them, by account. Raises `TooManyTabs`.
        """
        kind, own = _kind(slug), _name(editor.account, tab)
        records = await self._store.records.all(kind)
        others = [record for record in records if record.name != own]
        tabs = sum(record.name.startswith(_name(editor.account, "")) for record in others)
        if tabs >= MOST_TABS:
            raise TooManyTabs(
                f"There are {tabs} desks of this coverage open already; the limit is {MOST_TABS}."
            )
        now = await self._store.now()
        value = json.dumps({"account": editor.account, "name": editor.name, "editing": editing})
        await self._store.records.put(kind, own, value, expires_at=now + KEPT_FOR)
        return _people(json.loads(record.value) for record in others)

    async def leave(self, slug: str, editor: Editor, tab: str) -> None:
        """A tab of `editor` was closed; nothing happens when it was not there."""
        await self._store.records.delete(_kind(slug), _name(editor.account, tab))


def _people(tabs: Iterable[dict[str, Any]]) -> list[Present]:
    """One for each account, by name, whatever number of tabs it has."""
    people: dict[str, Present] = {}
    for tab in tabs:
        known = people.get(tab["account"]) or Present(tab["account"], tab["name"])
        editing = {*known.editing, *filter(None, [tab["editing"]])}
        people[known.account] = replace(known, editing=tuple(sorted(editing)))
    return sorted(people.values(), key=lambda person: (person.name, person.account))


def _kind(slug: str) -> str:
    return f"presence:{slug}"


def _name(account: str, tab: str) -> str:
    return f"{account}:{tab}"
