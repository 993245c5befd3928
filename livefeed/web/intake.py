"""What a write brings with it: its key, the revision it was decided on, its body and the form that fills.

Each is taken in this order, after the guard; whatever is wrong is refused before anything is changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import Any, TypeVar

from aiohttp import web
from pydantic import ValidationError

from livefeed.forms import Form
from livefeed.inputs import Lengths
from livefeed.settings import Settings
from livefeed.store import Key, OutcomeUnknown
from livefeed.web.answers import Problem, Unfit
from livefeed.web.guard import Caller, caller_of
from livefeed.web.packed import encoding_of, unpacked
from livefeed.web.rooms import rooms_of

F = TypeVar("F", bound=Form)


class WriteBudget:
    """The time in which a write is answered, less what the client takes to send its body."""

    def __init__(self, request: web.Request) -> None:
        self._left = rooms_of(request).settings.write_timeout

    @contextlib.asynccontextmanager
    async def spent(self) -> AsyncIterator[None]:
        """Do something within what is left. Raises `OutcomeUnknown` after that: it may be on its way."""
        began = monotonic()
        try:
            async with asyncio.timeout(max(self._left, 0.05)):
                yield
        except TimeoutError:
            raise OutcomeUnknown("no answer from the store in time") from None
        finally:
            self._left -= monotonic() - began


@contextlib.asynccontextmanager
async def received(request: web.Request) -> AsyncIterator[tuple[Caller, bytes]]:
    """Who writes, and the body they sent, taken in the contract's order; what is done with them has the time
    that is left. Raises `OutcomeUnknown` after that, and the `Problem`s of each."""
    budget = WriteBudget(request)
    async with budget.spent():
        caller = await caller_of(request)
    key_name_of(request)
    body = await body_of(request, rooms_of(request).settings.request_bytes)
    async with budget.spent():
        yield caller, body


def key_name_of(request: web.Request) -> str | None:
    """The Idempotency-Key that the client sent. Doors look at it before they read the body: a key that cannot
    be kept is told before whatever is wrong there. Raises `Problem` 400 for a malformed one."""
    name = request.headers.get("Idempotency-Key")
    if name is not None and not (1 <= len(name) <= 200 and name.isprintable()):
        sentence = f"Idempotency-Key has {len(name)} characters; 1 to 200 printable ones are taken."
        raise Unfit("Idempotency-Key", name, 200, sentence, status=400)
    return name


def key_of(request: web.Request, caller: Caller, body: bytes, fields: Mapping[str, str] | None = None) -> Key:
    """The idempotency key of a write; made here when the client sent none, so that whatever is repeated
    inside the server cannot double either. Raises `Problem` 400 for a malformed one."""
    name = key_name_of(request)
    return named_key(request, caller, name or secrets.token_urlsafe(18), body, fields)


def named_key(
    request: web.Request,
    caller: Caller,
    name: str,
    body: bytes,
    fields: Mapping[str, str] | None = None,
) -> Key:
    """The idempotency key `name` of a write, wherever the client wrote it."""
    scope = "\n".join((caller.editor.account, request.method, request.path, name))
    asked = hashlib.sha256(body)
    for field, value in sorted((fields or {}).items()):
        asked.update(f"\0{field}\0{value}".encode(errors="surrogateescape"))
    return Key(hashlib.sha256(scope.encode(errors="surrogateescape")).hexdigest(), asked.hexdigest())


def revision_of(request: web.Request, caller: Caller) -> int | None:
    """The revision that the client decided on. Raises `Problem` 428 when a desk session names none."""
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        if caller.session and text is None:
            raise Problem(428, 'Say which revision you changed: If-Match: "REVISION".')
        return None
    found = re.fullmatch(r'\s*"([0-9]{1,9})"\s*', text)
    if found is None:
        taken = 'one revision in quotes, such as "3"'
        raise Unfit("If-Match", text, taken, f"If-Match is {text[:40]!r}; it takes {taken}.", status=400)
    return int(found[1])


async def body_of(request: web.Request, limit: int) -> bytes:
    """The request's body, unpacked. Raises `Problem` 413 above `limit` bytes, 415 or 400 for one that is
    packed in another way than is taken, or than it says."""
    encoding = encoding_of(request)
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(request.content_length, limit)
    pieces, size = [], 0
    async with in_time():
        async for piece in request.content.iter_chunked(65536):
            size += len(piece)
            if size > limit:
                raise _too_large(size, limit)
            pieces.append(piece)
    body = unpacked(b"".join(pieces), encoding, limit)
    if len(body) > limit:
        raise _too_large(len(body), limit)
    return body


@contextlib.asynccontextmanager
async def in_time(seconds: float = 20.0) -> AsyncIterator[None]:
    """Receive something of a client's. aiohttp would wait for ever for one who sends a byte now and then.
    Raises `Problem` 408."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {seconds:g} seconds.") from None


def own_id_of(request: web.Request) -> str:
    """The id that an address ends in, where the client makes it. Raises `Problem` 422."""
    id = request.match_info["id"]
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", id):
        raise Unfit("id", id, "a text of 1 to 64 letters, digits and dashes")
    return id


def parsed(request: web.Request, body: bytes, form: type[F], lengths: Lengths) -> F:
    """The form that a JSON body fills. Raises `Problem` 415, 400 or 422."""
    return validated(form, document_of(request, body), lengths)


def document_of(request: web.Request, body: bytes) -> object:
    """What a JSON body says; an empty one is an empty object. Raises `Problem` 415 or 400."""
    if not body:
        return {}
    sent = request.content_type
    if sent != "application/json" and not sent.endswith("+json"):
        sentence = f"The body is {sent}; send application/json."
        raise Unfit("Content-Type", sent, "application/json", sentence, status=415)
    try:
        return json.loads(body, parse_constant=_not_a_number)
    except (ValueError, RecursionError) as reason:
        value = body[:100].decode(errors="replace")
        raise Unfit(
            "body", value, "JSON", f"The body is not JSON: {_not_json(reason)}.", status=400
        ) from None


def validated(form: type[F], document: object, lengths: Lengths) -> F:
    """The form that `document` fills. Raises `Problem` 422 naming every field that is wrong."""
    try:
        return form.model_validate(document, context=lengths)
    except ValidationError as invalid:
        raise _invalid(invalid, form) from None


def lengths_of(settings: Settings) -> Lengths:
    """The limits of texts, as the forms want them."""
    return Lengths(line=settings.headline_chars, body=settings.body_bytes)


class _NotANumber(ValueError):
    pass


def _not_a_number(name: str) -> None:
    raise _NotANumber(f"{name} is not a JSON value")


def _not_json(reason: ValueError | RecursionError) -> str:
    """What is wrong, in words that tell nothing of the inside."""
    if isinstance(reason, json.JSONDecodeError | _NotANumber):
        return str(reason)
    if isinstance(reason, UnicodeDecodeError):
        return f"byte {reason.start} is {reason.object[reason.start]:#04x}, which is not UTF-8"
    return "it is nested too deeply" if isinstance(reason, RecursionError) else "a number has too many digits"


def _too_large(size: int, limit: int) -> Problem:
    sentence = f"The body has {size} bytes or more; the limit is {limit}."
    return Problem(413, sentence, field="body", value=f"{size} bytes", limit=limit)


# What is taken where something of another type came, by pydantic's names of the refusals: its own sentences
# speak of Python, and name no limit.
_TYPES = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "list_type": "a list",
    "model_type": "an object",
}


def _invalid(invalid: ValidationError, form: type[Form]) -> Problem:
    errors = []
    for error in invalid.errors(include_url=False)[:20]:
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
        sentence, limit = error["msg"].removeprefix("Value error, "), _limit(error.get("ctx", {}))
        if error["type"] in _TYPES:
            limit = _TYPES[error["type"]]
            sentence = f"This is not {limit}."
        elif error["type"] == "extra_forbidden":
            limit = ", ".join(form.model_fields) if len(error["loc"]) == 1 else None
            sentence = "There is no such field."
        value = _shown(error["input"])
        told = {"field": field.removeprefix(".") or "body", "detail": sentence[:500], "value": value[:100]}
        errors.append(told if limit is None else {**told, "limit": limit})
    first: dict[str, Any] = {**errors[0], "errors": errors}
    return Problem(422, f"{first['field']}: {first.pop('detail')}", **first)


def _limit(context: Mapping[str, Any]) -> object:
    """What is taken instead, of the facts that pydantic tells of a refusal."""
    for name in ("max_length", "min_length", "le", "ge", "expected", "pattern"):
        if name in context:
            return context[name]
    return getattr(context.get("error"), "limit", None)


def _shown(value: object) -> str:
    """A text as it came, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
