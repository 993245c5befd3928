"""WebSocket to the letter: handshake, compression, what a reader may send, and how a connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets
from live_server import Server, running
from redis_server import PATIENCE, until
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from witness import Witness

from livefeed.settings import Settings
from livefeed.tasks import cancel

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)
CLOSE, PING, PONG = 0x8, 0x9, 0xA


def client_frame(
    opcode: int, payload: bytes = b"", *, mask: bytes | None = b"\1\2\3\4", fin: int = 0x80
) -> bytes:
    """A frame as a client sends it; without `mask` as it must not."""
    masked = 0x80 if mask else 0
    size = len(payload)
    length = bytes([masked | size]) if size < 126 else struct.pack("!BH", masked | 126, size)
    body = bytes(byte ^ mask[at & 3] for at, byte in enumerate(payload)) if mask else payload
    return bytes([fin | opcode]) + length + (mask or b"") + body


class Wire:
    """A raw connection that reads server frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's first byte (with FIN and RSV) and payload."""
        first, size = await self.reader.readexactly(2)
        assert not size & 0x80, "a server masks nothing"
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8), "big")
        return first, await self.reader.readexactly(size)

    async def other(self) -> tuple[int, bytes]:
        """The next frame that is no text."""
        async with asyncio.timeout(PATIENCE):
            while True:
                first, payload = await self.frame()
                if first & 0xF != 1:
                    return first & 0xF, payload

    async def end(self) -> tuple[int, str]:
        """The code and reason of the Close frame, after which the connection ends."""
        opcode, payload = await self.other()
        assert opcode == CLOSE
        assert await asyncio.wait_for(self.reader.read(), PATIENCE) == b""
        return int.from_bytes(payload[:2], "big"), payload[2:].decode()


@contextlib.asynccontextmanager
async def wired(server: Server, path: str = "/live/story/ws", more: str = "") -> AsyncIterator[Wire]:
    """A raw WebSocket, after its handshake."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(HANDSHAKE.format(path=path, more=more).encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head  # RFC 6455 §1.3
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture(params=[True, False], ids=["detached", "plain"])
async def served(
    request: pytest.FixtureRequest, make_settings: Callable[..., Settings]
) -> AsyncIterator[Server]:
    async with running(make_settings(detach=request.param)) as server:
        await server.open()
        yield server


def ws_url(server: Server, path: str = "/live/story/ws") -> str:
    return server.url.replace("http:", "ws:") + path


async def test_a_handshake_that_is_none_is_refused_with_a_sentence(served: Server) -> None:
    good = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for change, status in [
        ({"Upgrade": "h2c"}, 426),
        ({"Connection": "close"}, 426),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Key": ""}, 400),
    ]:
        answer = await served.ask("GET", "/live/story/ws", role=None, headers=good | change)
        assert answer.status == status, change
        assert answer.json()["detail"]
    assert (await served.ask("GET", "/live/story/ws", role=None)).status == 426
    assert (await served.ask("POST", "/live/story/ws", role=None, headers=good)).status == 405
    assert served.rooms.fanout.readers == 0


async def test_any_origin_may_follow_a_public_channel(served: Server) -> None:
    for path in ("/live/story/ws", "/ws"):
        async with wired(served, path, "Origin: https://elsewhere.example\r\n") as wire:
            assert b'"hello"' in (await wire.frame())[1]


async def test_deflated_messages_are_read_by_other_peoples_clients(server: Server) -> None:
    await server.open()
    long = "خبر طويل " * 400
    for view in ("json", "html"):
        deflate = ClientPerMessageDeflateFactory(client_max_window_bits=True)
        async with (
            websockets.connect(
                ws_url(server, f"/live/story/ws?view={view}"), compression=None, extensions=[deflate]
            ) as one,
            server.client.ws_connect(f"{server.url}/live/story/ws?view={view}", compress=15) as other,
            server.client.ws_connect(f"{server.url}/live/story/ws?view={view}") as plain,
        ):
            assert [extension.name for extension in one.protocol.extensions] == ["permessage-deflate"]
            assert other.compress
            witnesses = [Witness() for _ in range(3)]
            for number in range(4):
                await server.publish(body=f"{number} {long}")
            for _ in range(5):
                texts = [
                    await asyncio.wait_for(one.recv(), PATIENCE),
                    (await other.receive(PATIENCE)).data,
                    (await plain.receive(PATIENCE)).data,
                ]
                assert texts[0] == texts[1] == texts[2]
                for witness, text in zip(witnesses, texts, strict=True):
                    witness.take(json.loads(text))
            assert len(witnesses[0].events) == 4


async def test_long_frames_are_deflated_and_only_for_who_asked(server: Server) -> None:
    await server.open()
    extension = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    async with wired(server, "/live/story/ws", extension) as wire, wired(server) as plain:
        await wire.frame(), await plain.frame()
        await server.publish(body="خبر طويل " * 400)
        first, payload = await wire.frame()
        plain_first, plain_payload = await plain.frame()
        assert (first, plain_first) == (0xC1, 0x81)
        assert len(payload) < len(plain_payload) / 3


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; unknown",
        "x-webkit-deflate-frame",
        ";",
        "permessage-deflate;;",
    ],
)
async def test_an_offer_that_cannot_be_kept_is_declined(server: Server, offer: str) -> None:
    await server.open()
    async with wired(server, "/live/story/ws", f"Sec-WebSocket-Extensions: {offer}\r\n") as wire:
        await wire.frame()
        await server.publish(body="خبر طويل " * 400)
        assert (await wire.frame())[0] == 0x81


async def test_a_ping_is_answered_and_a_pong_ignored(served: Server) -> None:
    async with wired(served) as wire:
        wire.send(client_frame(PONG, b"unasked"), client_frame(PING, b"now?"))
        assert await wire.other() == (PONG, b"now?")
        wire.send(client_frame(PING, b"x" * 125))
        assert await wire.other() == (PONG, b"x" * 125)
        await served.publish()
        assert b"published" in (await wire.frame())[1]


async def test_a_ping_in_pieces_is_answered_when_it_is_whole(served: Server) -> None:
    async with wired(served) as wire:
        for byte in client_frame(PING, b"slow"):
            wire.send(bytes([byte]))
            await wire.writer.drain()
            await asyncio.sleep(0)
        assert await wire.other() == (PONG, b"slow")


async def test_the_close_handshake_is_answered_with_the_same_code(server: Server) -> None:
    await server.open()
    for payload, code in [(b"\3\xe9bye", 1001), (b"", 0), (b"\3\xe8", 1000), (b"?", 0)]:
        async with wired(server) as wire:
            wire.send(client_frame(CLOSE, payload), client_frame(PING))
            assert await wire.end() == (code, "")
    await until(lambda: server.rooms.fanout.readers == 0)


async def test_aiohttps_own_socket_answers_the_close_handshake_too(
    make_settings: Callable[..., Settings],
) -> None:
    async with running(make_settings(detach=False)) as server:
        await server.open()
        async with wired(server) as wire:
            wire.send(client_frame(CLOSE, b"\3\xe9bye"))
            assert (await wire.end())[0] in {1000, 1001}
        await until(lambda: server.rooms.fanout.readers == 0)


FRAMES = {
    "text": (client_frame(0x1, b"hello"), 1008),
    "binary": (client_frame(0x2, b"\0\1"), 1008),
    "fragmented text": (client_frame(0x1, b"hel", fin=0), 1008),
    "unmasked text": (client_frame(0x1, b"hello", mask=None), 1002),
    "unmasked ping": (client_frame(PING, b"x", mask=None), 1002),
    "fragmented ping": (client_frame(PING, b"x", fin=0), 1002),
    "ping of 126 bytes": (client_frame(PING, b"x" * 126), 1002),
    "reserved opcode": (client_frame(0xB, b""), 1002),
    "reserved bit": (client_frame(PING | 0x40, b""), 1002),
    "a text said to have 2^63 bytes": (b"\x81\xff" + b"\xff" * 8 + b"mask", 1008),
}


@pytest.mark.parametrize("sent", FRAMES)
async def test_what_a_reader_must_not_send_ends_its_connection_only(server: Server, sent: str) -> None:
    await server.open()
    frame, code = FRAMES[sent]
    async with wired(server) as wire, wired(server) as other:
        wire.send(frame)
        ended, reason = await wire.end()
        assert ended == code
        assert reason
        await until(lambda: server.rooms.fanout.readers == 1)
        await server.publish()
        await other.frame()
        assert b"published" in (await other.frame())[1]


async def test_aiohttps_own_socket_takes_no_messages_either(make_settings: Callable[..., Settings]) -> None:
    async with running(make_settings(detach=False)) as server:
        await server.open()
        for sent in ("text", "binary", "unmasked text", "ping of 126 bytes", "reserved opcode"):
            async with wired(server) as wire:
                wire.send(FRAMES[sent][0])
                opcode, payload = await wire.other()
                assert (opcode, int.from_bytes(payload[:2], "big") in {1002, 1008}) == (CLOSE, True), sent
        await until(lambda: server.rooms.fanout.readers == 0)


async def test_a_client_that_pings_and_never_reads_fills_no_memory(server: Server) -> None:
    await server.open()
    async with wired(server) as wire:
        wire.reader._transport.pause_reading()  # type: ignore[attr-defined]  # a peer that takes nothing
        (reader,) = server.rooms.fanout._channels["live:story"].readers
        pings = client_frame(PING, b"x" * 125) * 2000
        for _ in range(40):
            wire.send(pings)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wire.writer.drain(), 0.05)
            assert reader.transport.get_write_buffer_size() < 1_000_000


async def test_a_storm_of_pings_costs_one_answer_a_read(server: Server) -> None:
    await server.open()
    async with wired(server) as wire:
        wire.send(*(client_frame(PING, str(number).encode()) for number in range(20_000)))
        answers = 0
        payload = b""
        while payload != b"19999":
            opcode, payload = await wire.other()
            assert opcode == PONG
            answers += 1
        assert answers < 2000


async def test_a_planned_stop_says_goodbye_with_a_delay_and_a_code(served: Server) -> None:
    async with wired(served) as wire, wired(served, "/ws") as site:
        await until(lambda: served.rooms.fanout.readers == 2)
        await served.rooms.fanout.drain(0.05)
        for connection in (wire, site):
            assert b"hello" in (await connection.frame())[1]
            goodbye = json.loads((await connection.frame())[1])
            assert (goodbye["kind"], goodbye["retry"] >= 500) == ("goodbye", True)
            code, reason = await connection.end()
            assert (code, reason) == (1012, "the server restarts")


async def test_a_draining_server_takes_no_readers(served: Server) -> None:
    served.rooms.draining = True
    for door in ("ws", "sse"):
        with pytest.raises(aiohttp.ClientResponseError) as refused:
            async with served.client.ws_connect(f"{served.url}/live/story/{door}"):
                pass
        assert refused.value.status == 503
    answer = await served.ask("GET", "/live/story/sse", role=None)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_readers_above_the_limit_are_sent_elsewhere(make_settings: Callable[..., Settings]) -> None:
    async with running(make_settings(max_readers=2)) as server:
        await server.open()
        async with wired(server), wired(server):
            answer = await server.ask("GET", "/live/story/sse", role=None)
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        await until(lambda: server.rooms.fanout.readers == 0)
        async with wired(server):
            pass


async def test_a_stalled_reader_is_dropped_and_the_others_wait_for_nobody(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings(stall_timeout=1.0, heartbeat_interval=0.05)
    async with running(settings) as server:
        await server.open()
        quick = await server.client.ws_connect(f"{server.url}/live/story/ws")
        stalled = socket.socket()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.setblocking(False)
        host, _, port = server.url.removeprefix("http://").partition(":")
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stalled, (host, int(port)))
        await loop.sock_sendall(stalled, HANDSHAKE.format(path="/live/story/ws?after=0", more="").encode())
        await until(lambda: server.rooms.fanout.readers == 2)
        witness = Witness()
        for number in range(12):
            await server.publish(body="ن" * 40_000)
            while len(witness.events) <= number:
                witness.take((await quick.receive(PATIENCE)).json())
        await until(lambda: server.rooms.fanout.readers == 1)
        stalled.close()
        await quick.close()


# The desk's socket


async def upgrade(server: Server, headers: dict[str, str], slug: str = "story") -> int:
    """The status of the answer to a handshake with the desk's socket."""
    try:
        async with server.client.ws_connect(f"{server.url}/desk/{slug}/ws", headers=headers):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


async def bearer(server: Server, role: str, **narrowed: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {await server.token(role, **narrowed)}"}


async def test_the_desks_socket_is_for_editors_on_our_own_pages(server: Server) -> None:
    await server.open()
    session = await server.session("editor")
    cookie = {"Cookie": session["Cookie"]}
    assert await upgrade(server, {}) == 401
    assert await upgrade(server, {"Cookie": "livefeed_session=wrong", "Origin": server.url}) == 401
    assert await upgrade(server, {"Authorization": "Bearer wrong"}) == 401
    assert await upgrade(server, cookie) == 403
    assert await upgrade(server, cookie | {"Origin": "https://elsewhere.example"}) == 403
    assert await upgrade(server, cookie | {"Origin": "null"}) == 403
    assert await upgrade(server, session | {"Sec-Fetch-Site": "cross-site"}) == 403
    assert await upgrade(server, session) == 101
    assert await upgrade(server, await bearer(server, "editor")) == 101
    assert (
        await upgrade(server, await bearer(server, "editor") | {"Origin": "https://elsewhere.example"}) == 403
    )
    assert await upgrade(server, session, slug="none") == 404
    await server.open("other")
    narrowed = await bearer(server, "editor", coverages=frozenset({"other"}))
    assert await upgrade(server, narrowed) == 403
    assert await upgrade(server, narrowed, slug="other") == 101


async def test_a_contributor_does_not_read_other_peoples_drafts_there(server: Server) -> None:
    await server.open()
    assert await upgrade(server, await bearer(server, "contributor")) == 403
    assert await upgrade(server, await server.session("contributor")) == 403


async def test_the_desks_socket_tells_of_what_is_not_published(server: Server) -> None:
    await server.open()
    headers = await bearer(server, "editor")
    async with server.client.ws_connect(f"{server.url}/desk/story/ws", headers=headers) as desk:
        assert (await desk.receive_json(timeout=PATIENCE))["kind"] == "hello"
        draft = await server.publish(status="draft", body="مسودة")
        event = await desk.receive_json(timeout=PATIENCE)
        assert (event["kind"], event["update"]["id"]) == ("drafted", draft["id"])
    changes = await server.ask("GET", "/live/story/changes?after=0", role=None)
    assert "مسودة" not in changes.text


@pytest.mark.parametrize("pinging", [False, True])
async def test_a_revoked_login_loses_its_socket_however_much_it_pings(
    server: Server, pinging: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livefeed.web import sockets

    monkeypatch.setattr(sockets, "RECHECK_INTERVAL", 0.3)
    await server.open()
    headers = await bearer(server, "editor")
    async with server.client.ws_connect(f"{server.url}/desk/story/ws", headers=headers) as desk:
        assert (await desk.receive_json(timeout=PATIENCE))["kind"] == "hello"

        async def ping() -> None:
            while not desk.closed:
                await desk.ping(b"still here")
                await asyncio.sleep(0.005)

        task = asyncio.create_task(ping()) if pinging else None
        for record in await server.rooms.store.records.all("token"):
            await server.rooms.store.records.delete("token", record.name)
        message = await desk.receive(timeout=PATIENCE)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1008
        if task:
            await cancel([task])


# Nothing stays behind


async def test_a_thousand_connections_leave_nothing_behind(make_settings: Callable[..., Settings]) -> None:
    async with running(make_settings()) as server:
        await server.open()
        host, _, port = server.url.removeprefix("http://").partition(":")
        sse = b"GET /live/story/sse HTTP/1.1\r\nHost: test\r\n\r\n"

        async def visit(number: int) -> None:
            reader, writer = await asyncio.open_connection(host, int(port))
            ws = HANDSHAKE.format(path="/live/story/ws?after=0", more="").encode()
            writer.write(sse if number % 3 == 0 else ws)
            await reader.readuntil(b"hello")
            if number % 3 == 1:
                writer.write(client_frame(CLOSE))
                await writer.drain()
                await reader.read()
            writer.transport.abort() if number % 2 else writer.close()

        async def round_of(count: int) -> None:
            for at in range(0, count, 50):
                await asyncio.gather(*(visit(number) for number in range(at, at + 50)))
            await until(lambda: server.rooms.fanout.readers == 0)
            await until(lambda: len(server.rooms.fanout._channels["live:story"]._passes._draining) == 0)

        await round_of(50)
        tasks, objects, files = len(asyncio.all_tasks()), count_of_objects(), count_of_files()
        await round_of(1000)
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: count_of_files() <= files)
        assert count_of_objects() <= objects


def count_of_objects() -> int:
    """What is alive of connections."""
    gc.collect()
    kinds = {"DetachedReader", "RequestHandler", "Request", "TCPTransport"}
    return sum(type(thing).__name__ in kinds for thing in gc.get_objects())


def count_of_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
