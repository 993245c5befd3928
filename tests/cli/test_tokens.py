"""Tokens by the command line, beside a running server."""

import re
import time

from conftest import Newsroom
from livefeed_command import Command, fetch

TOKEN_LINE = re.compile(r"lf_[\w-]{43}\n")


def status_with(newsroom: Newsroom, token: str) -> int:
    return fetch(f"{newsroom.url}/api/v1/coverages", Authorization=f"Bearer {token}")[0]


def test_a_token_is_one_line_works_at_once_and_is_worthless_once_revoked(newsroom: Newsroom) -> None:
    command = newsroom.command
    ended = command.run("token", "add", "Rana", "--label", "agency import")
    assert TOKEN_LINE.fullmatch(ended.stdout)
    assert ended.stderr == ""
    token = ended.stdout.strip()
    assert status_with(newsroom, token) == 200

    (line,) = [line for line in command.done("token", "list", "Rana").splitlines() if "agency import" in line]
    assert token not in line
    id = line.split()[0]
    command.done("token", "revoke", id)
    deadline = time.monotonic() + 60
    while status_with(newsroom, token) != 401:  # the server believes what it read for a second
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert f"no token '{id}'" in command.refused("token", "revoke", id)


def test_a_token_may_be_narrowed_but_never_widened(newsroom: Newsroom) -> None:
    command = newsroom.command
    narrowed = ("--role", "editor", "--coverage", "one", "--coverage", "two")
    narrow = command.done("token", "add", "Rana", *narrowed)
    assert "editor  one, two" in command.done("token", "list", "Rana")
    said = command.refused("open", "three", "No", LIVEFEED_TOKEN=narrow.strip())
    assert "chief" in said
    assert "admin" in command.refused("token", "add", "Rana", "--role", "admin")


def test_a_token_needs_an_existing_editor(command: Command) -> None:
    assert "no editor named 'Nobody'" in command.refused("token", "add", "Nobody")
