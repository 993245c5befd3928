"""Somebody outside: a real server on loopback that remembers what it was sent, and answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from redis_server import PATIENCE

LOOPBACK = ("127.0.0.0/8",)
LEASE = 4.0  # seconds; shorter ones are lost on a busy machine, and what was on its way comes twice
Manner = Callable[["Delivery"], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass(frozen=True)
class Delivery:
    """One request."""

    method: str
    path: str
    headers: Any
    body: bytes
    query: Any


class Receiver:
    """Answers 204, or what `manner` says."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.manner: Manner = lambda _: web.Response(status=204)
        self.port = 0
        self.at_once = 0
        self.most_at_once = 0
        self._more = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, count: int, timeout: float = PATIENCE) -> list[Delivery]:
        """The first `count` requests, once they are here."""
        async with asyncio.timeout(timeout):
            while len(self.deliveries) < count:
                self._more.clear()
                await self._more.wait()
        return self.deliveries[:count]

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            delivery = Delivery(
                request.method, request.raw_path, request.headers, await request.read(), request.query
            )
            self.deliveries.append(delivery)
            self._more.set()
            answer = self.manner(delivery)
            return answer if isinstance(answer, web.StreamResponse) else await answer
        finally:
            self.at_once -= 1


@contextlib.asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver on a free port, or on one that a former receiver had."""
    receiver = Receiver()
    server = web.Server(receiver._receive)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
