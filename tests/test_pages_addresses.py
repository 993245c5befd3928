"""Addresses: what a page may name, and what it must not."""

from __future__ import annotations

import pytest

from livefeed.pages.addresses import absolute


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/media/m1.jpg", "https://live.example.org/media/m1.jpg"),
        ("https://example.org/a", "https://example.org/a"),
        ("HTTP://example.org/a", "HTTP://example.org/a"),
        ("//example.org/a", ""),
        ("javascript:alert(1)", ""),
        ("JavaScript:alert(1)//http://", ""),
        ("data:text/html,x", ""),
        ("media/m1.jpg", ""),
        ("", ""),
    ],
)
def test_only_the_sites_own_and_absolute_web_addresses_are_named(address: str, named: str) -> None:
    assert absolute(address, "https://live.example.org") == named
