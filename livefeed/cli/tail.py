"""`livefeed tail`: a coverage in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import Failed, finish
from livefeed.cli.writing import DEFAULT_URL, Slug, Url

if TYPE_CHECKING:
    from livefeed.cli.client import Site
    from livefeed.cli.stream import Frame, Place

CLOCK_WIDTH = 16


def register(app: typer.Typer) -> None:
    app.command(
        epilog="""\b
Examples:
  livefeed tail storm-reem
  livefeed tail storm-reem --from-start
  livefeed tail storm-reem --json | jq -r 'select(.kind == "published").update.headline'
"""
    )(tail)


def tail(
    slug: Slug,
    json: Annotated[bool, typer.Option("--json", help="Print each frame as it came, one a line.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest update.")] = False,
    after: Annotated[
        str | None, typer.Option(help="Go on after this position of an earlier --json.", show_default=False)
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Follow a coverage until Ctrl-C; a lost connection is taken up where it broke."""
    if from_start and after is not None:
        raise typer.BadParameter("choose one of --from-start and --after", param_hint="--after")
    finish(_follow(url, slug, "0" if from_start else after, json=json))


async def _follow(url: str, slug: str, cursor: str | None, *, json: bool) -> None:
    from contextlib import aclosing  # noqa: PLC0415 - see the package

    from livefeed.cli.client import open_site  # noqa: PLC0415
    from livefeed.cli.stream import Move, Place, follow  # noqa: PLC0415

    async with open_site(url) as site:
        place = Place(cursor)
        await _arrive(site, slug, place)
        async with aclosing(follow(site, slug, place)) as frames:
            async for frame, move in frames:
                if json:
                    typer.echo(frame.text)
                elif move is Move.SHOW:
                    _show(frame)


async def _arrive(site: Site, slug: str, place: Place) -> None:
    """Find out by a plain request whether there is anything to follow: unlike a refused handshake, its answer
    is a sentence. It also names where to begin, so that nothing is missed until the socket is open."""
    from livefeed.cli.client import quoted  # noqa: PLC0415 - see the package

    answer = await site.get(f"/live/{quoted(slug)}/changes")
    if 400 <= answer.status < 500:
        raise Failed(answer.sentence)
    position = answer.document.get("position")
    if place.cursor is None and isinstance(position, str):
        place.cursor = position


def _show(frame: Frame) -> None:
    from livefeed.cli.lines import line_of  # noqa: PLC0415 - see the package

    if frame.kind == "reload":
        typer.echo("livefeed: the position is not in the log any more; going on from now.", err=True)
        return
    clock, mark, said = line_of(frame.document)
    shown = typer.style(f"{mark}  ", fg="red", bold=True) if mark else ""
    typer.echo(f"{clock:<{CLOCK_WIDTH}}  {shown}{said}")
