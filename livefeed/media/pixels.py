"""A picture taken apart to its pixels and put together again: the only code that decodes what strangers sent.

Run as a script, never imported by the server: `pixels.py FORMAT MAX_PIXELS MEMORY SECONDS WIDTHS` reads one
upload from standard input and answers, for each new file, `WORD WIDTH HEIGHT BYTES` and a line feed, followed
by the file; WORD is its format (`JPEG`, `PNG`, `WEBP`). The picture itself comes first, then its sizes of
WIDTHS (such as `480,960`), as `livefeed.media.picture.sizes_of` has them. Otherwise there is one line, and
WORD is `pixels` (too many of them), `memory` or `broken`. It stands alone, with Pillow and the standard
library, so that starting it costs a tenth of a second.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageCms

# Pillow's own limit only warns up to its double, and names no width and height; `rebuild` has a stricter one.
Image.MAX_IMAGE_PIXELS = None

# WebP's method 2 encodes 25 megapixels in 2 s where the default needs 10, for 3 % more bytes.
_TARGETS: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {"quality": 85, "optimize": True, "progressive": True}),
    "PNG": ("PNG", {}),
    "GIF": ("PNG", {}),
    "WEBP": ("WEBP", {"quality": 85, "method": 2}),
}

# Of sizes; 4 is Pillow's own method. They are small, so that the better one costs tenths of a second.
_WEBP = {"quality": 80, "method": 4}
_MOST_SIZED = 6_000_000  # as in `picture`

# EXIF 2.32 §4.6.4, Orientation: how to turn the stored rows so that the picture stands upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A new file made of nothing but pixels; `format` is JPEG, PNG or WEBP."""

    format: str
    width: int
    height: int
    content: bytes


class TooManyPixels(ValueError):
    """The header promises more pixels than the limit; none was decoded."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height} pixels are too many.")
        self.width = width
        self.height = height


def rebuild(upload: bytes, format: str, max_pixels: int, widths: Sequence[int] = ()) -> list[Rebuilt]:
    """The picture, and its sizes: from the widest to the narrowest of `widths` that it has, each in the
    picture's format and in WebP. Of its own width it has what it is not itself. Raises as `_bare` does."""
    bare = _bare(upload, format, max_pixels)
    target, options = _TARGETS[format]
    made = [_rebuilt(bare, target, _encoded(bare, target, options))]
    widest = min(bare.width, max(widths, default=0))
    if not widths or widest < min(widths) or widest * _height(bare, widest) > _MOST_SIZED:
        return made
    for width in sorted({width for width in widths if width < bare.width} | {widest}, reverse=True):
        if width < bare.width:
            bare = bare.resize((width, _height(bare, width)), Image.Resampling.LANCZOS, reducing_gap=3.0)
            made.append(_rebuilt(bare, target, _encoded(bare, target, options)))
        if target != "WEBP":
            made.append(_rebuilt(bare, "WEBP", _webp(bare, target)))
    return made


def _height(image: Image.Image, width: int) -> int:
    return max(1, round(image.height * width / image.width))


def _bare(upload: bytes, format: str, max_pixels: int) -> Image.Image:
    """The first frame of `upload`, upright, in sRGB, holding its pixels alone.

    `format` is one of JPEG, PNG, GIF, WEBP; no other decoder is even tried. Raises TooManyPixels before
    anything is decoded; for a broken file whatever Pillow raises, which is not documented to be any one
    class.
    """
    if format == "WEBP":
        # Pillow makes its WebP decoder, with two canvases of the promised size, already when it opens the
        # file.
        _check_size(_webp_size(upload), max_pixels)
    with Image.open(BytesIO(upload), formats=[format]) as image:
        _check_size(image.size, max_pixels)
        image.load()
        pixels = _in_srgb(image)
        if (turn := _UPRIGHT.get(_orientation(image))) is not None:
            pixels = pixels.transpose(turn)
    # Encoders pick comments and profiles up from an image's notes; one made from bytes has none.
    return Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())


def _rebuilt(bare: Image.Image, target: str, content: bytes) -> Rebuilt:
    return Rebuilt(target, bare.width, bare.height, content)


def _encoded(bare: Image.Image, target: str, options: dict[str, Any]) -> bytes:
    content = BytesIO()
    bare.save(content, target, **options)
    return content.getvalue()


def _webp(bare: Image.Image, source: str) -> bytes:
    lossy = _encoded(bare, "WEBP", _WEBP)
    if source != "PNG":
        return lossy
    # Maps and screenshots are smaller without loss, and stay sharp.
    return min(lossy, _encoded(bare, "WEBP", {"lossless": True, "quality": 50, "method": 0}), key=len)


def main() -> None:
    """One upload in, one answer out."""
    format = sys.argv[1]
    max_pixels, memory, seconds = (int(argument) for argument in sys.argv[2:5])
    widths = [int(width) for width in sys.argv[5].split(",") if width]
    _confine(memory, seconds)
    try:
        answer = [
            (f"{made.format} {made.width} {made.height}", made.content)
            for made in rebuild(sys.stdin.buffer.read(), format, max_pixels, widths)
        ]
    except TooManyPixels as refusal:
        answer = [(f"pixels {refusal.width} {refusal.height}", b"")]
    except MemoryError:
        answer = [("memory 0 0", b"")]
    except Exception:  # on hostile bytes Pillow raises nearly every class there is; each means the same here
        answer = [("broken 0 0", b"")]
    for head, content in answer:
        sys.stdout.buffer.write(f"{head} {len(content)}\n".encode())
        sys.stdout.buffer.write(content)


def _confine(memory: int, seconds: int) -> None:
    # The processor limit is for the day the server is killed while this runs: nobody is left to watch the
    # clock.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would keep the picture, with its metadata
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # elsewhere the call is refused or has no effect
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.nice(10)  # readers' updates go first


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise TooManyPixels(width, height)


def _webp_size(upload: bytes) -> tuple[int, int]:
    """Width and height by RFC 9649 §2.5 (lossy), §2.6 (lossless), §2.7 (extended)."""
    if len(upload) < 30:
        raise ValueError(f"{len(upload)} bytes are too few for a WebP header of 30.")
    match upload[12:16]:
        case b"VP8 ":
            sides = int.from_bytes(upload[26:28], "little"), int.from_bytes(upload[28:30], "little")
            return sides[0] & 0x3FFF, sides[1] & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(upload[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(upload[24:27], "little") + 1, int.from_bytes(upload[27:30], "little") + 1
        case kind:
            raise ValueError(f"{kind!r} begins no WebP picture.")


def _in_srgb(image: Image.Image) -> Image.Image:
    """The pixels as L, RGB or RGBA, in the colours a browser assumes of a picture without a profile."""
    if image.mode.startswith("I"):  # 16 bits of grey; plain conversion would clip all above 255 to white
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return _without_hidden(_profiled(image, image.convert("RGBA")))
    if image.mode in ("1", "L"):  # a grey profile moves the tones little, and no browser shows it alike
        return image.convert("L")
    return _profiled(image, image if image.mode == "CMYK" else image.convert("RGB"))


def _profiled(image: Image.Image, pixels: Image.Image) -> Image.Image:
    """`pixels` with the profile of `image` applied: telephones store Display P3, dull when taken for sRGB."""
    mode = "RGBA" if pixels.mode == "RGBA" else "RGB"
    if profile := image.info.get("icc_profile"):
        # A profile that is broken or of another kind of picture is no reason to turn the picture away.
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            applied = ImageCms.profileToProfile(
                pixels, source, ImageCms.createProfile("sRGB"), outputMode=mode
            )
            if applied is not None:
                return applied
    return pixels.convert(mode)


def _without_hidden(pixels: Image.Image) -> Image.Image:
    # Erasing a face to transparency in an image editor leaves its colours in the file: whoever drops the
    # alpha channel sees it again. What cannot be seen is therefore not kept.
    invisible = pixels.getchannel("A").point(lambda alpha: 255 if alpha == 0 else 0)
    pixels.paste((0, 0, 0, 0), None, invisible)
    return pixels


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # a damaged EXIF block must not cost the picture, only its turn
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


if __name__ == "__main__":
    main()
