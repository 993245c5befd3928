"""Handover notes of a coverage, and claims to verify: for the desk alone."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from livefeed.audit import Act, Deed
from livefeed.events import rfc3339
from livefeed.forms import NoteChanges, NoteForm
from livefeed.newsroom import KeyMisused
from livefeed.notes import Note, NoteKind, NoteState, TooManyNotes
from livefeed.roles import Editor, Role
from livefeed.store import Conflict
from livefeed.web.answers import Problem, Unfit
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import Caller, caller_of, needs
from livefeed.web.intake import WriteBudget, key_of, lengths_of, parsed, received, revision_of
from livefeed.web.rooms import rooms_of

PLACE = "/api/v1/coverages/{slug}/notes"
ADDING: dict[NoteKind, Deed] = {NoteKind.NOTE: "add-note", NoteKind.CLAIM: "add-claim"}
REMOVING: dict[NoteKind, Deed] = {NoteKind.NOTE: "remove-note", NoteKind.CLAIM: "remove-claim"}
REOPENING: dict[NoteKind, Deed] = {NoteKind.NOTE: "reopen-note", NoteKind.CLAIM: "reopen-claim"}
TICKING: dict[NoteState, Deed] = {
    NoteState.DONE: "finish-note",
    NoteState.CONFIRMED: "confirm-claim",
    NoteState.DENIED: "deny-claim",
}

routes = web.RouteTableDef()


@routes.get(PLACE)
@needs(Role.CONTRIBUTOR)
async def list_notes(request: web.Request) -> web.Response:
    """Notes and claims of a coverage, open ones first."""
    slug = request.match_info["slug"]
    await caller_of(request)
    await rooms_of(request).newsroom.coverage(slug)
    return json_answer({"notes": [_document(note) for note in await rooms_of(request).notes.of(slug)]})


@routes.post(PLACE)
@needs(Role.CONTRIBUTOR)
async def add_note(request: web.Request) -> web.Response:
    """Leave a note for the desk, or a claim to verify."""
    slug = request.match_info["slug"]
    rooms = rooms_of(request)
    async with received(request) as (caller, body):
        await rooms.newsroom.coverage(slug)
        key = key_of(request, caller, body)
        form = parsed(request, body, NoteForm, lengths_of(rooms.settings))
        try:
            # The key makes the id: a repetition finds what the first attempt has kept.
            note, fresh = await rooms.notes.add(
                slug,
                key.scope[:16],
                NoteKind(form.kind),
                form.text,
                by=caller.editor,
                fingerprint=key.fingerprint,
            )
        except TooManyNotes as reason:
            raise Problem(409, str(reason)) from None
        if note.fingerprint != key.fingerprint:
            raise KeyMisused("This Idempotency-Key was used for another request. Make a new one for each.")
        if fresh:
            await _told(request, caller.editor, ADDING[note.kind], note)
    headers = {"Location": f"{request.path}/{note.id}", **_etag(note)}
    return json_answer(
        _document(note), 201, headers if fresh else {**headers, "Idempotency-Replayed": "true"}
    )


@routes.patch(PLACE + "/{id}")
@needs(Role.CONTRIBUTOR)
async def tick_note(request: web.Request) -> web.Response:
    """Tick a note off, confirm or deny a claim, or open either again."""
    rooms = rooms_of(request)
    async with received(request) as (caller, body):
        note = await _decided_on(request, caller)
        if note is None:
            raise _missing(request)
        form = parsed(request, body, NoteChanges, lengths_of(rooms.settings))
        state = NoteState(form.state)
        if not state.fits(note.kind):
            raise Unfit("state", state.value, f"a state of a {note.kind}")
        if state is not note.state:
            try:
                note = await rooms.notes.tick(request.match_info["slug"], note, state, by=caller.editor)
            except Conflict:
                raise await _stale(request) from None
            deed = REOPENING[note.kind] if note.open else TICKING[state]
            await _told(request, caller.editor, deed, note)
    return json_answer(_document(note), headers=_etag(note))


@routes.delete(PLACE + "/{id}")
@needs(Role.CONTRIBUTOR)
async def remove_note(request: web.Request) -> web.Response:
    """Remove a note or a claim; nothing happens when there is none."""
    async with WriteBudget(request).spent():
        caller = await caller_of(request)
        note = await _decided_on(request, caller)
        if note is not None:
            try:
                await rooms_of(request).notes.remove(request.match_info["slug"], note)
            except Conflict:
                raise await _stale(request) from None
            await _told(request, caller.editor, REMOVING[note.kind], note)
    return web.Response(status=204)


async def _decided_on(request: web.Request, caller: Caller) -> Note | None:
    """The note, if the caller may change it and it is as they saw it. Raises `Problem`."""
    slug = request.match_info["slug"]
    await rooms_of(request).newsroom.coverage(slug)
    note = await rooms_of(request).notes.one(slug, request.match_info["id"])
    if note is None:
        return None
    editor = caller.editor
    if not editor.may(Role.EDITOR, slug) and note.account != editor.account:
        held = editor.role_in(slug)
        raise Problem(403, f"{editor.name} has the role {held} here: own notes are all it may change.")
    revision = revision_of(request, caller)
    if revision not in (None, note.version):
        raise await _stale(request)
    return note


async def _stale(request: web.Request) -> Problem:
    current = await rooms_of(request).notes.one(request.match_info["slug"], request.match_info["id"])
    if current is None:
        return _missing(request)
    return Problem(
        412,
        f"The note is at revision {current.version} by now. Look at it again before you change it.",
        headers=_etag(current),
        current=_document(current),
    )


def _missing(request: web.Request) -> Problem:
    return Problem(404, f"There is no note {request.match_info['id'][:64]!r} here.")


async def _told(request: web.Request, editor: Editor, deed: Deed, note: Note) -> None:
    # Never its text: what was removed must not live on in the log.
    slug = request.match_info["slug"]
    act = Act.of(editor, deed, f"note:{note.id}", coverage=slug, revision=note.version)
    await rooms_of(request).store.note(act)
    await rooms_of(request).desks.notes_changed(slug)


def _etag(note: Note) -> dict[str, str]:
    return {"ETag": f'"{note.version}"'}


def _document(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "kind": note.kind,
        "text": note.text,
        "state": note.state,
        "by": note.by,
        "at": rfc3339(note.at),
        "state_by": note.state_by,
        "state_at": note.state_at and rfc3339(note.state_at),
        "revision": note.version,
    }
