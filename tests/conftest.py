"""What every test may ask for: a real server inside the test's own event loop, and settings for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from live_server import Answer, Server, running, settings_for

from livefeed.settings import Settings

__all__ = ["Answer", "Server", "running", "settings_for"]


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings in a folder of this test."""
    return lambda **changes: settings_for(tmp_path, **changes)


@pytest.fixture
async def server(make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    """A server on SQLite."""
    async with running(make_settings()) as started:
        yield started
