"""The shapes of what is taken and answered: of forms and values as they are, and of what only doors make."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from livefeed.events import INTERNAL_COVERAGE, INTERNAL_UPDATE, Kind
from livefeed.forms import (
    AutosaveForm,
    Form,
    NoteChanges,
    NoteForm,
    PresenceForm,
    PreviewForm,
    ReplayForm,
    WebhookForm,
)
from livefeed.inputs import Lengths
from livefeed.model import Coverage, Media, Update
from livefeed.web.api.openapi.answers import Json, object_of, ref
from livefeed.web.api.table import WRITES

KINDS = [kind.value for kind in list(Kind)[: list(Kind).index(Kind.COVERAGE) + 1]]


def schemas(lengths: Lengths) -> dict[str, Json]:
    """Every shape by its name, where texts may be as long as `lengths` says."""
    taken: list[type[Form]] = [
        *(write.form for write in WRITES if write.form.model_fields),
        PreviewForm,
        WebhookForm,
        ReplayForm,
        AutosaveForm,
        PresenceForm,
        NoteForm,
        NoteChanges,
    ]
    forms = [("form", "validation", TypeAdapter(form)) for form in taken]
    values = [("value", "serialization", TypeAdapter(value)) for value in (Update, Coverage, Media)]
    _, generated = TypeAdapter.json_schemas(
        [*forms, *values],  # type: ignore[list-item]  # the first of each triple only has to be hashable
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Json] = generated["$defs"]
    del schemas["Position"]
    for name, internal in (("Update", INTERNAL_UPDATE), ("Coverage", INTERNAL_COVERAGE), ("Media", ())):
        schema = schemas[name]
        # The rest of a value's docstring is for who works on the code.
        schema["description"] = schema["description"].partition("\n")[0]
        properties = {field: part for field, part in schema["properties"].items() if field not in internal}
        if internal:
            properties |= {"position": POSITION, "url": URL}
        # An answer has every field; only what is taken in may leave some out.
        schema |= {"properties": properties, "required": list(properties)}
    plain = {name: _plain(schema, lengths) for name, schema in schemas.items()}
    return dict(sorted((plain | OWN_SCHEMAS).items()))


def _plain(schema: Any, lengths: Lengths) -> Any:
    """The schema without the titles that repeat a field's name, and with the limits in their numbers."""
    if isinstance(schema, list):
        return [_plain(part, lengths) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: _plain(part, lengths)
        for key, part in schema.items()
        if not (key in {"title", "x-longest"} and isinstance(part, str))
    }
    if isinstance(longest := schema.get("x-longest"), str):
        plain["maxLength"] = getattr(lengths, longest)
    return plain


TEXT = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
TIME = {"type": "string", "format": "date-time"}
LIMIT = {"type": ["number", "string"], "description": "What is taken instead."}
CURSOR = {"type": "string", "description": "A position, opaque but for equality."}
POSITION = {
    "type": ["string", "null"],
    "description": "The cursor of its last public change; null before there was one.",
}
URL = {"type": "string", "format": "uri", "description": "Its address for readers."}
WEBHOOK: dict[str, Json] = {
    "id": TEXT,
    "url": URL | {"description": "Where messages are posted to."},
    "description": TEXT,
    "coverages": {"type": ["array", "null"], "items": TEXT, "description": "Slugs; null: all."},
    "created_at": TIME,
    "disabled": {"type": "boolean", "description": "It answered 410: nothing more is sent."},
}
OWN_SCHEMAS: dict[str, Json] = {
    "Webhook": object_of(WEBHOOK),
    "NewWebhook": object_of(WEBHOOK | {"secret": {"type": "string", "description": "Shown here alone."}}),
    "Preview": object_of(
        {
            "embed": ref("EmbedForm"),
            "related": ref("RelatedForm"),
            "picture": {"anyOf": [ref("Media"), {"type": "null"}]},
        }
    ),
    "DeadLetter": object_of(
        {
            "id": {"type": "string", "description": "The webhook-id of its message."},
            "coverage": TEXT,
            "kind": {"enum": KINDS},
            "attempts": {"type": "integer"},
            "failed_at": TIME,
            "reason": TEXT,
            "replaying": {"type": "boolean", "description": "It was asked for again."},
        }
    ),
    "Audience": object_of(
        {
            "closes_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When silence closes it, told in the last quarter of the silence.",
            },
            "readers": COUNT | {"description": "Open pages; those who poll count while they wait."},
            "reached": COUNT | {"description": "Open pages that were written everything."},
            "websocket": COUNT,
            "sse": COUNT,
            "polling": COUNT | {"description": "Long polls that wait for their answer."},
            "arrived_after": {
                "type": ["number", "null"],
                "description": "Seconds from the time of the newest publication that every open page has "
                "until the last of them had taken it.",
            },
            "feeds": ref("Fetched") | {"description": "Of its feeds."},
            "site_feeds": ref("Fetched") | {"description": "Of the breaking feed of the site."},
            "webhooks": COUNT,
            "subscribers": COUNT | {"description": "Of the site's feeds, by WebSub."},
        }
    ),
    "Fetched": object_of({"rss": COUNT, "atom": COUNT, "json": COUNT})
    | {"description": "Fetches in the last hour from the processes that run now, since each was started."},
    "Autosave": object_of(
        {"id": TEXT, "saved_at": TIME, "kept": {"type": "object", "description": "As the desk keeps it."}}
    ),
    "Note": object_of(
        {
            "id": TEXT,
            "kind": {"enum": ["note", "claim"]},
            "text": TEXT,
            "state": {"enum": ["open", "done", "confirmed", "denied"]},
            "by": TEXT,
            "at": TIME,
            "state_by": {"type": "string", "description": "Who gave it its state; empty: nobody has."},
            "state_at": {"type": ["string", "null"], "format": "date-time"},
            "revision": {"type": "integer", "minimum": 1},
        }
    ),
    "Snippet": object_of(
        {
            "id": TEXT,
            "name": TEXT,
            "text": TEXT | {"description": "Markdown, as it was typed."},
            "html": TEXT | {"description": "What it makes, sanitised."},
            "direction": {"enum": ["rtl", "ltr"]},
            "by": TEXT,
            "at": TIME,
        }
    ),
    "Present": object_of(
        {
            "name": TEXT,
            "editing": {"type": "array", "items": TEXT, "description": "Ids of the updates being changed."},
            "own": {"type": "boolean", "description": "It is the caller, in another tab."},
        }
    ),
    "Problem": object_of(
        {
            "type": {"type": "string", "description": "about:blank, or the name of a special case."},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence: what is wrong, with value and limit."},
        },
        optional={
            "field": TEXT,
            "value": TEXT,
            "limit": LIMIT,
            "errors": {
                "type": "array",
                "items": object_of({"field": TEXT, "detail": TEXT, "value": TEXT}, optional={"limit": LIMIT}),
            },
        },
    ),
    "StaleProblem": {
        "allOf": [ref("Problem"), object_of({"current": ref("Update")})],
    },
    "Updates": object_of(
        {
            "updates": {"type": "array", "items": ref("Update")},
            "more": {"type": "boolean"},
            "before": {"type": ["string", "null"], "description": "The cursor of the next, older page."},
        }
    ),
    "Revision": object_of(
        {
            "revision": {"type": "integer"},
            "kind": {"enum": [kind.value for kind in Kind]},
            "at": TIME,
            "by": {"type": "string", "description": "The editor's name; empty for a scheduled release."},
            "note": TEXT,
            "reason": {"type": "string", "description": "Why it was retracted; never shown to readers."},
            "update": ref("Update"),
        }
    ),
    "Acts": object_of({"acts": {"type": "array", "items": ref("Act")}, "more": {"type": "boolean"}}),
    "Act": object_of(
        {
            "number": {"type": "integer", "description": "From 1, without holes."},
            "at": TIME,
            "by": {"type": "string", "description": "The name; empty for what the server does by itself."},
            "account": TEXT,
            "role": TEXT,
            "address": {"type": "string", "description": "The client's, or `command line`."},
            "deed": TEXT,
            "subject": {"type": "string", "description": "`update:ID`, `coverage:SLUG`, `account:ID`…"},
            "coverage": TEXT,
            "revision": {"type": "integer", "description": "Of the update afterwards; 0: there is none."},
            "changed": {"type": "array", "items": TEXT, "description": "Fields, never their texts."},
            "detail": TEXT,
        }
    ),
    "Changes": object_of(
        {
            "position": CURSOR,
            "events": {"type": "array", "items": ref("Event")},
            "more": {"type": "boolean", "description": "There are events after these: ask again."},
        },
        optional={"reload": {"const": True, "description": "The cursor is worthless: load anew."}},
    ),
    "Event": object_of(
        {"kind": {"enum": KINDS}, "position": CURSOR},
        optional={
            "update": ref("Update"),
            "coverage": ref("Coverage"),
            "id": {"type": ["string", "null"]},
            "html": TEXT,
        },
    ),
}
