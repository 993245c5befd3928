"""A livefeed server as its clients see it: where it is, the token, requests that are repeated until they are
answered, and sentences for what it refuses."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import typer
from yarl import URL

from livefeed.cli.outcome import Failed

PATIENCE = 30.0  # seconds for which a write is repeated
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
ANSWER_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)  # the server answers a write within 2 s
PICTURE_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=5)

# The server, or a proxy before it, could not answer now. Whether the write was done is open or certain not to
# be; with its key it is safe to repeat either way.
REPEATED = frozenset({429, 502, 503, 504})
LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError, TimeoutError)


def jittered(
    attempt: int, chance: float, *, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE
) -> float:
    """Seconds before attempt `attempt` (from 0) is repeated: anywhere up to a doubling limit, so that clients
    who lost the same server do not come back together. `chance` is from 0 to 1."""
    return chance * min(longest, first * 2.0 ** min(attempt, 30))


def pause_before(attempt: int, retry_after: float | None, chance: float) -> float:
    """Seconds before a write is repeated; never less than the server asked for."""
    return (retry_after or 0.0) + jittered(attempt, chance)


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. `document` is empty when it was none."""

    status: int
    reason: str
    document: dict[str, Any]
    retry_after: float | None = None
    location: str = ""
    replayed: bool = False  # the key had its first result before

    @property
    def sentence(self) -> str:
        """What a problem document says (RFC 9457), else the status."""
        detail = self.document.get("detail")
        return str(detail) if detail else f"The server answered {self.status} {self.reason}."


class Site:
    """One server, for requests by a token or by nobody in particular."""

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        *,
        token: str = "",
        patience: float = PATIENCE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.url = url
        self._session = session
        self._token = token
        self._patience = patience
        self.chance = chance

    async def get(self, path: str) -> Answer:
        """A public answer. Raises `Failed` when there is none."""
        try:
            async with self._session.get(self._at(path), timeout=ANSWER_TIMEOUT) as response:
                return await _answer(response)
        except LOST as lost:
            raise Failed(self._unreachable(lost)) from lost

    async def write(self, path: str, document: dict[str, Any], *, key: str) -> dict[str, Any]:
        """POST `document` until the server says what became of it; the JSON of what was written.

        Each repetition carries the same `key`, so nothing doubles. Raises `Failed` with the server's
        sentence, or after `patience` seconds with the key to go on with.
        """
        advice = f" To go on without doubling anything, add --key {key}."
        return self._done(await self._answered(lambda: self._post(path, document, key), advice))

    async def post(self, path: str, document: dict[str, Any], *, key: str) -> Answer:
        """Like `write`, for who goes on after a refusal: whatever the server answers."""
        return await self._answered(lambda: self._post(path, document, key))

    async def read(self, path: str) -> dict[str, Any]:
        """What the token may read at `path`. Raises `Failed` with the server's sentence, or after `patience`
        seconds without an answer."""
        return self._done(await self._answered(lambda: self._get(path)))

    async def upload(self, name: str, content: bytes, *, key: str) -> Answer:
        """Hand in a picture; like `post`."""
        return await self._answered(lambda: self._upload(name, content, key))

    async def download(self, path: str) -> bytes | None:
        """The bytes of something public, None when the server has none there. Raises `Failed` like `read`."""
        content: bytes | None = None

        async def ask() -> Answer:
            nonlocal content
            async with self._session.get(
                self._at(path), timeout=PICTURE_TIMEOUT, allow_redirects=False
            ) as response:
                content = await response.read() if response.status == 200 else None
                return Answer(response.status, response.reason or "", {})

        await self._answered(ask)
        return content

    def socket(self, path: str) -> Any:
        """A WebSocket at `path`, as an asynchronous context manager."""
        return self._session.ws_connect(
            self._at(path), timeout=aiohttp.ClientWSTimeout(ws_close=1.0), autoping=True
        )

    async def _answered(self, ask: Callable[[], Awaitable[Answer]], advice: str = "") -> Answer:
        """`ask` again until the server says something that another moment would not change. Raises `Failed`,
        with `advice`, after `patience` seconds."""
        deadline = time.monotonic() + self._patience
        attempt = 0
        while True:
            retry_after = None
            try:
                answer = await ask()
                if answer.status not in REPEATED:
                    return answer
                sentence, retry_after = answer.sentence, answer.retry_after
            except LOST as lost:
                sentence = self._unreachable(lost)
            pause = pause_before(attempt, retry_after, self.chance())
            if time.monotonic() + pause > deadline:
                raise Failed(f"{sentence}{advice}")
            if attempt == 0:
                typer.echo(f"livefeed: {sentence} Trying for {self._patience:g} seconds.", err=True)
            await asyncio.sleep(pause)
            attempt += 1

    async def _get(self, path: str) -> Answer:
        async with self._session.get(
            self._at(path), headers=self._identity(), timeout=ANSWER_TIMEOUT, allow_redirects=False
        ) as response:
            return await _answer(response)

    async def _post(self, path: str, document: dict[str, Any], key: str) -> Answer:
        headers = self._identity() | {"Idempotency-Key": key}
        # A redirect would carry the token elsewhere, or turn the write into a read.
        async with self._session.post(
            self._at(path), json=document, headers=headers, timeout=ANSWER_TIMEOUT, allow_redirects=False
        ) as response:
            return await _answer(response)

    async def _upload(self, name: str, content: bytes, key: str) -> Answer:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name, content_type="application/octet-stream")
        headers = self._identity() | {"Idempotency-Key": key}
        async with self._session.post(
            self._at("/api/v1/media"),
            data=form,
            headers=headers,
            timeout=PICTURE_TIMEOUT,
            allow_redirects=False,
        ) as response:
            return await _answer(response)

    def _identity(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _done(self, answer: Answer) -> dict[str, Any]:
        if 200 <= answer.status < 300:
            return answer.document
        if 300 <= answer.status < 400:
            raise Failed(f"{self.url} sends on to {answer.location}: set LIVEFEED_URL to that address.")
        if answer.status == 401:
            raise Failed("The server does not know LIVEFEED_TOKEN: make one with `livefeed token add NAME`.")
        raise Failed(answer.sentence)

    def _unreachable(self, lost: BaseException) -> str:
        why = "no answer in time" if isinstance(lost, TimeoutError) else str(lost) or type(lost).__name__
        return f"{self.url} cannot be reached ({why}). LIVEFEED_URL names the server."

    def _at(self, path: str) -> URL:
        return URL(self.url + path, encoded=True)


@asynccontextmanager
async def open_site(url: str, *, token: str = "") -> AsyncIterator[Site]:
    """The server at `url`. Raises `Failed` for what is no web address."""
    async with aiohttp.ClientSession() as session:
        yield Site(_checked(url), session, token=token)


def quoted(slug: str) -> str:
    """A slug as a part of a path; an Arabic one is percent-encoded (RFC 3986)."""
    return quote(slug, safe="", errors="replace")


def new_key() -> str:
    """An idempotency key that nobody else has."""
    return secrets.token_urlsafe(18)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise Failed(f"LIVEFEED_URL is {url[:100]!r}; write an address like http://localhost:8080.")
    return url.rstrip("/")


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    try:
        document = await response.json(content_type=None)
    except ValueError:  # a proxy's page, or nothing at all
        document = {}
    after = response.headers.get("Retry-After", "")
    return Answer(
        response.status,
        response.reason or "",
        document if isinstance(document, dict) else {},
        float(after) if after.isascii() and after.isdigit() else None,  # a date is a proxy's guess
        response.headers.get("Location", ""),
        response.headers.get("Idempotency-Replayed") == "true",
    )
