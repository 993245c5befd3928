"""A wire between a store and its server that loses what a test wants it to lose."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from livefeed.tasks import cancel

READ = 1 << 16


class Wire:
    """A TCP proxy to `port`.

    `cut_reply_to` holds bytes: a request with them reaches the server, and when its reply comes both sides
    are cut instead, so that something was done and nobody was told. `replies_to_cut` counts down with every
    cut. `mute` holds bytes: once a request with them was seen, its connection stays open and no byte of the
    server comes through any more. While `gate` is not set, replies wait before it, and `waiting` counts them.
    """

    def __init__(self, port: int) -> None:
        self.cut_reply_to = b""
        self.replies_to_cut = 0
        self.mute = b""
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.url = ""
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await cancel(self._tasks)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        line = _Line(self)
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                ways = {
                    asyncio.create_task(line.forth(reader, requests)),
                    asyncio.create_task(line.back(answers, writer)),
                }
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                requests.transport.abort()  # ends both ways
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


class _Line:
    """One connection through the wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._doomed = False
        self._muted = False

    async def forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(READ):
                if self._wire.cut_reply_to and self._wire.cut_reply_to in data and self._wire.replies_to_cut:
                    self._wire.replies_to_cut -= 1
                    self._doomed = True
                writer.write(data)
                await writer.drain()
                if self._wire.mute and self._wire.mute in data:
                    self._muted = True

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(READ):
                if self._doomed:
                    return
                if not self._wire.gate.is_set():
                    self._wire.waiting += 1
                    await self._wire.gate.wait()
                if not self._muted:
                    writer.write(data)
                    await writer.drain()
