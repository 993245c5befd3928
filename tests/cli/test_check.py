"""What `check` finds in order, what it finds wrong, and that it changes nothing."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from livefeed_command import Command
from redis_server import RedisServer, binaries

from livefeed.cli.check import CLOCK_TOLERANCE, clock_finding


def problems(command: Command, **settings: str) -> dict[str, str]:
    """The problems by subject; the command failed if and only if there are any."""
    ended = command.call("check", "--json", **settings)
    found = json.loads(ended.stdout)
    wrong = {finding["subject"]: finding["sentence"] for finding in found if not finding["ok"]}
    assert ended.returncode == (1 if wrong else 0)
    return wrong


def test_a_new_folder_is_in_order_and_left_empty(command: Command) -> None:
    lines = command.done("check").splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert [line.split()[1] for line in lines] == ["settings:", "store:", "media:", "templates:"]
    assert list(command.folder.iterdir()) == []


def test_beside_a_running_server_all_is_in_order(command: Command) -> None:
    with command.serve():
        lines = command.done("check").splitlines()
        subjects = [line.split()[1] for line in lines]
        assert subjects == [
            "settings:", "store:", "clock:", "secret:", "pictures:", "media:", "templates:",
        ]  # fmt: skip


def test_what_a_server_has_settled_may_not_be_changed(command: Command, tmp_path: Path) -> None:
    with command.serve(LIVEFEED_SECRET="a" * 40):
        pass
    assert problems(command, LIVEFEED_SECRET="a" * 40) == {}
    wrong = problems(command, LIVEFEED_SECRET="b" * 40, LIVEFEED_MEDIA="elsewhere")
    assert set(wrong) == {"secret", "pictures"}
    assert "LIVEFEED_SECRET is not the one" in wrong["secret"]
    assert "LIVEFEED_MEDIA" in wrong["pictures"]
    assert "b" * 40 not in str(wrong)
    # It asked without taking sides: the first secret still fits.
    assert problems(command, LIVEFEED_SECRET="a" * 40) == {}


def test_a_store_that_cannot_be_used_is_named_without_its_password(command: Command) -> None:
    wrong = problems(command, LIVEFEED_STORE="redis://user:hunter2@127.0.0.1:1/0")
    assert "LIVEFEED_STORE" in wrong["store"]
    assert "LIVEFEED_SECRET is empty" in wrong["secret"]
    assert "hunter2" not in str(wrong)
    assert "its folder must exist" in problems(command, LIVEFEED_STORE="sqlite:///no/such.db")["store"]
    with sqlite3.connect(command.folder / "other.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    assert "another program" in problems(command, LIVEFEED_STORE="sqlite:///other.db")["store"]
    assert "it must begin with sqlite:///" in problems(command, LIVEFEED_STORE="mysql://x")["store"]


def test_a_redis_that_forgets_is_a_problem_with_its_mending(command: Command, tmp_path: Path) -> None:
    valkey = RedisServer(tmp_path / "valkey", binaries()["valkey"], appendfsync="everysec").start()
    try:
        wrong = problems(command, LIVEFEED_STORE=valkey.url, LIVEFEED_SECRET="s" * 40)
        assert "appendfsync" in wrong["store"]
        assert "always" in wrong["store"]
    finally:
        valkey.stop()


def test_folders_that_do_not_fit_are_problems(command: Command) -> None:
    (command.folder / "file").touch()
    overlay = command.folder / "theme"
    overlay.mkdir()
    (overlay / "live.html").write_text("{% if %}")
    wrong = problems(command, LIVEFEED_MEDIA="file", LIVEFEED_TEMPLATES="theme", LIVEFEED_WORKERS="2")
    assert "change the folder's owner" in wrong["media"]
    assert "theme/live.html cannot be read" in wrong["templates"]
    assert "LIVEFEED_WORKERS is 2" in wrong["settings"]
    (overlay / "live.html").rename(overlay / "lvie.html")
    assert "lvie.html replaces nothing" in problems(command, LIVEFEED_TEMPLATES="theme")["templates"]
    assert "no folder" in problems(command, LIVEFEED_TEMPLATES="nowhere")["templates"]


def test_wrong_settings_are_all_said_and_nothing_else_is_looked_at(command: Command) -> None:
    ended = command.call("check", LIVEFEED_PORT="x", LIVEFEED_BASE_URL="example.org")
    assert ended.returncode == 1
    assert [line.split(":")[0] for line in ended.stdout.splitlines()] == ["PROBLEM  settings"] * 2


@pytest.mark.parametrize("apart", [CLOCK_TOLERANCE + 0.1, -CLOCK_TOLERANCE - 0.1, 3600])
def test_clocks_that_disagree_are_a_problem(apart: float) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert not clock_finding(now + timedelta(seconds=apart), now).ok
    assert clock_finding(now + timedelta(seconds=CLOCK_TOLERANCE), now).ok
