"""A connection whose bytes a test decides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from live_server import Server

from livefeed.roles import Role

PATIENCE = 60.0  # seconds for an answer that must come; a watchdog
Answer = tuple[int, dict[str, str], bytes]


class Wire:
    """One connection, kept for several requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, piece: str) -> None:
        self.writer.write(piece.encode())
        await self.writer.drain()

    async def answer(self) -> Answer:
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), headers, body


@contextlib.asynccontextmanager
async def wired(server: Server) -> AsyncIterator[Wire]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def head(server: Server, target: str, body: str, *more: str, method: str = "POST") -> str:
    """The head of a request with a login, as curl sends it."""
    lines = [f"{method} {target} HTTP/1.1", "Host: here"]
    lines += [f"Authorization: Bearer {await server.token(Role.ADMIN)}"]
    lines += [f"Content-Length: {len(body.encode())}", *more, "", ""]
    return "\r\n".join(lines)
