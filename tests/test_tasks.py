"""Tasks end when they are told to, even where a library loses the word."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading

import pytest

from livefeed.store.sqlite.crew import Crew
from livefeed.tasks import cancel


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def loses_two() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    task = asyncio.create_task(loses_two())
    await asyncio.sleep(0)
    await cancel([task])
    assert task.cancelled()
    assert lost == 3


async def test_ended_and_failing_tasks_are_no_trouble() -> None:
    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("at the end")

    async def ends() -> None:
        pass

    tasks = [asyncio.create_task(fails()), asyncio.create_task(ends())]
    await asyncio.sleep(0)
    await cancel(tasks)
    await cancel(tasks)
    await cancel([])
    assert isinstance(tasks[0].exception(), ValueError)


async def test_a_cancellation_that_comes_with_the_stores_answer_is_heard() -> None:
    crew = Crew("test", 1, lambda: sqlite3.connect(":memory:"))
    await crew.start()
    go, gone = threading.Event(), threading.Event()

    def job(_: sqlite3.Connection) -> int:
        go.wait(10)
        return 1

    def next_job(_: sqlite3.Connection) -> None:
        gone.set()

    task = asyncio.create_task(crew.run(job, 10))
    await asyncio.sleep(0)
    after = asyncio.create_task(crew.run(next_job, 10))
    await asyncio.sleep(0)
    # The loop stands still while the thread answers, so that the answer and the cancellation meet.
    go.set()
    assert gone.wait(10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with contextlib.suppress(asyncio.CancelledError):
        await after
    await crew.aclose(10)
