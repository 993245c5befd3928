"""How everything is answered and refused, and the references of which a description is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from livefeed.roles import Role

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
WRITE_REFUSALS = (400, 401, 403, 408, 409, 413, 422, 503, 507)


def needs(role: Role) -> str:
    """The sentence of a description that says who may ask."""
    return f"Needs the role {role} or a higher one."


def written(status: int, what: str) -> Json:
    """The answer to a write: what was written, as it is now."""
    names = ["Idempotency-Replayed"]
    if status == 204:
        return {"description": "It is gone.", "headers": headers(names)}
    if what == "Update":
        names.append("ETag")
    if status == 201 and what != "Media":
        names.append("Location")
    return answered("Done; as it is now", ref(what)) | {"headers": headers(names)}


def answered(description: str, schema: Json) -> Json:
    """An answer in JSON of the shape `schema`."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def refusals(statuses: Iterable[int]) -> Json:
    """References to how each of `statuses` is said."""
    return {str(status): ref(name_of(status), "responses") for status in sorted(statuses)}


def refusal(status: int) -> Json:
    """How a status is refused everywhere."""
    schema = ref("StaleProblem" if status == 412 else "Problem")
    refusal: Json = {
        "description": REFUSALS[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    header = {401: "WWW-Authenticate", 412: "ETag", 429: "Retry-After", 503: "Retry-After"}.get(status)
    return refusal | {"headers": headers([header])} if header else refusal


def headers(names: Iterable[str]) -> Json:
    """References to headers that an answer has."""
    return {name: ref(name, "headers") for name in names}


def listed(name: str, what: str) -> Json:
    """The shape of an object that is a list under a name."""
    return object_of({name: {"type": "array", "items": ref(what)}})


def parameter(name: str) -> Json:
    """A reference to one of `parameters`."""
    return ref(name, "parameters")


def name_of(status: int) -> str:
    """The name of a refusal among the components."""
    return HTTPStatus(status).phrase.replace(" ", "")


def ref(name: str, where: str = "schemas") -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{where}/{name}"}


def object_of(properties: Mapping[str, Json], *, optional: Mapping[str, Json] | None = None) -> Json:
    """The shape of an object, of which all but the `optional` properties are there."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
    }
