"""Doors are tested on the loop that `serve` runs on: its transports refuse what asyncio's own forgive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """See pytest-asyncio."""
    return {"uvloop": uvloop.new_event_loop}
