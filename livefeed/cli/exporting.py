"""`livefeed export`: a coverage as JSON Lines and its pictures as files, or the whole site as files."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

import typer

from livefeed.cli.outcome import Failed, finish
from livefeed.cli.writing import DEFAULT_URL, NEEDS, Url, token_or_fail

if TYPE_CHECKING:
    from livefeed.cli.client import Site

PAGE = 200  # updates an answer, the most that the server gives

Json = dict[str, Any]


def register(app: typer.Typer) -> None:
    app.command(
        epilog=f"""\b
Examples:
  livefeed export storm-reem storm.jsonl --media pictures
  livefeed export storm-reem | jq -r 'select(.breaking).headline'
  livefeed export --site copy

{NEEDS}
--site needs no token: it sees what readers see.
"""
    )(export)


def export(
    slug: Annotated[
        str | None, typer.Argument(help="The coverage's name in addresses.", show_default=False)
    ] = None,
    file: Annotated[str, typer.Argument(help="Where to write; - is standard output.")] = "-",
    *,
    media: Annotated[
        Path | None, typer.Option(help="Keep the pictures in this folder as well.", show_default=False)
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(help="Copy what readers see of the whole site into this folder.", show_default=False),
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Write a coverage as JSON Lines: the coverage, then each update, the oldest first, drafts last.

    Or, with --site, copy the whole site as files that open from the disk.
    """
    if (slug is None) == (site is None):
        raise typer.BadParameter("give either a SLUG or --site FOLDER", param_hint="SLUG")
    if site is not None:
        if media is not None:
            raise typer.BadParameter("a copied site has its pictures in it", param_hint="--media")
        finish(_copy(url, site))
    elif slug is not None:
        finish(_export(url, slug, file, media))


async def _copy(url: str, folder: Path) -> None:
    from livefeed.cli.client import open_site  # noqa: PLC0415 - see the package
    from livefeed.cli.copying import copy_site  # noqa: PLC0415

    async with open_site(url) as site:
        number = await copy_site(site, folder)
    typer.echo(f"livefeed: {number} files are in {folder}; open {folder / 'index.html'}.", err=True)


async def _export(url: str, slug: str, file: str, folder: Path | None) -> None:
    from livefeed.cli.client import open_site  # noqa: PLC0415 - see the package

    async with open_site(url, token=token_or_fail()) as site:
        lines, pictures = await _lines(site, slug)
        if folder is not None:
            await _keep(site, pictures, folder)
    content = b"".join(lines)
    if file == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        put(Path(file), content)
    typer.echo(f"livefeed: {len(lines) - 1} updates are exported.", err=True)


async def _lines(site: Site, slug: str) -> tuple[list[bytes], set[str]]:
    """A coverage as lines, and the addresses of its pictures.

    What is not published is read first: an update that is published meanwhile is then in both lists, and the
    later state counts; the other way round it would be in neither.
    """
    from livefeed.cli.client import quoted  # noqa: PLC0415 - see the package
    from livefeed.cli.progress import Progress  # noqa: PLC0415

    path = f"/api/v1/coverages/{quoted(slug)}"
    progress = Progress("{} updates are read")
    coverage = await site.read(path)
    archived = (await site.read("/api/v1/coverages?archived=yes"))["coverages"]
    coverage["archived"] = any(other["slug"] == coverage["slug"] for other in archived)
    lead = [coverage["lead_media"]] if coverage.get("lead_media") else []
    pictures = {picture["url"] for picture in lead}
    lists: list[dict[str, bytes]] = []
    for status in ("unpublished", "published"):
        found: dict[str, bytes] = {}
        async for update in _updates(site, f"{path}/updates?status={status}"):
            progress.add()
            embeds = (embed["picture"] for embed in update["embeds"] if embed["picture"])
            pictures |= {picture["url"] for picture in (*update["media"], *embeds)}
            # Said, because text that is handed in is Markdown if nothing is said.
            found[update["id"]] = _line({**update, "format": "html"})
        lists.append(found)
    waiting, published = lists
    own = [line for id, line in reversed(waiting.items()) if id not in published]
    return [_line(coverage), *reversed(published.values()), *own], pictures


async def _updates(site: Site, path: str) -> AsyncIterator[Json]:
    before = ""
    while True:
        page = await site.read(f"{path}&limit={PAGE}{before}")
        for update in page["updates"]:
            yield update
        if not page["more"]:
            return
        before = f"&before={quote(page['before'], safe='')}"


async def _keep(site: Site, addresses: Iterable[str], folder: Path) -> None:
    """Download pictures that are not in the folder yet; a name stands for the same bytes for ever."""
    from livefeed.cli.progress import Progress  # noqa: PLC0415 - see the package

    progress = Progress("{} pictures are kept")
    missing = []
    for address in sorted(addresses):
        path = urlsplit(address).path
        name = path.rpartition("/")[2]
        if not re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9]+", name):
            missing.append(address)  # not one of a livefeed server's
            continue
        progress.add()
        if (folder / name).exists():
            continue
        # By way of LIVEFEED_URL: the public address may not be reachable from here.
        content = await site.download(f"/media/{name}")
        if content is None:
            missing.append(address)
        else:
            put(folder / name, content)
    if missing:
        raise Failed(*(f"The server does not have the picture {address[:200]}." for address in missing))


def put(file: Path, content: bytes) -> None:
    """Write a file whole: under its name there is the former content or the new, never a part of it.

    Raises `Failed`.
    """
    file = file.resolve()  # a link stays one
    part = file.parent / f".{file.name}.part"
    try:
        if file.exists() and not file.is_file():
            raise Failed(f"{file} is not a file; - is standard output.")  # renaming would replace a device
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    except OSError as error:
        raise Failed(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        with suppress(OSError):  # it is what could not be written
            part.unlink(missing_ok=True)


def _line(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
