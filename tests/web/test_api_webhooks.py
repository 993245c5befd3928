"""The webhooks' part of the API: who may, what is taken, what is shown."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from live_server import Server

from livefeed.courier.endpoints import MOST_ENDPOINTS
from livefeed.webhooks import secret_bytes

URL = "https://hooks.example.org/in?a=b"


async def add(server: Server, key: str | None = None, **fields: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await server.ask("POST", "/api/v1/webhooks", json={"url": URL, **fields}, headers=headers)
    assert answer.status == 201, answer.text
    return answer.json()


async def test_the_secret_is_shown_once(server: Server) -> None:
    made = await add(server, description="the archive", coverages=["storm"])
    assert len(secret_bytes(made.pop("secret"))) == 32
    assert (made["url"], made["description"], made["coverages"]) == (URL, "the archive", ["storm"])
    assert not made["disabled"]
    listed = await server.ask("GET", "/api/v1/webhooks")
    assert listed.json() == {"webhooks": [made]}
    one = await server.ask("GET", f"/api/v1/webhooks/{made['id']}")
    assert one.json() == made
    assert "whsec_" not in listed.text + one.text


async def test_a_secret_of_ones_own_is_taken(server: Server) -> None:
    secret = "whsec_" + b64encode(b"k" * 24).decode()
    assert (await add(server, secret=secret))["secret"] == secret


@pytest.mark.parametrize("role", ["contributor", "editor", "chief"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/webhooks"),
        ("GET", "/api/v1/webhooks"),
        ("GET", "/api/v1/webhooks/x"),
        ("DELETE", "/api/v1/webhooks/x"),
        ("GET", "/api/v1/webhooks/x/dead-letters"),
        ("POST", "/api/v1/webhooks/x/replay"),
    ],
)
async def test_only_an_admin_may(server: Server, role: str, method: str, path: str) -> None:
    assert (await server.ask(method, path, role=role)).status == 403
    assert (await server.ask(method, path, role=None)).status == 401


@pytest.mark.parametrize(
    ("fields", "field", "wrong"),
    [
        ({}, "url", "required"),
        ({"url": "ftp://example.org"}, "url", "must begin with http"),
        ({"url": "http://169.254.169.254/latest"}, "url", "not a public address"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "url", "not a public address"),
        ({"url": "https://example.org:25/"}, "url", "the port 25"),
        ({"url": URL, "secret": "hunter2"}, "secret", "begins with whsec_"),
        ({"url": URL, "secret": "whsec_AAAA"}, "secret", "24 to 64"),
        ({"url": URL, "coverages": []}, "coverages", "at least 1"),
        ({"url": URL, "coverages": ["a/b"]}, "coverages[0]", "a/b"),
        ({"url": URL, "colour": "red"}, "colour", "There is no such field"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    server: Server, fields: dict[str, Any], field: str, wrong: str
) -> None:
    answer = await server.ask("POST", "/api/v1/webhooks", json=fields)
    assert answer.status == 422, answer.text
    assert answer.json()["field"] == field
    assert wrong in answer.json()["detail"]
    assert "hunter2" not in answer.text
    assert (await server.ask("GET", "/api/v1/webhooks")).json() == {"webhooks": []}


async def test_a_repetition_finds_the_first_endpoint_and_makes_no_second(server: Server) -> None:
    first = await add(server, key="k1")
    body = {"url": URL}
    again = await server.ask("POST", "/api/v1/webhooks", json=body, headers={"Idempotency-Key": "k1"})
    assert again.status == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first
    other = await server.ask(
        "POST", "/api/v1/webhooks", json={"url": URL + "c"}, headers={"Idempotency-Key": "k1"}
    )
    assert other.status == 422
    assert other.json()["type"] == "idempotency-key-reused"
    assert len((await server.ask("GET", "/api/v1/webhooks")).json()["webhooks"]) == 1


async def test_a_deleted_endpoint_is_gone_with_its_secret_and_does_not_come_back(server: Server) -> None:
    made = await add(server, key="k1")
    place = f"/api/v1/webhooks/{made['id']}"
    assert (await server.ask("DELETE", place)).status == 204
    for method, path in (("GET", place), ("DELETE", place), ("GET", f"{place}/dead-letters")):
        assert (await server.ask(method, path)).status == 404
    again = await server.ask("POST", "/api/v1/webhooks", json={"url": URL}, headers={"Idempotency-Key": "k1"})
    assert again.status == 409
    (kept,) = await server.rooms.store.records.all("webhook")
    assert "whsec_" not in kept.value
    assert "example.org" not in kept.value


async def test_there_is_a_limit_and_it_is_named(server: Server) -> None:
    for _ in range(MOST_ENDPOINTS):
        await add(server)
    answer = await server.ask("POST", "/api/v1/webhooks", json={"url": URL})
    assert answer.status == 409
    assert str(MOST_ENDPOINTS) in answer.json()["detail"]


async def test_a_session_needs_the_same_origin_to_write(server: Server) -> None:
    session = await server.session("admin")
    headers = {**session, "Origin": "https://evil.example"}
    answer = await server.ask("POST", "/api/v1/webhooks", role=None, json={"url": URL}, headers=headers)
    assert answer.status == 403
    answer = await server.ask("POST", "/api/v1/webhooks", role=None, json={"url": URL}, headers=session)
    assert answer.status == 201
