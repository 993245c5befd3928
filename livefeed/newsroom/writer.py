"""What every verb stands on: reading what there is, deciding until nobody was faster, appending."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from livefeed.audit import Act, Deed
from livefeed.events import Event
from livefeed.forms import (
    Form,
    PictureForm,
)
from livefeed.model import Coverage, Focus, Media, Update
from livefeed.newsroom.deeds import told
from livefeed.newsroom.refusals import Forbidden, KeyMisused, NoCoverage, NotNow, NoUpdate, Stale
from livefeed.roles import Editor, Role
from livefeed.store import Batch, Conflict, FirstResult, Key, KeyUsed, Store

log = structlog.get_logger()

ATTEMPTS = 30  # readings of a state that others keep changing; each time one of them gets on, so many may


@dataclass(frozen=True, slots=True)
class Written:
    """What a verb led to: the state as it is now; None when what the verb was about is gone.

    `replayed`: the key had its first result before, nothing was done now.
    """

    state: Update | Coverage | Media | None
    replayed: bool = False


class Writer:
    """Reads for editors, decides and appends."""

    def __init__(self, store: Store, *, announce: Callable[[Event], None], new_id: Callable[[], str]) -> None:
        """`announce` lets this very process see its own writes at once; `new_id` makes unguessable ids."""
        self._store = store
        self._announce = announce
        self._new_id = new_id

    async def first_result(self, key: Key) -> Written | None:
        """What was done under `key` before, None if nothing. Raises `KeyMisused`."""
        first = await self._store.first_result(key.scope)
        return None if first is None else await self._replayed(first, key)

    async def coverage(self, slug: str) -> Coverage:
        """The coverage. Raises `Unknown`."""
        coverage = await self._store.coverage(slug)
        if coverage is None:
            raise NoCoverage(slug)
        return coverage

    async def update(self, slug: str, id: str) -> Update:
        """The update, whatever its status. Raises `Unknown`."""
        update = await self._store.update(id)
        if update is None or update.coverage != slug:
            raise NoUpdate(slug, id)
        return update

    async def visible(self, slug: str, id: str, *, to: Editor) -> Update:
        """The update if `to` may read it: contributors see what is public and what is theirs."""
        update = await self.update(slug, id)
        if not (to.may(Role.EDITOR, slug) or update.status.public or update.author == to.account):
            raise NoUpdate(slug, id)
        return update

    async def keep_picture(self, picture: Media, *, by: Editor, key: Key) -> Written:
        """Make an uploaded picture known, under its key."""
        focus = picture.focus and [picture.focus.x, picture.focus.y]
        document = json.dumps(
            [picture.url, picture.width, picture.height, picture.widths, focus, picture.size]
        )
        await self._store.records.put("media", picture.id, document)
        subject = f"media:{picture.id}"
        written = await self._append(Batch(acts=(Act.of(by, "upload", subject),), subject=subject), key)
        return replace(written, state=picture)

    async def picture(self, id: str) -> Media | None:
        """An uploaded picture."""
        record = await self._store.records.get("media", id)
        if record is None:
            return None
        # One from before there were sizes has three parts, and one from before bytes were counted five.
        parts: list[Any] = json.loads(record.value)
        later: list[Any] = [(), None, 0][len(parts) - 3 :]
        url, width, height, widths, focus, size = [*parts, *later]
        focus = Focus(*focus) if focus else None
        return Media(id, url, width=width, height=height, widths=tuple(widths), focus=focus, size=size)

    async def editable(self, slug: str, id: str, by: Editor, revision: int | None) -> Update:
        """The update if `by` may change it and its revision is the one that was asked for."""
        update = await self.visible(slug, id, to=by)
        if update.status.public and not by.may(Role.EDITOR, slug):
            raise Forbidden(
                f"{by.name} has the role {by.role_in(slug)} here: "
                "own unpublished updates are all it may change."
            )
        if revision is not None and revision != update.revision:
            raise Stale(update, revision)
        return update

    async def _decided(
        self,
        decide: Callable[[], Awaitable[Batch]],
        key: Key,
        slug: str,
        *,
        by: Editor,
        deed: Deed,
        form: Form | None = None,
        detail: str = "",
    ) -> Written:
        """Decide until nobody was faster, and append that with what the audit log says of it."""
        for _ in range(ATTEMPTS):
            batch = told(await decide(), slug, by=by, deed=deed, form=form, detail=detail)
            try:
                return await self._append(batch, key)
            except Conflict as conflict:
                log.debug("decided on an older state", subject=conflict.subject)
        raise NotNow("Others changed it again and again at the same moment. Try once more.")

    async def _append(self, batch: Batch, key: Key) -> Written:
        try:
            events = await self._store.append(replace(batch, key=key))
        except KeyUsed as used:
            return await self._replayed(used.first, key)
        for event in events:
            self._announce(event)
        return Written(_numbered(batch.subject, events) or await self._state(batch.subject))

    async def _replayed(self, first: FirstResult, key: Key) -> Written:
        _compare(first, key)
        return Written(await self._state(first.subject), replayed=True)

    async def _state(self, subject: str) -> Update | Coverage | Media | None:
        what, _, name = subject.partition(":")
        if what == "update":
            return await self._store.update(name)
        if what == "media":
            return await self.picture(name)
        return await self._store.coverage(name) if what == "coverage" else None

    async def _pictures(self, forms: Iterable[PictureForm | None]) -> dict[str, Media]:
        pictures = {form.id: await self.picture(form.id) for form in forms if form is not None}
        return {id: picture for id, picture in pictures.items() if picture is not None}


def permit(by: Editor, role: Role, slug: str, what: str = "do this") -> None:
    """Raise `Forbidden` unless `by` has `role` in the coverage; `what` is what that role lets one do."""
    if by.may(role, slug):
        return
    held = by.role_in(slug)
    if held is None:
        raise Forbidden(f"{by.name} has no access to the coverage {slug!r}.")
    raise Forbidden(f"{by.name} has the role {held} here and may not {what}: that takes the role {role}.")


def _numbered(subject: str, events: Iterable[Event]) -> Update | Coverage | None:
    """The state that a verb's own events carry: what is stored, without reading it again."""
    for event in events:
        if event.channel.startswith("live:"):
            if event.update is not None and f"update:{event.update.id}" == subject:
                return event.update
            if event.coverage is not None and f"coverage:{event.coverage.slug}" == subject:
                return event.coverage
    return None


def _compare(first: FirstResult, key: Key) -> None:
    if first.fingerprint != key.fingerprint:
        raise KeyMisused(
            "This Idempotency-Key was used for another request. Repeat that request, or make a new key."
        )
