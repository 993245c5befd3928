"""A receiver outside, and a server that may reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from live_server import Server, running
from receiver import LOOPBACK, Receiver, receiving

from livefeed.settings import Settings


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.fixture
async def server(make_settings: Callable[..., Settings]) -> AsyncIterator[Server]:
    """A server on SQLite that may deliver on this machine, and is soon tired of trying."""
    settings = make_settings(
        private_networks=LOOPBACK,
        webhook_attempts=3,
        webhook_pause=0.02,
        delivery_timeout=2.0,
        courier_lease=1.0,
    )
    async with running(settings) as started:
        yield started
