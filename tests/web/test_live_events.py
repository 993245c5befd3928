"""Server-sent events on the wire: head, chunks, ids, and how a stream resumes and ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import pytest
from live_doors import Way
from live_server import Server, running
from redis_server import PATIENCE, until

from livefeed.settings import Settings


@pytest.fixture(params=[True, False], ids=["detached", "plain"])
async def served(
    request: pytest.FixtureRequest, make_settings: Callable[..., Settings]
) -> AsyncIterator[Server]:
    async with running(make_settings(detach=request.param)) as server:
        await server.open()
        yield server


@contextlib.asynccontextmanager
async def asked(server: Server, request: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a raw connection answers to `request`."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request.encode())
        yield reader
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def head_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    lines = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode().split("\r\n")
    return lines[0], {
        name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:-2])
    }


async def chunk_of(reader: asyncio.StreamReader) -> bytes:
    """The next chunk of a chunked body (RFC 9112 §7.1); empty at its end."""
    size = int(await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE), 16)
    body = await reader.readexactly(size + 2)
    assert body.endswith(b"\r\n")
    return body[:-2]


async def test_a_stream_is_a_chunked_response_that_nobody_may_keep(served: Server) -> None:
    async with asked(served, "GET /live/story/sse HTTP/1.1\r\nHost: test\r\n\r\n") as reader:
        status, headers = await head_of(reader)
        assert status == "HTTP/1.1 200 OK"
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["access-control-allow-origin"] == "*"
        assert headers["x-accel-buffering"] == "no"
        assert headers["transfer-encoding"] == "chunked"
        assert "set-cookie" not in headers
        assert "content-length" not in headers
        hello = (await chunk_of(reader)).decode()
        position = json.loads(hello.partition("data: ")[2])["position"]
        assert hello == f'event: hello\ndata: {{"kind":"hello","position":"{position}"}}\n\n'
        await served.publish(body="سطر\n\nوسطر آخر\u2028وثالث")
        message = (await chunk_of(reader)).decode()
        name, kind, data, *rest = message.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert (name, kind, rest) == (f"id: {event['position']}", "event: published", ["", ""])


async def test_a_stream_to_an_old_proxy_that_knows_no_chunks_is_refused(served: Server) -> None:
    for door in ("sse", "ws"):
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        more = upgrade + key if door == "ws" else ""
        async with asked(served, f"GET /live/story/{door} HTTP/1.0\r\nHost: test\r\n{more}\r\n") as reader:
            status, _ = await head_of(reader)
            assert status.split()[1] in {"426", "505"}, (door, status)
            assert b"HTTP/1.1" in await asyncio.wait_for(reader.read(), PATIENCE)


async def test_last_event_id_wins_over_after(served: Server) -> None:
    for _ in range(4):
        await served.publish()
    position = (await served.ask("GET", "/live/story/changes", role=None)).json()["position"]
    epoch = position.rpartition("-")[0]
    way = Way("sse", True)
    for after in ("0", "gone-1", f"{epoch}-1", ""):
        async with way.follow(served, after=after, last_event_id=f"{epoch}-4") as stream:
            witness = await stream.until(position)
            assert (witness.start, witness.offsets, witness.reloads) == (f"{epoch}-4", [5], 0)
    async with way.follow(served, after=f"{epoch}-4", last_event_id="gone-1") as stream:
        await stream.next()
        assert (await stream.next())["kind"] == "reload"
    async with way.follow(served, after=position, last_event_id="0") as stream:
        assert (await stream.until(position)).offsets == [1, 2, 3, 4, 5]


async def test_a_planned_stop_says_goodbye_and_ends_the_body(served: Server) -> None:
    async with asked(served, "GET /sse HTTP/1.1\r\nHost: test\r\n\r\n") as reader:
        await head_of(reader)
        await chunk_of(reader)
        await until(lambda: served.rooms.fanout.readers == 1)
        await served.rooms.fanout.drain(0.05)
        goodbye = (await chunk_of(reader)).decode()
        retry, kind, data, *_ = goodbye.split("\n")
        assert kind == "event: goodbye"
        assert retry == f"retry: {json.loads(data.removeprefix('data: '))['retry']}"
        assert await chunk_of(reader) == b""
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    assert served.rooms.fanout.readers == 0


async def test_what_a_reader_says_on_its_stream_changes_nothing(served: Server) -> None:
    twice = "GET /live/story/sse HTTP/1.1\r\nHost: test\r\n\r\n" * 2
    async with asked(served, twice) as reader:
        await head_of(reader)
        await chunk_of(reader)
        await served.publish()
        assert (await chunk_of(reader)).startswith(b"id: ")
        assert served.rooms.fanout.readers == 1


async def test_a_reader_who_goes_is_forgotten(served: Server) -> None:
    async with asked(served, "GET /live/story/sse HTTP/1.1\r\nHost: test\r\n\r\n") as reader:
        await head_of(reader)
        await until(lambda: served.rooms.fanout.readers == 1)
    for _ in range(8):
        await served.publish()  # to a transport that may be closed already
    await until(lambda: served.rooms.fanout.readers == 0)
    async with Way("sse", True).follow(served, after="0") as stream:
        await stream.until((await served.ask("GET", "/live/story/changes", role=None)).json()["position"])
