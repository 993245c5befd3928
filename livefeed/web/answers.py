"""How everybody is answered when something is wrong, and what every answer carries.

Every refusal is an RFC 9457 problem document (or a page, where a person reads), changes nothing and says
nothing of the inside.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from livefeed import metrics
from livefeed.accounts import AccountRefused, PasswordsBusy
from livefeed.events import public_update
from livefeed.media import MediaAway, MediaBusy, MediaFull, MediaRefused, Reason
from livefeed.newsroom import (
    Closed,
    Forbidden,
    Invalid,
    KeyMisused,
    NotNow,
    Refused,
    SlugTaken,
    Stale,
    Unknown,
)
from livefeed.providers import FRAME_ORIGINS
from livefeed.store import OutcomeUnknown, StoreAway, StoreError, StoreFull
from livefeed.text import TextRefused
from livefeed.web.rooms import pages_of, rooms_of

log = structlog.get_logger()

RETRY_AFTER = "2"  # seconds: a store that is away is looked for every second
LANGUAGE_COOKIE = "livefeed_language"
NO_ROOM = "There is no room left on the server's disk; nothing was changed."

Door = Callable[[web.Request], Awaitable[web.StreamResponse]]


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


class Unfit(Problem):
    """The refusal of one field: `value` is what came, `limit` what is taken instead, as a number or words."""

    def __init__(
        self, field: str, value: str, limit: int | str, detail: str = "", *, status: int = 422
    ) -> None:
        sentence = detail or f"{field} is {value[:40]!r}; {limit} is taken."
        super().__init__(status, sentence, field=field, value=value[:100], limit=limit)


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
        response = _for_people(request, problem_of(request, reason))
    resource = request.match_info.route.resource
    metrics.REQUESTS.labels(resource.canonical if resource else "unknown", str(response.status)).inc()
    return response


STYLE_NONCE = web.RequestKey("style_nonce", str)  # allows the style sheets that say it, in this answer alone
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "connect-src 'self' ws: wss:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "
)


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer: no sniffing, no referrer beyond the origin, no script but ours. Widgets may be framed,
    for that is their purpose (their refusals too); nothing else may."""
    headers = response.headers
    headers["Server"] = "livefeed"  # and not the versions of what runs it
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    ours_only = request.path.startswith(("/desk", "/api"))
    frames = "*" if request.path.startswith("/embed/") else "'none'"
    # Pictures are addressed under the public name of the site, by which it need not have been reached.
    pictures = f"; img-src 'self' data: {rooms_of(request).base_url}"
    shown = f"; frame-src {' '.join(FRAME_ORIGINS)}"  # after a click, and only these
    policy = POLICY
    if nonce := request.get(STYLE_NONCE):
        policy = policy.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
    if request.path.startswith("/static/"):
        # A policy is a page's: with each of its dozen files it would be 6 KB of a first view for nothing.
        headers.setdefault("Content-Security-Policy", "default-src 'none'")
    headers.setdefault("Content-Security-Policy", policy + frames + pictures + shown)
    if ours_only:
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if rooms_of(request).base_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if rooms_of(request).store.away:
        headers.setdefault("Livefeed-Store", "away")  # what is answered now comes from memory and may be old


def problem_of(request: web.Request, reason: Exception) -> Problem:
    """What is told of a refusal of the rooms below; of everything else that went wrong, nothing."""
    if isinstance(reason, Problem):
        return reason
    if isinstance(reason, Refused):
        return _refusal(request, reason)
    if isinstance(reason, StoreError):
        return _store_problem(reason)
    if isinstance(reason, TextRefused | AccountRefused):
        return Problem(422, str(reason))
    if isinstance(reason, PasswordsBusy):
        return Problem(503, str(reason), headers={"Retry-After": RETRY_AFTER})
    if isinstance(reason, MediaRefused):
        status = {Reason.BYTES: 413, Reason.FORMAT: 415}.get(reason.reason, 422)
        return Problem(
            status,
            str(reason),
            field=reason.field,
            reason=reason.reason.value,
            value=str(reason.value),
            limit=str(reason.limit),
        )
    if isinstance(reason, MediaAway):
        return _media_problem(reason)
    if isinstance(reason, ConnectionError | web.RequestPayloadError):
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
        return Unfit(reason.field, reason.value, reason.limit, f"{reason.field}: {reason}")
    if isinstance(reason, KeyMisused):
        return Problem(422, str(reason), type="idempotency-key-reused", field="Idempotency-Key")
    if isinstance(reason, Closed):
        return Problem(409, str(reason), type="coverage-closed")
    if isinstance(reason, SlugTaken):
        return Problem(409, str(reason), type="slug-taken", field="slug")
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


def desk_language(request: web.Request) -> str:
    """The language of the desk that this browser saw last, for pages that are shown before anybody knows who
    asks; empty for the site's."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    return language if language in rooms_of(request).pages.desk_languages else ""


def remember_desk_language(request: web.Request, response: web.StreamResponse, language: str) -> None:
    """Have `desk_language` answer with `language` in this browser, for a year; empty is the site's."""
    secure = rooms_of(request).base_url.startswith("https://")
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=365 * 86400,
        path="/desk",
        httponly=True,
        secure=secure,
        samesite="Lax",
    )


def _for_people(request: web.Request, problem: Problem) -> web.Response:
    """A page where a browser shows the answer to a person, the problem document elsewhere."""
    accepts_html = "text/html" in request.headers.get("Accept", "")
    asked_by_people = request.method in {"GET", "HEAD"} or request.path.startswith(
        "/desk/"
    )  # the desk's forms
    if not asked_by_people or request.path.startswith("/api/") or not accepts_html:
        return problem.response()
    rooms = rooms_of(request)
    language = desk_language(request) if request.path.startswith("/desk") else ""
    page = pages_of(request).error_page(
        problem.status, language or rooms.settings.site_language, problem.detail
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    return web.Response(status=problem.status, text=page, content_type="text/html", headers=headers)
