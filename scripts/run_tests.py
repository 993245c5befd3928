"""The checks and every test, several parts at a time: some mostly wait, others mostly compute.

A part is a folder of tests (or what lies beside the folders) in a run of pytest of its own; those that take
longest begin first. What a part said comes in one piece when it has ended. The last line counts all of them
as pytest does. Ends with 1 when any part failed.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path("tests")
# The browser's tests take a third of all time: in two parts they end with the rest.
APART = {"e2e": ("accessibility", "account", "desk", "story", "together", "trouble")}
LONGEST_FIRST = (
    "e2e",
    "e2e-apart",
    "web",
    "faults",
    "others",
    "cli",
    "store",
    "checks",
)  # the rest takes a minute at most
COUNTS = ("failed", "errors", "passed", "skipped", "xfailed", "xpassed", "warnings")
ON_DISK = ("store", "faults", "newsroom")  # what an acknowledged write survives is theirs to show
# Elsewhere a test's files may lie in memory, where no write waits for a disk that others use, too.
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - a folder of this run's own is made in it
# One more than there are processors: no part computes all the time.
AT_ONCE = (os.cpu_count() or 1) + 1


@dataclass(frozen=True, slots=True)
class Part:
    """Something to run, by its name."""

    name: str
    command: tuple[str, ...]


def parts() -> list[Part]:
    """All there is to run, in the order of beginning."""
    folders = sorted({path.parent for path in TESTS.glob("*/test_*.py")})
    found = [
        Part("checks", ("make", "--no-print-directory", "check")),
        _tests("others", str(TESTS), *(f"--ignore={folder}" for folder in folders)),
        *(part for folder in folders for part in _parts_of(folder)),
    ]
    known = {name: place for place, name in enumerate(LONGEST_FIRST)}
    return sorted(found, key=lambda part: known.get(part.name, len(known)))


def counted(said: str) -> Counter[str]:
    """What the closing line of a run of pytest counts."""
    closing = said.rstrip().rpartition("\n")[2]
    found = re.findall(r"(\d+) (failed|error|passed|skipped|xfailed|xpassed|warning)s?\b", closing)
    return Counter({_plural(word): int(number) for number, word in found})


async def run(all_parts: Sequence[Part]) -> int:
    """Run them; 0 when all succeeded."""
    began = time.monotonic()
    places = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory(dir=_quick_folder()) as quick:
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(_run(part, places, None if part.name in ON_DISK else quick))
                for part in all_parts
            ]
    ended = [task.result() for task in running]
    failed = [part.name for part, (code, _) in zip(all_parts, ended, strict=True) if code]
    totals: Counter[str] = sum((counts for _, counts in ended), Counter())
    if failed:
        print(f"These parts failed: {', '.join(failed)}")
    words = ", ".join(f"{totals[word]} {word}" for word in COUNTS if totals[word])
    print(f"===== {words} in {time.monotonic() - began:.2f}s =====", flush=True)
    return int(bool(failed))


def _parts_of(folder: Path) -> list[Part]:
    name = folder.name
    apart = [f"{folder}/test_{name}_{what}.py" for what in APART.get(name, ())]
    rest = _tests(name, str(folder), *(f"--ignore={file}" for file in apart))
    return [rest, _tests(f"{name}-apart", *apart)] if apart else [rest]


def _tests(name: str, *arguments: str) -> Part:
    own_cache = ("-o", f"cache_dir=.pytest_cache/{name}")
    return Part(name, (sys.executable, "-m", "pytest", *own_cache, *arguments))


def _quick_folder() -> Path | None:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if roomy else None


def _plural(word: str) -> str:
    return f"{word}s" if word in {"error", "warning"} else word


async def _run(part: Part, places: asyncio.Semaphore, files: str | None) -> tuple[int, Counter[str]]:
    """The exit code of a part, and what its tests came to. `files` is where they keep theirs."""
    async with places:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *part.command,
            env={**os.environ, "TMPDIR": files} if files else None,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            written, _ = await process.communicate()
        finally:
            if process.returncode is None:  # interrupted: it must not go on alone
                process.terminate()
                await process.wait()
    said = written.decode(errors="replace")
    print(f"----- {part.name}, {time.monotonic() - began:.0f} s -----\n{said}", flush=True)
    return process.returncode or 0, counted(said)


async def main() -> int:
    """Run everything; SIGTERM ends what runs."""
    this = asyncio.current_task()
    assert this is not None  # noqa: S101 - asyncio.run made it
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    return await run(parts())


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
