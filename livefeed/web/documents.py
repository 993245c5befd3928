"""Rendered documents: made at most once a state, off the event loop, and answered conditionally.

Theory of operation
    A document is known by its key (which page or feed) and its state (the position it shows). The first
    request for a new state renders it in a named thread; others that come meanwhile wait for the same
    rendering. It is kept compressed beside plain, within `limit` bytes in all, the least recently asked for
    going first. What was rendered for an older state stays until the new one is there, and answers while the
    store is away.

Sources: RFC 9110 §8.8 and §13 (validators, conditional requests), RFC 9111, RFC 5861 (stale answers).
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

import brotli
from aiohttp import web

from livefeed import metrics
from livefeed.feeds import Pieces

RENDER_TIMEOUT = 20.0  # seconds; a page takes milliseconds, so this is a defect's limit, not a reader's
SMALLEST = 600  # bytes; below that a header of the encoding and the CPU outweigh what is saved
MATERIALS = 8  # kept beside the documents made of them: the forms of one feed are asked for together
LARGE = 500_000  # bytes, of which brotli at its usual quality would take ten milliseconds
SUFFIXES = {"br": "-br", "gzip": "-gz"}  # of the tag of each encoding
PROXY_SUFFIXES = (
    "-gzip",
    "-br",
    ";gzip",
    ";br",
)  # what Apache's and Jetty's compressors add to the tag they got

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered state: its bytes plain and in each of `SUFFIXES` (or in none when it is small), its
    validators, and the headers that the state decides."""

    state: Hashable
    plain: bytes
    encoded: Mapping[str, bytes]
    tag: str
    modified: datetime | None
    headers: Mapping[str, str]

    @property
    def size(self) -> int:
        return len(self.plain) + sum(map(len, self.encoded.values()))


class Documents:
    """Keeps rendered documents and renders missing ones, one thread at a time."""

    def __init__(self, limit: int, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._limit = limit
        self._clock = clock
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._size = 0
        self._materials: OrderedDict[str, tuple[Hashable, Any]] = OrderedDict()
        self._rendering: dict[tuple[str, Hashable], asyncio.Task[Document]] = {}
        # One thread: rendering is pure computation, a second one would only take turns with it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="livefeed-render")

    async def aclose(self) -> None:
        for task in list(self._rendering.values()):
            task.cancel()
        await asyncio.gather(*self._rendering.values(), return_exceptions=True)
        self._thread.shutdown(wait=True)

    def last(self, key: str) -> Document | None:
        """What was rendered last under `key`, whatever its state."""
        return self._kept.get(key)

    async def get(
        self,
        key: str,
        state: Hashable,
        render: Callable[[], bytes | Pieces],
        modified: Callable[[], datetime | None] = lambda: None,
        headers: Callable[[], Mapping[str, str]] = dict,
    ) -> Document:
        """The document `key` in `state`, rendered now if need be. `modified` and `headers` are asked after
        `render`, in the same thread."""
        kept = self._kept.get(key)
        if kept is not None and kept.state == state:
            self._kept.move_to_end(key)
            return kept
        task = self._rendering.get((key, state))
        if task is None:
            rendering = self._render(key, state, lambda: _made(state, render(), modified(), headers()))
            task = asyncio.create_task(rendering, name=f"render {key}")
            self._rendering[key, state] = task
            task.add_done_callback(lambda _: self._rendering.pop((key, state), None))
        async with asyncio.timeout(RENDER_TIMEOUT):
            return await asyncio.shield(task)

    def material(self, key: str, state: Hashable, make: Callable[[], T]) -> T:
        """What several documents are rendered from, made once a state. To be called by what renders: that
        is one thread, so nobody else is here meanwhile."""
        kept = self._materials.pop(key, None)
        if kept is None or kept[0] != state:
            kept = (state, make())
        self._materials[key] = kept
        if len(self._materials) > MATERIALS:
            self._materials.popitem(last=False)
        made: T = kept[1]
        return made

    async def _render(self, key: str, state: Hashable, make: Callable[[], Document]) -> Document:
        metrics.RENDERS.labels(key.partition(" ")[0]).inc()
        loop = asyncio.get_running_loop()
        document = await loop.run_in_executor(self._thread, make)
        former = self._kept.get(key)
        if former and former.modified and document.modified and document.modified <= former.modified:
            # Something left it, so no date in it grew, or a second has seen two changes: for who asks by date
            # alone it changed now, and later than before.
            same = former.tag == document.tag
            now = self._clock().replace(microsecond=0)
            later = max(now, former.modified + timedelta(seconds=1))
            document = replace(document, modified=former.modified if same else later)
        self._keep(key, document)
        return document

    def _keep(self, key: str, document: Document) -> None:
        former = self._kept.pop(key, None)
        self._size += document.size - (former.size if former else 0)
        self._kept[key] = document
        while self._size > self._limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= dropped.size


def respond(
    request: web.Request,
    document: Document,
    *,
    content_type: str,
    cache_control: str,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """The document, or 304 when the client has it in any encoding (RFC 9110 §13.2.2)."""
    encoding = _encoding(request, document)
    answer = {
        "ETag": f'"{document.tag}{SUFFIXES.get(encoding, "")}"',
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
        **document.headers,
        **(headers or {}),
    }
    if document.modified:
        # Never of the future (RFC 9110 §8.8.2.1): a date that was moved on may be, for a second.
        modified = min(document.modified.astimezone(UTC), datetime.now(UTC))
        answer["Last-Modified"] = format_datetime(modified, usegmt=True)
    if _unchanged(request, document):
        return web.Response(status=304, headers=answer)
    answer["Content-Type"] = content_type
    if encoding:
        answer["Content-Encoding"] = encoding
    return web.Response(body=document.encoded.get(encoding, document.plain), headers=answer)


def _made(
    state: Hashable, rendered: bytes | Pieces, modified: datetime | None, headers: Mapping[str, str]
) -> Document:
    plain = rendered.plain if isinstance(rendered, Pieces) else rendered
    encoded = {}
    if len(plain) >= SMALLEST:
        # Quality 5 saves a tenth over gzip, for under a millisecond; 11 would take a hundred times as long
        # for a few percent more. Of what is large it is made in a hurry: whoever takes both is given gzip,
        # which of pieces costs what changed. mtime=0: one state has the same bytes in all of a fleet.
        quality = 5 if len(plain) <= LARGE else 1
        packed = rendered.gzip(plain) if isinstance(rendered, Pieces) else gzip.compress(plain, 6, mtime=0)
        encoded = {"br": brotli.compress(plain, quality=quality), "gzip": packed}
    digest = rendered.digest if isinstance(rendered, Pieces) else _digest(plain)
    return Document(
        state, plain, encoded, digest, modified.replace(microsecond=0) if modified else None, headers
    )


def _digest(plain: bytes) -> str:
    return hashlib.blake2b(plain, digest_size=12).hexdigest()


def _encoding(request: web.Request, document: Document) -> str:
    """The encoding the client likes best of those there are, of equals the smallest; "" for none (RFC 9110
    §12.5.3)."""
    offers = {}
    for offer in ",".join(request.headers.getall("Accept-Encoding", ())).lower().split(","):
        name, _, quality = offer.partition(";")
        offers[name.strip()] = _quality(quality)
    liked = {name: offers.get(name, offers.get("*", 0.0)) for name in SUFFIXES if name in document.encoded}
    best = max(liked, key=lambda name: (liked[name], -len(document.encoded[name])), default="")
    return best if best and liked[best] > 0 else ""


def _quality(parameter: str) -> float:
    """What `q=` says, 1 when it says nothing that is a number."""
    try:
        return float(parameter.replace(" ", "").removeprefix("q="))
    except ValueError:
        return 1.0


def _unchanged(request: web.Request, document: Document) -> bool:
    """Weak comparison; the tag of any encoding of this state counts, for proxies swap encodings."""
    if "If-None-Match" in request.headers:
        asked = ",".join(request.headers.getall("If-None-Match"))
        tags = {tag.strip().removeprefix("W/").strip('"') for tag in asked.split(",")}
        stems = {tag.removesuffix(suffix) for tag in tags for suffix in ("", *PROXY_SUFFIXES)}
        return "*" in tags or any(document.tag + suffix in stems for suffix in ("", *SUFFIXES.values()))
    since = request.if_modified_since
    return since is not None and document.modified is not None and document.modified <= since
