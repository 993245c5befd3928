"""What an operator may set, and what a wrong value is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from livefeed.settings import Settings


def _settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("::", "http://localhost:8080"),
        ("192.0.2.7", "http://192.0.2.7:8080"),
        ("2001:db8::7", "http://[2001:db8::7]:8080"),
    ],
)
def test_a_site_without_a_public_address_has_that_of_where_it_listens(host: str, address: str) -> None:
    assert _settings(host=host).public_url == address


def test_a_public_address_goes_before_where_the_process_listens() -> None:
    assert (
        _settings(host="::1", base_url="https://live.example.org/").public_url == "https://live.example.org"
    )


@pytest.mark.parametrize(
    "address",
    [
        "live.example.org",
        "ftp://live.example.org",
        "https://",
        "https://example.org/live",
        "https://example.org?from=rss",
        "https://example.org#top",
        "https://ann@example.org",
        "https://[2001:db8::7",
    ],
)
def test_a_public_address_that_is_more_or_less_than_a_scheme_and_a_host_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        _settings(base_url=address)
