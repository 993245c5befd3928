"""The end of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

INSIST_INTERVAL = 0.1  # seconds


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and return when all have ended; how they ended is theirs.

    Python 3.11's `asyncio.wait_for`, through which redis-py sends, loses a cancellation that comes at the
    moment it is done, and a task that loops would then never end. Therefore again until it is heard.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=INSIST_INTERVAL)
