"""The API's description, OpenAPI 3.1, made from what does the work: the table of writes, the forms that
validate, and the values that answers are made of.

Nothing is described twice: a route that is added to the table, or a field to a form, is in the document the
same moment. What only the doors know (the statuses of a refusal, headers, queries) is said here.

Source: OpenAPI Specification 3.1.1, JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

import livefeed
from livefeed.events import INTERNAL_COVERAGE, INTERNAL_UPDATE, Kind
from livefeed.forms import (
    AutosaveForm,
    Form,
    Lengths,
    NoteChanges,
    NoteForm,
    PresenceForm,
    PreviewForm,
    ReplayForm,
    WebhookForm,
)
from livefeed.model import Coverage, Media, Role, Update
from livefeed.web.api import audit, curl, reading
from livefeed.web.api.table import WRITES, Write

Json = dict[str, Any]

REFUSALS = {
    400: "The request cannot be read: broken JSON, or a malformed cursor, key or If-Match.",
    401: "There is no login, or none that counts.",
    403: "This person may not do that, or the request comes from another site.",
    404: "There is no such coverage, update or picture.",
    408: "The body did not arrive in time.",
    409: "It does not fit the state that the coverage or update is in.",
    412: "If-Match names another revision than the current one; `current` is the update as it is now.",
    413: "The body is too large; `limit` says how many bytes are taken.",
    415: "The body is of another type than the one that is taken here.",
    422: "A field cannot be taken (each is named in `errors`), or the key was used for another request.",
    428: "A desk session must say which revision it changes.",
    429: "Too many of these were asked for by this account; Retry-After says when to go on.",
    502: "The other site could not be read.",
    503: "The store is away, or did not answer in time: repeat the request with the same key.",
    507: "There is no room left on the server's disk; nothing was changed.",
}
_WRITE_REFUSALS = (400, 401, 403, 408, 409, 413, 422, 503, 507)
_KINDS = [kind.value for kind in list(Kind)[: list(Kind).index(Kind.COVERAGE) + 1]]


def openapi_document(base_url: str, lengths: Lengths) -> Json:
    """The document of the site at `base_url`, where texts may be as long as `lengths` says."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "livefeed API",
            "version": livefeed.__version__,
            "description": (
                "What editors and their programs write and read. A write is repeated safely with the same "
                "Idempotency-Key: it is done once, and the repetition finds the state as it is now. Times "
                "are RFC 3339. Refusals are problem documents (RFC 9457) and change nothing."
            ),
        },
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(lengths),
            "responses": {_name(status): _refusal(status) for status in REFUSALS},
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, as `livefeed token add NAME` prints it.",
                }
            },
        },
    }


# Operations


def _paths() -> Json:
    paths: dict[str, Json] = {}
    for method, path, operation in (
        *((write.method.lower(), write.path, _write(write)) for write in WRITES),
        ("post", "/api/v1/media", _upload()),
        ("post", "/api/v1/previews", _preview()),
        ("post", "/live/{slug}", _curl_door()),
        *(("get", path, operation) for path, operation in _reads()),
        *_webhooks(),
        *_autosaves(),
        *_presence(),
        *_notes(),
    ):
        slots = [_parameter(name) for name in ("slug", "id") if f"{{{name}}}" in path]
        paths.setdefault(path, {"parameters": slots} if slots else {})[method] = {
            "operationId": _operation_id(method, path),
            **operation,
        }
    return paths


def _write(write: Write) -> Json:
    refused = [*_WRITE_REFUSALS, 415]
    if "{slug}" in write.path:
        refused.append(404)
    parameters = [_parameter("Idempotency-Key")]
    if write.on_update:
        refused += [412, 428]
        parameters.append(_parameter("If-Match"))
    operation: Json = {
        "summary": write.summary,
        "description": _needs(write.role),
        "parameters": parameters,
        "responses": {
            str(write.status): _written(write.status, "Update" if "/updates" in write.path else "Coverage"),
            **_refusals(refused),
        },
    }
    if write.form.model_fields:
        required = any(field.is_required() for field in write.form.model_fields.values())
        body = {"application/json": {"schema": _ref(write.form.__name__)}}
        operation["requestBody"] = {"required": required, "content": body}
    return operation


def _upload() -> Json:
    file = {"type": "string", "contentMediaType": "image/*", "contentEncoding": "binary"}
    part = {"type": "number", "minimum": 0, "maximum": 100}
    focus = {
        "focus_x": part | {"description": "Per cent from the left of the point that no crop may lose."},
        "focus_y": part | {"description": "The same from the top; both or neither."},
    }
    form = {"type": "object", "required": ["file"], "properties": {"file": file} | focus}
    return {
        "summary": "Upload a picture",
        "description": f"{_needs(Role.CONTRIBUTOR)} JPEG, PNG, GIF or WebP; only its pixels are kept.",
        "parameters": [_parameter("Idempotency-Key")],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {"201": _written(201, "Media"), **_refusals([*_WRITE_REFUSALS, 415])},
    }


def _preview() -> Json:
    return {
        "summary": "Look at an address",
        "description": (
            f"{_needs(Role.CONTRIBUTOR)} The server reads the page; `embed` and `related` can be used in an "
            "update as they are, `picture` is a copy among the site's media."
        ),
        "parameters": [_parameter("Idempotency-Key")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("PreviewForm")}}},
        "responses": {
            "200": _answer("What is there", _ref("Preview")),
            **_refusals([*_WRITE_REFUSALS, 415, 429, 502]),
        },
    }


def _curl_door() -> Json:
    said = "For query parameters and headers alike; UTF-8 or RFC 2047 words in headers."
    fields = [
        {"name": name, "in": place, "schema": {"type": "string"}, "description": said}
        for header in curl.FIELDS.values()
        for place, name in (("header", header), ("query", header.lower()))
    ]
    return {
        "summary": "Publish the raw body as an update",
        "description": f"{_needs(Role.EDITOR)} The body is the text, in Markdown.",
        "parameters": [_parameter("Idempotency-Key"), *fields],
        "requestBody": {"required": False, "content": {"text/markdown": {"schema": {"type": "string"}}}},
        "responses": {"201": _written(201, "Update"), **_refusals([*_WRITE_REFUSALS, 404])},
    }


def _reads() -> Iterable[tuple[str, Json]]:
    contributor = _needs(Role.CONTRIBUTOR)
    for path, summary, answer in (
        ("/api/v1/coverages", "All coverages, the last opened first", _list("coverages", "Coverage")),
        ("/api/v1/coverages/{slug}", "One coverage", _ref("Coverage")),
        ("/api/v1/coverages/{slug}/audience", "Open pages, and who else is told", _ref("Audience")),
        ("/api/v1/snippets", "Texts that are used again and again, by name", _list("snippets", "Snippet")),
        ("/api/v1/coverages/{slug}/updates", "Updates, the newest first", _ref("Updates")),
        ("/api/v1/coverages/{slug}/updates/{id}", "One update, whatever its status", _ref("Update")),
        (
            "/api/v1/coverages/{slug}/updates/{id}/revisions",
            "An update's history, oldest first",
            _list("revisions", "Revision"),
        ),
    ):
        refused = [401, 403, 503, *([404] if "{slug}" in path else [])]
        operation: Json = {"summary": summary, "description": contributor}
        if path.endswith("/updates"):
            refused.append(400)
            operation["parameters"] = [_parameter(name) for name in ("status", "before", "limit")]
        if path == "/api/v1/coverages":
            refused.append(400)
            operation["parameters"] = [_parameter("archived")]
        found = _answer("Found", answer)
        if path.endswith("{id}"):
            found["headers"] = {"ETag": _ref("ETag", "headers")}
        yield path, operation | {"responses": {"200": found, **_refusals(refused)}}
    yield "/api/v1/audit", _audit()
    for path, refused in (("/live/{slug}/changes", [400, 404, 503]), ("/changes", [400, 503])):
        yield (
            path,
            {
                "summary": f"What {'a coverage' if 'slug' in path else 'the site'}'s readers see, by polling",
                "description": "For everybody. Without `after`: where the log stands, and no events.",
                "security": [],
                "parameters": [_parameter(name) for name in ("after", "wait", "most", "view")],
                "responses": {"200": _answer("Events", _ref("Changes")), **_refusals(refused)},
            },
        )


def _audit() -> Json:
    page = _answer("A page, or the file", _ref("Acts"))
    page["content"] |= {form: {"schema": _TEXT} for form in audit.FILES.values()}
    names = ("coverage", "by", "acts_before", "acts_after", "acts_limit", "acts_format")
    return {
        "summary": "Who did what, when and from where: a page, or all of it as a file",
        "description": f"{_needs(Role.ADMIN)} Newest first, but oldest first in a file and with `after`.",
        "parameters": [_parameter(name) for name in names],
        "responses": {"200": page, **_refusals([400, 401, 403, 503])},
    }


def _webhooks() -> Iterable[tuple[str, str, Json]]:
    place = "/api/v1/webhooks"
    one, letters = f"{place}/{{id}}", _list("dead_letters", "DeadLetter")
    made = {"headers": _headers(["Location", "Idempotency-Replayed"])}
    for method, path, summary, form, status, answer in (
        ("post", place, "Add an endpoint", WebhookForm, 201, _answer("Added", _ref("NewWebhook")) | made),
        ("get", place, "Every endpoint", None, 200, _answer("Found", _list("webhooks", "Webhook"))),
        ("get", one, "One endpoint", None, 200, _answer("Found", _ref("Webhook"))),
        ("delete", one, "Delete an endpoint", None, 204, {"description": "It is gone."}),
        ("get", f"{one}/dead-letters", "What it did not take", None, 200, _answer("Found", letters)),
        ("post", f"{one}/replay", "Try dead letters again", ReplayForm, 202, _answer("Asked for", letters)),
    ):
        refused = [401, 403, 503] if method == "get" else [*_WRITE_REFUSALS, 415]
        operation: Json = {
            "summary": summary,
            "description": _needs(Role.ADMIN),
            "responses": {str(status): answer, **_refusals([*refused, *([404] if path != place else [])])},
        }
        if form is not None:
            content = {"application/json": {"schema": _ref(form.__name__)}}
            operation["requestBody"] = {"required": form is WebhookForm, "content": content}
        if status == 201:
            operation["parameters"] = [_parameter("Idempotency-Key")]
        yield method, path, operation


def _autosaves() -> Iterable[tuple[str, str, Json]]:
    place = "/api/v1/coverages/{slug}/autosaves"
    for method, path, summary, status, answer in (
        ("get", place, "One's own unsent texts, the last saved first", 200, _list("autosaves", "Autosave")),
        ("put", f"{place}/{{id}}", "Keep an unsent text, in place of its former copy", 204, None),
        ("delete", f"{place}/{{id}}", "Forget an unsent text", 204, None),
    ):
        refused = [401, 403, 404, 503] if method == "get" else [*_WRITE_REFUSALS, 404, 415]
        operation: Json = {
            "summary": summary,
            "description": _needs(Role.CONTRIBUTOR),
            "responses": {
                str(status): _answer("Found", answer) if answer else {"description": "Done."},
                **_refusals(refused),
            },
        }
        if method == "put":
            content = {"application/json": {"schema": _ref("AutosaveForm")}}
            operation["requestBody"] = {"required": True, "content": content}
        yield method, path, operation


def _presence() -> Iterable[tuple[str, str, Json]]:
    place = "/api/v1/coverages/{slug}/presence/{id}"
    refused = _refusals([*_WRITE_REFUSALS, 404, 415])
    content = {"application/json": {"schema": _ref("PresenceForm")}}
    yield (
        "put",
        place,
        {
            "summary": "Say that a tab of the desk is there, and what it changes; who else is there",
            "description": f"{_needs(Role.CONTRIBUTOR)} The id is the tab's own; forgotten after 20 s.",
            "requestBody": {"content": content},
            "responses": {"200": _answer("The others", _list("present", "Present")), **refused},
        },
    )
    yield (
        "delete",
        place,
        {
            "summary": "Say that a tab of the desk was closed",
            "description": _needs(Role.CONTRIBUTOR),
            "responses": {"204": {"description": "Done."}, **refused},
        },
    )


def _notes() -> Iterable[tuple[str, str, Json]]:
    place = "/api/v1/coverages/{slug}/notes"
    one = f"{place}/{{id}}"
    made = {"headers": _headers(["Location", "ETag", "Idempotency-Replayed"])}
    ticked = {"headers": _headers(["ETag"])}
    gone = {"description": "It is gone."}
    for method, path, summary, form, status, answer in (
        (
            "get",
            place,
            "Notes and claims, open ones first",
            None,
            200,
            _answer("Found", _list("notes", "Note")),
        ),
        (
            "post",
            place,
            "Leave a note, or a claim to verify",
            NoteForm,
            201,
            _answer("Kept", _ref("Note")) | made,
        ),
        (
            "patch",
            one,
            "Tick it off, or open it again",
            NoteChanges,
            200,
            _answer("Now", _ref("Note")) | ticked,
        ),
        ("delete", one, "Remove a note or a claim", None, 204, gone),
    ):
        refused = [401, 403, 404, 503] if method == "get" else [*_WRITE_REFUSALS, 404, 415]
        if path == one:
            refused += [428]
        operation: Json = {
            "summary": summary,
            "description": f"{_needs(Role.CONTRIBUTOR)} Contributors change their own.",
            "responses": {str(status): answer, **_refusals(refused)},
        }
        if path == one:
            operation["responses"]["412"] = _stale_note()
            operation["parameters"] = [_parameter("If-Match")]
        if method == "post":
            operation["parameters"] = [_parameter("Idempotency-Key")]
        if form is not None:
            content = {"application/json": {"schema": _ref(form.__name__)}}
            operation["requestBody"] = {"required": True, "content": content}
        yield method, path, operation


def _stale_note() -> Json:
    schema = {"allOf": [_ref("Problem"), _object({"current": _ref("Note")})]}
    return {
        "description": "If-Match names another revision; `current` is the note as it is now.",
        "content": {"application/problem+json": {"schema": schema}},
        "headers": _headers(["ETag"]),
    }


def _needs(role: Role) -> str:
    return f"Needs the role {role} or a higher one."


def _operation_id(method: str, path: str) -> str:
    words = [
        word for word in path.replace("{", "").replace("}", "").split("/") if word not in {"", "api", "v1"}
    ]
    return "-".join([method, *words])


# Answers


def _written(status: int, what: str) -> Json:
    headers = ["Idempotency-Replayed"]
    if status == 204:
        return {"description": "It is gone.", "headers": _headers(headers)}
    if what == "Update":
        headers.append("ETag")
    if status == 201 and what != "Media":
        headers.append("Location")
    return _answer("Done; as it is now", _ref(what)) | {"headers": _headers(headers)}


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refusals(statuses: Iterable[int]) -> Json:
    return {str(status): _ref(_name(status), "responses") for status in sorted(statuses)}


def _refusal(status: int) -> Json:
    schema = _ref("StaleProblem" if status == 412 else "Problem")
    refusal: Json = {
        "description": REFUSALS[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    header = {401: "WWW-Authenticate", 412: "ETag", 429: "Retry-After", 503: "Retry-After"}.get(status)
    return refusal | {"headers": _headers([header])} if header else refusal


def _headers(names: Iterable[str]) -> Json:
    return {name: _ref(name, "headers") for name in names}


def _list(name: str, what: str) -> Json:
    return _object({name: {"type": "array", "items": _ref(what)}})


def _parameter(name: str) -> Json:
    return _ref(name, "parameters")


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _ref(name: str, where: str = "schemas") -> Json:
    return {"$ref": f"#/components/{where}/{name}"}


# Schemas


def _schemas(lengths: Lengths) -> dict[str, Json]:
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
            properties |= {"position": _POSITION, "url": _URL}
        # An answer has every field; only what is taken in may leave some out.
        schema |= {"properties": properties, "required": list(properties)}
    plain = {name: _plain(schema, lengths) for name, schema in schemas.items()}
    return dict(sorted((plain | _OWN_SCHEMAS).items()))


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


def _object(properties: Mapping[str, Json], *, optional: Mapping[str, Json] | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
    }


_TEXT = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_CURSOR = {"type": "string", "description": "A position, opaque but for equality."}
_POSITION = {
    "type": ["string", "null"],
    "description": "The cursor of its last public change; null before there was one.",
}
_URL = {"type": "string", "format": "uri", "description": "Its address for readers."}
_WEBHOOK: dict[str, Json] = {
    "id": _TEXT,
    "url": _URL | {"description": "Where messages are posted to."},
    "description": _TEXT,
    "coverages": {"type": ["array", "null"], "items": _TEXT, "description": "Slugs; null: all."},
    "created_at": _TIME,
    "disabled": {"type": "boolean", "description": "It answered 410: nothing more is sent."},
}
_OWN_SCHEMAS: dict[str, Json] = {
    "Webhook": _object(_WEBHOOK),
    "NewWebhook": _object(_WEBHOOK | {"secret": {"type": "string", "description": "Shown here alone."}}),
    "Preview": _object(
        {
            "embed": _ref("EmbedForm"),
            "related": _ref("RelatedForm"),
            "picture": {"anyOf": [_ref("Media"), {"type": "null"}]},
        }
    ),
    "DeadLetter": _object(
        {
            "id": {"type": "string", "description": "The webhook-id of its message."},
            "coverage": _TEXT,
            "kind": {"enum": _KINDS},
            "attempts": {"type": "integer"},
            "failed_at": _TIME,
            "reason": _TEXT,
            "replaying": {"type": "boolean", "description": "It was asked for again."},
        }
    ),
    "Audience": _object(
        {
            "closes_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When silence closes it, told in the last quarter of the silence.",
            },
            "readers": _COUNT | {"description": "Open pages; those who poll count while they wait."},
            "reached": _COUNT | {"description": "Open pages that were written everything."},
            "websocket": _COUNT,
            "sse": _COUNT,
            "polling": _COUNT | {"description": "Long polls that wait for their answer."},
            "arrived_after": {
                "type": ["number", "null"],
                "description": "Seconds from the time of the newest publication that every open page has "
                "until the last of them had taken it.",
            },
            "webhooks": _COUNT,
            "subscribers": _COUNT | {"description": "Of the site's feeds, by WebSub."},
        }
    ),
    "Autosave": _object(
        {"id": _TEXT, "saved_at": _TIME, "kept": {"type": "object", "description": "As the desk keeps it."}}
    ),
    "Note": _object(
        {
            "id": _TEXT,
            "kind": {"enum": ["note", "claim"]},
            "text": _TEXT,
            "state": {"enum": ["open", "done", "confirmed", "denied"]},
            "by": _TEXT,
            "at": _TIME,
            "state_by": {"type": "string", "description": "Who gave it its state; empty: nobody has."},
            "state_at": {"type": ["string", "null"], "format": "date-time"},
            "revision": {"type": "integer", "minimum": 1},
        }
    ),
    "Snippet": _object(
        {
            "id": _TEXT,
            "name": _TEXT,
            "text": _TEXT | {"description": "Markdown, as it was typed."},
            "html": _TEXT | {"description": "What it makes, sanitised."},
            "direction": {"enum": ["rtl", "ltr"]},
            "by": _TEXT,
            "at": _TIME,
        }
    ),
    "Present": _object(
        {
            "name": _TEXT,
            "editing": {"type": "array", "items": _TEXT, "description": "Ids of the updates being changed."},
            "own": {"type": "boolean", "description": "It is the caller, in another tab."},
        }
    ),
    "Problem": _object(
        {
            "type": {"type": "string", "description": "about:blank, or the name of a special case."},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence: what is wrong, with value and limit."},
        },
        optional={
            "field": _TEXT,
            "value": _TEXT,
            "limit": {"type": ["integer", "string"]},
            "errors": {
                "type": "array",
                "items": _object({"field": _TEXT, "detail": _TEXT, "value": _TEXT}),
            },
        },
    ),
    "StaleProblem": {
        "allOf": [_ref("Problem"), _object({"current": _ref("Update")})],
    },
    "Updates": _object(
        {
            "updates": {"type": "array", "items": _ref("Update")},
            "more": {"type": "boolean"},
            "before": {"type": ["string", "null"], "description": "The cursor of the next, older page."},
        }
    ),
    "Revision": _object(
        {
            "revision": {"type": "integer"},
            "kind": {"enum": [kind.value for kind in Kind]},
            "at": _TIME,
            "by": {"type": "string", "description": "The editor's name; empty for a scheduled release."},
            "note": _TEXT,
            "reason": {"type": "string", "description": "Why it was retracted; never shown to readers."},
            "update": _ref("Update"),
        }
    ),
    "Acts": _object({"acts": {"type": "array", "items": _ref("Act")}, "more": {"type": "boolean"}}),
    "Act": _object(
        {
            "number": {"type": "integer", "description": "From 1, without holes."},
            "at": _TIME,
            "by": {"type": "string", "description": "The name; empty for what the server does by itself."},
            "account": _TEXT,
            "role": _TEXT,
            "address": {"type": "string", "description": "The client's, or `command line`."},
            "deed": _TEXT,
            "subject": {"type": "string", "description": "`update:ID`, `coverage:SLUG`, `account:ID`…"},
            "coverage": _TEXT,
            "revision": {"type": "integer", "description": "Of the update afterwards; 0: there is none."},
            "changed": {"type": "array", "items": _TEXT, "description": "Fields, never their texts."},
            "detail": _TEXT,
        }
    ),
    "Changes": _object(
        {
            "position": _CURSOR,
            "events": {"type": "array", "items": _ref("Event")},
            "more": {"type": "boolean", "description": "There are events after these: ask again."},
        },
        optional={"reload": {"const": True, "description": "The cursor is worthless: load anew."}},
    ),
    "Event": _object(
        {"kind": {"enum": _KINDS}, "position": _CURSOR},
        optional={
            "update": _ref("Update"),
            "coverage": _ref("Coverage"),
            "id": {"type": ["string", "null"]},
            "html": _TEXT,
        },
    ),
}

_PARAMETERS: dict[str, Json] = {
    "slug": {"name": "slug", "in": "path", "required": True, "schema": _TEXT},
    "id": {"name": "id", "in": "path", "required": True, "schema": _TEXT},
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": "Made by the client, new for every write and the same for its repetition.",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,9}")$'},
        "description": "The revision that was changed, in quotes, or * for any.",
    },
    "status": {
        "name": "status",
        "in": "query",
        "schema": {
            "enum": ["published", "unpublished", "draft", "submitted", "scheduled"],
            "default": "published",
        },
    },
    "archived": {"name": "archived", "in": "query", "schema": {"enum": ["yes", "no"]}},
    "before": {"name": "before", "in": "query", "schema": _CURSOR},
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": reading.MOST_LISTED, "default": 50},
    },
    "after": {
        "name": "after",
        "in": "query",
        "schema": _TEXT,
        "description": "A position; 0 is the beginning of what is kept.",
    },
    "wait": {
        "name": "wait",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "maximum": 25, "default": 0},
        "description": "Seconds to wait for something new.",
    },
    "most": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    },
    "coverage": {"name": "coverage", "in": "query", "schema": _TEXT},
    "by": {"name": "by", "in": "query", "schema": _TEXT, "description": "A name as it is shown."},
    "acts_before": {"name": "before", "in": "query", "schema": {"type": "integer", "minimum": 1}},
    "acts_after": {
        "name": "after",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0},
        "description": "The oldest after this number first.",
    },
    "acts_limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": audit.MOST, "default": 50},
    },
    "acts_format": {
        "name": "format",
        "in": "query",
        "schema": {"enum": ["json", *audit.FILES], "default": "json"},
    },
    "view": {"name": "view", "in": "query", "schema": {"enum": ["json", "html"], "default": "json"}},
}

_HEADERS: dict[str, Json] = {
    "ETag": {"required": True, "schema": _TEXT, "description": "The update's revision, in quotes."},
    "Location": {"required": True, "schema": _TEXT, "description": "Where the new resource is."},
    "Idempotency-Replayed": {
        "schema": {"const": "true"},
        "description": "The key was used before: nothing was done now.",
    },
    "Retry-After": {
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "description": "Seconds.",
    },
    "WWW-Authenticate": {"required": True, "schema": _TEXT},
}
