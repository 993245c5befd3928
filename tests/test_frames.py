"""Frames to the byte."""

from __future__ import annotations

import json
import zlib
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Close, Frame, Opcode
from websockets.headers import parse_extension
from websockets.streams import StreamReader

from livefeed import frames
from livefeed.events import Kind
from livefeed.frames import View, Violation, Wire
from livefeed.model import Position

POSITION = Position("e", 12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def parsed(received: bytes, *, extensions: list[object] | None = None) -> list[Frame]:
    """What another implementation reads."""
    reader = StreamReader()
    reader.feed_data(received)
    reader.feed_eof()
    found = []
    while reader.buffer:
        parsing = Frame.parse(reader.read_exact, mask=False, extensions=extensions)
        try:
            next(parsing)
        except StopIteration as stop:
            found.append(stop.value)
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_another_implementation_reads_a_frame_of_any_size(size: int) -> None:
    (frame,) = parsed(frames.websocket_frame(0x1, b"x" * size))
    assert (frame.opcode, frame.data, frame.fin) == (Opcode.TEXT, b"x" * size, True)


def test_every_text_names_its_kind_and_position() -> None:
    assert json.loads(frames.hello(POSITION)) == {"kind": "hello", "position": "e-12"}
    assert json.loads(frames.heartbeat(POSITION)) == {"kind": "heartbeat", "position": "e-12"}
    assert json.loads(frames.reload(POSITION)) == {"kind": "reload", "position": "e-12"}
    assert json.loads(frames.goodbye(700)) == {"kind": "goodbye", "retry": 700}


@given(id=st.none() | TEXTS, html=TEXTS)
def test_any_text_survives_a_frame(id: str | None, html: str) -> None:
    content = frames.html_content(id, html)
    assert json.loads(f"{{{content}}}") == {"id": id, "html": html}


@given(document=st.recursive(st.none() | st.booleans() | TEXTS, lambda inner: st.dictionaries(TEXTS, inner)))
def test_a_message_of_an_event_stream_is_one_line_of_data_whatever_is_in_it(document: object) -> None:
    text = f'{{"kind":"published",{frames.content_of("update", document)}}}'
    message = frames.sse_message(text, Kind.PUBLISHED, POSITION).decode()
    assert message.endswith("\n\n")
    lines = message[:-2].split("\n")
    assert [line.partition(": ")[0] for line in lines] == ["id", "event", "data"]
    assert "\r" not in message
    assert json.loads(lines[2].removeprefix("data: "))["update"] == document


@given(TEXTS)
def test_deflated_texts_are_each_compressed_alone(text: str) -> None:
    payload = text.encode()
    for _ in range(2):
        inflated = zlib.decompressobj(wbits=-15).decompress(frames.deflated(payload) + b"\0\0\xff\xff")
        assert inflated == payload


def test_short_texts_are_not_deflated_and_long_ones_are() -> None:
    short, long = "خبر", "خبر " * 100
    for text, rsv1 in ((short, False), (long, True)):
        first = frames.on_wire(Wire.DEFLATED, text, "published", POSITION)[0]
        assert (first == 0xC1) is rsv1
        assert frames.on_wire(Wire.WEBSOCKET, text, "published", POSITION)[0] == 0x81


def test_an_sse_message_is_one_chunk_with_an_id_only_when_it_has_a_position() -> None:
    whole = frames.on_wire(Wire.SSE, '{"a":1}', "published", POSITION)
    size, _, rest = whole.partition(b"\r\n")
    assert rest == b'id: e-12\nevent: published\ndata: {"a":1}\n\n\r\n'
    assert int(size, 16) == len(rest) - 2
    assert b"id:" not in frames.on_wire(Wire.SSE, "{}", "hello")


def test_an_ending_is_a_goodbye_and_the_end_in_the_wires_own_manner() -> None:
    for wire in (Wire.WEBSOCKET, Wire.DEFLATED):
        goodbye, close = parsed(frames.ending(wire, 900, "the server restarts"))
        assert json.loads(goodbye.data) == {"kind": "goodbye", "retry": 900}
        assert Close.parse(close.data) == Close(1012, "the server restarts")
    stream = frames.ending(Wire.SSE, 900, "the server restarts")
    assert stream.endswith(b"0\r\n\r\n")
    assert b"\nretry: 900\nevent: goodbye\n" in stream.replace(b"\r\n", b"\n")


@given(TEXTS)
def test_a_close_frame_is_a_control_frame_whatever_the_reason(reason: str) -> None:
    (frame,) = parsed(frames.close_frame(1008, reason))
    assert len(frame.data) <= 125
    close = Close.parse(frame.data)
    assert close.code == 1008
    assert reason.startswith(close.reason)


def test_the_handshake_answers_as_the_rfc_has_it() -> None:
    assert frames.accept_token("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate;client_max_window_bits=12",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "x-other, permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
    ],
)
def test_an_offer_that_can_be_kept_is_answered_as_its_maker_expects(offer: str) -> None:
    answer = frames.deflate_response(offer)
    assert answer
    ((name, parameters),) = parse_extension(answer)
    assert name == "permessage-deflate"
    accepted = ClientPerMessageDeflateFactory(client_max_window_bits=True).process_response_params(
        parameters, []
    )
    assert accepted.remote_no_context_takeover


@pytest.mark.parametrize(
    "offer",
    ["", ",", ";", "deflate", "permessage-deflate; server_max_window_bits=10", "permessage-deflate; x=1"],
)
def test_an_offer_that_cannot_be_kept_is_declined(offer: str) -> None:
    assert frames.deflate_response(offer) is None


def test_there_is_one_object_for_each_form() -> None:
    forms = [frames.form_of(wire, view) for wire in Wire for view in View for _ in range(2)]
    assert len({id(form) for form in forms}) == len(Wire) * len(View)


# What a reader may say


def masked(opcode: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + body


CONTROLS = st.lists(
    st.tuples(st.sampled_from([0x8, 0x9, 0xA]), st.binary(max_size=125), st.binary(min_size=4, max_size=4))
)


@given(sent=CONTROLS, cuts=st.lists(st.integers(0, 600)))
def test_control_frames_are_read_however_they_are_cut(
    sent: list[tuple[int, bytes, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(masked(*frame) for frame in sent)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    found, kept = [], b""
    for start, end in pairwise(edges):
        read, kept = frames.read_client_frames(kept + stream[start:end])
        assert len(kept) < 131
        found += read
    assert kept == b""
    assert found == [(opcode, payload) for opcode, payload, _ in sent]


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_refused_or_kept_in_little_room(received: bytes) -> None:
    refusal = kept = None
    try:
        _, kept = frames.read_client_frames(received)
    except Violation as violation:
        refusal = violation
    assert (len(kept) < 131) if kept is not None else (refusal and refusal.code in {1002, 1008})


def test_reading_many_small_frames_costs_no_more_each_than_reading_few() -> None:
    def cost(count: int) -> float:
        received = masked(0x9, b"") * count
        began = process_time()
        assert len(frames.read_client_frames(received)[0]) == count
        return (process_time() - began) / count

    few = min(cost(500) for _ in range(5))
    assert min(cost(40_000) for _ in range(2)) < 5 * few
