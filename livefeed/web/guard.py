"""Who may come in, and how everybody is answered when something is wrong.

The order of checks on a write is part of the wire contract: authenticate, authorise, Idempotency-Key,
If-Match, validate. Every refusal is an RFC 9457 problem document (or a page, where a person reads), changes
nothing and says nothing of the inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from pydantic import ValidationError

from livefeed import metrics
from livefeed.accounts import AccountRefused
from livefeed.events import public_update
from livefeed.forms import Form, Lengths
from livefeed.media import MediaAway, MediaBusy, MediaFull, MediaRefused, Reason
from livefeed.model import Editor, Role
from livefeed.newsroom import Forbidden, Invalid, KeyMisused, NotNow, Refused, Stale, Unknown
from livefeed.store import Key, OutcomeUnknown, StoreAway, StoreError, StoreFull
from livefeed.text import TextRefused
from livefeed.web.rooms import rooms_of

log = structlog.get_logger()

SESSION_COOKIE = "livefeed_session"
RETRY_AFTER = "2"  # seconds: a store that is away is looked for every second
NO_ROOM = "There is no room left on the server's disk; nothing was changed."
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Door = Callable[[web.Request], Awaitable[web.StreamResponse]]
F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. A session is a browser's, so it must also prove where the request comes from."""

    editor: Editor
    session: bool


class Problem(Exception):
    """An answer that is a refusal (RFC 9457). `type` is a name below `/problems/` in the documentation."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        type: str = "about:blank",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.type = type
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> web.Response:
        """The problem document."""
        document = {
            "type": self.type,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return web.Response(
            status=self.status,
            body=json.dumps(document, ensure_ascii=False).encode(errors="replace"),
            content_type="application/problem+json",
            headers={"Cache-Control": "no-store", **self.headers},
        )


# Authenticating and authorising


async def caller_of(request: web.Request, role: Role, slug: str | None = None) -> Caller:
    """Who sent this request, if they may do what `role` may in the coverage `slug`.

    Raises `Problem` 401 without a valid login, 403 without the right.
    """
    caller = await _authenticated(request)
    if caller is None:
        raise Problem(
            401,
            "This needs a login: send Authorization: Bearer TOKEN, or log in to the desk.",
            headers={"WWW-Authenticate": 'Bearer realm="livefeed"'},
        )
    if caller.session and request.method not in SAFE_METHODS:
        require_same_origin(request)
    editor = caller.editor
    if not editor.role.includes(role):
        raise Problem(403, f"{editor.name} has the role {editor.role}; this takes the role {role}.")
    if editor.coverages is not None and slug is not None and slug not in editor.coverages:
        raise Problem(403, f"{editor.name} has no access to the coverage {slug!r}.")
    return caller


def require_same_origin(request: web.Request) -> None:
    """Refuse what another site makes a browser send. Raises `Problem` 403.

    Fetch metadata where the browser sends it, else the Origin; neither is a refusal, for every browser that
    can run the desk sends one of them on such requests.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        raise Problem(403, f"The request comes from another site (Sec-Fetch-Site: {site[:20]}).")
    origin = request.headers.get("Origin")
    if origin is None and site is None:
        raise Problem(403, "The request does not say where it comes from (no Origin, no Sec-Fetch-Site).")
    if origin is not None and not _is_ours(request, origin):
        raise Problem(403, "The request comes from another origin than this site.")


async def _authenticated(request: web.Request) -> Caller | None:
    rooms = rooms_of(request)
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        editor = await rooms.accounts.of_token(token.strip())
        return None if editor is None else Caller(editor, session=False)
    secret = request.cookies.get(SESSION_COOKIE)
    if secret is None:
        return None
    session = await rooms.accounts.of_session(secret)
    return None if session is None else Caller(session.editor, session=True)


def _is_ours(request: web.Request, origin: str) -> bool:
    asked = urlsplit(origin)
    public = urlsplit(rooms_of(request).base_url)
    if (asked.scheme, asked.netloc.lower()) == (public.scheme, public.netloc.lower()):
        return True
    # Reached under another name (an address on the local network): the same name must stand in both.
    return (
        asked.scheme in {"http", "https"} and asked.netloc.lower() == request.headers.get("Host", "").lower()
    )


# Reading a write


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


def key_of(request: web.Request, caller: Caller, body: bytes, fields: Mapping[str, str] | None = None) -> Key:
    """The idempotency key of a write; made here when the client sent none, so that whatever is repeated
    inside the server cannot double either. Raises `Problem` 400 for a malformed one."""
    name = request.headers.get("Idempotency-Key")
    if name is None:
        name = secrets.token_urlsafe(18)
    elif not 1 <= len(name) <= 200 or not name.isprintable():
        raise Problem(400, f"Idempotency-Key has {len(name)} characters; 1 to 200 printable ones are taken.")
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
        raise Problem(400, f'If-Match is {text[:40]!r}; it takes one revision in quotes, such as "3".')
    return int(found[1])


async def body_of(request: web.Request, limit: int) -> bytes:
    """The request's body. Raises `Problem` 413 above `limit` bytes."""
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(request.content_length, limit)
    pieces, size = [], 0
    async with in_time():
        async for piece in request.content.iter_chunked(65536):
            size += len(piece)
            if size > limit:
                raise _too_large(size, limit)
            pieces.append(piece)
    return b"".join(pieces)


@contextlib.asynccontextmanager
async def in_time(seconds: float = 20.0) -> AsyncIterator[None]:
    """Receive something of a client's. aiohttp would wait for ever for one who sends a byte now and then.
    Raises `Problem` 408."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {seconds:g} seconds.") from None


def parsed(request: web.Request, body: bytes, form: type[F], lengths: Lengths) -> F:
    """The form that a JSON body fills. Raises `Problem` 415, 400 or 422."""
    if body:
        if request.content_type not in {"application/json"} and not request.content_type.endswith("+json"):
            raise Problem(415, f"The body is {request.content_type}; send application/json.")
        try:
            document = json.loads(body, parse_constant=_not_a_number)
        except (ValueError, RecursionError) as reason:
            raise Problem(400, f"The body is not JSON: {str(reason)[:200]}") from None
    else:
        document = {}
    return validated(form, document, lengths)


def validated(form: type[F], document: object, lengths: Lengths) -> F:
    """The form that `document` fills. Raises `Problem` 422 naming every field that is wrong."""
    try:
        return form.model_validate(document, context=lengths)
    except ValidationError as invalid:
        raise _invalid(invalid) from None


def _not_a_number(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _too_large(size: int, limit: int) -> Problem:
    return Problem(413, f"The body has {size} bytes or more; the limit is {limit}.", limit=limit)


def _invalid(invalid: ValidationError) -> Problem:
    errors = []
    for error in invalid.errors(include_url=False, include_context=False)[:20]:
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
        sentence = error["msg"].removeprefix("Value error, ")
        value = repr(error["input"])
        errors.append(
            {"field": field.removeprefix(".") or "body", "detail": sentence[:500], "value": value[:100]}
        )
    first = errors[0]
    return Problem(
        422, f"{first['field']}: {first['detail']}", field=first["field"], value=first["value"], errors=errors
    )


# Answering what went wrong


@web.middleware
async def answer_errors(request: web.Request, handler: Door) -> web.StreamResponse:
    """Turn every refusal of the rooms below into an answer, and everything else into a plain 500."""
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        if answer.status < 400:
            raise  # a redirect, which aiohttp only takes so
        response = _for_people(request, _of_http(answer))
    except Exception as reason:
        response = _for_people(request, _problem(request, reason))
    resource = request.match_info.route.resource
    metrics.REQUESTS.labels(resource.canonical if resource else "unknown", str(response.status)).inc()
    return response


def _problem(request: web.Request, reason: Exception) -> Problem:
    if isinstance(reason, Problem):
        return reason
    if isinstance(reason, Refused):
        return _refusal(request, reason)
    if isinstance(reason, StoreError):
        return _store_problem(reason)
    if isinstance(reason, TextRefused | AccountRefused):
        return Problem(422, str(reason))
    if isinstance(reason, MediaRefused):
        status = {Reason.BYTES: 413, Reason.FORMAT: 415}.get(reason.reason, 422)
        return Problem(
            status, str(reason), field=reason.field, value=str(reason.value), limit=str(reason.limit)
        )
    if isinstance(reason, MediaAway):
        return _media_problem(reason)
    if isinstance(reason, ConnectionError):
        return Problem(400, "The request did not arrive whole.")
    log.error("a request failed", path=request.path, method=request.method, exc_info=reason)
    return Problem(500, "Something went wrong here. It was logged; try again later.")


def _refusal(request: web.Request, reason: Refused) -> Problem:
    if isinstance(reason, Unknown):
        return Problem(404, str(reason))
    if isinstance(reason, Forbidden):
        return Problem(403, str(reason))
    if isinstance(reason, Stale):
        current = public_update(reason.current, rooms_of(request).base_url)
        headers = {"ETag": f'"{reason.current.revision}"'}
        return Problem(412, str(reason), headers=headers, current=current)
    if isinstance(reason, Invalid):
        return Problem(422, f"{reason.field}: {reason}", field=reason.field)
    if isinstance(reason, KeyMisused):
        return Problem(422, str(reason), type="idempotency-key-reused", field="Idempotency-Key")
    if isinstance(reason, NotNow):
        return Problem(409, str(reason))
    raise TypeError(f"no answer for {type(reason).__name__}") from reason


def _store_problem(reason: StoreError) -> Problem:
    if isinstance(reason, OutcomeUnknown):
        return Problem(
            503,
            "Nobody knows yet if this was done. Repeat it with the same Idempotency-Key: nothing doubles.",
            type="outcome-unknown",
            headers={"Retry-After": RETRY_AFTER},
        )
    if isinstance(reason, StoreFull):
        return Problem(507, NO_ROOM)
    if isinstance(reason, StoreAway):
        return Problem(
            503,
            "The store cannot be reached; nothing was changed. Try again.",
            type="store-away",
            headers={"Retry-After": RETRY_AFTER},
        )
    return Problem(409, "Others changed it at the same moment; nothing was changed. Try again.")


def _media_problem(reason: MediaAway) -> Problem:
    if isinstance(reason, MediaBusy):
        return Problem(503, str(reason), headers={"Retry-After": RETRY_AFTER})
    # Its own sentence names the folder, which is for the log alone.
    log.error("a picture could not be kept", reason=str(reason))
    if isinstance(reason, MediaFull):
        return Problem(507, NO_ROOM)
    return Problem(
        503,
        "Pictures cannot be kept at the moment; nothing was changed. Try again.",
        headers={"Retry-After": RETRY_AFTER},
    )


def _of_http(answer: web.HTTPException) -> Problem:
    headers = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else {}
    sentences = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        413: "The request is too large.",
    }
    return Problem(answer.status, sentences.get(answer.status, answer.reason), headers=headers)


def _for_people(request: web.Request, problem: Problem) -> web.Response:
    """A page where a browser shows the answer to a person, the problem document elsewhere."""
    accepts_html = "text/html" in request.headers.get("Accept", "")
    if request.method not in {"GET", "HEAD"} or request.path.startswith("/api/") or not accepts_html:
        return problem.response()
    rooms = rooms_of(request)
    page = rooms.pages.error_page(problem.status, rooms.settings.site_language, problem.detail)
    headers = {"Cache-Control": "no-store", **problem.headers}
    return web.Response(status=problem.status, text=page, content_type="text/html", headers=headers)


# What every answer carries

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "connect-src 'self' ws: wss:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "
)


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer: no sniffing, no referrer beyond the origin, no script but ours. Pages for readers may
    be framed (embedding is their purpose), the desk never."""
    headers = response.headers
    headers["Server"] = "livefeed"  # and not the versions of what runs it
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    ours_only = request.path.startswith(("/desk", "/api"))
    frames = "'none'" if ours_only else "*"
    # Pictures are addressed under the public name of the site, by which it need not have been reached.
    pictures = f"; img-src 'self' data: {rooms_of(request).base_url}"
    headers.setdefault("Content-Security-Policy", POLICY + frames + pictures)
    if ours_only:
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if rooms_of(request).base_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if rooms_of(request).store.away:
        headers.setdefault("Livefeed-Store", "away")  # what is answered now comes from memory and may be old
