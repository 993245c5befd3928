"""The desk in a browser without scripts, and what was noted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from live_server import Answer, Server

from livefeed.audit import Search
from livefeed.roles import Role


@dataclass
class Browser:
    """A browser without scripts: it follows no redirect, and keeps cookies."""

    server: Server
    agent: str = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    cookie: str = ""

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path)

    async def post(self, path: str, fields: Any = None) -> Answer:
        answer = await self._ask("POST", path, data=fields or {}, origin=self.server.url)
        for header in answer.headers.getall("Set-Cookie", ()):
            new = header.partition(";")[0]
            name = new.partition("=")[0]
            others = [pair for pair in self.cookie.split("; ") if pair and not pair.startswith(f"{name}=")]
            self.cookie = "; ".join([*others, new])
        return answer

    async def log_in(self, name: str, password: str) -> Answer:
        return await self.post("/desk/login", {"name": name, "password": password})

    async def _ask(self, method: str, path: str, *, origin: str = "", **options: Any) -> Answer:
        headers = {"User-Agent": self.agent, "Cookie": self.cookie}
        if origin:
            headers["Origin"] = origin
        return await self.server.ask(method, path, role=None, headers=headers, **options)


async def arrived(server: Server, name: str, role: Role) -> Browser:
    """A new editor's browser, logged in by link."""
    await server.rooms.accounts.people.add(name, role)
    browser = Browser(server)
    code = await server.rooms.accounts.sessions.login_code(name)
    assert (await browser.post("/desk/login", {"code": code})).status == 303
    return browser


async def deeds(server: Server) -> list[str]:
    return [entry.act.deed for entry in await server.rooms.store.acts(Search(), limit=100, after=0)]
