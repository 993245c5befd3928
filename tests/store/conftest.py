"""Every test that asks for `store` runs once on each store that `STORES` names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis_server import PATIENCE, RedisServer, binaries, patient
from store_desk import Heard

from livefeed.settings import Settings
from livefeed.store import Listener, Store, open_store
from livefeed.store.redis import RedisStore
from livefeed.store.sqlite import SQLiteStore

Opener = Callable[[], Store]


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Opener:
    return lambda: SQLiteStore(folder / "live.db", serving=True, write_timeout=PATIENCE)


def _redis(binary: str, request: pytest.FixtureRequest, folder: Path) -> Opener:
    servers: dict[str, RedisServer] = request.getfixturevalue("redis_servers")
    server = servers[binary]
    with server.client() as client:
        client.flushall()
    return lambda: RedisStore.from_settings(patient(Settings(store=server.url)))


# A name, and what makes an unstarted store at one place, again and again: empty at the beginning of a test.
STORES: Mapping[str, Callable[[pytest.FixtureRequest, Path], Opener]] = {"sqlite": _sqlite} | {
    binary: partial(_redis, binary) for binary in binaries()
}


@pytest.fixture(scope="session")
def redis_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RedisServer]]:
    """One durable server of each kind, for tests that leave it running."""
    servers = {
        name: RedisServer(tmp_path_factory.mktemp(name), binary) for name, binary in binaries().items()
    }
    try:
        yield {name: server.start() for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.stop()


@pytest.fixture(params=list(STORES))
def unopened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Makes an unstarted store at this test's own place; what one wrote, the next finds."""
    return STORES[request.param](request, tmp_path)


@pytest.fixture
def heard() -> Heard:
    """The listener of `store`."""
    return Heard()


@pytest.fixture
async def store(unopened: Opener, heard: Heard) -> AsyncIterator[Store]:
    opened = unopened()
    await opened.start(heard, heard.hear)
    yield opened
    await opened.aclose()


@pytest.fixture(params=list(binaries()))
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """A durable server of this test's own, running."""
    server = RedisServer(tmp_path / "server", binaries()[request.param])
    yield server.start()
    server.stop()


@pytest.fixture
def replica(server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    """A replica of `server`."""
    replica = RedisServer(tmp_path / "replica", server.binary, replicaof=f"127.0.0.1 {server.port}")
    yield replica.start()
    replica.kill()  # nothing of it is wanted; Debian's Redis may take long over an orderly end


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Awaitable[Store]]]:
    """Opens and starts a store: `await opened(url, listener, setting=...)`; closed after the test."""
    stores: list[Store] = []

    async def open_and_start(
        url: str,
        listener: Listener | None = None,
        hear: Callable[[str], None] | None = None,
        **settings: Any,
    ) -> Store:
        store = open_store(patient(Settings(store=url, **settings)), serving=True)
        stores.append(store)
        await store.start(listener, hear)
        return store

    yield open_and_start
    for store in stores:
        await store.aclose()
