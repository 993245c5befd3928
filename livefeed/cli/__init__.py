"""The `livefeed` command: one file per group of commands.

Exit codes: 0 done, 1 refused or failed (one sentence on standard error), 2 wrong usage, 130 interrupted. What
a command is asked for goes to standard output, everything else to standard error. Modules below the floor of
the commands are imported inside them, so that `--help` and `token add` do not pay for the server's.
"""

from __future__ import annotations

from typing import Annotated

import typer

from livefeed import __version__
from livefeed.cli import (
    audit,
    backup,
    check,
    demo,
    editors,
    exporting,
    importing,
    serve,
    tail,
    tokens,
    writing,
)

EPILOG = """\
Settings are LIVEFEED_* environment variables, lines of .env, or livefeed.toml.

\b
  livefeed demo                                a site with three sample coverages
  livefeed serve                               the server
  livefeed editor add Rana --role chief        an account, and a link that logs in once
  export LIVEFEED_TOKEN=$(livefeed token add Rana)
  livefeed open storm "Storm Reem" --language en
  livefeed post storm "The port is closed." --breaking
  livefeed tail storm
"""

app = typer.Typer(
    name="livefeed",
    help="Self-hosted live coverage: editors post, open pages show it in milliseconds.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text: it can be read in a pipe, and starts faster
    pretty_exceptions_enable=False,  # an unexpected error is a defect: a plain traceback for the report
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"livefeed {__version__}")
        raise typer.Exit


@app.callback()
def _livefeed(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


for _group in (serve, demo, writing, tail, exporting, importing, editors, tokens, audit, backup, check):
    _group.register(app)


def main() -> None:
    """Run the command that the process was called with."""
    app()
