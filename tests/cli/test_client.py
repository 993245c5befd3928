"""What a client repeats, with which key, and what it says in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from livefeed.cli.client import Site, jittered, pause_before, quoted
from livefeed.cli.outcome import Failed

UNKNOWN = {"type": "outcome-unknown", "detail": "Nobody knows yet."}


class Wavering:
    """A server that gives these answers in turn, None by dropping the connection, and notes the keys."""

    def __init__(self, *answers: web.Response | None) -> None:
        self.answers = list(answers)
        self.keys: list[str] = []
        self.tokens: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Idempotency-Key", ""))
        self.tokens.append(request.headers.get("Authorization", ""))
        answer = self.answers.pop(0)
        if answer is None:
            assert request.transport
            request.transport.abort()
            await asyncio.sleep(10)  # cancelled with the connection
        assert answer
        return answer


@asynccontextmanager
async def site_of(double: Wavering, patience: float = 30) -> AsyncIterator[Site]:
    app = web.Application()
    app.router.add_post("/write", double.answer)
    app.router.add_get("/read", double.answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        yield Site(url, session, token="t", patience=patience, chance=lambda: 0.0)


def unknown() -> web.Response:
    return web.json_response(UNKNOWN, status=503, headers={"Retry-After": "0"})


async def test_an_unknown_outcome_and_a_dropped_connection_are_repeated_with_the_same_key() -> None:
    double = Wavering(unknown(), None, web.Response(status=502), web.json_response({"url": "u"}, status=201))
    async with site_of(double) as site:
        assert await site.write("/write", {"body": "x"}, key="k") == {"url": "u"}
    assert double.keys == ["k"] * 4
    assert set(double.tokens) == {"Bearer t"}


async def test_when_patience_ends_the_sentence_names_the_key_to_go_on_with() -> None:
    late = web.json_response(UNKNOWN, status=503, headers={"Retry-After": "60"})
    double = Wavering(late)
    async with site_of(double) as site:
        with pytest.raises(Failed, match=r"Nobody knows yet\..*--key k"):
            await site.write("/write", {}, key="k")
    assert len(double.keys) == 1


async def test_a_read_is_repeated_with_the_token_and_a_picture_without_it() -> None:
    double = Wavering(unknown(), None, web.json_response({"slug": "s"}), None, web.Response(body=b"picture"))
    async with site_of(double) as site:
        assert await site.read("/read") == {"slug": "s"}
        assert await site.download("/read") == b"picture"
    assert double.tokens == ["Bearer t"] * 3 + [""] * 2


async def test_a_picture_that_is_not_there_is_none_and_a_read_that_is_refused_says_why() -> None:
    missing = web.json_response({"detail": "There is no coverage 'x'."}, status=404)
    double = Wavering(web.Response(status=404), missing)
    async with site_of(double) as site:
        assert await site.download("/read") is None
        with pytest.raises(Failed, match="There is no coverage 'x'"):
            await site.read("/read")


async def test_a_post_hands_back_refusals_and_whether_the_key_was_used_before() -> None:
    double = Wavering(
        web.json_response({"detail": "Too long."}, status=422),
        web.json_response({"id": "u"}, status=201, headers={"Idempotency-Replayed": "true"}),
    )
    async with site_of(double) as site:
        refused = await site.post("/write", {}, key="k")
        assert (refused.status, refused.sentence, refused.replayed) == (422, "Too long.", False)
        assert (await site.post("/write", {}, key="k")).replayed


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (web.json_response({"detail": "There is no coverage 'x'."}, status=404), "There is no coverage 'x'."),
        (web.Response(status=413, text="<html>too large</html>"), "The server answered 413"),
        (web.json_response([1], status=400), "The server answered 400"),
        (web.Response(status=301, headers={"Location": "https://e.example/"}), "https://e.example/"),
        (web.json_response({"detail": "This needs a login."}, status=401), "livefeed token add"),
    ],
)
async def test_a_refusal_is_final_and_said_in_the_servers_words(answer: web.Response, sentence: str) -> None:
    double = Wavering(answer)
    async with site_of(double) as site:
        with pytest.raises(Failed) as failed:
            await site.write("/write", {}, key="k")
    assert sentence in str(failed.value)
    assert len(double.keys) == 1


@given(st.integers(0, 10_000), st.floats(0, 1), st.none() | st.floats(0, 100))
def test_a_pause_is_never_shorter_than_asked_for_nor_longer_than_its_limit(
    attempt: int, chance: float, asked: float | None
) -> None:
    assert 0 <= jittered(attempt, chance, first=1, longest=30) <= 30
    assert (asked or 0) <= pause_before(attempt, asked, chance) <= (asked or 0) + 8


def test_an_arabic_slug_is_percent_encoded_and_cannot_leave_its_part_of_the_path() -> None:
    assert quoted("ريم/../x?y#z") == "%D8%B1%D9%8A%D9%85%2F..%2Fx%3Fy%23z"
    assert quoted("a\udcff") == "a%3F"
