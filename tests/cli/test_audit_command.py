"""The audit log by the command line, beside a running server."""

from __future__ import annotations

import json

from conftest import Newsroom


def test_the_log_is_printed_line_by_line_and_goes_on_where_it_ended(newsroom: Newsroom) -> None:
    command = newsroom.command
    newsroom.open("storm")
    newsroom.post("storm", body="x")
    command.done("editor", "role", "Rana", "admin")
    command.done("editor", "add", "Sami", "--role", "contributor")
    lines = [json.loads(line) for line in command.done("audit").splitlines()]
    assert [line["deed"] for line in lines] == [
        "add-editor",
        "make-link",
        "add-token",
        "open",
        "publish",
        "set-role",
        "add-editor",
        "make-link",
    ]
    assert [line["number"] for line in lines] == list(range(1, 9))
    assert {lines[0]["address"], lines[3]["address"]} == {"command line", "127.0.0.1"}
    assert lines[5]["detail"] == "Rana admin"
    assert [json.loads(line)["number"] for line in command.done("audit", "--after", "6").splitlines()] == [
        7,
        8,
    ]
    assert len(command.done("audit", "--coverage", "storm").splitlines()) == 2
    assert len(command.done("audit", "--by", "Rana").splitlines()) == 2
    assert command.done("audit", "--by", "nobody") == ""
