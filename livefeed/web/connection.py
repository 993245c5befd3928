"""What happens on a connection before there is a request: what aiohttp's parser refuses in its own words.

Theory of operation
    aiohttp answers what is no HTTP before any door is asked, in plain text and with its version, and its
    parser takes ASCII alone in an address. But curl sends a query as it was typed, so `?headline=عاجل` comes
    as raw UTF-8: such a request line is percent-encoded (RFC 3987 §3.1) before the parser sees it. That leans
    on two facts of aiohttp's minor version, which is pinned: `_waiter` is a pending future exactly while a
    connection waits for its next request, and `_request_count` is 0 until the first one is known.

    And what was just answered is answered again without any parser (see `repeats`). For that a connection
    must know where a request begins: it is *plain* for as long as each piece of bytes on it was a whole
    number of requests without bodies, as browsers and feed readers send them. From the first other piece on
    it is aiohttp's for good. Two more facts of aiohttp carry this: `_paused` is true while a transport's
    buffer is full, and a connection on which nothing is asked ends at `_next_keepalive_close_time`.

Invariants
    - A repeat is written only while aiohttp has nothing to answer on the connection, so answers keep the
      order of their requests; and only into a buffer that is not full, so that who reads nothing is sent
      nothing.
    - Only the first line of a request is ever changed, never a byte of a body: bytes that come while a
      request is under way, or is being read to its end, pass as they are. Else lengths would lie, and one
      request could be smuggled behind another.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes

import structlog
from aiohttp import web

from livefeed.web.answers import Problem
from livefeed.web.repeats import Repeat, Repeats
from livefeed.web.rooms import ROOMS

log = structlog.get_logger()

SAFE = bytes(range(0x21, 0x7F))  # what stays as it is in an address: everything visible in ASCII
REQUEST_LINE = re.compile(rb"([A-Z]{3,10}) ([^ \r\n]+) (HTTP/1\.[01]\r?\n)")


class Runner(web.AppRunner):
    """An application's runner whose connections are `Connection`."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(
            made.request_handler, request_factory=made.request_factory, loop=made._loop, **made._kwargs
        )
        server.repeats = self.app[ROOMS].repeats
        return server


class Connection(web.RequestHandler):
    """aiohttp's side of a connection, which takes addresses in UTF-8, repeats answers, and refuses as every
    door does."""

    __slots__ = ("_plain", "_repeats")

    def __init__(self, server: web.Server, repeats: Repeats, **options: Any) -> None:
        super().__init__(server, auto_decompress=False, **options)  # see `packed`
        self._repeats = repeats
        self._plain = True

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._plain and data:
            data = self._after_repeats(data)
            if not data:
                return
        if not data.isascii() and self._waits():
            data = encoded(data)
        super().data_received(data)

    def _after_repeats(self, data: bytes) -> bytes:
        """Answer the first requests again, those that can be, and return the others."""
        begin = left = 0
        repeating = self._waits()
        while begin < len(data):
            end = data.find(b"\r\n\r\n", begin) + 4
            asked = self._repeats.read(data[begin:end])
            if asked is None:
                self._plain = False
                break
            repeat = self._repeats.find(asked) if repeating and not self._paused else None
            if repeat is None:
                repeating = False
            else:
                self._write(repeat)
                left = end
            begin = end
        return data[left:]

    def _write(self, repeat: Repeat) -> None:
        if self.transport is None:
            return
        self.transport.writelines(repeat.parts)
        repeat.counted()
        # As after any answer: aiohttp ends a connection on which nothing was asked for so long.
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout

    def _waits(self) -> bool:
        """Whether there is nothing to answer here: what comes now is the beginning of a request."""
        if self._waiter is not None:
            return not self._waiter.done()
        return not self._request_count

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The problem document for what is no HTTP, or for a defect that came past every door."""
        if status < 500 and request.writer.output_size == 0:
            # A stranger's noise is no error of ours, to be logged with a traceback each time. Of the message
            # the first line says what is wrong; the rest shows the bytes.
            reason = (message or "").strip().partition("\n")[0][:200]
            log.debug("no request", reason=reason, remote=request.remote)
            detail = f"The request cannot be read: {reason}"
        else:
            super().handle_error(request, status, exc, message)  # logs it; raises when an answer has begun
            detail = "Something went wrong here. It was logged; try again later."
        response = Problem(status, detail).response()
        response.headers["Server"] = "livefeed"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.force_close()
        return response


def encoded(data: bytes) -> bytes:
    """The beginning of a request with its address in ASCII; what does not begin so stays as it is."""
    found = REQUEST_LINE.match(data)
    if found is None:
        return data
    return b"%b %b %b" % (found[1], quote_from_bytes(found[2], SAFE).encode(), found[3]) + data[found.end() :]


class _Server(web.Server):
    repeats: Repeats

    def __call__(self) -> web.RequestHandler:
        return Connection(self, self.repeats, loop=self._loop, **self._kwargs)
