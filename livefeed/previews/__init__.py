"""Previews: what is at an address that an editor pasted, read once by us so that no reader's browser has to.

Theory of operation
    The address, and each that it leads on to, goes through the gate of `courier.outside`: resolved once,
    judged, connected to at that very address, so nothing private is reached by a redirect either. Of a page
    only its beginning is read, uncompressed, and what it says of itself is reduced to lines of plain text.
    Its picture goes the way of every upload: rebuilt from its pixels.

Invariants
    - A preview ends after `PATIENCE` seconds; `AT_ONCE` are read at a time.
    - One account has `MOST` a `PERIOD`, in each process: a login must not make this server a tool against
      another site.
    - A picture that cannot be had costs the picture, never the preview.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message

import structlog
from yarl import URL

from livefeed.courier.outside import Answer, Network, Outside, check_address
from livefeed.media import MediaAway, MediaRefused, MediaShelf, Picture
from livefeed.previews.page import Described, described
from livefeed.providers import player_of, provider_of

__all__ = ["Preview", "Previews", "TooMany", "Unreadable"]

log = structlog.get_logger()

PATIENCE = 12.0  # seconds for the page, what it leads on to, and its picture
REDIRECTS = 4
PAGE_BYTES = 512_000  # of a page; what describes it stands at its beginning
PICTURE_BYTES = 5_000_000
AT_ONCE = 4
MOST, PERIOD = 20, 60.0  # previews, seconds
PAGES = {"text/html", "application/xhtml+xml"}


class TooMany(Exception):
    """An account has asked too often; `wait` is in how many seconds it may again."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"{MOST} previews were asked for within {PERIOD:g} seconds, which is the limit.")
        self.wait = wait


class Unreadable(Exception):
    """There is no preview, and the sentence says why. `refused`: the address itself may not be asked."""

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Preview:
    """What is at `url`, in plain texts. `picture` is among our media already."""

    url: str
    title: str
    provider: str
    author: str
    text: str
    picture: Picture | None


class Previews:
    """Reads pages through `outside` and keeps their pictures on `shelf`. `private` are networks that may be
    reached although they are not public, `line` is the longest text."""

    def __init__(self, outside: Outside, shelf: MediaShelf, *, private: Sequence[Network], line: int) -> None:
        self._outside = outside
        self._shelf = shelf
        self._private = tuple(private)
        self._line = line
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked: dict[str, deque[float]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="livefeed-preview")

    async def aclose(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def read(self, url: str, *, account: str) -> Preview:
        """The preview of a web address, for an account. Raises `Unreadable`, `TooMany`."""
        self._count(account)
        try:
            async with asyncio.timeout(PATIENCE), self._turns:
                return await self._read(url)
        except TimeoutError:
            raise Unreadable(f"The page was not read within {PATIENCE:g} seconds.") from None

    def _count(self, account: str) -> None:
        now = asyncio.get_running_loop().time()
        times = self._asked.setdefault(account, deque())
        while times and times[0] <= now - PERIOD:
            times.popleft()
        if len(times) >= MOST:
            raise TooMany(int(times[0] + PERIOD - now) + 1)
        times.append(now)

    async def _read(self, url: str) -> Preview:
        address, answer = await self._followed(url, PAGE_BYTES, cut=True)
        kind, charset = _content_type(answer)
        if kind not in PAGES:
            raise Unreadable(
                f"There is no page at this address but {kind[:60] or 'something without a type'}."
            )
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._thread, lambda: described(answer.body, charset, address, line=self._line)
        )
        host = provider_of(url)
        return Preview(
            url=url,
            title=found.title or host,
            provider=host if player_of(url) else found.site or host,
            author=found.author,
            text=found.text,
            picture=await self._picture(found),
        )

    async def _picture(self, found: Described) -> Picture | None:
        if not found.picture:
            return None
        try:
            _, answer = await self._followed(found.picture, PICTURE_BYTES, cut=False)
            return await self._shelf.add(answer.body)
        except (Unreadable, MediaRefused, MediaAway) as reason:
            log.info("a preview goes without its picture", reason=str(reason))
            return None

    async def _followed(self, url: str, limit: int, *, cut: bool) -> tuple[str, Answer]:
        """What is at `url` or where it leads, and its address. Raises `Unreadable` for all but a success."""
        for _ in range(REDIRECTS + 1):
            try:
                url = check_address(str(URL(url).with_fragment(None)), self._private)
            except ValueError as reason:
                raise Unreadable(f"The address cannot be asked: {reason}.", refused=True) from None
            answer = await self._outside.fetch(url, limit=limit, cut=cut)
            if answer.trouble:
                raise Unreadable(f"The page could not be read: {answer.trouble}.")
            place = answer.headers.get("Location", "")
            if answer.status in {301, 302, 303, 307, 308} and place:
                url = _joined(url, place)
                continue
            if not answer.accepted:
                raise Unreadable(f"The page could not be read: it answered {answer.status}.")
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                # It was asked to send it plain; unpacking a stranger's bytes is how bombs go off.
                raise Unreadable("The page could not be read: it came compressed although it was not to.")
            return url, answer
        raise Unreadable(f"The page could not be read: it leads on more than {REDIRECTS} times.")


def _joined(url: str, place: str) -> str:
    try:
        return str(URL(url, encoded=True).join(URL(place)))
    except ValueError:
        raise Unreadable(f"The page could not be read: it leads to {place[:100]!r}.") from None


def _content_type(answer: Answer) -> tuple[str, str]:
    """The type and the charset that the header names (RFC 9110 §8.3)."""
    header = Message()
    header["Content-Type"] = answer.headers.get("Content-Type", "")
    charset = header.get_content_charset("")
    return header.get_content_type() if answer.headers.get("Content-Type") else "", str(charset)
