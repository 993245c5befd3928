"""A real server inside the test's own event loop: real store, real sockets, port 0."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from redis_server import patient

from livefeed.roles import Role
from livefeed.settings import Settings
from livefeed.store import Store, open_store
from livefeed.web.app import create_app, open_rooms
from livefeed.web.connection import Runner
from livefeed.web.guard import SESSION_COOKIE
from livefeed.web.rooms import Rooms


@dataclass
class Server:
    """One running server and a client for it."""

    url: str
    rooms: Rooms
    client: aiohttp.ClientSession
    runner: Runner
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, role: Role | str = Role.ADMIN, **narrowed: Any) -> str:
        """A token of an editor with `role`, made once."""
        name = f"{role}-{sorted(narrowed.items())}"
        if name not in self.tokens:
            await self.rooms.accounts.people.add(name, Role(role))
            self.tokens[name] = await self.rooms.accounts.tokens.add(name, **narrowed)
        return self.tokens[name]

    async def ask(
        self, method: str, path: str, *, role: Role | str | None = Role.ADMIN, **options: Any
    ) -> Answer:
        """One request, with a token of `role` (None: none at all)."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers.setdefault("Authorization", f"Bearer {await self.token(role)}")
        async with self.client.request(
            method, self.url + path, headers=headers, allow_redirects=False, **options
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def open(self, slug: str = "story", **fields: Any) -> dict[str, Any]:
        """Open a coverage."""
        answer = await self.ask(
            "POST", "/api/v1/coverages", json={"slug": slug, "headline": "التغطية الحية", **fields}
        )
        assert answer.status == 201, answer.text
        return answer.json()

    async def session(self, role: Role | str = Role.EDITOR) -> dict[str, str]:
        """Headers of a desk session from our own pages, of an editor with `role`."""
        name = f"{role} at the desk"
        await self.rooms.accounts.people.add(name, Role(role))
        redeemed = await self.rooms.accounts.sessions.redeem(
            await self.rooms.accounts.sessions.login_code(name)
        )
        assert redeemed
        return {"Cookie": f"{SESSION_COOKIE}={redeemed[0]}", "Origin": self.url}

    async def events(self, slug: str = "story") -> list[dict[str, Any]]:
        """Everything a reader of the coverage can replay."""
        answer = await self.ask("GET", f"/live/{slug}/changes?after=0&limit=1000", role=None)
        assert answer.status == 200, answer.text
        assert not answer.json()["more"]
        events: list[dict[str, Any]] = answer.json()["events"]
        return events

    async def publish(self, slug: str = "story", **fields: Any) -> dict[str, Any]:
        """Publish an update."""
        fields.setdefault("body", "خبر للقياس")
        answer = await self.ask("POST", f"/api/v1/coverages/{slug}/updates", json=fields)
        assert answer.status == 201, answer.text
        return answer.json()


@dataclass(frozen=True)
class Answer:
    """A response that was read whole."""

    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def settings_for(tmp_path: Path, **changes: Any) -> Settings:
    """Settings of a server in `tmp_path`, without the environment's."""
    values = {
        "store": f"sqlite:///{tmp_path}/livefeed.db",
        "media": tmp_path / "media",
        "host": "127.0.0.1",
        "port": 0,
        "drain_window": 0.1,
        "secret": "s" * 40,
        **changes,
    }
    return patient(Settings(_env_file=None, **values))


@contextlib.asynccontextmanager
async def running(
    settings: Settings, store: Store | None = None, *, keepalive_timeout: float = 75.0
) -> AsyncIterator[Server]:
    """A server on a free port, and a client."""
    store = store or open_store(settings, serving=True)
    async with open_rooms(settings, store) as rooms:
        runner = Runner(
            create_app(rooms), access_log=None, keepalive_timeout=keepalive_timeout, shutdown_timeout=1.0
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        rooms.base_url = url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        # Raw header values and no cookie jar: tests say what they send.
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
            try:
                yield Server(url, rooms, client, runner)
            finally:
                rooms.draining = True
                await site.stop()
                await rooms.fanout.drain(settings.drain_window)
                await runner.cleanup()
