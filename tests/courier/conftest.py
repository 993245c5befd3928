"""A receiver outside, and a server that may reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from live_server import Server, running
from receiver import LEASE, LOOPBACK, Receiver, receiving
from redis_server import PATIENCE

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
        delivery_timeout=PATIENCE,  # how busy the machine is must not make a delivery come twice
        courier_lease=LEASE,
    )
    async with running(settings) as started:
        yield started
