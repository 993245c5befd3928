"""A real `livefeed serve` process with a way to cut its readers off, and what a newsroom does to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from redis_server import free_port

from livefeed.accounts import Accounts
from livefeed.roles import Role
from livefeed.settings import Settings
from livefeed.store import open_store
from livefeed.tasks import cancel

START_TIMEOUT = 60.0
COMMAND_TIMEOUT = 60.0
BUSY = 0.1  # seconds before a server that has no time is asked again
# Seconds by which a gate may hold back whatever a server sends: what acts too early fails (`make slow-line`).
LATENESS = float(os.environ.get("LIVEFEED_LATENESS", "0"))
PAGE_SIZE = 5  # small, so that a dozen updates make archive pages
QUICK = {
    "LIVEFEED_HEARTBEAT_INTERVAL": "1",
    "LIVEFEED_DRAIN_WINDOW": "0.2",
    "LIVEFEED_PAGE_SIZE": str(PAGE_SIZE),
    "LIVEFEED_HOLD": "0",
    "LIVEFEED_BREAKING_HOLD": "0",
    "LIVEFEED_OFFLINE": "false",  # what a service worker fetches, Playwright can neither see nor hold
    "LIVEFEED_LOG_FORMAT": "json",
}


class Site:
    """One server on a port that it keeps over restarts, reached through a `Gate` by browsers."""

    def __init__(self, folder: Path, *, store: str = "", **settings: str) -> None:
        self.folder = folder
        self.gate = Gate()
        self.token = ""
        self._store = store or f"sqlite:///{folder}/livefeed.db"
        self.settings = settings
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._client: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """The address for browsers."""
        return self.gate.url

    @contextlib.asynccontextmanager
    async def another_way(self) -> AsyncIterator[Gate]:
        """A gate beside the site's own, for a test that lets it fail."""
        gate = Gate()
        gate.inner = self._port
        gate.open()
        try:
            yield gate
        finally:
            await gate.close()

    async def open(self) -> None:
        """Open the gate, start the server, and let an editor in."""
        self.gate.open()
        self._client = aiohttp.ClientSession()
        await self.start()
        await self.admit()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        if self._process is not None:
            await self.kill()
        await self.gate.close()

    async def start(self) -> None:
        """Start the server, on the port it had, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = await self._run("serve", stdout=asyncio.subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        async with asyncio.timeout(START_TIMEOUT):
            async for line in self._process.stdout:
                if b"answers at" in line:
                    break
            else:
                raise AssertionError(f"The server ended:\n{(self.folder / 'server.log').read_text()}")
        self.gate.inner = self._port

    async def kill(self) -> None:
        """As `kill -9` and a crash do."""
        assert self._process is not None
        self._process.kill()
        await self._gone()

    async def stop(self) -> None:
        """As SIGTERM does."""
        assert self._process is not None
        self._process.terminate()
        await self._gone()

    async def admit(self) -> None:
        """Make the chief editor whose token writes."""
        async with self._accounts() as accounts:
            await accounts.people.add("منى", Role.CHIEF)
            self.token = await accounts.tokens.add("منى")

    async def login_link(self, name: str, role: str) -> str:
        """Add an editor; the link that logs in once."""
        async with self._accounts() as accounts:
            await accounts.people.add(name, Role(role))
            return f"{self.url}/desk/login?code={await accounts.sessions.login_code(name)}"

    async def command(self, *arguments: str) -> str:
        """What a `livefeed` command prints."""
        process = await self._run(*arguments, stdout=asyncio.subprocess.PIPE)
        async with asyncio.timeout(COMMAND_TIMEOUT):
            printed, _ = await process.communicate()
        assert process.returncode == 0, f"livefeed {arguments} ended with {process.returncode}"
        return printed.decode().strip()

    async def post(self, slug: str, text: str, **headers: str) -> None:
        """Post as the README says: with curl."""
        curl = shutil.which("curl")
        assert curl, "curl is missing: install it with 'sudo apt-get install curl'"
        lines = {"Authorization": f"Bearer {self.token}", **headers}
        marked = [part for name, value in lines.items() for part in ("-H", f"{name}: {value}")]
        process = await asyncio.create_subprocess_exec(
            *(curl, "--silent", "--show-error", "--fail", "--max-time", "10", "--output", os.devnull),
            *(*marked, "-d", text, f"{self.url}/live/{slug}"),
        )
        async with asyncio.timeout(COMMAND_TIMEOUT):
            assert await process.wait() == 0

    async def cover(self, slug: str, **fields: Any) -> None:
        """Open a coverage."""
        await self.ask("POST", "", {"slug": slug, "headline": "التغطية الحية للعاصفة", **fields})

    async def publish(self, slug: str, headline: str, **fields: Any) -> str:
        """Publish an update; its id."""
        update = await self.ask("POST", f"/{slug}/updates", {"headline": headline, **fields})
        return str(update["id"])

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request to the coverages' API, repeated with its key while a busy disk does not answer
        in time; its document."""
        assert self._client is not None
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": uuid4().hex}
        async with asyncio.timeout(COMMAND_TIMEOUT):
            while True:
                async with self._client.request(
                    method,
                    f"http://127.0.0.1:{self._port}/api/v1/coverages{path}",
                    json=body,
                    headers=headers,
                ) as answer:
                    text = await answer.text()
                    if answer.status == 503:
                        await asyncio.sleep(BUSY)
                        continue
                    assert answer.ok, f"{method} {path}: {answer.status} {text}"
                    return await answer.json(content_type=None) if text else None

    async def upload(self, picture: Path) -> str:
        """Upload a picture; its id."""
        assert self._client is not None
        with picture.open("rb") as file:
            async with self._client.post(
                f"http://127.0.0.1:{self._port}/api/v1/media",
                data={"file": file},
                headers={"Authorization": f"Bearer {self.token}"},
            ) as answer:
                assert answer.status == 201, await answer.text()
                return str((await answer.json())["id"])

    async def position(self, slug: str) -> str:
        """At which position the newest update of a coverage was published."""
        newest = await self.ask("GET", f"/{slug}/updates?limit=1")
        return str(newest["updates"][0]["position"])

    async def published(self, slug: str) -> list[str]:
        """The headlines of a coverage's updates as its log has them, newest first."""
        page = await self.ask("GET", f"/{slug}/updates?limit=100")
        return [update["headline"] for update in page["updates"]]

    @contextlib.asynccontextmanager
    async def _accounts(self) -> AsyncIterator[Accounts]:
        """The accounts, beside the running server as the commands have them."""
        store = open_store(Settings(_env_file=None, store=self._store), serving=False)
        await store.start()
        try:
            yield Accounts(store.records, session_idle=3600, session_lifetime=3600)
        finally:
            await store.aclose()

    async def _run(self, *arguments: str, **streams: Any) -> asyncio.subprocess.Process:
        if not self._port:
            self._port = free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
        environment |= {
            **QUICK,
            "LIVEFEED_STORE": self._store,
            "LIVEFEED_MEDIA": f"{self.folder}/media",
            "LIVEFEED_PORT": str(self._port),
            "LIVEFEED_BASE_URL": self.url,
            **self.settings,
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "livefeed", *arguments),
            cwd=self.folder,  # away from any .env of the project
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            **streams,
        )

    async def _gone(self) -> None:
        assert self._process is not None
        async with asyncio.timeout(START_TIMEOUT):
            await self._process.communicate()
        self._process = None


class Gate:
    """A TCP forwarder before the server: what stands between a reader and a newsroom can fail."""

    def __init__(self) -> None:
        self.inner = 0
        self.shut = False  # nothing passes
        self.refuses_upgrades = False  # as some offices' proxies do
        self.swallows_upgrades = False  # as worse ones do: no answer at all
        self.buffers_events = False  # holds back answers that have no end, as proxies with caches do
        self.lifetime = 0.0  # seconds after which a connection is cut; 0: never
        self.cuts = 0  # by age
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._accepting: asyncio.Task[None] | None = None
        self._meetings: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._lines: set[_Line] = set()

    @property
    def url(self) -> str:
        """The address for browsers."""
        return f"http://localhost:{self.port}"

    def open(self) -> None:
        self._accepting = asyncio.create_task(self._accept())

    async def close(self) -> None:
        self.shut = True
        if self._accepting is not None:
            await cancel([self._accepting])
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._meetings)

    def cut(self) -> None:
        """End every connection, as a lost network does."""
        for writer in self._writers:
            writer.transport.abort()

    def forget(self) -> None:
        """Pass on nothing more of the connections there are, without ending them: as a router does that was
        started anew, or the network that a device has left.
        """
        for line in self._lines:
            line.forgotten = True

    async def _accept(self) -> None:
        # Not asyncio's server: closed while a connection comes in, it leaves that one's transport unclosed.
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            meeting = asyncio.create_task(self._meet(connection))
            self._meetings.add(meeting)
            meeting.add_done_callback(self._meetings.discard)

    async def _meet(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self._writers.add(writer)
            try:
                if self.shut:
                    return
                # A browser opens a connection of its own for each WebSocket: its first head tells.
                head = await reader.readuntil(b"\r\n\r\n")
                if self.refuses_upgrades and b"\r\nupgrade: websocket" in head.lower():
                    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    await writer.drain()
                    return
                if self.swallows_upgrades and b"\r\nupgrade: websocket" in head.lower():
                    await reader.read()  # until the browser has had enough
                    return
                await self._join(head, reader, writer)
            finally:
                self._writers.discard(writer)
                writer.close()

    async def _join(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.inner)
        self._writers.add(inner_writer)
        line = _Line(self)
        self._lines.add(line)
        try:
            await line.ask(head, inner_writer)
            both = [
                asyncio.create_task(line.forth(reader, inner_writer)),
                asyncio.create_task(line.back(inner_reader, writer)),
            ]
            ended, _ = await asyncio.wait(
                both, timeout=self.lifetime or None, return_when=asyncio.FIRST_COMPLETED
            )
            if not ended:
                self.cuts += 1
                writer.transport.abort()
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        finally:
            self._lines.discard(line)
            self._writers.discard(inner_writer)
            inner_writer.close()


class _Line:
    """One connection through the gate."""

    def __init__(self, gate: Gate) -> None:
        self.forgotten = False
        self._gate = gate
        self._held = False

    async def ask(self, piece: bytes, sink: asyncio.StreamWriter) -> None:
        self._held = self._held or (self._gate.buffers_events and b"/sse?" in piece)
        sink.write(piece)
        await sink.drain()

    async def forth(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            await self.ask(piece, sink)

    async def back(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        held = b""
        while piece := await source.read(65536):
            if self.forgotten:
                continue
            held += piece
            if LATENESS:
                await asyncio.sleep(random.uniform(0, LATENESS))
            if not self._held:
                sink.write(held)
                held = b""
                await sink.drain()
        sink.write(held)
        await sink.drain()
