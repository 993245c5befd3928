"""Setting a feed: what each of its entries is in a form, and the pieces that such entries make."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from zlib import crc32

from livefeed.feeds.channel import Feed
from livefeed.feeds.entry import Entry
from livefeed.feeds.galleys import Galleys, Piece

TOGETHER = 16  # entries in a piece, on average: alone, an entry would compress to twice as much


def written(
    feed: Feed, form: Hashable, write: Callable[[Sequence[Entry]], Sequence[bytes]], galleys: Galleys
) -> list[tuple[Entry, bytes]]:
    """Each entry of the feed with what it is in `form`; `write` is asked for all new ones at once."""
    known: dict[int, bytes | None] = {id(entry): galleys.find(form, entry) for entry in feed.entries}
    new = [entry for entry in feed.entries if known[id(entry)] is None]
    for entry, text in zip(new, write(new) if new else (), strict=True):
        known[id(entry)] = galleys.keep(form, entry, piece=text, size=len(text))
    return [(entry, known[id(entry)] or b"") for entry in feed.entries]


def joined(entries: Sequence[tuple[Entry, bytes]], separator: bytes, galleys: Galleys) -> Iterator[Piece]:
    """The entries in pieces. Where one ends depends on the entry there alone, so that a new entry leaves all
    pieces but its own as they were."""
    group: list[bytes] = []
    for place, (entry, text) in enumerate(entries, 1):
        group.append(text)
        last = place == len(entries)
        if last or crc32(entry.id.encode()) % TOGETHER == 0:
            piece: Piece | None = galleys.find(("piece", last), *group)
            if piece is None:
                piece = Piece.of(separator.join(group) + (b"" if last else separator))
                galleys.keep(("piece", last), *group, piece=piece, size=piece.size)
            yield piece
            group = []
