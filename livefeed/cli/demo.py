"""`livefeed demo`: a site to look at, with sample coverages and news that keeps coming."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import fail, finish, settings_or_fail

if TYPE_CHECKING:
    from livefeed.demo import Tickets
    from livefeed.settings import Settings
    from livefeed.web.rooms import Rooms

# Apart from a real site's in the same folder, and kept: started again, the demo goes on at once where it
# stopped, and a page that stayed open catches up.
STORE = "sqlite:///livefeed-demo.db"
MEDIA = "livefeed-demo-media"


def register(app: typer.Typer) -> None:
    app.command(
        epilog=f"""\b
Examples:
  livefeed demo
  LIVEFEED_PORT=9000 livefeed demo --every 2

Keeps everything in livefeed-demo.db and {MEDIA} here; remove both to begin anew.
"""
    )(demo)


def demo(
    *,
    every: Annotated[float, typer.Option(min=0.05, help="Seconds between two further updates.")] = 5.0,
    port: Annotated[
        int | None,
        typer.Option(help="Port; 0 picks a free one.  [LIVEFEED_PORT, 8080]", show_default=False),
    ] = None,
) -> None:
    """Serve three sample coverages, one of them going on; print the addresses and a curl line."""
    settings = _demo_settings(port)
    if settings.workers > 1:
        fail(f"LIVEFEED_WORKERS is {settings.workers}, but the demo is one process: unset it.")

    from livefeed.cli.logs import write_logs  # noqa: PLC0415 - see the package
    from livefeed.demo import Player, admit, read_coming, read_stories  # noqa: PLC0415
    from livefeed.web import serving  # noqa: PLC0415 - only this command serves

    write_logs(settings.log_format, logging.WARNING)  # the addresses should stay on the screen

    async def play(rooms: Rooms, base_url: str) -> None:
        tickets = await admit(rooms.accounts)
        player = Player(rooms, tickets.editor)
        stories = read_stories()
        for story in stories:
            await player.tell(story)
        slug = stories[-1].slug
        _print_addresses(base_url, slug, tickets, every)
        await player.go_on(slug, read_coming(), every)

    finish(serving.serve(settings, started=play))


def _demo_settings(port: int | None) -> Settings:
    settings = settings_or_fail(port=port)
    if "store" in settings.model_fields_set:
        return settings
    media = None if "media" in settings.model_fields_set else MEDIA
    return settings_or_fail(port=port, store=STORE, media=media)


def _print_addresses(base_url: str, slug: str, tickets: Tickets, every: float) -> None:
    from livefeed.events import coverage_url  # noqa: PLC0415 - see the package

    live = coverage_url(base_url, slug)
    headers = (f"Authorization: Bearer {tickets.token}", "Headline: رسالة من الزائر", "Breaking: yes")
    curl = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    typer.echo(
        f"""\
The demo is running; Ctrl-C stops it.

  Index       {base_url}/
  Live page   {live}
  Desk        {base_url}/desk/login?code={tickets.code}
              (logs you in once, as "demo")
  RSS         {base_url}/feeds/breaking.rss
  Atom        {base_url}/feeds/breaking.atom
  JSON Feed   {base_url}/feeds/breaking.json

A further update comes every {every:g} seconds. Post one yourself and watch it arrive:

  curl {curl} -d {shlex.quote("كتبتُ هذا التحديث من الطرفية.")} {live}
"""
    )
