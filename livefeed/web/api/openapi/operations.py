"""What can be asked for: each path and method, from the table of writes and for the doors beside it."""

from __future__ import annotations

from collections.abc import Iterable

from livefeed.roles import Role
from livefeed.web.api import audit, curl
from livefeed.web.api.openapi.answers import (
    WRITE_REFUSALS,
    Json,
    answered,
    listed,
    needs,
    parameter,
    ref,
    refusals,
    written,
)
from livefeed.web.api.openapi.desk import autosaves, notes, presence, webhooks
from livefeed.web.api.openapi.schemas import TEXT
from livefeed.web.api.table import WRITES, Write


def paths() -> Json:
    """Every path with what can be asked of it."""
    paths: dict[str, Json] = {}
    for method, path, operation in (
        *((write.method.lower(), write.path, _write(write)) for write in WRITES),
        ("post", "/api/v1/media", _upload()),
        ("post", "/api/v1/previews", _preview()),
        ("post", "/live/{slug}", _curl_door()),
        *(("get", path, operation) for path, operation in _reads()),
        *webhooks(),
        *autosaves(),
        *presence(),
        *notes(),
    ):
        slots = [parameter(name) for name in ("slug", "id") if f"{{{name}}}" in path]
        paths.setdefault(path, {"parameters": slots} if slots else {})[method] = {
            "operationId": _operation_id(method, path),
            **operation,
        }
    return paths


def _write(write: Write) -> Json:
    refused = [*WRITE_REFUSALS, 415]
    if "{slug}" in write.path:
        refused.append(404)
    parameters = [parameter("Idempotency-Key")]
    if write.on_update:
        refused += [412, 428]
        parameters.append(parameter("If-Match"))
    operation: Json = {
        "summary": write.summary,
        "description": needs(write.role),
        "parameters": parameters,
        "responses": {
            str(write.status): written(write.status, "Update" if "/updates" in write.path else "Coverage"),
            **refusals(refused),
        },
    }
    if write.form.model_fields:
        required = any(field.is_required() for field in write.form.model_fields.values())
        body = {"application/json": {"schema": ref(write.form.__name__)}}
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
        "description": f"{needs(Role.CONTRIBUTOR)} JPEG, PNG, GIF or WebP; only its pixels are kept.",
        "parameters": [parameter("Idempotency-Key")],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {"201": written(201, "Media"), **refusals([*WRITE_REFUSALS, 415])},
    }


def _preview() -> Json:
    return {
        "summary": "Look at an address",
        "description": (
            f"{needs(Role.CONTRIBUTOR)} The server reads the page; `embed` and `related` can be used in an "
            "update as they are, `picture` is a copy among the site's media."
        ),
        "parameters": [parameter("Idempotency-Key")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("PreviewForm")}}},
        "responses": {
            "200": answered("What is there", ref("Preview")),
            **refusals([*WRITE_REFUSALS, 415, 429, 502]),
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
        "description": f"{needs(Role.EDITOR)} The body is the text, in Markdown.",
        "parameters": [parameter("Idempotency-Key"), *fields],
        "requestBody": {"required": False, "content": {"text/markdown": {"schema": {"type": "string"}}}},
        "responses": {"201": written(201, "Update"), **refusals([*WRITE_REFUSALS, 404])},
    }


def _reads() -> Iterable[tuple[str, Json]]:
    contributor = needs(Role.CONTRIBUTOR)
    for path, summary, answer in (
        ("/api/v1/coverages", "All coverages, the last opened first", listed("coverages", "Coverage")),
        ("/api/v1/coverages/{slug}", "One coverage", ref("Coverage")),
        ("/api/v1/coverages/{slug}/audience", "Open pages, and who else is told", ref("Audience")),
        ("/api/v1/snippets", "Texts that are used again and again, by name", listed("snippets", "Snippet")),
        ("/api/v1/coverages/{slug}/updates", "Updates, the newest first", ref("Updates")),
        ("/api/v1/coverages/{slug}/updates/{id}", "One update, whatever its status", ref("Update")),
        (
            "/api/v1/coverages/{slug}/updates/{id}/revisions",
            "An update's history, oldest first",
            listed("revisions", "Revision"),
        ),
    ):
        refused = [401, 403, 503, *([404] if "{slug}" in path else [])]
        operation: Json = {"summary": summary, "description": contributor}
        if path.endswith("/updates"):
            refused.append(400)
            operation["parameters"] = [parameter(name) for name in ("status", "before", "limit")]
        if path == "/api/v1/coverages":
            refused.append(400)
            operation["parameters"] = [parameter("archived")]
        found = answered("Found", answer)
        if path.endswith("{id}"):
            found["headers"] = {"ETag": ref("ETag", "headers")}
        yield path, operation | {"responses": {"200": found, **refusals(refused)}}
    yield "/api/v1/audit", _audit()
    for path, refused in (("/live/{slug}/changes", [400, 404, 503]), ("/changes", [400, 503])):
        yield (
            path,
            {
                "summary": f"What {'a coverage' if 'slug' in path else 'the site'}'s readers see, by polling",
                "description": "For everybody. Without `after`: where the log stands, and no events.",
                "security": [],
                "parameters": [parameter(name) for name in ("after", "wait", "most", "view", "counted")],
                "responses": {"200": answered("Events", ref("Changes")), **refusals(refused)},
            },
        )


def _audit() -> Json:
    page = answered("A page, or the file", ref("Acts"))
    page["content"] |= {form: {"schema": TEXT} for form in audit.FILES.values()}
    names = ("coverage", "by", "acts_before", "acts_after", "acts_limit", "acts_format")
    return {
        "summary": "Who did what, when and from where: a page, or all of it as a file",
        "description": f"{needs(Role.ADMIN)} Newest first, but oldest first in a file and with `after`.",
        "parameters": [parameter(name) for name in names],
        "responses": {"200": page, **refusals([400, 401, 403, 503])},
    }


def _operation_id(method: str, path: str) -> str:
    words = [
        word for word in path.replace("{", "").replace("}", "").split("/") if word not in {"", "api", "v1"}
    ]
    return "-".join([method, *words])
