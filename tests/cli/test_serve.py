"""The server as a process: when it answers, what it refuses, how it ends."""

import re
import resource
import signal
import socket
from pathlib import Path

import pytest
from livefeed_command import Command, fetch

from livefeed.cli.fleet import LONGEST_PAUSE, SETTLED, SHORTEST_PAUSE, pause_after


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_at_the_address_it_prints_and_ends_cleanly(
    command: Command, how: signal.Signals
) -> None:
    with command.serve() as server:
        assert fetch(f"{server.url}/healthz")[0] == 200
        assert server.end(how) == 0
        assert "Traceback" not in server.errors()


def test_a_start_loads_nothing_that_only_later_work_needs(command: Command) -> None:
    later = {
        *("rich.console", "rich.pretty", "pygments"),  # the tracebacks of a console
        *("feedgen", "dateutil"),  # the first feed
        "markdown_it",  # the first text
        *("PIL", "redis", "feedparser"),
        *("livefeed.demo", "livefeed.cli.incoming"),
    }
    with command.serve(PYTHONPROFILEIMPORTTIME="1") as server:
        assert fetch(f"{server.url}/readyz")[0] == 200
        loaded = set(re.findall(r"^import time:.*\| +(\S+)$", server.errors(), re.MULTILINE))
    assert "livefeed.web.app" in loaded
    assert loaded & later == set()


def test_a_second_server_on_the_same_file_is_refused_and_the_first_goes_on(command: Command) -> None:
    with command.serve() as server:
        said = command.refused("serve", "--port", "0")
        assert f"already served by process {server.process.pid}" in said
        assert "LIVEFEED_STORE=redis://" in said
        assert fetch(f"{server.url}/healthz")[0] == 200


def test_a_taken_port_is_refused_with_its_number(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} of 127.0.0.1" in command.refused("serve", "--port", str(port))


def test_several_workers_on_sqlite_are_refused_with_what_to_do(command: Command) -> None:
    said = command.refused("serve", LIVEFEED_WORKERS="2")
    assert "LIVEFEED_WORKERS is 2" in said
    assert "sqlite:///livefeed.db" in said
    assert "LIVEFEED_WORKERS=1" in said
    assert not (command.folder / "livefeed.db").exists()


def test_a_server_lets_itself_open_as_many_connections_as_the_system_allows(command: Command) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with command.serve(LIVEFEED_MAX_READERS="3000") as server:
            limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert re.search(r"Max open files +(\d+)", limits)[1] == str(min(4000, hard))  # type: ignore[index]  # fails if absent


def test_several_workers_need_a_port_by_number(command: Command) -> None:
    said = command.refused("serve", "--port", "0", "--workers", "3", "--store", "redis://127.0.0.1:1/0")
    assert "LIVEFEED_PORT is 0" in said


def test_every_wrong_setting_is_named_with_its_value_but_a_secret_is_not_shown(command: Command) -> None:
    said = command.refused("serve", LIVEFEED_PORT="99999", LIVEFEED_SECRET="hunter2")
    assert "LIVEFEED_PORT is '99999'" in said
    assert "LIVEFEED_SECRET" in said
    assert "hunter2" not in said


def test_a_broken_settings_file_is_a_sentence(command: Command) -> None:
    (command.folder / "livefeed.toml").write_text("port = = 3")
    assert "livefeed.toml" in command.refused("serve")


def test_an_option_wins_over_the_environment(command: Command) -> None:
    with command.start("serve", "--port", "0", LIVEFEED_PORT="1") as server:
        assert server.expect(r"answers at http://localhost:(\d+)")[1] != "1"


def test_a_worker_that_dies_young_waits_longer_each_time_and_one_that_settled_does_not() -> None:
    pauses = [0.0]
    for _ in range(10):
        pauses.append(pause_after(0.1, pauses[-1]))
    assert pauses[1] == SHORTEST_PAUSE
    assert pauses[1:] == sorted(pauses[1:])
    assert pauses[-1] == LONGEST_PAUSE
    assert pause_after(SETTLED, LONGEST_PAUSE) == SHORTEST_PAUSE
