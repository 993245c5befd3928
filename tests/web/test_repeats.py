"""Answers that are given again: the same as the door's, in no other world, in the order of their requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.http_parser import HttpRequestParser
from hypothesis import example, given
from hypothesis import strategies as st
from live_server import Server
from raw_wire import Answer, Wire, wired

from livefeed.fetches import Fetched
from livefeed.web import repeats as repeats_module
from livefeed.web.documents import Document, Documents
from livefeed.web.repeats import LOOKED_AT, Asked, Repeats

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FORMS = ("rss", "atom", "json")
SHOWING = [
    "/live/story",
    "/",
    *(f"/live/story/{kind}.{form}" for kind in ("updates", "breaking") for form in FORMS),
]


class Watched(Documents):
    """Documents that count how often they are asked, and can let something happen while they are."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.asked = 0
        self.meanwhile: Callable[[], Any] | None = None

    async def get(self, *given: Any, **named: Any) -> Document:
        self.asked += 1
        document = await super().get(*given, **named)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return document


@pytest.fixture
def watched(server: Server) -> Watched:
    """The documents of a server whose clock stands still: nothing but a change ends a world."""
    server.rooms.clock = lambda: NOW
    server.rooms.documents = watched = Watched(10_000_000)
    return watched


async def get(wire: Wire, path: str, *headers: str) -> Answer:
    await wire.send("\r\n".join((f"GET {path} HTTP/1.1", "Host: here", *headers, "", "")))
    return await wire.answer()


async def test_what_was_asked_a_moment_ago_is_answered_again_as_it_was(
    server: Server, watched: Watched
) -> None:
    await server.open()
    await server.publish(headline="خبر", breaking=True)
    async with wired(server) as wire, wired(server) as another:
        for path in SHOWING:
            first = await get(wire, path)
            second = await get(wire, path)  # the first may have been the one that loaded what it shows
            asked = watched.asked
            assert await get(another, path, "User-Agent: another", "Cookie: a=b") == second
            assert watched.asked == asked, path
            assert (first[0], first[2]) == (second[0], second[2])
            assert "خبر" in second[2].decode(), path
    assert server.rooms.fetches.of("story") == Fetched(6, 6, 6), "an answer that is given again counts too"


async def test_a_change_shows_in_the_same_moment(server: Server, watched: Watched) -> None:
    await server.open()
    async with wired(server) as wire:
        for number in range(3):
            said = f"خبر رقم {number}"
            update = await server.publish(headline=said, breaking=True)
            for path in (*SHOWING, f"/live/story/updates/{update['id']}"):
                for _ in range(3):
                    _, headers, body = await get(wire, path)
                    assert said in body.decode(), path
                assert (await get(wire, path, f"If-None-Match: {headers['etag']}"))[0] == 304
                assert (await get(wire, path, f"If-None-Match: {headers['etag']}"))[0] == 304
        withdrawn = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
        assert (await server.ask("POST", withdrawn, json={"reason": "خطأ"})).status in {200, 201}
        for path in (*SHOWING, f"/live/story/updates/{update['id']}"):
            for _ in range(2):
                assert said not in (await get(wire, path))[2].decode(), path
    assert watched.asked


async def test_an_answer_whose_world_passed_while_it_was_made_is_not_given_again(
    server: Server, watched: Watched
) -> None:
    await server.open()
    async with wired(server) as wire:
        for path in ("/live/story", "/live/story/updates.rss"):
            await get(wire, path)
            later = f"بينما {path}"
            watched.meanwhile = lambda later=later: server.publish(headline=later)
            await get(wire, f"{path}?turn")  # an address of its own, so that the door is asked
            assert watched.meanwhile is None
            assert later in (await get(wire, f"{path}?turn"))[2].decode()


async def test_what_is_made_from_the_store_is_asked_for_each_time(server: Server, watched: Watched) -> None:
    await server.open()
    updates = [await server.publish() for _ in range(50)]
    permalink = f"/live/story/updates/{updates[0]['id']}"
    async with wired(server) as wire:
        for path in ("/live/story?page=1", permalink, "/live/story/archive/1.atom"):
            for _ in range(3):
                asked = watched.asked
                assert (await get(wire, path))[0] == 200
                assert watched.asked > asked, path


async def test_a_second_later_the_door_is_asked_again(server: Server, watched: Watched) -> None:
    await server.open()
    async with wired(server) as wire:
        for _ in range(3):
            await get(wire, "/live/story/updates.atom")
        asked = watched.asked
        server.rooms.clock = lambda: NOW + timedelta(seconds=1)
        await get(wire, "/live/story/updates.atom")
        assert watched.asked == asked + 1


async def test_each_way_of_asking_has_its_own_answer(server: Server, watched: Watched) -> None:
    await server.open()
    await server.publish(body="خبر طويل " * 200)
    async with wired(server) as wire:
        for _ in range(3):
            for accepted, encoding in (
                ("gzip", "gzip"),
                ("br", "br"),
                ("gzip;q=0", None),
                ("br;q=0, gzip", "gzip"),
            ):
                _, headers, _ = await get(wire, "/live/story", f"Accept-Encoding: {accepted}")
                assert headers.get("content-encoding") == encoding
            # Two lines of one header are one list, in any writing.
            _, headers, _ = await get(
                wire, "/live/story", "ACCEPT-encoding: gzip;q=0.5", "accept-Encoding:br"
            )
            assert headers["content-encoding"] == "br"
            tag = headers["etag"]
            assert (await get(wire, "/live/story", f"If-None-Match: {tag}"))[0] == 304
            assert (await get(wire, "/live/story", 'If-None-Match: "other"'))[0] == 200
            since = "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"
            assert (await get(wire, "/live/story/updates.rss", since))[0] == 200
            assert (await get(wire, "/live/story/updates.rss", since.replace("2000", "2050")))[0] == 304
    assert watched.asked


async def test_answers_come_in_the_order_of_their_requests(server: Server, watched: Watched) -> None:
    await server.open()
    await server.publish(headline="خبر")
    paths = ["/live/story", "/live/story/updates.rss", "/live/story/changes?after=0", "/nowhere"]
    paths += ["/live/story/updates.rss", "/live/story", "/healthz", "/live/story/updates.json", "/live/story"]
    async with wired(server) as wire:
        alone = [await get(wire, path) for path in paths]
        alone = [await get(wire, path) for path in paths]
        whole = "".join(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n" for path in paths)
        for _ in range(3):
            await wire.send(whole)
            together = [await wire.answer() for _ in paths]
            assert [(status, body) for status, _, body in together] == [(a[0], a[2]) for a in alone]


async def test_a_head_that_comes_in_pieces_is_one_request_wherever_it_is_cut(
    server: Server, watched: Watched
) -> None:
    await server.open()
    inner = "GET /live/story HTTP/1.1\r\nHost: here\r\n\r\n"
    for start in (
        "GET /healthz HTTP/1.1\r\nX: ",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nX:",
        "GET /healthz?a=",
    ):
        async with wired(server) as wire:
            for _ in range(3):
                await get(wire, "/live/story")  # would be given again, were it asked
            asked = server.rooms.repeats.read(inner.encode())
            assert asked is not None
            assert server.rooms.repeats.find(asked) is not None
            await wire.send(start)
            await _read_by(server)
            await wire.send(inner)
            status, _, body = await wire.answer()
            assert (status, b"<html" in body) != (200, True), start
            wire.writer.write_eof()
            async with asyncio.timeout(10):
                assert await wire.reader.read() == b"", start


async def test_a_body_is_never_answered(server: Server, watched: Watched) -> None:
    await server.open()
    inner = "GET /live/story HTTP/1.1\r\nHost: here\r\n\r\n"
    for announced in (f"Content-Length: {len(inner)}", "Transfer-Encoding: chunked"):
        chunk = inner if "Length" in announced else f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"
        async with wired(server) as wire:
            for _ in range(3):
                page = await get(wire, "/live/story")
            await wire.send(
                f"GET /live/story/updates.rss HTTP/1.1\r\nHost: here\r\n{announced}\r\n\r\n{chunk}"
            )
            assert (await wire.answer())[1]["content-type"].startswith("application/rss+xml")
            assert (await get(wire, "/live/story/updates.json"))[1]["content-type"] != page[1]["content-type"]


async def test_who_reads_nothing_gets_everything_later_in_order(server: Server, watched: Watched) -> None:
    await server.open()
    for number in range(20):
        await server.publish(headline=f"خبر {number}", body="نص طويل " * 500)
    async with wired(server) as wire:
        page, feed = [await get(wire, path) for path in ("/live/story", "/live/story/updates.json")]
        page, feed = [await get(wire, path) for path in ("/live/story", "/live/story/updates.json")]
        both = "".join(
            f"GET /live/story{end} HTTP/1.1\r\nHost: here\r\n\r\n" for end in ("", "/updates.json")
        )
        for _ in range(40):
            wire.writer.write(both.encode())
        for _ in range(40):
            assert (await wire.answer())[2] == page[2]
            assert (await wire.answer())[2] == feed[2]


async def test_who_reads_nothing_is_sent_no_more_than_a_buffer(server: Server, watched: Watched) -> None:
    await server.open()
    for number in range(20):
        await server.publish(headline=f"خبر {number}", body="نص طويل " * 500)
    request = b"GET /live/story/updates.json HTTP/1.1\r\nHost: here\r\n\r\n"
    async with wired(server) as wire:
        for _ in range(2):
            _, _, body = await get(wire, "/live/story/updates.json")
        (connection,) = _connections(server, plain=True)
        wire.writer.write(request * 500)  # in all far more than the kernel holds
        while not connection._paused:  # noqa: ASYNC110 - nobody is told that a transport paused
            await asyncio.sleep(0)
        assert connection.transport.get_write_buffer_size() < 3 * len(body)


async def test_a_connection_that_is_used_is_not_ended_as_idle(server: Server, watched: Watched) -> None:
    await server.open()
    async with wired(server) as wire:
        for _ in range(2):
            await get(wire, "/live/story")
        (connection,) = _connections(server, plain=True)
        connection._next_keepalive_close_time = 0.0
        await get(wire, "/live/story")
        assert connection._next_keepalive_close_time > 0


async def test_a_server_that_stops_says_so_at_once(server: Server, watched: Watched) -> None:
    await server.open()
    async with wired(server) as wire:
        for _ in range(3):
            assert "connection" not in (await get(wire, "/live/story"))[1]
        server.rooms.draining = True
        assert (await get(wire, "/live/story"))[1]["connection"] == "close"
        assert await wire.reader.read() == b""


async def test_what_concerns_one_person_is_never_kept(server: Server, watched: Watched) -> None:
    await server.open()
    async with wired(server) as wire:
        for path in ("/desk", "/api/v1/coverages", "/live/story/changes?after=0", "/readyz", "/live/none"):
            for _ in range(2):
                await get(wire, path)
    assert len(server.rooms.repeats) == 0


async def test_answers_are_bounded_in_number_and_bytes(
    server: Server, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.open()
    async with wired(server) as wire:
        await get(wire, "/live/story")
        size = len((await get(wire, "/live/story"))[2])
        for name, most in (("MOST_ANSWERS", 5), ("MOST_BYTES", 4 * size)):
            with monkeypatch.context() as patch:
                patch.setattr(repeats_module, name, most)
                for number in range(30):
                    await get(wire, f"/live/story?{name}={number}")
                    assert len(server.rooms.repeats) <= 5


TOKEN = "abzAZ09!#$%&'*+-.^_`|~"
NAMES = (
    st.sampled_from(sorted(name.decode() for name in LOOKED_AT))
    | st.sampled_from(
        ["Connection", "content-length", "User-Agent", "Host", "Transfer-Encoding", "Upgrade", "Expect", "X"]
    )
    | st.text(TOKEN + " :\t(", max_size=6)
)
VALUES = st.sampled_from(
    ["keep-alive", "close", "0", "5", "chunked", "gzip", 'W/"a", "b"', "websocket"]
) | st.text(' \tab:;="\x00\x7f\r\n\x0bé', max_size=8)
ENDS = st.sampled_from(["\r\n"] * 12 + ["\n", "\r", "\r\n ", "\r\n\r\n"])
TARGETS = st.sampled_from(["/", "/live/story?page=1", "*", "http://a/b"]) | st.text(
    "/a%?#. \x01é", max_size=5
)
VERSIONS = st.sampled_from(["HTTP/1.1"] * 8 + ["HTTP/1.0", "HTTP/2", "http/1.1", ""])


@example("GET", "/", "HTTP/1.1", True, [("Host", ":", "b", "\r\n")])
@example("GET", "/", "HTTP/1.1", True, [("User-Agent", ":", "b", "\r\n")] * 2)
@example("GET", "/", "HTTP/1.1", True, [("accept-encoding", ":", "b", "\r\n")] * 2)
@example("GET", "/", "HTTP/1.1", True, [("X", ":", "b", "\r\n "), ("Content-Length", ":", "5", "\r\n")])
@example("GET", "/", "HTTP/1.1", True, [("Content-Length", " :", "5", "\r\n")])
@example("GET", "/", "HTTP/1.1", True, [("X", ":", "\0", "\r\n")])
@example("GET", "/", "HTTP/1.1", False, [])
@given(
    st.sampled_from(["GET"] * 8 + ["HEAD", "get", " GET", "POST"]),
    TARGETS,
    VERSIONS,
    st.sampled_from([True] * 8 + [False]),
    st.lists(st.tuples(NAMES, st.sampled_from([":", ": ", " :", ""]), VALUES, ENDS), max_size=5),
)
async def test_what_is_read_here_is_read_the_same_by_the_whole_parser(
    method: str, target: str, version: str, hosted: bool, lines: list[tuple[str, str, str, str]]
) -> None:
    host = "Host: a\r\n" if hosted else ""
    head = f"{method} {target} {version}\r\n{host}" + "".join(map("".join, lines)) + "\r\n"
    asked = Repeats(lambda: None).read(head.encode())
    if asked is None:
        return
    parser = HttpRequestParser(_Protocol(), asyncio.get_running_loop(), 2**16)
    messages, upgraded, tail = parser.feed_data(head.encode())
    assert (len(messages), upgraded, tail) == (1, False, b"")
    message, payload = messages[0]
    assert message.method == "GET"
    assert (message.path.encode(), message.should_close, payload.is_eof()) == (asked.target, False, True)
    wishes = ((name.lower(), value) for name, value in message.raw_headers)
    assert asked == Asked(asked.target, tuple(wish for wish in wishes if wish[0] in LOOKED_AT))


def test_heads_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats_module, "MOST_HEADS", 3)
    repeats = Repeats(_no_world)
    for number in range(10):
        head = f"GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        assert repeats.read(head) == repeats.read(head) == Asked(b"/%d" % number, ())
    assert repeats.read(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 5000)) is None


def _connections(server: Server, *, plain: bool) -> list[Any]:
    assert server.runner.server
    return [each for each in server.runner.server.connections if each._plain == plain]  # type: ignore[attr-defined]  # they are ours


def _no_world() -> Hashable:
    return None


class _Protocol:
    """What aiohttp's parser asks of its connection."""

    _reading_paused = False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def _read_by(server: Server) -> None:
    """Return when the server has read what was sent before: it answers on another connection."""
    async with wired(server) as other:
        assert (await get(other, "/healthz"))[0] == 200
