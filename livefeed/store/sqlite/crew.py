"""Named threads that own SQLite connections and take jobs from one queue.

Theory of operation
    SQLite blocks, above all in fsync; the event loop must not. So each connection lives in a thread of its
    own, opened, used and closed there. A job is a function of the connection; its caller waits no longer than
    it said. What was not begun by then is withdrawn and never happens; what was begun goes on to its end, and
    the caller is told that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from livefeed.store import OutcomeUnknown, StoreAway

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Crew:
    """`size` threads called `name` that share a queue of jobs."""

    def __init__(self, name: str, size: int, connect: Callable[[], sqlite3.Connection]) -> None:
        self._name = name
        self._connect = connect
        self._jobs: SimpleQueue[tuple[Callable[[sqlite3.Connection], Any], Future[Any]] | None] = (
            SimpleQueue()
        )
        self._opened: list[Future[None]] = [Future() for _ in range(size)]
        self._ended: list[Future[None]] = [Future() for _ in range(size)]
        self._closed = True

    async def start(self) -> None:
        """Open every thread's connection; raises what opening one raises."""
        for opened, ended in zip(self._opened, self._ended, strict=True):
            # Daemons: a thread that hangs in fsync must not keep the process from ending.
            Thread(target=self._work, args=(opened, ended), name=self._name, daemon=True).start()
        self._closed = False
        await asyncio.gather(*map(asyncio.wrap_future, self._opened))

    async def run(self, job: Callable[[sqlite3.Connection], T], timeout: float) -> T:
        """What `job` returns or raises.

        Raises `StoreAway` when it was not begun within `timeout` seconds (it never will be) and
        `OutcomeUnknown` when it was begun but has not ended.
        """
        if self._closed:
            raise StoreAway("the store is closed")
        future: Future[T] = Future()
        self._jobs.put((job, future))
        try:
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes at the moment it is done.
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if future.cancel():
                raise StoreAway(f"the disk is too busy: waited {timeout} s for a turn") from None
            raise OutcomeUnknown(f"the disk has not answered within {timeout} s") from None

    async def aclose(self, timeout: float) -> None:
        """Finish what is queued and close the connections, waiting `timeout` seconds at most."""
        if self._closed:
            return
        self._closed = True
        for _ in self._ended:
            self._jobs.put(None)
        _, late = await asyncio.wait(map(asyncio.wrap_future, self._ended), timeout=timeout)
        if late:
            _log.error("%d thread(s) %s still wait for the disk after %s s", len(late), self._name, timeout)

    def _work(self, opened: Future[None], ended: Future[None]) -> None:
        try:
            connection = self._connect()
        except BaseException as error:
            ended.set_result(None)
            opened.set_exception(error)
            return
        opened.set_result(None)
        while (next_job := self._jobs.get()) is not None:
            job, future = next_job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job(connection))
            except BaseException as error:
                future.set_exception(error)
            del job, future, next_job  # a waiting thread must not keep the last result alive
        try:
            connection.close()
        except sqlite3.Error as error:
            _log.error("closing the SQLite file: %s", error)
        ended.set_result(None)
