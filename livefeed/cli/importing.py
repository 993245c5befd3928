"""`livefeed import`: items of a file become updates of a coverage, each of them once."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from livefeed.cli.intake import Intake, Pictures, Tally
from livefeed.cli.outcome import FAILED, Failed, finish
from livefeed.cli.writing import DEFAULT_URL, NEEDS, Slug, Url, token_or_fail

if TYPE_CHECKING:
    from livefeed.cli.client import Site
    from livefeed.cli.incoming import Item

Items = Callable[[], Iterable["Item"]]


def register(app: typer.Typer) -> None:
    app.command(
        "import",
        epilog=f"""\b
Examples:
  livefeed import storm-reem storm.jsonl --media pictures
  livefeed import storm-reem agency.rss --publish
  curl -s https://example.org/feed.json | livefeed import storm-reem -

{NEEDS}
The same file again changes nothing; exit code 1 when an item was refused.
""",
    )(import_)


def import_(
    slug: Slug,
    file: Annotated[
        str,
        typer.Argument(
            help="JSON Lines, RSS, Atom or JSON Feed; - reads standard input.", show_default=False
        ),
    ],
    *,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish what is published at its source; drafts if left out.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--no-breaking", help="Leave the breaking flag out, which takes a chief.")
    ] = False,
    media: Annotated[
        Path | None,
        typer.Option(help="Upload the pictures of JSON Lines from this folder of `livefeed export`."),
    ] = None,
    ended: Annotated[
        bool,
        typer.Option(
            "--ended", help="Close and archive the coverage afterwards if it is so at its source (a chief)."
        ),
    ] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Import a file's items into a coverage, oldest first, with their original times."""
    finish(_import(url, slug, file, publish=publish, breaking=not plain, folder=media, ended=ended))


async def _import(
    url: str, slug: str, file: str, *, publish: bool, breaking: bool, folder: Path | None, ended: bool
) -> None:
    from livefeed.cli.client import open_site  # noqa: PLC0415 - see the package
    from livefeed.cli.incoming import Unreadable  # noqa: PLC0415

    name = "Standard input" if file == "-" else file
    async with open_site(url, token=token_or_fail()) as site:
        with _opened(file) as opened:
            try:
                ending = _ending(opened) if ended else []
                tally = await _taken(
                    site,
                    slug,
                    opened,
                    publish=publish,
                    breaking=breaking,
                    folder=folder,
                    closed=bool(ending),
                )
            except Unreadable as unreadable:
                raise Failed(f"{name} {unreadable}") from None
            if not tally.refused:
                await _end(site, slug, ending)
    typer.echo(tally.summary)
    for remark in tally.remarks:
        typer.echo(f"livefeed: {remark}", err=True)
    if tally.refused:
        raise typer.Exit(FAILED)


async def _taken(
    site: Site,
    slug: str,
    file: BinaryIO,
    *,
    publish: bool,
    breaking: bool,
    folder: Path | None,
    closed: bool,
) -> Tally:
    from livefeed.cli.client import quoted  # noqa: PLC0415 - see the package

    items = _items_of(file)
    for _ in items():  # the whole file is judged before anything is sent
        pass
    path = f"/api/v1/coverages/{quoted(slug)}"
    # One that this import closes at its end may be closed already: by its first run.
    if (await site.read(path)).get("status") == "closed" and not closed:
        raise Failed(f"The coverage {slug!r} is closed and takes no new updates. Reopen it first.")
    tally = Tally()
    intake = Intake(site, f"{path}/updates", Pictures(site, folder), publish, breaking)
    try:
        await intake.take(items(), tally)
    except Failed as failed:
        again = "Run it again to go on: nothing is written twice."
        raise Failed(*failed.sentences, f"Up to there: {tally.summary} {again}") from None
    return tally


async def _end(site: Site, slug: str, ending: list[str]) -> None:
    """Do to the coverage what was done to it at its source; what is done already stays."""
    from livefeed.cli.client import quoted  # noqa: PLC0415 - see the package

    for deed in ending:
        answer = await site.post(f"/api/v1/coverages/{quoted(slug)}/{deed}", {}, key=secrets.token_hex(8))
        if not 200 <= answer.status < 300:
            raise Failed(answer.sentence)


def _ending(file: BinaryIO) -> list[str]:
    from livefeed.cli.incoming import ending_of  # noqa: PLC0415 - see the package

    ending = ending_of(file)
    file.seek(0)
    return ending


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """The file, to be read more than once. Raises `Failed`."""
    with ExitStack() as closing:
        try:
            if file == "-":
                opened: BinaryIO = closing.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(sys.stdin.buffer, opened)
                opened.seek(0)
            else:
                opened = closing.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise Failed(f"{file} cannot be read: {error.strerror}.") from None
        yield opened


def _items_of(file: BinaryIO) -> Items:
    """The items, as often as they are asked for. Raises `Unreadable`, for JSON Lines on the way."""
    from livefeed.cli import feedfile, incoming  # noqa: PLC0415 - see the package

    head = file.read(feedfile.LARGEST_FEED + 1)
    whole = len(head) <= feedfile.LARGEST_FEED
    # UTF-16 has a zero byte beside each "<".
    first = head[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]
    if first not in {b"<", b"{"}:
        kinds = "JSON Lines, RSS, Atom or JSON Feed"
        raise incoming.Unreadable(f"is {'not ' if first else 'empty, not '}{kinds}.")
    if first == b"<" or feedfile.is_json_feed(head):
        if not whole:
            raise incoming.Unreadable(f"has over {feedfile.LARGEST_FEED:,} bytes, the limit for a feed.")
        items = feedfile.xml_feed(head) if first == b"<" else feedfile.json_feed(head)
        return lambda: items

    def lines() -> Iterator[Item]:
        file.seek(0)
        return incoming.lines_of(file)

    return lines
