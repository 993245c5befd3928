"""Connections that outlive their request: taken from aiohttp after the handshake, or kept in its hands.

Theory of operation
    aiohttp keeps some 14 kB and two tasks for a connection whose handler runs. A reader's connection only
    ever writes, so after the handshake its transport gets a protocol of ours (`set_protocol` is asyncio's
    public API) and aiohttp is told that the connection is lost, whereupon it forgets it; 1.5 kB stay. That
    leans on three facts of aiohttp's minor version, which is pinned: `request.protocol` is the transport's
    protocol, its `connection_lost` lets go of everything, and a response whose `prepare` raises is never
    written. `detachable` checks what can be checked; otherwise, and for the desk's sockets, the plain way is
    taken: a handler that waits, with the same bytes written to the same transport.

Invariants
    - A reader's frames and the server's own control frames never mix within a frame: both are whole writes to
      one transport.
    - A reader is told of its transport's fill level: `drain_begins` when the kernel did not take everything,
      `drain_ends` when the buffer is empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import aiohttp
from aiohttp import WSMsgType, web

from livefeed import metrics
from livefeed.fanout import Channel, Reader, Start
from livefeed.frames import (
    Form,
    View,
    Violation,
    Wire,
    close_frame,
    form_of,
    read_client_frames,
    websocket_frame,
)

SEND_BUFFER = (
    128 * 1024
)  # bytes the kernel may hide of what a reader has not taken; its own limit is megabytes
USER_TIMEOUT = 30_000  # milliseconds until the kernel gives up a peer that acknowledges nothing
OTHER_FILES = 1000  # editors, requests, the store, what is being read
POLL_INTERVAL = 0.05  # seconds between looks at a write buffer that nobody tells us about
GONE_INTERVAL = 0.25  # seconds between looks whether a client of a response that aiohttp keeps has gone
RECHECK_INTERVAL = 5.0  # seconds in which a revoked login loses its socket


StillAllowed = Callable[[], Awaitable[bool]]


class DetachedReader(Reader, asyncio.Protocol):
    """A reader that is its transport's protocol."""

    __slots__ = ("received",)

    def __init__(self, transport: asyncio.Transport, form: Form, *, counted: bool = True) -> None:
        super().__init__(transport, form, counted=counted)
        self.received = b""
        metrics.READERS.labels(form.wire).inc()

    def pause_writing(self) -> None:
        """See `asyncio.BaseProtocol`."""
        self.drain_begins()

    def resume_writing(self) -> None:
        """See `asyncio.BaseProtocol`."""
        self.drain_ends()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`."""
        metrics.READERS.labels(self.form.wire).dec()
        self.left()

    def data_received(self, data: bytes) -> None:
        """What a reader says is answered to the reader alone: pong, close, or the end of it."""
        if self.form.wire is Wire.SSE:
            return  # nothing can be asked on this connection any more
        try:
            frames, self.received = read_client_frames(self.received + data)
        except Violation as violation:
            self._end(close_frame(violation.code, violation.reason))
            return
        said = dict(frames)  # of several pings the last is answered (RFC 6455 §5.5.3)
        if 0x8 in said:
            self._end(websocket_frame(0x8, said[0x8][:2] if len(said[0x8]) > 1 else b""))
        elif 0x9 in said and not self.draining:  # who pings and takes nothing must not fill our memory
            self.transport.write(websocket_frame(0xA, said[0x9]))

    def _end(self, last: bytes) -> None:
        self.left()  # nothing may follow a Close frame
        self.transport.write(last)
        self.transport.close()


class Detached(web.StreamResponse):
    """What a handler returns whose connection is no longer aiohttp's: it cannot be sent."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Raises ConnectionResetError, which aiohttp takes for a client that has gone."""
        raise ConnectionResetError("the connection was detached")


def detachable(request: web.Request) -> bool:
    """True when the connection can be taken from aiohttp."""
    protocol, transport = request.protocol, request.transport
    return (
        aiohttp.__version__.startswith("3.14.")
        and transport is not None
        and transport.get_extra_info("sslcontext") is None
        and transport.get_protocol() is protocol
    )


def detach(
    request: web.Request, head: bytes, form: Form, channel: Channel, start: Start, *, counted: bool
) -> Detached:
    """Take the connection over: write the response's head, then the stream from `start` on."""
    transport, protocol = request.transport, request.protocol
    if transport is None:
        raise ConnectionResetError("the client has gone")
    _bound(transport)
    reader = DetachedReader(transport, form, counted=counted)
    transport.set_protocol(reader)
    # With the mark at 0 `pause_writing` means "not everything was taken" and `resume_writing` "now it was".
    transport.set_write_buffer_limits(high=0)
    protocol.transport = None  # or aiohttp would close the socket when it lets go
    protocol.connection_lost(None)
    transport.write(head)
    channel.join(reader, start)
    return Detached()


def allow_connections(readers: int) -> int:
    """Raise this process's limit of open files to what so many readers need, as far as the system lets it:
    most begin at 1,024, and whoever comes after that would wait without an answer. The limit afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = readers + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


class PolledTransport:
    """A transport that stays aiohttp's: it tells aiohttp of its fill level, so we look ourselves."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.reader: Reader | None = None
        self.gone = asyncio.Event()

    def write(self, piece: bytes) -> None:
        """Write, and begin to look if not everything was taken."""
        if self._transport.is_closing():
            self.gone.set()  # and no write: on a closed transport uvloop raises, in the middle of a pass
            return
        self._transport.write(piece)
        reader = self.reader
        if reader is not None and not reader.draining and self._transport.get_write_buffer_size():
            reader.drain_begins()
            asyncio.get_running_loop().call_later(POLL_INTERVAL, self._look)

    def get_write_buffer_size(self) -> int:
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        """End the connection once everything is written."""
        self._transport.close()
        self.gone.set()

    def abort(self) -> None:
        """End the connection now."""
        self._transport.abort()
        self.gone.set()

    def _look(self) -> None:
        reader = self.reader
        if reader is None or reader.channel is None or self._transport.is_closing():
            self.gone.set()
        elif self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(POLL_INTERVAL, self._look)
        else:
            reader.drain_ends()


async def plain_websocket(
    request: web.Request,
    view: View,
    channel: Channel,
    start: Start,
    *,
    counted: bool = True,
    still_allowed: StillAllowed | None = None,
) -> web.StreamResponse:
    """The stream over a WebSocket that aiohttp keeps; ends within seconds when `still_allowed` says no."""
    # aiohttp's own compression keeps its window between messages: ours beside it would be decoded wrongly.
    response = web.WebSocketResponse(compress=False, max_msg_size=4096, timeout=2.0)
    await response.prepare(request)
    loop = asyncio.get_running_loop()
    async with _reading(request, form_of(Wire.WEBSOCKET, view), channel, start, counted) as polled:
        recheck_at = loop.time() + RECHECK_INTERVAL
        while not (polled.gone.is_set() or response.closed):
            try:
                # Not `receive(timeout)`: every ping begins that anew, and no login would ever be checked.
                async with asyncio.timeout_at(recheck_at):
                    message = await response.receive()
            except TimeoutError:
                recheck_at = loop.time() + RECHECK_INTERVAL
                if still_allowed is None or await still_allowed():
                    continue
                await response.close(code=1008, message=b"the login has ended")
                break
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await response.close(code=1008, message=b"this socket is receive-only")
                break
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                break
    return response


async def plain_events(
    request: web.Request,
    headers: dict[str, str],
    view: View,
    channel: Channel,
    start: Start,
    *,
    counted: bool,
) -> web.StreamResponse:
    """The stream of server-sent events over a response that aiohttp keeps."""
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    async with _reading(request, form_of(Wire.SSE, view), channel, start, counted) as polled:
        while not (polled.gone.is_set() or polled.is_closing()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GONE_INTERVAL):
                    await polled.gone.wait()
    return response


@contextlib.asynccontextmanager
async def _reading(
    request: web.Request, form: Form, channel: Channel, start: Start, counted: bool
) -> AsyncIterator[PolledTransport]:
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    _bound(request.transport)
    polled = PolledTransport(request.transport)
    reader = Reader(cast(asyncio.Transport, polled), form, counted=counted)
    polled.reader = reader
    metrics.READERS.labels(form.wire).inc()
    channel.join(reader, start)
    try:
        yield polled
    finally:
        metrics.READERS.labels(form.wire).dec()
        reader.left()


def _bound(transport: asyncio.Transport) -> None:
    """Keep the kernel from hiding megabytes of backlog, and from waiting a quarter of an hour for a phone
    that has vanished."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
