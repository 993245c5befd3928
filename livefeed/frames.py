"""What goes down one connection: JSON texts, and their wire forms for WebSocket and SSE.

Server frames of a WebSocket are unmasked and say nothing of the reader, so one text has one wire form, made
once and written to everybody. Deflated frames are each compressed alone (no context takeover), therefore they
too are the same bytes for all who negotiated the extension.

Sources: RFC 6455 (frames, closing), RFC 7692 §7.2 (permessage-deflate), HTML Living Standard §9.2 (event
streams), RFC 9112 §7.1 (chunks).
"""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha1

from livefeed.events import Event
from livefeed.model import Position


class View(StrEnum):
    """What a reader wants of an event: its JSON document, the HTML fragment of the page, or (desks) only that
    it happened."""

    JSON = "json"
    HTML = "html"
    HINTS = "hints"


class Wire(StrEnum):
    """How a text is put on the wire."""

    WEBSOCKET = "websocket"
    DEFLATED = "deflated"
    SSE = "sse"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One wire form of an event; all readers with the same form get the same bytes.

    There is one object for each, made by `form_of`: a pass compares and hashes forms for every reader, and
    identity is the cheapest comparison.
    """

    wire: Wire
    view: View


@cache
def form_of(wire: Wire, view: View) -> Form:
    """The form with this wire and view."""
    return Form(wire, view)


# Texts


def event_text(event: Event, content: str) -> str:
    """The JSON of an event's frame; `content` is the rest of the document, such as `"update":{…}`."""
    return f'{{"kind":"{event.kind}","position":"{event.position}",{content}}}'


def hint(kind: str, position: Position) -> str:
    """Something of this kind happened, up to `position`; what it was is to be asked for."""
    return f'{{"kind":"{kind}","position":"{position}"}}'


def hello(position: Position) -> str:
    """The first frame: where this stream starts."""
    return hint("hello", position)


def heartbeat(position: Position) -> str:
    """Everything up to `position` was written to this reader, who can prove a gap with it."""
    return hint("heartbeat", position)


def reload(position: Position) -> str:
    """The reader's cursor is worthless; the stream goes on live from `position`."""
    return hint("reload", position)


def goodbye(retry: int) -> str:
    """This connection is about to be closed as planned; come back after `retry` milliseconds."""
    return f'{{"kind":"goodbye","retry":{retry}}}'


# Wire forms


def on_wire(wire: Wire, text: str, kind: str, position: Position | None = None) -> bytes:
    """`text` as the bytes of one message. In SSE only events that a reader may resume from carry an id,
    so `position` is given for those alone."""
    if wire is Wire.SSE:
        return chunk(sse_message(text, kind, position))
    payload = text.encode()
    if wire is Wire.DEFLATED and len(payload) > 128:  # below that, deflating makes it longer
        return websocket_frame(0x41, deflated(payload))
    return websocket_frame(0x1, payload)


def websocket_frame(opcode: int, payload: bytes) -> bytes:
    """One unfragmented server frame (RFC 6455 §5.2); 0x40 in `opcode` sets RSV1 (RFC 7692)."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def deflated(payload: bytes) -> bytes:
    """A message compressed alone; its empty final block is left out (RFC 7692 §7.2.1)."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def close_frame(code: int, reason: str) -> bytes:
    """A Close frame (RFC 6455 §5.5.1); a reason over 123 bytes is cut at a character."""
    cut = reason.encode()[:123].decode(errors="ignore").encode()
    return websocket_frame(0x8, struct.pack("!H", code) + cut)


def sse_message(text: str, kind: str, position: Position | None) -> bytes:
    """One event of an event stream. JSON text holds no line break, so it is one `data` line."""
    identity = f"id: {position}\n" if position else ""
    return f"{identity}event: {kind}\ndata: {text}\n\n".encode()


def chunk(payload: bytes) -> bytes:
    """`payload` as one chunk of a chunked HTTP/1.1 body."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def ending(wire: Wire, retry: int, reason: str) -> bytes:
    """The last bytes of a planned close: the goodbye, then the end of the stream in its own manner. An event
    stream also says `retry:`, for a browser's EventSource comes back by itself and reads only that."""
    text = goodbye(retry)
    if wire is Wire.SSE:
        message = f"retry: {retry}\n".encode() + sse_message(text, "goodbye", None)
        return chunk(message) + LAST_CHUNK
    return on_wire(wire, text, "goodbye") + close_frame(1012, reason)


LAST_CHUNK = b"0\r\n\r\n"


# The WebSocket handshake and what a reader may say


class Violation(Exception):
    """A reader's frame that ends the connection, with the close code and reason it gets."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def accept_token(key: str) -> str:
    """`Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key` (RFC 6455 §4.2.2)."""
    digest = sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode(), usedforsecurity=False).digest()
    return b64encode(digest).decode()


def deflate_response(offers: str) -> str | None:
    """The extension to answer with, if one of the client's offers lets the server compress each message
    alone with a 15-bit window and forbids the client nothing (RFC 7692 §7.1)."""
    for offer in offers.split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        names = {parameter.partition("=")[0].strip() for parameter in parameters}
        if name == "permessage-deflate" and names <= _ACCEPTABLE:
            return "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    return None


# An offer with `server_max_window_bits` asks for a smaller window than the shared frames were made with.
_ACCEPTABLE = {"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits"}


def read_client_frames(received: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The control frames in what a reader sent, and the rest that is not whole yet.

    Readers' sockets are receive-only: any message, and anything but a small masked control frame, raises
    `Violation`. So no more than 131 bytes of a frame are ever kept.
    """
    frames: list[tuple[int, bytes]] = []
    at = 0
    while len(received) - at >= 2:
        first, second = received[at], received[at + 1]
        opcode, size = first & 0x0F, second & 0x7F
        if not second & 0x80:
            raise Violation(1002, "frames from a client must be masked")
        if opcode in {0x0, 0x1, 0x2}:
            raise Violation(1008, "this socket is receive-only: readers do not send messages")
        if opcode not in {0x8, 0x9, 0xA} or first & 0x70 or not first & 0x80 or size > 125:
            raise Violation(1002, "not a control frame of RFC 6455")
        end = at + 6 + size
        if len(received) < end:
            break
        mask = received[at + 2 : at + 6]
        payload = bytes(byte ^ mask[i & 3] for i, byte in enumerate(received[at + 6 : end]))
        frames.append((opcode, payload))
        at = end
    return frames, received[at:]


def content_of(name: str, document: object) -> str:
    """`"name":document` for `event_text`; characters stay as they are, for most are Arabic."""
    return f'"{name}":{json.dumps(document, ensure_ascii=False, separators=(",", ":"))}'


def html_content(id: str | None, html: str) -> str:
    """The rest of an event's frame in view=html; `id` is None for a coverage's header."""
    return f"{content_of('id', id)},{content_of('html', html)}"
