"""The installed `livefeed` command, run as a person would: real processes in a folder of the test's own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from redis_server import PATIENCE
from typer.testing import CliRunner

from livefeed.cli import app

SERVERS = {"serve", "demo"}
COMMAND = Path(sys.executable).with_name("livefeed")
ADDRESS = re.compile(r"livefeed answers at (http://\S+)")


class Command:
    """`livefeed` in `folder`, with these settings and no others."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
        self.environment = {**kept, "LIVEFEED_DRAIN_WINDOW": "0.1", **settings}

    def run(self, *arguments: str, stdin: bytes = b"", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | settings,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def call(self, *arguments: str, stdin: bytes = b"", **settings: str) -> subprocess.CompletedProcess[str]:
        """Like `run` but without a process of its own, which takes a tenth of the time. Not for servers,
        which change how the whole process logs."""
        others: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LIVEFEED_")}
        with contextlib.chdir(self.folder):
            ended = CliRunner().invoke(
                app, arguments, input=stdin, env=others | self.environment | settings, catch_exceptions=False
            )
        return subprocess.CompletedProcess(arguments, ended.exit_code, ended.stdout, ended.stderr)

    def done(self, *arguments: str, stdin: bytes = b"", **settings: str) -> str:
        """What it printed, once it succeeded."""
        ended = self.call(*arguments, stdin=stdin, **settings)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def refused(self, *arguments: str, stdin: bytes = b"", code: int = 1, **settings: str) -> str:
        """What it said on standard error, once it failed and printed nothing else."""
        run = self.run if arguments[0] in SERVERS else self.call
        ended = run(*arguments, stdin=stdin, **settings)
        assert ended.returncode == code, (ended.stdout, ended.stderr)
        assert ended.stdout == ""
        return ended.stderr

    def start(self, *arguments: str, **settings: str) -> Running:
        """Start it and go on."""
        return Running([str(COMMAND), *arguments], self.folder, self.environment | settings)

    def serve(self, **settings: str) -> Running:
        """Start a server on a free port, and wait until it answers."""
        server = self.start("serve", **{"LIVEFEED_PORT": "0", **settings})
        server.url = server.expect(ADDRESS)[1]
        return server


class Running:
    """A process whose lines are read as they come."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.url = ""
        self.lines: list[str] = []
        self._errors = folder / f"errors-{time.monotonic_ns()}"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._fresh: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def expect(self, pattern: str | re.Pattern[str], timeout: float = PATIENCE) -> re.Match[str]:
        """The next line in which `pattern` is found."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._fresh.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                line = None
            assert line is not None, f"no {pattern!r} in {self.lines}, {self.errors()}"
            if found := re.search(pattern, line):
                return found

    def errors(self) -> str:
        """What it said on standard error up to now."""
        return self._errors.read_text()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal; its exit code."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(5)
        return code

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.decode())
            self._fresh.put(self.lines[-1])
        self._fresh.put(None)


def fetch(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of a GET."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def send(url: str, token: str, document: dict[str, Any]) -> dict[str, Any]:
    """The answer to a successful POST, for what a test only needs done."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=json.dumps(document).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        answer: dict[str, Any] = json.loads(response.read())
        return answer


def events(url: str, slug: str) -> list[dict[str, Any]]:
    """Every event that readers of a coverage can have."""
    status, text = fetch(f"{url}/live/{slug}/changes?after=0&limit=1000")
    assert status == 200, text
    found: list[dict[str, Any]] = json.loads(text)["events"]
    return found
