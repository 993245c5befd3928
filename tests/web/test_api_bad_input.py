"""Bad input: a clear answer that names the field, the value and the limit, and no side effect."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp.http_parser import DeflateBuffer
from live_server import Answer, Server

from livefeed.roles import Role

COVERAGES = "/api/v1/coverages"
UPDATES = f"{COVERAGES}/story/updates"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def quiet(server: Server) -> Server:
    """A server with a coverage of which nothing must ever be told in these tests."""
    await server.open()
    return server


async def refused(server: Server, answer: Answer, status: int) -> dict[str, Any]:
    """The problem document; nothing was written."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert len(await server.events()) == 1
    assert len((await server.ask("GET", COVERAGES)).json()["coverages"]) == 1
    problem: dict[str, Any] = answer.json()
    return problem


async def publish(server: Server, **fields: Any) -> Answer:
    return await server.ask("POST", UPDATES, json=fields)


# The body as a whole


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(quiet: Server) -> None:
    bomb = gzip.compress(b'{"body": "' + b"x" * 20_000_000 + b'"}')
    assert len(bomb) < 100_000
    answer = await quiet.ask("POST", UPDATES, data=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert (await refused(quiet, answer, 413))["limit"] == quiet.rooms.settings.request_bytes


async def test_a_body_that_is_not_packed_as_it_says_is_refused_at_every_door(
    quiet: Server, caplog: pytest.LogCaptureFixture
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    plain = b'{"body": "x"}'
    cut = {
        "gzip": gzip.compress(plain)[:-3],
        "deflate": zlib.compress(plain)[:-3],
    }
    for encoding in ("gzip", "deflate"):
        for path, headers in ((UPDATES, JSON), ("/live/story", {}), ("/hub", form)):
            for body in (plain, cut[encoding], gzip.compress(plain) + b"more"):
                packed = {**headers, "Content-Encoding": encoding}
                answer = await quiet.ask("POST", path, data=body, headers=packed)
                problem = await refused(quiet, answer, 400)
                assert (problem["field"], problem["value"]) == ("Content-Encoding", encoding)
    for encoding in ("br", "zstd", "gzip, gzip", "bogus"):
        packed = {**JSON, "Content-Encoding": encoding}
        problem = await refused(quiet, await quiet.ask("POST", UPDATES, data=plain, headers=packed), 415)
        assert problem["limit"] == "gzip or deflate"
    picture = {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "gzip"}
    problem = await refused(quiet, await quiet.ask("POST", "/api/v1/media", data=plain, headers=picture), 415)
    assert problem["limit"] == "identity"
    # A stranger's noise is no defect, and must not fill the log.
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_body_packed_in_each_way_is_taken(server: Server) -> None:
    await server.open()
    for encoding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        body = json.dumps({"body": encoding * 10_000}).encode()
        headers = {**JSON, "Content-Encoding": encoding}
        answer = await server.ask("POST", UPDATES, data=compress(body), headers=headers)
        assert answer.json()["text"] == encoding * 10_000


async def test_what_was_refused_is_not_unpacked_while_it_is_read_to_its_end(
    quiet: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp would: whoever sends packed zeros would have the event loop for themselves."""
    monkeypatch.delattr(DeflateBuffer, "feed_data")
    bomb = gzip.compress(b"x" * 1_000_000)
    for path in ("/live/none", UPDATES, "/hub"):
        answer = await quiet.ask("POST", path, role=None, data=bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status in {401, 404, 415}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nothing",
        b'{"body": "x"',
        b'{"body": "x"} {}',
        b'{"body": NaN}',
        b'{"body": Infinity}',
        b'{"body": -Infinity}',
        b'{"body": "\xff"}',
        b'{"body": "line\nbreak"}',
        b'{"breaking": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"body":' * 40_000,
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_broken_json_is_refused(quiet: Server, body: bytes) -> None:
    problem = await refused(quiet, await quiet.ask("POST", UPDATES, data=body, headers=JSON), 400)
    assert "JSON" in problem["detail"]
    assert (problem["field"], problem["limit"]) == ("body", "JSON")
    assert problem["value"] == body[:100].decode(errors="replace")
    for word in ("recursion", "sys.", "codec", "unicode"):  # nothing of the inside
        assert word not in problem["detail"]


@pytest.mark.parametrize("depth", [50, 500, 800, 900, 940, 960, 980, 1000, 5000])
async def test_deeply_nested_json_is_refused_at_every_depth(quiet: Server, depth: int) -> None:
    for opened, closed in (("[", "]"), ('{"a":', "}")):
        nested = opened * depth + "1" + closed * depth
        for body in (nested, f'{{"body": {nested}}}', f'{{"unknown": {nested}}}', f'{{"media": {nested}}}'):
            answer = await quiet.ask("POST", UPDATES, data=body, headers=JSON)
            await refused(quiet, answer, answer.status if answer.status == 400 else 422)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true", b"[{}]"])
async def test_json_that_is_no_object_is_refused(quiet: Server, body: bytes) -> None:
    problem = await refused(quiet, await quiet.ask("POST", UPDATES, data=body, headers=JSON), 422)
    assert problem["detail"] == "body: This is not an object."
    assert (problem["field"], problem["limit"]) == ("body", "an object")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""],
)
async def test_a_body_of_another_type_is_refused(quiet: Server, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = await quiet.ask("POST", UPDATES, data=b'{"body": "x"}', headers=headers)
    problem = await refused(quiet, answer, 415)
    assert "application/json" in problem["detail"]
    assert (problem["field"], problem["limit"]) == ("Content-Type", "application/json")


async def test_json_with_parameters_or_a_json_suffix_is_taken(server: Server) -> None:
    await server.open()
    for content_type in ("application/json; charset=utf-8", "application/merge-patch+json"):
        headers = {"Content-Type": content_type}
        answer = await server.ask("POST", UPDATES, data=b'{"body": "x"}', headers=headers)
        assert answer.status == 201


async def test_an_empty_body_needs_no_type_but_a_publication_needs_content(quiet: Server) -> None:
    problem = await refused(quiet, await quiet.ask("POST", UPDATES), 422)
    assert problem["field"] == "body"
    assert "empty" in problem["detail"]
    problem = await refused(quiet, await quiet.ask("POST", COVERAGES), 422)
    assert {error["field"] for error in problem["errors"]} == {"slug", "headline"}


async def test_an_oversized_request_names_the_limit_before_it_is_read(quiet: Server) -> None:
    limit = quiet.rooms.settings.request_bytes
    for body in (b"x" * (limit + 1), chunks(limit + 1)):
        problem = await refused(quiet, await quiet.ask("POST", UPDATES, data=body, headers=JSON), 413)
        assert (problem["field"], problem["limit"]) == ("body", limit)
        assert str(limit) in problem["detail"]


async def chunks(size: int) -> Any:
    """A body without a length."""
    for _ in range(size // 1000 + 1):
        yield b"x" * 1000


async def test_the_longest_body_fits_in_a_request_however_json_writes_it(server: Server) -> None:
    await server.open()
    text = "ن" * (server.rooms.settings.body_bytes // 2)
    for ascii_only in (True, False):
        body = json.dumps({"body": text}, ensure_ascii=ascii_only).encode()
        answer = await server.ask("POST", UPDATES, data=body, headers=JSON)
        assert answer.status == 201, answer.text
        assert answer.json()["text"] == text


# Fields


async def test_an_oversized_text_names_its_field_size_and_limit(quiet: Server) -> None:
    settings = quiet.rooms.settings
    for field, text, size, limit in (
        ("headline", "ن" * 301, 301, settings.headline_chars),
        ("body", "ن" * 50_001, 100_002, settings.body_bytes),
        ("attribution", "x" * 301, 301, settings.headline_chars),
    ):
        problem = await refused(quiet, await publish(quiet, **{"body": "x", field: text}), 422)
        assert problem["field"] == field
        assert str(size) in problem["detail"]
        assert str(limit) in problem["detail"]
    for field, item, most in (
        ("tags", "t", 30),
        ("media", {"id": "x"}, 20),
        ("related", {"title": "t", "url": "https://example.org"}, 20),
        ("embeds", {"url": "https://example.org"}, 10),
    ):
        problem = await refused(quiet, await publish(quiet, body="x", **{field: [item] * (most + 1)}), 422)
        assert problem["field"] == field
        assert str(most) in problem["detail"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"headlin": "x"}, "headlin"),
        ({"id": "mine"}, "id"),
        ({"revision": 3}, "revision"),
        ({"author": "somebody"}, "author"),
        ({"pinned": True}, "pinned"),
        ({"published_at": "2020-01-01T00:00:00Z"}, "published_at"),
        ({"headline": 5}, "headline"),
        ({"headline": None}, "headline"),
        ({"headline": ["x"]}, "headline"),
        ({"breaking": "yes"}, "breaking"),
        ({"breaking": 1}, "breaking"),
        ({"format": "rtf"}, "format"),
        ({"status": "retracted"}, "status"),
        ({"language": "arabisch"}, "language"),
        ({"language": "en_US"}, "language"),
        ({"language": "\ud800"}, "language"),
        ({"verification": "maybe"}, "verification"),
        ({"byline": {"name": "x"}}, "byline"),
        ({"displayed_at": "yesterday"}, "displayed_at"),
        ({"displayed_at": 1606054500}, "displayed_at"),
        ({"displayed_at": "2020-11-22T17:15:00"}, "displayed_at"),
        ({"displayed_at": "2020-11-22"}, "displayed_at"),
        ({"displayed_at": "2020-13-45T99:00:00Z"}, "displayed_at"),
        ({"displayed_at": "2099-11-22T17:15:00Z"}, "displayed_at"),
        ({"displayed_at": "0001-01-01T00:00:00+14:00"}, "displayed_at"),
        ({"publish_at": "2020-11-22T17:15:00Z"}, "publish_at"),
        ({"publish_at": "9999-12-31T23:59:59-14:00"}, "publish_at"),
        ({"publish_at": "2099-11-22T17:15:00Z", "status": "published"}, "publish_at"),
        ({"status": "scheduled"}, "publish_at"),
        ({"related": [{"title": "t", "url": "javascript:alert(1)"}]}, "related[0].url"),
        ({"related": [{"title": "t", "url": "https://bank.example@evil.example/"}]}, "related[0].url"),
        ({"related": [{"title": "t", "url": "http://[::1"}]}, "related[0].url"),
        ({"related": [{"title": "t", "url": "https://example.org/" + "x" * 2000}]}, "related[0].url"),
        ({"related": [{"url": "https://example.org"}]}, "related[0].title"),
        ({"embeds": [{"url": "data:text/html,x"}]}, "embeds[0].url"),
        ({"media": [{"id": "none"}]}, "media[0].id"),
        ({"media": [{"id": "\ud800"}]}, "media[0].id"),
        ({"media": [{"id": "x" * 65}]}, "media[0].id"),
        ({"headline": "", "body": "<!-- -->", "format": "html"}, "body"),
        ({"\ud800": 1}, None),
        ({"a" * 5000: 1}, None),
    ],
    ids=lambda value: str(value)[:60].encode("ascii", "backslashreplace").decode(),
)
async def test_a_field_that_cannot_be_taken_is_named(
    quiet: Server, fields: dict[str, Any], field: str | None
) -> None:
    body = json.dumps({"body": "x", **fields}).encode()
    problem = await refused(quiet, await quiet.ask("POST", UPDATES, data=body, headers=JSON), 422)
    assert len(problem["detail"]) < 6000
    if field is not None:
        assert problem["field"] == field
        assert problem["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"slug": ""}, "slug"),
        ({"slug": "Upper"}, "slug"),
        ({"slug": "a b"}, "slug"),
        ({"slug": "a/b"}, "slug"),
        ({"slug": "../etc"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"slug": "-a"}, "slug"),
        ({"slug": "x" * 81}, "slug"),
        ({"slug": "a\u0000"}, "slug"),
        ({"slug": "\ud800"}, "slug"),
        ({"slug": "e\u0301"}, "slug"),
        ({"slug": "a\u202eb"}, "slug"),
        ({"slug": 5}, "slug"),
        ({"headline": ""}, "headline"),
        ({"headline": " \u0000\u202e "}, "headline"),
        ({"headline": "x" * 301}, "headline"),
        ({"timezone": "Syria/Damascus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "/etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "\u0000"}, "timezone"),
        ({"timezone": "x" * 5000}, "timezone"),
        ({"language": "zz-zz-zz-zz"}, "language"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"status": "closed"}, "status"),
        ({"lead_media": {"id": "none"}}, "lead_media.id"),
        ({"position": "e-1"}, "position"),
    ],
    ids=lambda value: str(value)[:60].encode("ascii", "backslashreplace").decode(),
)
async def test_a_coverages_field_that_cannot_be_taken_is_named(
    quiet: Server, fields: dict[str, Any], field: str
) -> None:
    body = json.dumps({"slug": "fresh", "headline": "x", **fields}).encode()
    problem = await refused(quiet, await quiet.ask("POST", COVERAGES, data=body, headers=JSON), 422)
    assert problem["field"] == field


async def test_every_wrong_field_is_named_at_once(quiet: Server) -> None:
    problem = await refused(quiet, await publish(quiet, headlin="x", breaking="no", format="rtf"), 422)
    assert {error["field"] for error in problem["errors"]} == {"headlin", "breaking", "format"}
    for error in problem["errors"]:
        assert error["detail"]
        assert len(error["value"]) <= 100


async def test_a_program_finds_the_value_as_it_came_and_the_limit_by_itself(quiet: Server) -> None:
    for fields, value, limit in (
        ({"breaking": [True, None]}, "[true, null]", "true or false"),
        ({"body": 3}, "3", "a text"),
        ({"media": {}}, "{}", "a list"),
        ({"media": [3]}, "3", "an object"),
        ({"related": [{"title": "x", "url": "https://a.example/", "labl": ""}]}, "", None),
        ({"verification": "شائعة"}, "شائعة", "'confirmed', 'unconfirmed' or 'denied'"),
        ({"headline": "x" * 301}, "x" * 100, 300),
        ({"media": [{"id": "x"}] * 21}, json.dumps([{"id": "x"}] * 21)[:100], 20),
        ({"media": [{"id": "none"}]}, "none", "the id of an uploaded picture"),
        ({"hold": 61}, "61", 60),
        ({"language": "arabisch"}, "arabisch", "a language tag of RFC 5646"),
        ({"displayed_at": "soon"}, "soon", "a time of RFC 3339, such as 2026-11-23T17:15:00Z"),
        ({"body": "[" * 2001}, "[" * 100, 2000),
        ({"status": "scheduled"}, "", "a time to come"),
    ):
        problem = await refused(quiet, await publish(quiet, **fields), 422)
        assert (problem["value"], problem.get("limit")) == (value, limit)
        for error in problem.get("errors", []):
            assert (error["value"], error.get("limit")) == (value, limit)
    problem = await refused(quiet, await publish(quiet, headlin="x"), 422)
    assert "headline, body, format" in problem["limit"]


async def test_the_notes_of_corrections_retractions_and_submissions_are_checked_too(server: Server) -> None:
    await server.open()
    update = await server.publish()
    path = f"{UPDATES}/{update['id']}"
    for method, rest, fields, field in (
        ("POST", "/corrections", {}, "note"),
        ("POST", "/corrections", {"note": " \u0000 "}, "note"),
        ("POST", "/corrections", {"note": "x" * 301}, "note"),
        ("POST", "/retraction", {"note": "x" * 301}, "note"),
        ("POST", "/retraction", {"notes": "x"}, "notes"),
        ("POST", "/submission", {"note": 5}, "note"),
        ("POST", "/publication", {"publish_at": "soon"}, "publish_at"),
        ("POST", "/pin", {"until": "x"}, "until"),
        ("PATCH", "", {"publish_at": "2099-01-01T00:00:00Z"}, "publish_at"),
        ("PATCH", "", {"status": "draft"}, "status"),
        ("PATCH", "", {"body": "", "headline": ""}, "body"),
    ):
        answer = await server.ask(method, path + rest, json=fields)
        assert answer.status == 422, (rest, fields, answer.text)
        assert answer.json()["field"] == field
    assert [event["kind"] for event in await server.events()] == ["coverage", "published"]


# Characters


async def test_characters_that_break_or_deceive_are_cleaned_away(server: Server) -> None:
    await server.open()
    dirty = "\u0000\u0007a\ud800b\u202ec\u2066d\ufeff\ufffee"
    lines = dict.fromkeys(("headline", "body", "place", "attribution", "dateline"), dirty)
    related = [{"title": dirty, "url": "https://example.org/"}]
    fields = {**lines, "byline": [dirty], "tags": [dirty], "related": related}
    answer = await server.ask("POST", UPDATES, data=json.dumps(fields).encode(), headers=JSON)
    assert answer.status == 201, answer.text
    update = answer.json()
    for text in (update["headline"], update["text"], *update["byline"], update["place"], update["dateline"],
                 update["attribution"], *update["tags"], update["related"][0]["title"]):  # fmt: skip
        assert text == "abcde"
    for path in ("/live/story", f"/live/story/updates/{update['id']}", "/live/story/updates.atom",
                 "/live/story/updates.rss", "/live/story/updates.json"):  # fmt: skip
        answer = await server.ask("GET", path, role=None)
        assert answer.status == 200
        assert not set(answer.text) & set("\u0000\u0007\u202e\ufeff\ufffe")


async def test_arabic_with_its_joiners_and_marks_is_kept(server: Server) -> None:
    await server.open()
    text = "می\u200cخواهم «عَلَيْهِ» \u200f(إدلب)\u200f"
    assert (await server.publish(headline=text))["headline"] == text


async def test_hostile_markup_never_reaches_a_reader(server: Server) -> None:
    await server.open()
    attack = '<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:x">a</a><p>ok'
    for format in ("html", "markdown", "text"):
        body = (await server.publish(body=attack, format=format))["body"]
        assert "<script" not in body
        assert "<img" not in body
        assert '<a href="javascript' not in body


# Queries and addresses


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=", "limit"),
        ("before=x", "before"),
        ("before=", "before"),
        ("before=e-01", "before"),
        ("before=%FF", "before"),
        ("status=gone", "status"),
        ("status=%00", "status"),
    ],
)
async def test_a_query_that_cannot_be_taken_is_named(quiet: Server, query: str, field: str) -> None:
    problem = await refused(quiet, await quiet.ask("GET", f"{UPDATES}?{query}"), 400)
    assert problem["field"] == field
    assert problem["value"] == parse_qs(query, keep_blank_values=True, errors="replace")[field][0]
    assert problem["limit"]


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\tin it", "\u00a0\u2028", "\u202e"])
async def test_a_malformed_idempotency_key_is_refused(quiet: Server, key: str) -> None:
    headers = {"Idempotency-Key": key}
    problem = await refused(quiet, await quiet.ask("POST", UPDATES, json={"body": "x"}, headers=headers), 400)
    assert "200" in problem["detail"]
    assert (problem["field"], problem["value"], problem["limit"]) == ("Idempotency-Key", key[:100], 200)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer \xff", f"Bearer {'x' * 4000}", "lf_token"],
)
async def test_a_malformed_login_is_no_login(quiet: Server, authorization: str) -> None:
    headers = {"Authorization": authorization}
    answer = await quiet.ask("POST", UPDATES, role=None, json={"body": "x"}, headers=headers)
    await refused(quiet, answer, 401)


async def test_an_unknown_address_and_method_are_problem_documents(quiet: Server) -> None:
    await refused(quiet, await quiet.ask("GET", "/api/v1/nothing"), 404)
    answer = await quiet.ask("PUT", UPDATES, json={"body": "x"})
    await refused(quiet, answer, 405)
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


async def test_no_refusal_tells_of_the_inside(quiet: Server) -> None:
    for answer in (
        await quiet.ask("POST", UPDATES, data=b"{", headers=JSON),
        await publish(quiet, headlin="x"),
        await quiet.ask("GET", f"{UPDATES}/none"),
        await quiet.ask("GET", "/api/v1/coverages/none", role=Role.CONTRIBUTOR),
    ):
        for word in ("Traceback", "pydantic", "livefeed.", "/work", ".py", "sqlite", "Form"):
            assert word not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
