"""Texts that a newsroom uses again and again: kept once for the site, put into an update by a key."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from livefeed.events import rfc3339
from livefeed.model import Direction, utc
from livefeed.store import Conflict, Record, Store
from livefeed.text import TextRefused, clean, clean_line, direction_of, render_body

MOST_SNIPPETS = 300  # more than anybody finds again by typing a few letters
NAME_LIMIT = 80  # characters
TEXT_LIMIT = 5000  # characters of Markdown
KIND = "snippet"


class SnippetRefused(ValueError):
    """A snippet cannot be kept so. `field` says what is wrong (empty: there are too many), `problem` how, in
    one word; the message is a sentence with the value and the limit."""

    def __init__(self, field: str, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text by a name. `text` is Markdown as it was typed, `html` what it makes, safe to put into a page;
    `by` and `at` tell of its last change, and `version` counts its changes from 1."""

    id: str
    name: str
    text: str
    html: str
    direction: Direction
    by: str
    at: datetime
    version: int = 1


class Snippets:
    """The snippets of a site. Every method raises the store's errors."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> list[Snippet]:
        """Every snippet, by name."""
        found = [_decoded(record) for record in await self._store.records.all(KIND)]
        return sorted(found, key=lambda snippet: (_folded(snippet.name), snippet.id))

    async def one(self, id: str) -> Snippet | None:
        """The snippet of that id."""
        record = await self._store.records.get(KIND, id)
        return None if record is None else _decoded(record)

    async def add(self, id: str, name: str, text: str, *, by: str) -> Snippet | None:
        """Keep a new snippet under `id`, which is the same for a repetition; None when it is kept already.
        Raises `SnippetRefused`."""
        if await self.one(id) is not None:
            return None
        try:
            return await self._put(await self._made(id, name, text, by=by), expected=0)
        except Conflict:
            return None

    async def change(self, snippet: Snippet, name: str, text: str, *, by: str) -> Snippet:
        """Give a snippet another name or text. Raises `SnippetRefused`, and `Conflict` when it is another one
        by now."""
        return await self._put(await self._made(snippet.id, name, text, by=by), expected=snippet.version)

    async def remove(self, id: str) -> bool:
        """Remove a snippet; False when there is none."""
        return await self._store.records.delete(KIND, id)

    async def _made(self, id: str, name: str, text: str, *, by: str) -> Snippet:
        name, text = checked(name, text)
        others = [kept for kept in await self.all() if kept.id != id]
        if any(_folded(kept.name) == _folded(name) for kept in others):
            raise SnippetRefused("name", "taken", f"There is a snippet named {name!r} already.")
        if len(others) >= MOST_SNIPPETS:
            raise SnippetRefused(
                "", "full", f"There are {MOST_SNIPPETS} snippets, which is the limit. Remove one first."
            )
        try:
            body = render_body(text, "markdown")
        except TextRefused as refused:
            raise SnippetRefused("text", "nested", str(refused)) from None
        if not body.text.strip():
            raise SnippetRefused("text", "empty", "The snippet's text shows nothing; write at least a word.")
        at = utc(await self._store.now())
        return Snippet(id, name, text, body.html, direction_of(body.text) or "ltr", by, at)

    async def _put(self, snippet: Snippet, *, expected: int) -> Snippet:
        fields = {
            "name": snippet.name,
            "text": snippet.text,
            "html": snippet.html,
            "direction": snippet.direction,
            "by": snippet.by,
            "at": rfc3339(snippet.at),
        }
        value = json.dumps(fields, ensure_ascii=False)
        record = await self._store.records.put(KIND, snippet.id, value, expected=expected)
        return replace(snippet, version=record.version)


def checked(name: str, text: str) -> tuple[str, str]:
    """Name and text, cleaned. Raises `SnippetRefused`."""
    name, text = clean_line(name), clean(text).strip()
    for field, value, limit in (("name", name, NAME_LIMIT), ("text", text, TEXT_LIMIT)):
        if not _folded(value):
            raise SnippetRefused(field, "empty", f"The snippet's {field} shows nothing.")
        if len(value) > limit:
            raise SnippetRefused(
                field, "long", f"The snippet's {field} has {len(value)} characters; the limit is {limit}."
            )
    return name, text


def _folded(name: str) -> str:
    """What of a name tells it from others: neither case nor what cannot be seen."""
    return "".join(letter for letter in name.casefold() if unicodedata.category(letter) != "Cf").strip()


def _decoded(record: Record) -> Snippet:
    fields = json.loads(record.value)
    return Snippet(
        record.name,
        fields["name"],
        fields["text"],
        fields["html"],
        fields["direction"],
        fields["by"],
        datetime.fromisoformat(fields["at"]),
        record.version,
    )
