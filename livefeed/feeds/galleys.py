"""Galleys: what was set once and stands ready, so that a feed of a thousand items costs what changed in it.

Theory of operation
    A feed is joined from pieces: the entries of each update, what each entry is in each form, and a dozen
    such entries with their compressed bytes. A piece is known by the very objects that it was made of (their
    identity, for comparing the texts would cost what making them does) and is kept with them, so that no
    other object can take their place meanwhile. A change makes new objects, hence new pieces, and only those.

Invariants
    - Joined pieces are the bytes that one rendering of everything would give.
    - At most about `limit` bytes are kept, the least recently used going first.
    - Not to be shared by threads: whoever renders has its own.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

SMALL = 50_000  # bytes, which are better compressed as a whole: that takes a millisecond
OVERHEAD = 400  # bytes that keeping a piece costs, about
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952 §2.3: no name, no time, no system


class Galleys:
    """Pieces of feeds that stand ready, within `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[tuple[object, ...], Any, int]] = OrderedDict()

    def find(self, form: Hashable, *subjects: object) -> Any:
        """What was kept of these very objects in a form; None when nothing was."""
        key = (form, *map(id, subjects))
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def keep(self, form: Hashable, *subjects: object, piece: T, size: int) -> T:
        """Keep `piece`, of about `size` bytes, for the next who asks for it of the same objects."""
        size += OVERHEAD
        if size <= self._limit:
            self._kept[form, *map(id, subjects)] = (subjects, piece, size)
            self._size += size
            while self._size > self._limit:
                _, (_, _, freed) = self._kept.popitem(last=False)
                self._size -= freed
        return piece


NONE = Galleys(0)
"""Keeps nothing: everything is made anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a document: plain, as blocks of DEFLATE that end at a whole byte and lean on nothing
    before them (RFC 1951 §3.2.4, an empty block at the end), and a digest of the plain ones."""

    plain: bytes
    deflated: bytes
    digest: bytes

    @classmethod
    def of(cls, plain: bytes) -> Piece:
        """The piece that `plain` makes."""
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        deflated = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
        return cls(plain, deflated, hashlib.blake2b(plain, digest_size=12).digest())

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.deflated)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A whole document, joined from pieces."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, parts: Iterable[bytes | Piece]) -> Pieces:
        """The document that `parts` make, one after the other."""
        return cls(tuple(part if isinstance(part, Piece) else Piece.of(part) for part in parts))

    @property
    def plain(self) -> bytes:
        return b"".join(piece.plain for piece in self.pieces)

    def gzip(self, plain: bytes) -> bytes:
        """The document, which is `plain`, as one member of gzip (RFC 1952)."""
        if len(plain) <= SMALL:
            return gzip.compress(plain, 6, mtime=0)
        end = b"\x03\x00"  # the last block, and nothing in it
        trailer = struct.pack("<II", zlib.crc32(plain), len(plain) & 0xFFFFFFFF)
        return b"".join((GZIP_HEAD, *(piece.deflated for piece in self.pieces), end, trailer))

    @property
    def digest(self) -> str:
        """The same for the same document: how it is divided follows from what is in it."""
        return hashlib.blake2b(b"".join(piece.digest for piece in self.pieces), digest_size=12).hexdigest()
