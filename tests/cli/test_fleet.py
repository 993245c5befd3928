"""Several workers on one port, with a real Valkey behind them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from livefeed_command import ADDRESS, Command, Running, fetch
from redis_server import RedisServer, binaries, free_port, until


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Command]:
    """The command with two workers on a store of its own."""
    valkey = RedisServer(tmp_path / "valkey", binaries()["valkey"]).start()
    settings = {
        "LIVEFEED_STORE": valkey.url,
        "LIVEFEED_SECRET": "s" * 40,
        "LIVEFEED_PORT": str(free_port()),
        "LIVEFEED_WORKERS": "2",
    }
    yield Command(tmp_path, **settings)
    valkey.stop()


def workers_of(parent: Running) -> list[int]:
    listed = Path(f"/proc/{parent.process.pid}/task/{parent.process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_killed_worker_is_started_anew_and_all_end_with_their_parent(fleet: Command) -> None:
    with fleet.start("serve") as parent:
        for _ in range(2):
            url = parent.expect(ADDRESS)[1]
        assert fetch(f"{url}/healthz")[0] == 200
        first = workers_of(parent)
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        parent.expect(ADDRESS)
        second = workers_of(parent)
        assert len(second) == 2
        assert first[1] in second
        assert first[0] not in second
        assert parent.end(signal.SIGTERM) == 0
        await until(lambda: all(gone(pid) for pid in second))


def test_a_fleet_whose_workers_are_refused_ends_with_their_sentence(fleet: Command) -> None:
    with fleet.serve(LIVEFEED_WORKERS="1"):
        pass  # from now on the store knows the fleet's secret
    assert "LIVEFEED_SECRET is not the one" in fleet.refused("serve", LIVEFEED_SECRET="t" * 40)
