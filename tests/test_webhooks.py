"""Messages and secrets of webhooks, against the library of the specification's authors."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from livefeed.events import Event, Kind
from livefeed.model import Position
from livefeed.webhooks import Endpoint, message_id, secret_bytes, secret_text, signed_headers

NOW = datetime(2026, 11, 23, 17, 15, tzinfo=UTC)


def endpoint(secret: str) -> Endpoint:
    return Endpoint("a", "http://example.org/", secret, "", None, NOW, "e", {}, "")


def test_the_id_belongs_to_the_event_alone() -> None:
    event = Event("live:storm", Position("e", 3), Kind.PUBLISHED)
    same = Event("live:storm", Position("e", 3), Kind.REVISED)
    assert message_id(event) == message_id(same)
    others = [
        Event("live:storm", Position("e", 4), Kind.PUBLISHED),
        Event("live:other", Position("e", 3), Kind.PUBLISHED),
        Event("live:storm", Position("f", 3), Kind.PUBLISHED),
    ]
    assert message_id(event) not in {message_id(other) for other in others}


@given(st.binary(min_size=24, max_size=64), st.text())
def test_every_secret_signs_what_the_library_verifies(key: bytes, text: str) -> None:
    secret, body = secret_text(key), json.dumps({"headline": text}).encode()
    headers = signed_headers(endpoint(secret), "msg_1", datetime.now(UTC), body)
    assert Webhook(secret).verify(body, headers) == {"headline": text}


@pytest.mark.parametrize("change", ["body", "id", "time", "secret"])
def test_the_library_refuses_what_was_changed(change: str) -> None:
    secret, body = secret_text(b"k" * 32), b'{"kind":"published"}'
    at = datetime.now(UTC) - (timedelta(hours=1) if change == "time" else timedelta(0))
    headers = signed_headers(endpoint(secret), "msg_1", at, body)
    if change == "id":
        headers["webhook-id"] = "msg_2"
    verifier = Webhook(secret_text(b"x" * 32) if change == "secret" else secret)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(body + b" " if change == "body" else body, headers)


@pytest.mark.parametrize(
    ("secret", "wrong"),
    [
        ("hunter2", "begins with whsec_"),
        ("whsec_ä", "Base64"),
        ("whsec_!!", "Base64"),
        ("whsec_" + b64encode(b"k" * 23).decode(), "holds 23 bytes"),
        ("whsec_" + b64encode(b"k" * 65).decode(), "24 to 64"),
    ],
)
def test_a_wrong_secret_is_refused_without_being_repeated(secret: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as refused:
        secret_bytes(secret)
    assert secret.removeprefix("whsec_") not in str(refused.value)
