"""Real `livefeed serve` processes that can be killed, stopped and started again on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from redis_server import PATIENCE, free_port

from livefeed.accounts import AccountExists, Accounts
from livefeed.roles import Role
from livefeed.settings import Settings
from livefeed.store import open_store

BASE_URL = "http://faults.example"  # one for the whole fleet, so that all its answers are the same
SECRET = "faults" * 8
QUICK = {
    "LIVEFEED_HEARTBEAT_INTERVAL": "0.5",
    "LIVEFEED_STALL_TIMEOUT": "10",
    "LIVEFEED_DRAIN_WINDOW": "0.3",
    "LIVEFEED_RELEASE_INTERVAL": "0.2",
    "LIVEFEED_TAIL_EVENTS": "40",  # so short that readers coming back must often be served from the log
    "LIVEFEED_LOG_FORMAT": "json",
}
DEFECTS = ("Traceback", "failed", "by a defect", "log went backwards")


class ServerProcess:
    """One server of the fleet, in a process of its own."""

    def __init__(self, name: str, folder: Path, store: str, settings: Mapping[str, str]) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("LIVEFEED_")},
            **QUICK,
            "LIVEFEED_STORE": store,
            "LIVEFEED_PORT": str(self.port),
            "LIVEFEED_BASE_URL": BASE_URL,
            "LIVEFEED_MEDIA": str(folder / "media"),
            "LIVEFEED_SECRET": SECRET,
            **settings,
        }
        self._folder = folder
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None

    def launch(self) -> None:
        """Start without waiting."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "livefeed", "serve"],
                cwd=self._folder,  # away from any .env of the project
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.launch()
        await self.answers("/readyz")

    async def answers(self, path: str, status: int = 200, timeout: float = PATIENCE) -> None:
        """Wait until a request for `path` is answered with `status`."""
        async with asyncio.timeout(timeout), aiohttp.ClientSession() as client:
            while True:
                assert self._process is not None
                assert self._process.poll() is None, f"{self.name} has ended:\n{self.said()}"
                try:
                    async with client.get(self.url + path) as response:
                        if response.status == status:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """As `kill -9` and a crash do."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        return await self._end(signal.SIGTERM)

    def hang(self) -> None:
        """Keep every connection and do nothing, until `resume`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def said(self) -> str:
        """Its output."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def defects(self) -> list[str]:
        """Lines of its output that no fault from outside explains."""
        return [line for line in self.said().splitlines() if any(word in line for word in DEFECTS)]

    async def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(how)
        code = await asyncio.to_thread(process.wait, PATIENCE)
        self._process = None  # only now, for nobody is told beforehand that a server goes
        return code


async def make_token(store: str) -> str:
    """A token of an admin, made beside the running fleet."""
    opened = open_store(Settings(_env_file=None, store=store, secret=SECRET), serving=False)
    await opened.start()
    try:
        accounts = Accounts(opened.records, session_idle=3600, session_lifetime=3600)
        with contextlib.suppress(AccountExists):
            await accounts.people.add("faults", Role.ADMIN)
        return await accounts.tokens.add("faults")
    finally:
        await opened.aclose()
