"""Rendered documents: once a state, off the loop, and answered conditionally."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import aiohttp
import brotli
import pytest
from live_server import Answer, Server

from livefeed import metrics
from livefeed.feeds import ARCHIVE_ITEMS
from livefeed.web.documents import Documents

PATHS = [
    "/",
    "/live/story",
    "/live/story?page=1",
    "/feeds/breaking.rss",
    "/live/story/updates.json",
    "/live/long/archive/1.atom",
]
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    kept = Documents(1000)
    yield kept
    await kept.aclose()


def renders(kind: str) -> float:
    return metrics.RENDERS.labels(kind)._value.get()


async def test_a_state_is_rendered_once_however_many_ask(documents: Documents) -> None:
    threads = []

    def render() -> bytes:
        threads.append(threading.current_thread().name)
        return b"page"

    before = renders("test")
    answers = await asyncio.gather(*(documents.get("test one", 1, render) for _ in range(50)))
    assert {id(answer) for answer in answers} == {id(answers[0])}
    assert await documents.get("test one", 1, render) is answers[0]
    assert len(threads) == 1
    assert threads[0].startswith("livefeed-render")
    assert renders("test") == before + 1
    assert (await documents.get("test one", 2, render)).plain == b"page"
    assert len(threads) == 2


async def test_a_failed_rendering_is_everybodys_and_is_tried_again(documents: Documents) -> None:
    def broken() -> bytes:
        raise LookupError("a template")

    answers = await asyncio.gather(*(documents.get("x", 1, broken) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(answer, LookupError) for answer in answers)
    assert (await documents.get("x", 1, lambda: b"well")).plain == b"well"


async def test_one_who_leaves_does_not_take_the_rendering_from_the_others(documents: Documents) -> None:
    go = threading.Event()

    def render() -> bytes:
        go.wait(5)
        return b"page"

    first = asyncio.create_task(documents.get("x", 1, render))
    second = asyncio.create_task(documents.get("x", 1, render))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert (await second).plain == b"page"


async def test_the_least_recently_asked_for_goes_first_and_the_newest_stays(documents: Documents) -> None:
    for name in "abc":
        await documents.get(name, 1, lambda: b"x" * 300)
    await documents.get("a", 1, lambda: b"")  # asked for again
    await documents.get("d", 1, lambda: b"x" * 300)
    assert [documents.last(name) is not None for name in "abcd"] == [True, False, True, True]
    await documents.get("huge", 1, lambda: bytes(str(list(range(2000))), "ascii"))
    assert documents.last("huge") is not None
    assert documents.last("d") is None
    await documents.get("e", 1, lambda: b"y")
    assert documents.last("huge") is None
    assert documents._size == 1


async def test_what_leaves_a_document_dates_it_although_no_date_in_it_grew() -> None:
    day = datetime(2020, 11, 22, tzinfo=UTC)
    documents = Documents(1000, clock=lambda: day + timedelta(days=9))
    states = [(b"two", day + timedelta(days=1)), (b"one", day), (b"none", day), (b"none", day)]
    dates = []
    for number, (body, modified) in enumerate(states):
        made = await documents.get("feed", number, lambda body=body: body, lambda modified=modified: modified)
        dates.append(made.modified and (made.modified - day).days)
    assert dates == [1, 9, 9, 9]
    await documents.aclose()


async def test_two_changes_within_a_second_have_two_dates() -> None:
    noon = datetime(2020, 11, 22, 12, tzinfo=UTC)
    documents = Documents(1000, clock=lambda: noon + timedelta(milliseconds=900))
    dates = []
    for number, milliseconds in enumerate((100, 500, 900, 900)):
        modified = noon + timedelta(milliseconds=milliseconds)
        body = str(milliseconds).encode()
        made = await documents.get("feed", number, lambda body=body: body, lambda modified=modified: modified)
        dates.append(made.modified and (made.modified - noon).total_seconds())
    assert dates == [0, 1, 2, 2]
    await documents.aclose()


# Over HTTP


@pytest.fixture
async def served(server: Server) -> Server:
    await server.open()
    for number in range(25):
        await server.publish(body=f"خبر {number}", breaking=number % 10 == 0)
    await server.open("long")
    for number in range(ARCHIVE_ITEMS):
        await server.publish("long", body=f"خبر {number}")
    return server


async def get(server: Server, path: str, method: str = "GET", **headers: str) -> Answer:
    """A request with exactly these headers; the body as it was sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Accept-Encoding", "identity")
    async with (
        aiohttp.ClientSession(auto_decompress=False) as client,
        client.request(method, server.url + path, headers=named) as response,
    ):
        return Answer(response.status, response.headers, await response.read())


async def test_each_encoding_has_a_strong_validator_of_its_own(served: Server) -> None:
    for path in PATHS:
        plain = await get(served, path)
        assert "Content-Encoding" not in plain.headers
        answers = [plain]
        for encoding, decode in DECODERS.items():
            answers.append(await get(served, path, Accept_Encoding=encoding))
            assert answers[-1].headers["Content-Encoding"] == encoding
            assert decode(answers[-1].body) == plain.body
            assert len(answers[-1].body) < len(plain.body)
            if encoding == "gzip":
                assert answers[-1].body[4:8] == bytes(4), "a time in it would differ between processes"
        assert len({answer.headers["ETag"] for answer in answers}) == 3
        for answer in answers:
            assert answer.status == 200
            assert answer.headers["ETag"].startswith('"')
            assert "Accept-Encoding" in answer.headers["Vary"]
            assert "Set-Cookie" not in answer.headers
            assert int(answer.headers["Content-Length"]) == len(answer.body)
        again = await get(served, path)
        assert (again.headers["ETag"], again.body) == (plain.headers["ETag"], plain.body)


async def test_who_has_the_state_in_any_encoding_gets_304(served: Server) -> None:
    for path in PATHS:
        answers = {
            coding: await get(served, path, Accept_Encoding=coding) for coding in ("identity", *DECODERS)
        }
        tag, br, gz = (answers[coding].headers["ETag"] for coding in ("identity", "br", "gzip"))
        compressed_by_a_proxy = (f'{tag[:-1]}-gzip"', f'W/{tag[:-1]};gzip"', f'{br[:-1]}-br"')
        for match in (
            *compressed_by_a_proxy,
            tag,
            gz,
            br,
            f"W/{tag}",
            f'"other", {tag}',
            f'"a",W/{gz} , "b"',
            f"W/{br}",
            "*",
        ):
            for encoding, source in answers.items():
                answer = await get(served, path, If_None_Match=match, Accept_Encoding=encoding)
                assert (answer.status, answer.body) == (304, b""), match
                for name in (
                    "ETag",
                    "Cache-Control",
                    "Vary",
                    "Last-Modified",
                    "Link",
                    "Access-Control-Allow-Origin",
                ):
                    assert answer.headers.get(name) == source.headers.get(name), name
                assert "Content-Type" not in answer.headers
        for match in ('"other"', tag.strip('"') + "x", '""', ""):
            assert (await get(served, path, If_None_Match=match)).status == 200, match


async def test_several_lines_of_a_header_are_one_list(served: Server) -> None:
    tag = (await get(served, "/live/story")).headers["ETag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", tag), ("Accept-Encoding", "br")]
    async with served.client.get(f"{served.url}/live/story", headers=lines) as response:
        assert response.status == 304
    encodings = [("Accept-Encoding", "zstd"), ("Accept-Encoding", "gzip")]
    async with served.client.get(f"{served.url}/live/story", headers=encodings) as response:
        assert response.headers["Content-Encoding"] == "gzip"


async def test_if_modified_since_counts_only_without_a_tag(served: Server) -> None:
    path = "/live/story/updates.rss"
    first = await get(served, path)
    modified = parsedate_to_datetime(first.headers["Last-Modified"])
    assert modified <= datetime.now(UTC)

    def date(shift: int) -> str:
        return format_datetime((modified + timedelta(seconds=shift)).astimezone(UTC), usegmt=True)

    for since, status in [(date(0), 304), (date(60), 304), (date(-1), 200), ("yesterday", 200), ("", 200)]:
        assert (await get(served, path, If_Modified_Since=since)).status == status, since
    assert (await get(served, path, If_Modified_Since=date(0), If_None_Match='"other"')).status == 200
    tag = first.headers["ETag"]
    assert (await get(served, path, If_Modified_Since=date(-99), If_None_Match=tag)).status == 304
    assert "Last-Modified" not in (await get(served, "/live/story")).headers
    assert (await get(served, "/live/story", If_Modified_Since=date(60))).status == 200


async def test_head_says_what_get_would(served: Server) -> None:
    for path in PATHS:
        for encoding in ("identity", "gzip", "br"):
            full = await get(served, path, Accept_Encoding=encoding)
            head = await get(served, path, method="HEAD", Accept_Encoding=encoding)
            assert (head.status, head.body) == (200, b"")
            differing = {name for name in full.headers if full.headers[name] != head.headers.get(name)}
            assert differing <= {"Date"}
            tag = full.headers["ETag"]
            assert (await get(served, path, method="HEAD", If_None_Match=tag)).status == 304


async def test_the_encoding_that_is_liked_best_is_sent_and_none_that_was_not_asked_for(
    served: Server,
) -> None:
    for path in PATHS:
        for asked, sent in [
            ("gzip", "gzip"),
            ("GZIP;q=1", "gzip"),
            ("br", "br"),
            ("br,gzip", "br"),
            ("gzip, deflate, br, zstd", "br"),
            ("br;q=0.5, gzip;q=0.8", "gzip"),
            ("*", "br"),
            ("*, br;q=0", "gzip"),
            ("gzip;q=1.0, *;q=0.1", "gzip"),
            ("gzip;q=0, br; q=0.000", None),
            ("*;q=0", None),
            ("identity", None),
            ("zstd", None),
            ("", None),
        ]:
            answer = await get(served, path, Accept_Encoding=asked)
            assert answer.headers.get("Content-Encoding") == sent, asked


async def test_other_methods_are_refused_with_the_ones_there_are(served: Server) -> None:
    for path in PATHS:
        for method in (
            "PUT",
            "DELETE",
            *(() if path.startswith("/live/story?") or path == "/live/story" else ("POST",)),
        ):
            answer = await get(served, path, method=method)
            assert answer.status == 405
            assert {"GET", "HEAD"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


async def test_fifty_at_once_after_a_change_cost_one_rendering(served: Server) -> None:
    for path in PATHS:
        kind = "feed" if "." in path else "index" if path == "/" else "archive" if "page" in path else "live"
        await get(served, path)
        tag = (await get(served, path)).headers["ETag"]
        before = renders(kind)
        update = (await served.ask("GET", "/live/story/changes?after=0&limit=2", role=None)).json()["events"][
            1
        ]["update"]
        answer = await served.ask(
            "PATCH", f"/api/v1/coverages/story/updates/{update['id']}", json={"headline": "عنوان جديد"}
        )
        assert answer.status == 200
        answers = await asyncio.gather(*(get(served, path) for _ in range(50)))
        assert len({answer.headers["ETag"] for answer in answers}) == 1
        # Of the oldest update the index shows nothing, and a feed only its newest items: no byte has changed.
        if path in {"/live/story?page=1", "/feeds/breaking.rss"}:
            assert "عنوان جديد" in answers[0].text
            assert answers[0].headers["ETag"] != tag
        assert renders(kind) - before <= 1


async def test_pages_and_feeds_say_how_long_they_may_be_kept(served: Server) -> None:
    live = (await get(served, "/live/story")).headers["Cache-Control"]
    assert "max-age=0" in live
    assert "stale-if-error" in live
    for path in ("/feeds/breaking.atom", "/live/story/updates.rss", "/live/story/breaking.json"):
        feed = await get(served, path)
        assert feed.headers["Cache-Control"] == "max-age=60, stale-while-revalidate=60, stale-if-error=86400"
        assert "Expires" not in feed.headers, "some feed readers then forget the validators"
    for path in ("/healthz", "/readyz"):
        assert (await get(served, path)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", ["0", "-1", "x", "٣", "99", "1.0", "", "9999999999"])
async def test_a_page_that_is_not_there_names_those_that_are(served: Server, page: str) -> None:
    answer = await served.ask("GET", "/live/story", role=None, params={"page": page})
    assert answer.status == 404
    assert "1 to 2" in answer.json()["detail"]
