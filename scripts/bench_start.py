"""What a start of the server costs, beside the least that any server on aiohttp pays.

The measure is CPU time, of the whole process from its start until /readyz first answers 200, because others'
work on the machine does not change it much. It is the smallest of several rounds, on a new SQLite file and on
one that was served before, as a multiple of `python -c "import aiohttp"` in the same run.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

LONGEST = 60.0  # seconds for one request
ADDRESS = re.compile(rb"livefeed answers at (http://\S+)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a start costs.")
    parser.add_argument("--rounds", type=int, default=5, help="How often each is started.")
    rounds = parser.parse_args().rounds
    bare: list[float] = []
    new: list[float] = []
    again: list[float] = []
    for _ in range(rounds):  # taking turns: a machine that slows down does so for all three
        bare.append(_spent(subprocess.Popen([sys.executable, "-c", "import aiohttp"])))
        with tempfile.TemporaryDirectory() as folder:
            new.append(_until_ready(Path(folder)))
            again.append(_until_ready(Path(folder)))
    least = min(bare)
    print(f"import aiohttp        {least:6.3f} s")
    for name, measured in (("ready, new file", new), ("ready, served before", again)):
        print(f"{name:21} {min(measured):6.3f} s   ratio {min(measured) / least:.2f}")


def _until_ready(folder: Path) -> float:
    """CPU seconds of a server until it is ready; then it is killed, so that its end is not counted."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "livefeed", "serve"],
        cwd=folder,
        env={**kept, "LIVEFEED_PORT": "0", "LIVEFEED_LOG_FORMAT": "json"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert server.stdout is not None  # noqa: S101 - it is a pipe
    with server.stdout as said:
        try:
            address = next(found[1].decode() for line in said if (found := ADDRESS.search(line)))
            with urllib.request.urlopen(f"{address}/readyz", timeout=LONGEST) as answer:  # noqa: S310 - ours
                answer.read()
        finally:
            server.kill()
            spent = _spent(server)
    return spent


def _spent(process: subprocess.Popen[bytes]) -> float:
    """CPU seconds of a process, once it has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
