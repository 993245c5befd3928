"""A folder with the command, and one with a server that has an editor and an open coverage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from livefeed_command import Command, Running, send


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command in an empty folder."""
    return Command(tmp_path)


class Newsroom:
    """A running server, and the command set up to write to it."""

    def __init__(self, command: Command, server: Running) -> None:
        self.server = server
        self.url = server.url
        self.command = command
        command.done("editor", "add", "Rana", "--role", "chief")
        command.environment["LIVEFEED_URL"] = server.url
        self.token = command.done("token", "add", "Rana").strip()
        command.environment["LIVEFEED_TOKEN"] = self.token

    def open(self, slug: str) -> None:
        """Open a coverage without the command."""
        send(f"{self.url}/api/v1/coverages", self.token, {"slug": slug, "headline": slug, "language": "en"})

    def post(self, slug: str, **fields: object) -> dict[str, Any]:
        """Publish an update without the command."""
        return send(f"{self.url}/api/v1/coverages/{slug}/updates", self.token, fields)


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """One server for the tests of a module; each opens a coverage of its own."""
    command = Command(tmp_path_factory.mktemp("newsroom"))
    with command.serve() as server:
        yield Newsroom(command, server)
