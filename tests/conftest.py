"""What every test may ask for: a real server inside the test's own event loop, and settings for one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from live_server import Answer, Server, running, settings_for

from livefeed.settings import Settings

__all__ = ["Answer", "Server", "running", "settings_for"]

# Time proves nothing on a machine that others use, too. In CI nothing is shrunk: the limit of a test ends it
# by an exception, which Hypothesis takes for a counterexample and would work on for minutes after the limit.
settings.register_profile(
    "livefeed",
    settings.get_profile("ci" if os.environ.get("CI") else "default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target]
    + ([] if os.environ.get("CI") else [Phase.shrink, Phase.explain]),
)
settings.load_profile("livefeed")


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings in a folder of this test."""
    return lambda **changes: settings_for(tmp_path, **changes)


@pytest.fixture
async def server(make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    """A server on SQLite."""
    async with running(make_settings()) as started:
        yield started
