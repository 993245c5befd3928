"""`livefeed serve`: the server, in one process or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import fail, finish, settings_or_fail

if TYPE_CHECKING:
    from livefeed.settings import Settings
    from livefeed.web.rooms import Rooms


def register(app: typer.Typer) -> None:
    app.command(
        epilog="""\b
Examples:
  livefeed serve
  livefeed serve --host 0.0.0.0 --port 9000
  LIVEFEED_STORE=redis://127.0.0.1:6379/0 LIVEFEED_SECRET=… LIVEFEED_WORKERS=2 livefeed serve
"""
    )(serve)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [LIVEFEED_HOST, 127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port; 0 picks a free one.  [LIVEFEED_PORT, 8080]", show_default=False),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="sqlite:///FILE or redis://HOST:PORT/DB.  [LIVEFEED_STORE, sqlite:///livefeed.db]",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes; more than one needs a Redis store.  [LIVEFEED_WORKERS, 1]", show_default=False
        ),
    ] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM. The other settings come from the environment."""
    settings = settings_or_fail(host=host, port=port, store=store, workers=workers)
    if settings.workers > 1:
        _serve_many(settings)
    else:
        _serve_one(settings)


def _serve_one(settings: Settings) -> None:
    from livefeed.cli.logs import write_logs  # noqa: PLC0415 - see the package

    write_logs(settings.log_format)
    from livefeed.web import serving  # noqa: PLC0415 - after the logs, which decide what they load

    async def say(_: Rooms, base_url: str) -> None:
        typer.echo(f"livefeed answers at {base_url}")

    finish(serving.serve(settings, started=say))


def _serve_many(settings: Settings) -> None:
    if settings.store.startswith("sqlite:"):
        fail(
            f"LIVEFEED_WORKERS is {settings.workers}, but one process at a time may serve "
            f"{settings.store}: set LIVEFEED_WORKERS=1, or LIVEFEED_STORE=redis://… for several."
        )
    if settings.port == 0:
        fail(
            f"LIVEFEED_PORT is 0 and LIVEFEED_WORKERS is {settings.workers}: each process would pick a port "
            "of its own. Name a port."
        )
    from livefeed.cli.fleet import keep_fleet  # noqa: PLC0415 - see the package
    from livefeed.cli.logs import write_logs  # noqa: PLC0415

    write_logs(settings.log_format)
    raise typer.Exit(keep_fleet(settings))
