"""A wire that loses on purpose: announcements on their way from Redis, or replies to what was done."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from types import TracebackType

from livefeed.tasks import cancel

READ = 1 << 16
EVENTS = b"{livefeed}:events"


class Proxy:
    """A TCP proxy to `port` of this machine.

    `lost` and `doubled` are the chances of an announcement to come not at all, or twice; `swapped` to come
    after the next one. `cut` holds bytes: every `cut_every`th request with them is carried out, and both
    sides are cut before its reply comes through. `injected` counts what was done.
    """

    def __init__(self, port: int, *, seed: int = 0) -> None:
        self.lost = self.doubled = self.swapped = 0.0
        self.cut = b""
        self.cut_every = 2
        self.injected: Counter[str] = Counter()
        self.chance = random.Random(seed)
        self.port = 0
        self._upstream = port
        self._requests = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await cancel(self._tasks)

    def dooms(self, request: bytes) -> bool:
        """Whether the reply to `request` is to be cut."""
        if not self.cut or self.cut not in request:
            return False
        self._requests += 1
        if self._requests % self.cut_every:
            return False
        self.injected["replies cut"] += 1
        return True

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        line = _Line(self)
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self._upstream)
            ways = {
                asyncio.create_task(line.forth(reader, requests)),
                asyncio.create_task(line.back(answers, writer)),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                requests.transport.abort()
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._doomed = False
        self._subscribed = False
        self._pending = b""
        self._held = b""

    async def forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(READ):
                self._doomed = self._doomed or self._proxy.dooms(data)
                self._subscribed = self._subscribed or b"SUBSCRIBE" in data
                writer.write(data)
                await writer.drain()

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(READ):
                if self._doomed:
                    return
                writer.write(self._spoiled(data) if self._subscribed else data)
                await writer.drain()

    def _spoiled(self, data: bytes) -> bytes:
        """What is let through of a subscriber's messages."""
        messages, self._pending = replies(self._pending + data)
        return b"".join(self._fate(message) for message in messages)

    def _fate(self, message: bytes) -> bytes:
        proxy, held = self._proxy, self._held
        if not (b"$7\r\nmessage\r\n" in message and EVENTS in message):
            return message
        self._held = b""
        fate = proxy.chance.random()
        if fate < proxy.lost:
            proxy.injected["hints lost"] += 1
            return held
        if fate < proxy.lost + proxy.doubled:
            proxy.injected["hints doubled"] += 1
            return message * 2 + held
        if fate < proxy.lost + proxy.doubled + proxy.swapped and not held:
            proxy.injected["hints swapped"] += 1
            self._held = message
            return b""
        return message + held


def replies(received: bytes) -> tuple[list[bytes], bytes]:
    """The whole replies in RESP2 at the beginning of `received`, each as its bytes, and the rest."""
    whole = []
    while (end := _end(received, 0)) is not None:
        whole.append(received[:end])
        received = received[end:]
    return whole, received


def _end(received: bytes, at: int) -> int | None:
    """Where the reply that begins at `at` ends; None while it is not whole."""
    line = received.find(b"\r\n", at)
    if line < 0:
        return None
    kind, after = received[at : at + 1], line + 2
    if kind in b"+-:":
        return after
    number = int(received[at + 1 : line])
    if kind == b"$":
        end = after if number < 0 else after + number + 2
        return end if end <= len(received) else None
    element: int | None = after
    for _ in range(max(number, 0)):
        if element is None:
            return None
        element = _end(received, element)
    return element
