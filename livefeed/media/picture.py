"""What a kept picture is, what it is called, and the sentences with which an upload is turned away."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from livefeed.model import Focus, Media

# What is written, by Pillow's name of the format. A GIF becomes a PNG: its first frame, without loss and
# without the palette, whose unused entries are a place to hide bytes.
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}

_NAME = re.compile(r"[0-9a-f]{32}(?:-[1-9][0-9]{2,3})?\.(?:jpg|png|webp)")

WIDTHS = (480, 960, 1600)
"""Pixels: a phone's column, the same on a sharp screen or a desktop's, a desktop's on a sharp screen."""

MOST_SIZED = 6_000_000
"""Pixels of the widest size. What is higher is a strip that no page shows whole, and encoding it would take
longer than uploads are given; WebP holds 16,383 rows."""

_ACCEPTED = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}

# Only to name in the sentence what an editor most often sends by mistake; whatever is not accepted is
# refused.
_KNOWN = {
    "HEIC or AVIF": re.compile(rb".{4}ftyp(?:hei|hev|mif|msf|avi)", re.DOTALL),
    "a film": re.compile(rb".{4}ftyp|\x1aE\xdf\xa3", re.DOTALL),
    "TIFF": re.compile(rb"II\*\0|MM\0\*"),
    "PDF": re.compile(rb"\s*%PDF"),
    "BMP": re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL),
    "SVG": re.compile(rb"[\s\S]{0,1000}?<svg"),
    "HTML": re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on the shelf.

    `id` is 32 hexadecimal digits of the SHA-256 of the stored bytes, `name` the id with its extension,
    `type` the media type to serve it with, `width` and `height` pixels as a reader sees it (rotation
    applied), `size` bytes. `widths` are those that it is kept in, the narrowest first (see `size_name`).
    """

    id: str
    name: str
    type: str
    width: int
    height: int
    size: int
    widths: tuple[int, ...] = ()

    def media(self, focus: Focus | None = None) -> Media:
        """The picture as an update has it, with nothing said of it yet."""
        return Media(
            self.id,
            f"/media/{self.name}",
            width=self.width,
            height=self.height,
            widths=self.widths,
            focus=focus,
            size=self.size,
        )

    @classmethod
    def of(
        cls, content: bytes, *, format: str, width: int, height: int, widths: tuple[int, ...] = ()
    ) -> Picture:
        """The picture that `content`, encoded as `format` (JPEG, PNG or WEBP), will be."""
        id = hashlib.sha256(content).hexdigest()[:32]
        name = f"{id}.{_EXTENSIONS[format]}"
        return cls(id, name, _TYPES[format], width, height, len(content), widths)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A file as a decoder answers with it; `format` is JPEG, PNG or WEBP."""

    format: str
    width: int
    height: int
    content: bytes


def sizes_of(format: str, width: int, height: int) -> list[tuple[str, int]]:
    """The sizes that a picture of this format is kept in beside itself, as format and width, the widest
    first: in its own format and WebP, never wider than it is."""
    widest = min(width, WIDTHS[-1])
    if widest < WIDTHS[0] or widest * round(height * widest / width) > MOST_SIZED:
        return []
    widths = sorted({known for known in WIDTHS if known < width} | {widest}, reverse=True)
    both = [(kind, size) for size in widths for kind in dict.fromkeys((format, "WEBP"))]
    return [size for size in both if size != (format, width)]


def size_name(id: str, width: int, format: str) -> str:
    """The name of the picture `id` in a size. Whether it may be seen is asked of the picture, by the id."""
    return f"{id}-{width}.{_EXTENSIONS[format]}"


class Reason(StrEnum):
    """Why an upload was turned away; a key for the sentence in the reader's language."""

    EMPTY = "empty"
    BYTES = "bytes"
    FORMAT = "format"
    PIXELS = "pixels"
    BROKEN = "broken"
    MEMORY = "memory"
    SLOW = "slow"
    FATAL = "fatal"


class MediaRefused(ValueError):
    """The file cannot be taken, now or later. The sentence names what was found and the limit.

    `value` and `limit` are numbers in the unit of `reason` (bytes, pixels, seconds, bytes of memory) or words
    (what the file looks like, the formats that are taken).
    """

    field = "file"

    def __init__(self, reason: Reason, sentence: str, *, value: float | str, limit: float | str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.value = value
        self.limit = limit


class MediaAway(Exception):
    """No picture can be stored for now, whatever it is; the same upload may succeed later."""


class MediaBusy(MediaAway):
    """As many uploads are waiting as may; ask again in a few seconds."""


class MediaFull(MediaAway):
    """There is no room left where pictures are kept."""


def is_name(name: str) -> bool:
    """True for names that `Picture.of` gives; nothing else may ever be joined to a path."""
    return _NAME.fullmatch(name) is not None


def is_output(content: bytes, format: str) -> bool:
    """True when `content` begins as the output format `format` does."""
    return format in _EXTENSIONS and _ACCEPTED[format].match(content) is not None


def accept(upload: bytes, *, max_bytes: int) -> str:
    """Pillow's name of the format `upload` begins as. Raises MediaRefused for the length or any other format.

    The file's own first bytes decide: the name and the type its sender gives prove nothing and are not
    asked for.
    """
    if not upload:
        sentence = "The file is empty (0 bytes); a picture has at least 1."
        raise MediaRefused(Reason.EMPTY, sentence, value=0, limit=1)
    if len(upload) > max_bytes:
        sentence = f"The file has {len(upload):,} bytes; at most {max_bytes:,} are taken."
        raise MediaRefused(Reason.BYTES, sentence, value=len(upload), limit=max_bytes)
    for format, beginning in _ACCEPTED.items():
        if beginning.match(upload):
            return format
    kind = next((kind for kind, beginning in _KNOWN.items() if beginning.match(upload)), "no picture")
    sentence = f"The file looks like {kind}; pictures are taken as JPEG, PNG, GIF or WebP."
    raise MediaRefused(Reason.FORMAT, sentence, value=kind, limit="JPEG, PNG, GIF, WebP")
