"""Bodies that come packed. They are unpacked here, and never to more than a door takes.

aiohttp would unpack them as they arrive, what was refused already and is only read to its end included: 370
KB of packed zeros would keep the event loop busy for a second, whoever sends them.
"""

from __future__ import annotations

import zlib

import brotli
from aiohttp import web

from livefeed.web.answers import Unfit

NAME = "Content-Encoding"
PLAIN = "identity"
TAKEN = "gzip, deflate or br"


def encoding_of(request: web.Request) -> str:
    """How the body is packed. Raises `Unfit` 415 for a way that is not taken."""
    encoding = request.headers.get(NAME, "").strip().lower() or PLAIN
    if encoding not in {PLAIN, "gzip", "deflate", "br"}:
        raise Unfit(NAME, encoding, TAKEN, status=415)
    return encoding


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body; of one that is longer than `limit` bytes, a byte more than that. Raises `Unfit` 400."""
    if encoding == PLAIN or not body:
        return body
    try:
        plain, whole = (_brotli if encoding == "br" else _zlib)(body, limit + 1)
    except (zlib.error, brotli.error):
        whole, plain = False, b""
    if not whole and len(plain) <= limit:
        raise Unfit(NAME, encoding, TAKEN, f"The body is not packed as {NAME}: {encoding} says.", status=400)
    return plain


def _zlib(body: bytes, most: int) -> tuple[bytes, bool]:
    """What it unpacks to, and whether that is all of it; gzip and deflate are told apart by their heads."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    plain = unpacker.decompress(body, most)
    return plain, unpacker.eof and not unpacker.unused_data


def _brotli(body: bytes, most: int) -> tuple[bytes, bool]:
    unpacker = brotli.Decompressor()
    plain: bytes = unpacker.process(body, output_buffer_limit=most)
    while len(plain) < most and not unpacker.is_finished():
        more: bytes = unpacker.process(b"", output_buffer_limit=most - len(plain))
        if not more:
            break
        plain += more
    return plain, unpacker.is_finished()
