"""Who is at the desk of a coverage, and which update each is changing.

Advisory: it locks nothing, and it is neither logged nor stored. Each tab of a desk says now and then that it
is there; each process keeps in memory what it was told and what the others whisper, and forgets a tab soon
after it fell silent, so a crashed tab or a lost network leaves no ghost. A process that has just begun knows
of everybody with their next words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from livefeed.roles import Editor
from livefeed.whispers import Whispers

TOPIC = "presence"
KEPT_FOR = 20.0  # seconds; a desk says it every 6: two may be lost
MOST_TABS = 20  # of one editor in one coverage


class TooManyTabs(Exception):
    """An editor has `MOST_TABS` desks of a coverage open already."""


@dataclass(frozen=True, slots=True)
class Present:
    """A person at the desk: `editing` holds the ids of the updates being changed, in order."""

    account: str
    name: str
    editing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tab:
    """An open desk: whose it is, and what is being changed in it (None: nothing)."""

    account: str
    name: str
    editing: str | None


class Presence:
    """The people at all desks. `changed` is called with the coverage's slug when somebody comes, goes or
    changes another update, here or at another process; `clock` counts seconds."""

    def __init__(
        self,
        whispers: Whispers,
        changed: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._whispers = whispers
        self._changed = changed
        self._clock = clock
        self._desks: dict[str, dict[str, tuple[Tab, float]]] = {}
        whispers.listen(TOPIC, self._hear)

    async def tell(self, slug: str, editor: Editor, tab: str, editing: str | None) -> list[Present]:
        """A tab of `editor` is there and changes `editing` (None: nothing); the others who are there.

        The editor's own other tabs are among them, by account. Raises `TooManyTabs`.
        """
        own = _name(editor.account, tab)
        others = {name: there for name, there in self._there(slug).items() if name != own}
        tabs = sum(there.account == editor.account for there in others.values())
        if tabs >= MOST_TABS:
            raise TooManyTabs(
                f"There are {tabs} desks of this coverage open already; the limit is {MOST_TABS}."
            )
        self._keep(slug, own, Tab(editor.account, editor.name, editing))
        await self._whispers.tell(TOPIC, [slug, own, editor.account, editor.name, editing])
        return _people(others.values())

    async def leave(self, slug: str, editor: Editor, tab: str) -> None:
        """A tab of `editor` was closed; nothing happens when it was not there."""
        own = _name(editor.account, tab)
        self._drop(slug, own)
        await self._whispers.tell(TOPIC, [slug, own])

    def _hear(self, words: list[Any]) -> None:
        slug, name, *tab = words
        if tab:
            self._keep(slug, name, Tab(*tab))
        else:
            self._drop(slug, name)

    def _keep(self, slug: str, name: str, tab: Tab) -> None:
        known = self._there(slug).get(name)
        self._desks.setdefault(slug, {})[name] = (tab, self._clock() + KEPT_FOR)
        if known != tab:
            self._changed(slug)

    def _drop(self, slug: str, name: str) -> None:
        if self._desks.get(slug, {}).pop(name, None):
            self._changed(slug)

    def _there(self, slug: str) -> dict[str, Tab]:
        """Whoever has not been silent for too long; the others are forgotten."""
        now = self._clock()
        there = {name: entry for name, entry in self._desks.get(slug, {}).items() if entry[1] > now}
        if there:
            self._desks[slug] = there
        else:
            self._desks.pop(slug, None)
        return {name: tab for name, (tab, _) in there.items()}


def _people(tabs: Iterable[Tab]) -> list[Present]:
    """One for each account, by name, whatever number of tabs it has."""
    people: dict[str, Present] = {}
    for tab in tabs:
        known = people.get(tab.account) or Present(tab.account, tab.name)
        editing = {*known.editing, *filter(None, [tab.editing])}
        people[known.account] = replace(known, editing=tuple(sorted(editing)))
    return sorted(people.values(), key=lambda person: (person.name, person.account))


def _name(account: str, tab: str) -> str:
    return f"{account}:{tab}"
