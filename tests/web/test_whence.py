"""Whose address a request has, with and without proxies of ours."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from livefeed.web.whence import client_address

OURS = [ip_network("10.0.0.0/8"), ip_network("127.0.0.1"), ip_network("2001:db8:1::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # a stranger's word about itself
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),  # the left one is anybody's
        ("127.0.0.1", ["203.0.113.9, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["203.0.113.9", "198.51.100.1", "10.1.2.3"], "198.51.100.1"),  # a header a proxy
        ("127.0.0.1", ["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, , 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1::2", ["[2001:db8:2::1]:443"], "2001:db8:2::1"),
        ("127.0.0.1", ["198.51.100.1:5123"], "198.51.100.1"),
        ("2001:db8:2::1", ["198.51.100.1"], "2001:db8:2::1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_nearest_stranger_from_the_right_is_the_client(
    peer: str, forwarded: list[str], address: str
) -> None:
    assert client_address(peer, forwarded, OURS) == address


def test_without_proxies_nobody_is_believed() -> None:
    assert client_address("127.0.0.1", ["198.51.100.1"], []) == "127.0.0.1"
