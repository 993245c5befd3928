"""Several server processes on one port of this machine, kept alive by a parent.

Theory of operation
    The parent serves nothing: it starts the workers, which share the port (SO_REUSEPORT), passes the signal
    to stop on to them, and starts anew whichever died, later each time it died young. A worker that is
    refused right at the first start is a wrong setting, not an accident: then all of them stop, and the
    parent ends with 1, because starting again would only repeat the worker's sentence.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from livefeed.settings import Settings

SETTLED = 10.0  # seconds after which a worker counts as having started well
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STOP_MARGIN = 20.0  # seconds a worker may take to stop beyond its drain window

log = structlog.get_logger()


def keep_fleet(settings: Settings) -> int:
    """Run `settings.workers` servers until SIGTERM or SIGINT; the exit code."""
    # Not uvloop: the parent only waits, and the standard loop takes `process_group`.
    return asyncio.run(_Fleet(settings).run())


def pause_after(lived: float, pause: float) -> float:
    """Seconds to wait before a worker that lived so long is started anew; `pause` is the former wait."""
    return SHORTEST_PAUSE if lived >= SETTLED else min(max(pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE)


class _Fleet:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers: dict[int, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._refused = False

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for asked in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(asked, self._stop)
        async with asyncio.TaskGroup() as group:
            for number in range(self._settings.workers):
                group.create_task(self._keep(number), name=f"worker {number}")
        return 1 if self._refused else 0

    def _stop(self) -> None:
        self._stopping.set()
        for worker in self._workers.values():
            worker.terminate()

    async def _keep(self, number: int) -> None:
        pause, first = 0.0, True
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._live(number)
            lived = time.monotonic() - began
            if self._stopping.is_set():
                return
            if first and code == 1 and lived < SETTLED:
                self._refused = True
                self._stop()
                return
            first = False
            pause = pause_after(lived, pause)
            log.error("a worker ended and is started anew", worker=number, exit_code=code, after=pause)
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def _live(self, number: int) -> int:
        settings = self._settings
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "livefeed", "serve"),
            stdin=asyncio.subprocess.DEVNULL,
            # The parent's options reach the workers so and not as arguments: everybody who lists processes
            # could read the store's password.
            env={
                **os.environ,
                "LIVEFEED_HOST": settings.host,
                "LIVEFEED_PORT": str(settings.port),
                "LIVEFEED_STORE": settings.store,
                "LIVEFEED_WORKERS": "1",
                "LIVEFEED_REUSE_PORT": "true",
            },
            # Ctrl-C in a terminal reaches a whole group: a worker would get it twice, and not drain.
            process_group=0,
        )
        self._workers[number] = worker
        if self._stopping.is_set():  # it came while the worker was being started
            worker.terminate()
        ending = asyncio.create_task(worker.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({ending}, timeout=settings.drain_window + STOP_MARGIN)
            if not ending.done():
                log.error("a worker does not stop and is killed", worker=number)
                worker.kill()
            return await ending
        finally:
            stopping.cancel()
            del self._workers[number]
