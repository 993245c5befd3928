"""`livefeed import`: items of a file become updates of a coverage, each of them once."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from livefeed.cli.outcome import FAILED, Failed, finish
from livefeed.cli.writing import DEFAULT_URL, NEEDS, Slug, Url, token_or_fail

if TYPE_CHECKING:
    from livefeed.cli.client import Answer, Site
    from livefeed.cli.incoming import Item, Picture

Items = Callable[[], Iterable["Item"]]


@dataclass(slots=True)
class Tally:
    """What has become of the items up to now."""

    drafts: int = 0
    published: int = 0
    known: int = 0
    changed: int = 0
    refused: int = 0
    withdrawn: int = 0
    corrections: int = 0
    files: int = 0

    def note(self, item: Item, status: str, answer: Answer) -> bool:
        """Count what the server answered; False for a refusal."""
        if str(answer.document.get("type", "")).endswith("idempotency-key-reused"):
            self.known += 1
            self.changed += 1
        elif not 200 <= answer.status < 300:
            self.refused += 1
            return False
        elif answer.replayed:
            self.known += 1
        else:
            self.drafts += status == "draft"
            self.published += status == "published"
            self.corrections += item.corrections
            self.files += item.files
        return True

    @property
    def summary(self) -> str:
        new = self.drafts + self.published
        return (
            f"{new} new ({self.published} published, {self.drafts} drafts), "
            f"{self.known} known, {self.refused} refused."
        )

    @property
    def remarks(self) -> Iterator[str]:
        """What did not come along, and why."""
        if self.changed:
            yield (
                f"{self.changed} of the known ones are not what was imported first, in the file or by the "
                "options; they stay as they are here."
            )
        if self.withdrawn:
            yield f"{self.withdrawn} retracted at their source: there is nothing to import."
        if self.corrections:
            yield f"{self.corrections} correction notes are not imported; the corrected texts are."
        if self.files:
            yield f"{self.files} pictures and other files are not fetched: upload what is needed."


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


class Pictures:
    """The pictures of a folder, uploaded when the first update shows them."""

    def __init__(self, site: Site, folder: Path | None) -> None:
        self._site = site
        self._folder = folder
        self._uploaded: dict[str, str] = {}  # id here by id in the source

    async def id_of(self, picture: Picture) -> str:
        """The id under which the server has it. Raises `NotTaken`."""
        if self._folder is None:
            return picture.id  # the server may have it: the file may be its own
        if picture.id not in self._uploaded:
            self._uploaded[picture.id] = await self._upload(picture, self._folder)
        return self._uploaded[picture.id]

    def advice(self, item: Item) -> str:
        """What may help a refused item with pictures."""
        return " --media names the folder of its pictures." if item.pictures and not self._folder else ""

    async def _upload(self, picture: Picture, folder: Path) -> str:
        # The name comes from the file that is imported: it must not lead out of the folder.
        if not re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9]+", picture.name):
            raise NotTaken(f"the picture {picture.id[:40]!r} has no file name")
        try:
            content = (folder / picture.name).read_bytes()
        except OSError as error:
            raise NotTaken(f"{folder / picture.name} cannot be read: {error.strerror}") from None
        key = f"import:{hashlib.sha256(content).hexdigest()}"
        answer = await self._site.upload(picture.name, content, key=key)
        if not 200 <= answer.status < 300:
            raise NotTaken(f"{folder / picture.name}: {answer.sentence}")
        return str(answer.document["id"])


class NotTaken(Exception):
    """One item cannot be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Writes items to one coverage."""

    site: Site
    path: str
    pictures: Pictures
    publish: bool
    breaking: bool

    async def take(self, items: Iterable[Item], tally: Tally) -> None:
        """Write each item once, and count. Raises `Failed` when the server is lost or refuses them all."""
        from livefeed.cli.progress import Progress  # noqa: PLC0415 - see the package

        progress = Progress("{} items are done")
        for item in items:
            progress.add()
            if item.corrects or item.withdrawn:
                tally.corrections += item.corrects
                tally.withdrawn += not item.corrects
                continue
            status = "published" if self.publish and item.public else "draft"
            try:
                document = await self._document(item, status)
            except NotTaken as refusal:
                tally.refused += 1
                _say(item, f"{refusal}.")
                continue
            answer = await self.site.post(self.path, document, key=item.key)
            if answer.status in {401, 404, 409, 507} or (
                answer.status == 403 and not document.get("breaking")
            ):
                raise Failed(answer.sentence)  # the next one would fare no better
            if not tally.note(item, status, answer):
                _say(item, answer.sentence + self.pictures.advice(item))

    async def _document(self, item: Item, status: str) -> dict[str, Any]:
        document: dict[str, Any] = item.form.model_dump(mode="json", exclude_unset=True)
        document["status"] = status
        if not self.breaking:
            document.pop("breaking", None)
        ids = [await self.pictures.id_of(picture) for picture in item.pictures]
        embeds = [embed["picture"] for embed in document.get("embeds", ()) if embed.get("picture")]
        for picture, id in zip([*document.get("media", ()), *embeds], ids, strict=True):
            picture["id"] = id
        return document


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


def _say(item: Item, sentence: str) -> None:
    typer.echo(f"livefeed: {item.id[:100]!r} is refused: {sentence}", err=True)
