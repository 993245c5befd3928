"""`livefeed audit`: the audit log as lines."""

from __future__ import annotations

from typing import Annotated

import typer

from livefeed.cli.outcome import finish, settings_or_fail
from livefeed.cli.records import open_register

PORTION = 1000  # acts read at once


def register(app: typer.Typer) -> None:
    app.command(
        epilog="""\b
Examples:
  livefeed audit >audit.jsonl
  livefeed audit --after 1200 >>audit.jsonl
  livefeed audit --coverage storm | jq -r '[.at, .by, .deed, .subject] | @tsv'

Works beside a running server.
"""
    )(audit)


def audit(
    coverage: Annotated[str, typer.Option(help="Only what was done in this coverage.")] = "",
    by: Annotated[str, typer.Option(help="Only what the person of this name did.")] = "",
    after: Annotated[int, typer.Option(min=0, help="Only what has a higher number.")] = 0,
) -> None:
    """Print who did what, when and from where as JSON Lines, the oldest first."""
    from livefeed.audit import Search, entry_line  # noqa: PLC0415 - see the package

    settings = settings_or_fail()

    async def work() -> None:
        number = after
        async with open_register(settings) as opened:
            while True:
                entries = await opened.store.acts(Search(coverage, by), limit=PORTION, after=number)
                for entry in entries:
                    typer.echo(entry_line(entry), nl=False)
                if len(entries) < PORTION:
                    return
                number = entries[-1].number

    finish(work())
