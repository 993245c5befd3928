"""What the desk and admins keep beside coverages: webhooks, unsent texts, who is there, notes."""

from __future__ import annotations

from collections.abc import Iterable

from livefeed.forms import NoteChanges, NoteForm, ReplayForm, WebhookForm
from livefeed.roles import Role
from livefeed.web.api.openapi.answers import (
    WRITE_REFUSALS,
    Json,
    answered,
    headers,
    listed,
    needs,
    object_of,
    parameter,
    ref,
    refusals,
)


def webhooks() -> Iterable[tuple[str, str, Json]]:
    """Endpoints of webhooks and what they did not take."""
    place = "/api/v1/webhooks"
    one, letters = f"{place}/{{id}}", listed("dead_letters", "DeadLetter")
    made = {"headers": headers(["Location", "Idempotency-Replayed"])}
    for method, path, summary, form, status, answer in (
        ("post", place, "Add an endpoint", WebhookForm, 201, answered("Added", ref("NewWebhook")) | made),
        ("get", place, "Every endpoint", None, 200, answered("Found", listed("webhooks", "Webhook"))),
        ("get", one, "One endpoint", None, 200, answered("Found", ref("Webhook"))),
        ("delete", one, "Delete an endpoint", None, 204, {"description": "It is gone."}),
        ("get", f"{one}/dead-letters", "What it did not take", None, 200, answered("Found", letters)),
        ("post", f"{one}/replay", "Try dead letters again", ReplayForm, 202, answered("Asked for", letters)),
    ):
        refused = [401, 403, 503] if method == "get" else [*WRITE_REFUSALS, 415]
        operation: Json = {
            "summary": summary,
            "description": needs(Role.ADMIN),
            "responses": {str(status): answer, **refusals([*refused, *([404] if path != place else [])])},
        }
        if form is not None:
            content = {"application/json": {"schema": ref(form.__name__)}}
            operation["requestBody"] = {"required": form is WebhookForm, "content": content}
        if status == 201:
            operation["parameters"] = [parameter("Idempotency-Key")]
        yield method, path, operation


def autosaves() -> Iterable[tuple[str, str, Json]]:
    """Unsent texts."""
    place = "/api/v1/coverages/{slug}/autosaves"
    for method, path, summary, status, answer in (
        ("get", place, "One's own unsent texts, the last saved first", 200, listed("autosaves", "Autosave")),
        ("put", f"{place}/{{id}}", "Keep an unsent text, in place of its former copy", 204, None),
        ("delete", f"{place}/{{id}}", "Forget an unsent text", 204, None),
    ):
        refused = [401, 403, 404, 503] if method == "get" else [*WRITE_REFUSALS, 404, 415]
        operation: Json = {
            "summary": summary,
            "description": needs(Role.CONTRIBUTOR),
            "responses": {
                str(status): answered("Found", answer) if answer else {"description": "Done."},
                **refusals(refused),
            },
        }
        if method == "put":
            content = {"application/json": {"schema": ref("AutosaveForm")}}
            operation["requestBody"] = {"required": True, "content": content}
        yield method, path, operation


def presence() -> Iterable[tuple[str, str, Json]]:
    """Who is at the desk."""
    place = "/api/v1/coverages/{slug}/presence/{id}"
    refused = refusals([*WRITE_REFUSALS, 404, 415])
    content = {"application/json": {"schema": ref("PresenceForm")}}
    yield (
        "put",
        place,
        {
            "summary": "Say that a tab of the desk is there, and what it changes; who else is there",
            "description": f"{needs(Role.CONTRIBUTOR)} The id is the tab's own; forgotten after 20 s.",
            "requestBody": {"content": content},
            "responses": {"200": answered("The others", listed("present", "Present")), **refused},
        },
    )
    yield (
        "delete",
        place,
        {
            "summary": "Say that a tab of the desk was closed",
            "description": needs(Role.CONTRIBUTOR),
            "responses": {"204": {"description": "Done."}, **refused},
        },
    )


def notes() -> Iterable[tuple[str, str, Json]]:
    """Notes and claims to verify."""
    place = "/api/v1/coverages/{slug}/notes"
    one = f"{place}/{{id}}"
    made = {"headers": headers(["Location", "ETag", "Idempotency-Replayed"])}
    ticked = {"headers": headers(["ETag"])}
    gone = {"description": "It is gone."}
    for method, path, summary, form, status, answer in (
        (
            "get",
            place,
            "Notes and claims, open ones first",
            None,
            200,
            answered("Found", listed("notes", "Note")),
        ),
        (
            "post",
            place,
            "Leave a note, or a claim to verify",
            NoteForm,
            201,
            answered("Kept", ref("Note")) | made,
        ),
        (
            "patch",
            one,
            "Tick it off, or open it again",
            NoteChanges,
            200,
            answered("Now", ref("Note")) | ticked,
        ),
        ("delete", one, "Remove a note or a claim", None, 204, gone),
    ):
        refused = [401, 403, 404, 503] if method == "get" else [*WRITE_REFUSALS, 404, 415]
        if path == one:
            refused += [428]
        operation: Json = {
            "summary": summary,
            "description": f"{needs(Role.CONTRIBUTOR)} Contributors change their own.",
            "responses": {str(status): answer, **refusals(refused)},
        }
        if path == one:
            operation["responses"]["412"] = _stale_note()
            operation["parameters"] = [parameter("If-Match")]
        if method == "post":
            operation["parameters"] = [parameter("Idempotency-Key")]
        if form is not None:
            content = {"application/json": {"schema": ref(form.__name__)}}
            operation["requestBody"] = {"required": True, "content": content}
        yield method, path, operation


def _stale_note() -> Json:
    schema = {"allOf": [ref("Problem"), object_of({"current": ref("Note")})]}
    return {
        "description": "If-Match names another revision; `current` is the note as it is now.",
        "content": {"application/problem+json": {"schema": schema}},
        "headers": headers(["ETag"]),
    }
