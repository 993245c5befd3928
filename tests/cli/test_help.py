"""What the command says of itself, and how it ends when it was called wrongly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer.main
from livefeed_command import Command

from livefeed.cli import app


def commands() -> Iterator[tuple[str, ...]]:
    """Every command as it is typed, such as `editor add`."""
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        yield from ((name, part) for part in inner) if inner else [(name,)]


@pytest.mark.parametrize("typed", list(commands()), ids=" ".join)
def test_the_help_of_every_command_has_examples_of_that_very_command(
    command: Command, typed: tuple[str, ...]
) -> None:
    help = command.done(*typed, "--help")
    examples = help.partition("Examples:")[2] or help.partition("Example:")[2]
    assert f"livefeed {' '.join(typed)}" in examples, help


def test_without_a_command_it_shows_how_it_is_used(command: Command) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        ended = command.call(*arguments)
        assert "livefeed serve" in ended.stdout + ended.stderr, arguments
    assert command.done("--version").startswith("livefeed ")


@pytest.mark.parametrize(
    "wrong",
    [
        ("nothing",),
        ("serve", "--nothing"),
        ("serve", "--port", "x"),
        ("post",),
        ("open", "only-a-slug"),
        ("editor", "add"),
        ("editor", "add", "Rana", "--role", "king"),
        ("token", "add"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_prints_nothing_on_standard_output(
    command: Command, wrong: tuple[str, ...]
) -> None:
    ended = command.call(*wrong)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr
