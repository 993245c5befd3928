"""Accounts on every store there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from accounts_place import Clock, Place, Watched, process
from redis_server import RedisServer, binaries, patient

from livefeed.accounts import (
    Accounts,
)
from livefeed.settings import Settings
from livefeed.store import open_store


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[RedisServer, Path]]]:
    started = {}
    try:
        for name, binary in binaries().items():
            folder = tmp_path_factory.mktemp(name)
            started[name] = RedisServer(folder, binary).start(), folder
        yield started
    finally:
        for server, _ in started.values():
            server.stop()


@pytest.fixture(params=["sqlite", *binaries()])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, servers: dict[str, tuple[RedisServer, Path]]
) -> AsyncIterator[Place]:
    if request.param == "sqlite":
        url, folder = f"sqlite:///{tmp_path / 'live.db'}", tmp_path
    else:
        server, folder = servers[request.param]
        url = server.url
        with server.client() as client:
            client.flushall()
    store = open_store(patient(Settings(store=url)), serving=True)
    await store.start()
    yield Place(Watched(store.records), folder)
    await store.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(place: Place, clock: Clock) -> Accounts:
    return process(place, clock)
