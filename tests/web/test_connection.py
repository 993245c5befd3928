"""What is no HTTP, and addresses as curl sends them, over raw sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from live_server import Server, running, settings_for
from raw_wire import head, wired

from livefeed.web.connection import encoded


async def test_an_address_as_it_was_typed_is_taken(server: Server) -> None:
    await server.open("تغطية-حية")
    async with wired(server) as wire:
        for headline in ("عاجل", "ثانٍ"):  # on a connection that waits for its first request, and its next
            target = f"/live/تغطية-حية?headline={headline}&byline=سامر%20ن"
            await wire.send(await head(server, target, "نص") + "نص")
            status, _, body = await wire.answer()
            update = json.loads(body)
            assert (status, update["headline"], update["byline"]) == (201, headline, ["سامر ن"])
            assert update["text"] == "نص"
        await wire.send(await head(server, "/live/تغطية-حية", "", method="GET"))
        status, _, body = await wire.answer()
        assert (status, "ثانٍ" in body.decode()) == (200, True)


async def test_a_body_that_looks_like_a_request_is_never_touched(server: Server) -> None:
    await server.open()
    body = "GET /خبر HTTP/1.1\r\n\r\n"
    async with wired(server) as wire:
        # Told to go on, the client sends the body in a piece of its own while its request is under way.
        await wire.send(await head(server, "/live/story", body, "Expect: 100-continue"))
        assert (await wire.answer())[0] == 100
        await wire.send(body)
        status, _, answer = await wire.answer()
        assert (status, json.loads(answer)["text"]) == (201, body.strip())
        # Refused before its body came, it is read to its end as it is, or the next request would be lost.
        length = f"Content-Length: {len(body.encode())}"
        await wire.send(f"POST /live/story HTTP/1.1\r\nHost: here\r\n{length}\r\n\r\n")
        assert (await wire.answer())[0] == 401
        await wire.send(body)
        await wire.send(await head(server, "/healthz", "", method="GET"))
        assert (await wire.answer())[0] == 200
    assert len(await server.events()) == 2


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nHost: he"])
async def test_a_head_that_never_ends_is_dropped(sent: str, tmp_path: Path) -> None:
    async with running(settings_for(tmp_path), keepalive_timeout=0.2) as server, wired(server) as wire:
        await wire.send(sent)
        assert await wire.reader.read() == b""


@pytest.mark.parametrize(
    "sent",
    [
        "NONSENSE\r\n\r\n",
        "BREW / HTTP/1.1\r\nHost: here\r\n\r\n",
        "GET / HTTP/1.1\r\nno header\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: here\r\nX: \0\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: here\r\nX: {'x' * 20_000}\r\n\r\n",
        f"GET /{'x' * 20_000} HTTP/1.1\r\nHost: here\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:30]),
)
async def test_what_is_no_http_is_refused_with_a_problem_document(
    server: Server, sent: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with wired(server) as wire:
        await wire.send(sent)
        status, headers, body = await wire.answer()
        assert (status, headers["content-type"]) == (400, "application/problem+json")
        assert (headers["server"], headers["cache-control"]) == ("livefeed", "no-store")
        problem: dict[str, Any] = json.loads(body)
        assert problem["status"] == 400
        assert problem["detail"].startswith("The request cannot be read: ")
        assert "aiohttp" not in str(headers) + body.decode()
        assert await wire.reader.read() == b""  # nothing that follows can be trusted
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []  # noise is no defect


def test_only_what_begins_like_a_request_is_changed() -> None:
    line = "GET /خبر?a=%20&b=ن HTTP/1.1\r\n"
    rest = "Headline: خبر\r\n\r\nخبر".encode()
    assert encoded(line.encode() + rest) == b"GET /%D8%AE%D8%A8%D8%B1?a=%20&b=%D9%86 HTTP/1.1\r\n" + rest
    for other in ("خبر", "Headline: خبر\r\n", "GET /خبر", "GET /خ بر HTTP/1.1\r\n", " GET /خبر HTTP/1.1\r\n"):
        assert encoded(other.encode()) == other.encode()
