"""Parameters and headers that several operations have."""

from __future__ import annotations

from livefeed.web.api import audit, reading
from livefeed.web.api.openapi.answers import Json
from livefeed.web.api.openapi.schemas import CURSOR, TEXT

PARAMETERS: dict[str, Json] = {
    "slug": {"name": "slug", "in": "path", "required": True, "schema": TEXT},
    "id": {"name": "id", "in": "path", "required": True, "schema": TEXT},
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
            "enum": ["published", "retracted", "unpublished", "draft", "submitted", "scheduled"],
            "default": "published",
        },
    },
    "archived": {"name": "archived", "in": "query", "schema": {"enum": ["yes", "no"]}},
    "before": {"name": "before", "in": "query", "schema": CURSOR},
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": reading.MOST_LISTED, "default": 50},
    },
    "after": {
        "name": "after",
        "in": "query",
        "schema": TEXT,
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
    "coverage": {"name": "coverage", "in": "query", "schema": TEXT},
    "by": {"name": "by", "in": "query", "schema": TEXT, "description": "A name as it is shown."},
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
    "counted": {
        "name": "counted",
        "in": "query",
        "schema": {"enum": ["yes", "no"], "default": "yes"},
        "description": "Whether this is told of as an open page.",
    },
    "view": {"name": "view", "in": "query", "schema": {"enum": ["json", "html"], "default": "json"}},
}

HEADERS: dict[str, Json] = {
    "ETag": {"required": True, "schema": TEXT, "description": "The update's revision, in quotes."},
    "Location": {"required": True, "schema": TEXT, "description": "Where the new resource is."},
    "Idempotency-Replayed": {
        "schema": {"const": "true"},
        "description": "The key was used before: nothing was done now.",
    },
    "Retry-After": {
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "description": "Seconds.",
    },
    "WWW-Authenticate": {"required": True, "schema": TEXT},
}
