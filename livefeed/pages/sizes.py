"""The sizes of a picture, for the browser to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from livefeed.model import Media
from livefeed.pages.addresses import absolute

BUCKET = 10
"""Per cent. A style sheet cannot read a number from an attribute, and the security policy forbids styles in
the page: so a focus is rounded to one of eleven, for each of which the sheet has a rule. Half a bucket is
less than anybody sees of a crop."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A picture's addresses: `url`, which is `width` times `height` pixels, for who takes one; `own` and
    `webp` are values for `srcset`, in its format and in WebP, empty where there is one size only (or where
    WebP is its format). `focus` is the bucket of its focal point."""

    url: str
    width: int
    height: int
    own: str = ""
    webp: str = ""
    focus: tuple[int, int] | None = None


def sized(media: Media, base_url: str, at_most: int | None = None) -> Sized:
    """The sizes of `media`; its `url` is empty when its address may not be named. With `at_most` only those
    of that many pixels across, or the smallest where all are wider."""
    url = absolute(media.url, base_url)
    focus = (_bucket(media.focus.x), _bucket(media.focus.y)) if media.focus else None
    if not (url and media.widths and media.width):
        return Sized(url, media.width, media.height, focus=focus)
    widths = [width for width in media.widths if not at_most or width <= at_most] or media.widths[:1]
    stem, _, ending = url.rpartition(".")

    def address(width: int, form: str) -> str:
        return url if width == media.width and form == ending else f"{stem}-{width}.{form}"

    def srcset(form: str) -> str:
        return ", ".join(f"{address(width, form)} {width}w" for width in widths)

    widest = widths[-1]
    return Sized(
        address(widest, ending),
        widest,
        max(1, round(media.height * widest / media.width)),
        srcset(ending),
        srcset("webp") if ending != "webp" else "",
        focus,
    )


def _bucket(share: float) -> int:
    return min(100, max(0, round(share / BUCKET) * BUCKET))
