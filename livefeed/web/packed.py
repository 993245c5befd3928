"""Bodies that come packed. They are unpacked here, and never to more than a door takes.

aiohttp would unpack them as they arrive, what was refused already and is only read to its end included: 370
KB of packed zeros would keep the event loop busy for a second, whoever sends them. Brotli is not taken: its
window of 16 MB is filled, in a tenth of a second, before there is a first byte to count.
"""

from __future__ import annotations

import zlib

from aiohttp import web

from livefeed.web.answers import Unfit

NAME = "Content-Encoding"
PLAIN = "identity"
TAKEN = "gzip or deflate"


def encoding_of(request: web.Request) -> str:
    """How the body is packed. Raises `Unfit` 415 for a way that is not taken."""
    encoding = request.headers.get(NAME, "").strip().lower() or PLAIN
    if encoding not in {PLAIN, "gzip", "deflate"}:
        raise Unfit(NAME, encoding, TAKEN, status=415)
    return encoding


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body; of one that is longer than `limit` bytes, a byte more than that. Raises `Unfit` 400."""
    if encoding == PLAIN or not body:
        return body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # tells gzip and deflate apart by their heads
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        plain = b""
    if len(plain) <= limit and (not unpacker.eof or unpacker.unused_data):
        raise Unfit(NAME, encoding, TAKEN, f"The body is not packed as {NAME}: {encoding} says.", status=400)
    return plain
