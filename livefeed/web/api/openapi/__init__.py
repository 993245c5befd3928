"""The API's description, OpenAPI 3.1, made from what does the work: the table of writes, the forms that
validate, and the values that answers are made of.

Nothing is described twice: a route that is added to the table, or a field to a form, is in the document the
same moment. What only the doors know (the statuses of a refusal, headers, queries) is said here.

Source: OpenAPI Specification 3.1.1, JSON Schema 2020-12.
"""

from __future__ import annotations

import livefeed
from livefeed.inputs import Lengths
from livefeed.web.api.openapi.answers import REFUSALS, Json, name_of, refusal
from livefeed.web.api.openapi.operations import paths
from livefeed.web.api.openapi.parameters import HEADERS, PARAMETERS
from livefeed.web.api.openapi.schemas import schemas

__all__ = ["REFUSALS", "openapi_document"]


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
        "paths": paths(),
        "components": {
            "schemas": schemas(lengths),
            "responses": {name_of(status): refusal(status) for status in REFUSALS},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, as `livefeed token add NAME` prints it.",
                }
            },
        },
    }
