"""What a file holds for import: items with the ids of their source, each already a valid form. Pure.

A file is judged whole before the first item is used, so that a broken one changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from pydantic import ValidationError

from livefeed.forms import UpdateForm
from livefeed.inputs import Lengths
from livefeed.text import clean_line

LONGEST_LINE = 4_000_000  # bytes; an update with the longest body takes a fifth of it
LONGEST_KEY = 200

# The server says what is too long for it: its limits are settings that nobody here knows.
ANY_LENGTH = Lengths(line=LONGEST_LINE, body=LONGEST_LINE)
OWN_ID = re.compile("[0-9a-f]{16}")
"""An id that livefeed made itself: with it an update keeps its identity in feed readers on another server."""

# What an exported update has beside the fields that can be handed in.
READ_ONLY = frozenset(
    {"id", "coverage", "status", "revision", "position", "text", "direction", "pinned", "corrections"}
    | {"retraction", "publish_at", "published_at", "revised_at", "url"}
)


class Unreadable(Exception):
    """The file cannot be imported; the message goes on after the file's name."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as its source has it: the id there, and the name of its file."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One update to be. `id` is its source's; `form` leaves the status open.

    `public` is False for what the source has not published either. `withdrawn` items have nothing to import,
    and what `corrects` another item is no update: that one has the corrected text.
    `corrections` counts notes, `files` pictures and enclosures that stay where they are.
    """

    id: str
    form: UpdateForm
    public: bool = True
    withdrawn: bool = False
    corrects: bool = False
    pictures: tuple[Picture, ...] = ()
    corrections: int = 0
    files: int = 0

    @property
    def key(self) -> str:
        """The idempotency key under which it is written once for good."""
        plain = self.id.isascii() and self.id.isprintable() and self.id == self.id.strip()
        key = f"import:{self.id}"
        return key if plain and len(key) <= LONGEST_KEY else f"import:{fingerprint(self.id)}"


def fingerprint(text: str) -> str:
    """A short name for a text of any length and script."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def form_of(document: Mapping[str, Any], where: str) -> UpdateForm:
    """The form that `document` fills in. Raises `Unreadable` naming `where`, the field and the value."""
    try:
        return UpdateForm.model_validate(dict(document), context=ANY_LENGTH)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False, include_context=False)[0]
        # Names of unknown fields are the file's: nothing in them is for a terminal to obey.
        field = clean_line(".".join(str(part) for part in error["loc"]))[:60] or "it"
        said = error["msg"].removeprefix("Value error, ")
        raise Unreadable(f"{where}: {field} is {repr(error['input'])[:100]}: {said}.") from None


def lines_of(file: BinaryIO) -> Iterator[Item]:
    """The updates of a JSON Lines file, in its order; lines about a coverage are passed over.

    Raises `Unreadable` naming the line.
    """
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        where = f"line {number}"
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"{where} has over {LONGEST_LINE:,} bytes, the limit.")
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")  # some editors mark UTF-8 so
        if line.strip():
            document = _object(line, where)
            if "slug" not in document:
                yield _item(document, where)


def ending_of(file: BinaryIO) -> list[str]:
    """What was done to the coverage of a JSON Lines file, as its first line says, in this order: `closure`,
    `archive`. Nothing for any other file."""
    try:
        document = json.loads(file.readline(LONGEST_LINE))
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict) or "slug" not in document or document.get("status") != "closed":
        return []
    return ["closure", "archive"] if document.get("archived") is True else ["closure"]


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        document = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{where} is not UTF-8: byte {line[error.start]:#x} at position {error.start}."
        ) from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"{where} is no JSON: {error.msg} at character {error.pos + 1}.") from None
    except (ValueError, RecursionError):
        raise Unreadable(
            f"{where} is no JSON that can be read: nested too deeply, or a number too long."
        ) from None
    if not isinstance(document, dict):
        raise Unreadable(f"{where} is {line[:40]!r}; each line is a JSON object.")
    return document


def _item(document: dict[str, Any], where: str) -> Item:
    fields = {name: value for name, value in document.items() if name not in READ_ONLY}
    status = document.get("status") or "published"
    if "body" not in fields and isinstance(document.get("text"), str):
        fields |= {"body": document["text"], "format": "text"}
    if fields.get("displayed_at") is None:
        fields["displayed_at"] = document.get("published_at")
    media = fields.get("media") or []
    if isinstance(media, list) and all(isinstance(picture, dict) for picture in media):
        fields["media"] = [_in_use(picture) for picture in media]
    embeds = fields.get("embeds") or []
    previews = []
    if embeds and isinstance(embeds, list) and all(isinstance(embed, dict) for embed in embeds):
        previews = [embed["picture"] for embed in embeds if isinstance(embed.get("picture"), dict)]
        fields["embeds"] = [
            {name: _in_use(part) if isinstance(part, dict) else part for name, part in embed.items()}
            for embed in embeds
        ]
    if isinstance(kept := document.get("id"), str) and OWN_ID.fullmatch(kept):
        fields["id"] = kept
    form = form_of(fields, where)
    id = document.get("id")
    if not isinstance(id, str | int) or isinstance(id, bool) or id == "":
        id = fingerprint(json.dumps(document, sort_keys=True))
    corrections = document.get("corrections")
    return Item(
        str(id),
        form,
        public=status == "published",
        withdrawn=status == "retracted",
        pictures=tuple(
            Picture(shown.id, str(picture.get("url", "")).rpartition("/")[2])
            for shown, picture in zip(form.pictures, [*media, *previews], strict=True)
        ),
        corrections=len(corrections) if isinstance(corrections, list) else 0,
    )


def _in_use(picture: dict[str, Any]) -> dict[str, Any]:
    return {name: picture[name] for name in ("id", "alt", "caption", "credit", "focus") if name in picture}


def in_order(items: list[Item]) -> list[Item]:
    """A feed's items, which come newest first as a rule, in the order in which they were published."""
    turned = items[::-1]
    times = [item.form.displayed_at for item in turned]
    if None in times:
        return turned
    return sorted(turned, key=_time)


def _time(item: Item) -> datetime:
    assert item.form.displayed_at  # noqa: S101 - the caller has looked
    return item.form.displayed_at
