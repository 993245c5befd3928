"""What a desk hands over: notes for the next shift, and claims that are still to be verified.

Kept for each coverage as records, one a note; the version of a record is what an editor's decision names, so
that two who tick off the same claim do not overwrite each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from livefeed.events import rfc3339
from livefeed.model import utc
from livefeed.roles import Editor
from livefeed.store import Conflict, Record, Store

MOST_NOTES = 200  # in one coverage: more than a shift can read is no handover


class TooManyNotes(Exception):
    """A coverage has `MOST_NOTES` notes already."""


class NoteKind(StrEnum):
    """A word for the desk, or something that somebody says and nobody has verified yet."""

    NOTE = "note"
    CLAIM = "claim"


class NoteState(StrEnum):
    """Open until it is ticked off: a note is done, a claim confirmed or denied."""

    OPEN = "open"
    DONE = "done"
    CONFIRMED = "confirmed"
    DENIED = "denied"

    def fits(self, kind: NoteKind) -> bool:
        """True for a state that `kind` can have."""
        return self is NoteState.OPEN or (self is NoteState.DONE) is (kind is NoteKind.NOTE)


@dataclass(frozen=True, slots=True)
class Note:
    """A note or a claim.

    by, account, at       who wrote it, and when
    state_by, state_at    who gave it its state, and when; empty and None while nobody has
    version               counts its changes from 1
    fingerprint           of the request that made it, to know a repetition
    """

    id: str
    kind: NoteKind
    text: str
    by: str
    account: str
    at: datetime
    state: NoteState = NoteState.OPEN
    state_by: str = ""
    state_at: datetime | None = None
    version: int = 1
    fingerprint: str = ""

    @property
    def open(self) -> bool:
        """True while nobody has ticked it off."""
        return self.state is NoteState.OPEN


class Notes:
    """The notes of all coverages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, slug: str) -> list[Note]:
        """A coverage's notes, those that are open first, the newest of each first."""
        notes = [_decoded(record) for record in await self._store.records.all(_kind(slug))]
        return sorted(notes, key=lambda note: (note.open, note.at, note.id), reverse=True)

    async def one(self, slug: str, id: str) -> Note | None:
        """One of them."""
        record = await self._store.records.get(_kind(slug), id)
        return None if record is None else _decoded(record)

    async def add(
        self, slug: str, id: str, kind: NoteKind, text: str, *, by: Editor, fingerprint: str
    ) -> tuple[Note, bool]:
        """Keep a new note under `id`, which is the same for a repetition; False with the first one, if there
        is one. Raises `TooManyNotes`."""
        first = await self.one(slug, id)
        if first is not None:
            return first, False
        if len(await self._store.records.all(_kind(slug))) >= MOST_NOTES:
            raise TooManyNotes(
                f"There are {MOST_NOTES} notes here, which is the limit. Remove some that are done."
            )
        now = utc(await self._store.now())
        note = Note(id, kind, text, by.name, by.account, now, fingerprint=fingerprint)
        try:
            return await self._put(slug, note, expected=0), True
        except Conflict:
            kept = await self.one(slug, id)
            return kept or note, False

    async def tick(self, slug: str, note: Note, state: NoteState, *, by: Editor) -> Note:
        """Give `note` a state. Raises `Conflict` when it is another one by now."""
        now = utc(await self._store.now())
        ticked = replace(note, state=state, state_by=by.name, state_at=now)
        return await self._put(slug, ticked, expected=note.version)

    async def remove(self, slug: str, note: Note) -> None:
        """Remove `note`. Raises `Conflict` when it is another one by now."""
        await self._store.records.delete(_kind(slug), note.id, expected=note.version)

    async def _put(self, slug: str, note: Note, *, expected: int) -> Note:
        record = await self._store.records.put(_kind(slug), note.id, _encoded(note), expected=expected)
        return replace(note, version=record.version)


def _encoded(note: Note) -> str:
    return json.dumps(
        {
            "kind": note.kind,
            "text": note.text,
            "by": note.by,
            "account": note.account,
            "at": rfc3339(note.at),
            "state": note.state,
            "state_by": note.state_by,
            "state_at": note.state_at and rfc3339(note.state_at),
            "fingerprint": note.fingerprint,
        },
        ensure_ascii=False,
    )


def _decoded(record: Record) -> Note:
    fields: dict[str, Any] = json.loads(record.value)
    state_at = fields["state_at"]
    return Note(
        id=record.name,
        kind=NoteKind(fields["kind"]),
        text=fields["text"],
        by=fields["by"],
        account=fields["account"],
        at=datetime.fromisoformat(fields["at"]),
        state=NoteState(fields["state"]),
        state_by=fields["state_by"],
        state_at=state_at and datetime.fromisoformat(state_at),
        version=record.version,
        fingerprint=fields["fingerprint"],
    )


def _kind(slug: str) -> str:
    return f"note:{slug}"
