"""The curl door: raw bytes as curl sends them, over a plain socket."""

from __future__ import annotations

import asyncio
import json
from email.header import Header
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from live_server import Server

from livefeed.roles import Role

ARABIC = "عاجل: هزة أرضية"


async def curl(
    server: Server, *headers: bytes, body: bytes = b"", path: str = "/live/story", role: Role = Role.CHIEF
) -> tuple[int, dict[str, str], Any]:
    """One raw request; status, headers and JSON of the answer."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    lines = [
        f"POST {path} HTTP/1.1".encode(),
        f"Host: {address.netloc}".encode(),
        b"User-Agent: curl/8.5.0",
        b"Content-Type: application/x-www-form-urlencoded",  # what curl says of -d
        f"Content-Length: {len(body)}".encode(),
        f"Authorization: Bearer {await server.token(role)}".encode(),
        b"Connection: close",
        *headers,
    ]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    status, *named = head.decode().split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in named)}
    return int(status.split()[1]), fields, json.loads(content)


async def test_the_body_is_the_text_in_markdown(server: Server) -> None:
    await server.open()
    status, headers, update = await curl(server, body="**وكالة سانا**: انقطاع\n".encode())
    assert status == 201
    assert update["body"] == "<p><strong>وكالة سانا</strong>: انقطاع</p>"
    assert (update["status"], update["breaking"], update["direction"]) == ("published", False, "rtl")
    assert headers["location"].endswith(f"/updates/{update['id']}")
    assert (await server.events())[-1]["update"] == update


async def test_arabic_headers_come_as_raw_utf_8_or_as_rfc_2047(server: Server) -> None:
    await server.open()
    byline, place = "لينا شامي", "إسطنبول ـ متابعات"
    raw = [
        f"Headline: {ARABIC}".encode(),
        b"breaking: YES",
        b"Key-Event: true",
        f"Byline: {byline}".encode(),
        b"Byline: Reuters",
        f"Dateline: {place}".encode(),
        "Attribution: رويترز".encode(),
        b"At: 2020-11-22T17:15:00+02:00",
    ]
    _, _, first = await curl(server, *raw, body=b"x")
    words = [
        b"Headline: " + Header(ARABIC, "utf-8", maxlinelen=1000).encode().encode(),
        b"Breaking: yes",
        b"Key-Event: 1",
        b"Byline: " + Header(byline, "iso-8859-6", maxlinelen=1000).encode().encode(),
        b"Byline: Reuters",
        b"Dateline: " + Header(place, "utf-8", maxlinelen=1000).encode().encode(),
        b"Attribution: =?utf-8?b?2LHZiNmK2KrYsdiy?=",
        b"At: 2020-11-22T15:15:00Z",
    ]
    _, _, second = await curl(server, *words, body=b"x")
    for update in (first, second):
        assert update["headline"] == ARABIC
        assert (update["breaking"], update["key_event"]) == (True, True)
        assert update["byline"] == [byline, "Reuters"]
        assert update["dateline"] == place
        assert update["attribution"] == "رويترز"
        assert update["displayed_at"] == "2020-11-22T15:15:00Z"


async def test_query_parameters_do_the_same_and_headers_win(server: Server) -> None:
    await server.open()
    query = f"headline={quote(ARABIC)}&breaking=yes&key-event=yes&byline=a&byline=b&at=2020-11-22T15:15:00Z"
    _, _, update = await curl(server, body=b"x", path=f"/live/story?{query}")
    assert (update["headline"], update["breaking"], update["key_event"]) == (ARABIC, True, True)
    assert update["byline"] == ["a", "b"]
    _, _, update = await curl(server, b"Headline: header", body=b"x", path="/live/story?headline=query")
    assert update["headline"] == "header"


async def test_a_headline_alone_is_an_update(server: Server) -> None:
    await server.open()
    status, _, update = await curl(server, f"Headline: {ARABIC}".encode())
    assert (status, update["headline"], update["body"]) == (201, ARABIC, "")


async def test_what_only_looks_like_an_encoded_word_is_kept(server: Server) -> None:
    await server.open()
    for text in ("=?", "=?x?q?y?=", "=?utf-8?b?!!!?=", "a =? b ?= c"):
        status, _, update = await curl(server, f"Headline: {text}".encode(), body=b"x")
        assert status == 201, update
        assert update["headline"]


@pytest.mark.parametrize(
    ("headers", "body", "status", "field"),
    [
        ([], b"", 422, "body"),
        ([], b"\xd8", 400, "body"),
        ([], b"\xff\xfe", 400, "body"),
        ([], b"x" * 100_001, 422, "body"),
        ([], b"x" * 400_001, 413, "body"),
        ([b"Breaking: perhaps"], b"x", 422, "Breaking"),
        ([b"Key-Event: "], b"x", 422, "Key-Event"),
        ([b"At: yesterday"], b"x", 422, "displayed_at"),
        ([b"At: 2099-01-01T00:00:00Z"], b"x", 422, "displayed_at"),
        ([b"Headline: " + "ن".encode() * 301], b"x", 422, "headline"),
    ],
    ids=str,
)
async def test_what_cannot_be_taken_is_named_and_publishes_nothing(
    server: Server, headers: list[bytes], body: bytes, status: int, field: str
) -> None:
    await server.open()
    answered, _, problem = await curl(server, *headers, body=body)
    assert (answered, problem.get("field")) == (status, field), problem
    assert problem["status"] == status
    assert len(await server.events()) == 1


async def test_bytes_that_are_no_utf_8_in_a_header_do_no_harm(server: Server) -> None:
    await server.open()
    for text in (b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80x", "\u202eevil".encode()):
        status, _, update = await curl(server, b"Headline: " + text, body=b"x")
        assert status == 201, update
        update["headline"].encode()
        assert "\u202e" not in update["headline"]


async def test_a_repeated_key_publishes_once_and_its_fields_count_as_body(server: Server) -> None:
    await server.open()
    key = b"Idempotency-Key: phone-1"
    headline = f"Headline: {ARABIC}".encode()
    _, _, first = await curl(server, key, headline, body=b"x")
    status, headers, again = await curl(server, key, headline, body=b"x")
    assert (status, headers["idempotency-replayed"]) == (201, "true")
    assert again == first
    for other in ([key, b"Headline: other"], [key, headline, b"Breaking: yes"], [key]):
        status, _, problem = await curl(server, *other, body=b"x")
        assert (status, problem["type"]) == (422, "idempotency-key-reused")
    # A key that is known is told of before a field that cannot be taken.
    status, _, problem = await curl(server, key, b"Breaking: perhaps", body=b"x")
    assert (status, problem["type"]) == (422, "idempotency-key-reused")
    assert len(await server.events()) == 2


async def test_who_may_not_publish_may_not_here(server: Server) -> None:
    await server.open()
    assert (await curl(server, body=b"x", role=Role.CONTRIBUTOR))[0] == 403
    assert (await curl(server, b"Breaking: yes", body=b"x", role=Role.EDITOR))[0] == 403
    assert (await server.ask("POST", "/live/story", role=None, data=b"x")).status == 401
    assert (await curl(server, body=b"x", path="/live/none"))[0] == 404
    assert len(await server.events()) == 1
    assert (await curl(server, body=b"x", role=Role.EDITOR))[0] == 201


async def test_an_address_of_odd_bytes_is_answered(server: Server) -> None:
    await server.open()
    for path in ("/live/%FF", "/live/%00", "/live/%ED%A0%80", "/live/%2e%2e%2fetc", f"/live/{'x' * 3000}"):
        status, _, problem = await curl(server, body=b"x", path=path)
        assert (status, problem["status"]) == (404, 404)
