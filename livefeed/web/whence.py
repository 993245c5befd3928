"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

from livefeed.web.rooms import rooms_of

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def address_of(request: web.Request) -> str:
    """The client's address: the peer's, or behind our own proxies the one that the outermost of them saw.
    Empty when there is none, as on a socket without addresses."""
    return client_address(
        request.remote or "",
        request.headers.getall("X-Forwarded-For", []),
        _networks(rooms_of(request).settings.proxies),
    )


def client_address(peer: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """The nearest address that is not one of our proxies.

    Each proxy adds its peer at the right, and anybody can send the rest: reading stops at the first stranger
    from the right, and at what is no address.
    """
    nearest = _parsed(peer)
    if nearest is None:
        return ""
    hops = [hop for line in forwarded for hop in line.split(",")]
    while hops and any(nearest in network for network in proxies):
        hop = _parsed(hops.pop())
        if hop is None:
            break
        nearest = hop
    return str(nearest)


def _parsed(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]  # an IPv4 address with the port, as some proxies write it
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 peers so; their networks are written without it.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


@lru_cache(4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)
