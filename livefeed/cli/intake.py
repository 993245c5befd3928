"""Items that become updates of one coverage, each of them once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from livefeed.cli.outcome import Failed

if TYPE_CHECKING:
    from livefeed.cli.client import Answer, Site
    from livefeed.cli.incoming import Item, Picture


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


def _say(item: Item, sentence: str) -> None:
    typer.echo(f"livefeed: {item.id[:100]!r} is refused: {sentence}", err=True)
