"""The world outside: requests to addresses that strangers gave us.

Whoever can make this server fetch an address could reach what only this server can: the cloud's metadata, a
router, Redis. Therefore the address that a socket is about to connect to is judged, not the URL: names have
too many spellings (`0x7f000001`, `①②⑦.⓪.⓪.①`), and a name may resolve differently a moment later.

Invariants
    - A name is resolved once, inside the connector; one denied address among the answers refuses them all.
    - Every socket is made for one judged address and connects to that one.
    - No redirect is followed, nothing is decompressed, no cookie or proxy is used.
    - A request takes at most `timeout` seconds, and no more than `limit` bytes of an answer are kept.

Sources: the IANA special-purpose address registries; RFC 6890, RFC 6052, RFC 8215, RFC 3056, RFC 4380.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

Network = IPv4Network | IPv6Network

USER_AGENT = "livefeed"
LOWEST_FREE_PORT = 1024  # below it only 80 and 443: a POST must not become a mail or a shell command

# `ipaddress.is_global` is no filter: it is True for NAT64 and 6to4 forms of 127.0.0.1, for ::127.0.0.1,
# site-local and multicast addresses. Therefore a list.
DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # unspecified, loopback, and IPv4 in its former disguise
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 for local use
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",  # Teredo, benchmarks, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",  # site-local
        "ff00::/8",
    )
)


class AddressRefused(OSError):
    """An address that nobody may make this server connect to."""

    def __init__(self, sentence: str) -> None:
        super().__init__(errno.EACCES, sentence)  # aiohttp shows an error's `strerror` alone

    def __str__(self) -> str:
        return self.strerror or ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is empty unless it was asked for; `trouble` says why there is no status (0).
    `headers` are looked up in any case of letters."""

    status: int
    body: bytes = b""
    trouble: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """True for 2xx: nothing else counts as delivered, redirects least of all."""
        return 200 <= self.status < 300

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        return self.trouble or f"it answered {self.status}"


class Outside:
    """Sends requests to where strangers point. `private` are networks that may be reached all the same.

    Open it (`start`) inside a running loop.
    """

    def __init__(self, *, private: Sequence[Network], timeout: float) -> None:
        self._private = tuple(private)
        self._timeout = timeout
        self._client: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(
            resolver=JudgingResolver(self._private),
            socket_factory=self._socket,
            use_dns_cache=False,
            # Deliveries are rare: a connection kept open would mostly be found closed.
            force_close=True,
        )
        self._client = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers={"User-Agent": USER_AGENT},
            auto_decompress=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Deliver `body`. What the answer says besides its status is not read. Never raises for what the
        other side does."""
        return await self._ask("POST", url, body, headers, limit=0)

    async def get(self, url: str, *, limit: int) -> Answer:
        """Fetch an address; a body over `limit` bytes is trouble."""
        return await self._ask("GET", url, None, {}, limit=limit)

    async def fetch(self, url: str, *, limit: int, cut: bool) -> Answer:
        """Fetch what is to be looked at, asked for uncompressed. A body over `limit` bytes is `cut` there, or
        is trouble."""
        headers = {"Accept": "text/html,image/*;q=0.9,*/*;q=0.1", "Accept-Encoding": "identity"}
        return await self._ask("GET", url, None, headers, limit=limit, cut=cut)

    async def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        limit: int,
        cut: bool = False,
    ) -> Answer:
        if self._client is None:
            raise RuntimeError("start() was not called")
        try:
            # encoded=True: a callback's query comes back exactly as its owner wrote it.
            async with self._client.request(
                method, URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                if limit == 0:
                    response.close()
                    return Answer(response.status)
                received = b""
                async for piece in response.content.iter_chunked(limit + 1):
                    received += piece
                    if len(received) > limit:
                        response.close()
                        if cut:
                            return Answer(response.status, received[:limit], headers=response.headers)
                        return Answer(0, trouble=f"it answered more than {limit} bytes")
                return Answer(response.status, received, headers=response.headers)
        except TimeoutError:
            return Answer(0, trouble=f"it did not answer within {self._timeout:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as reason:
            return Answer(0, trouble=(str(reason) or type(reason).__name__)[:300])

    def _socket(
        self, address: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
    ) -> socket.socket:
        # Literal addresses never see a resolver: this is the one gate that everything passes.
        family, kind, protocol, _, target = address
        judge(str(target[0]), self._private)
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class JudgingResolver(AbstractResolver):
    """Resolves a name once, and refuses it when any of its addresses is denied: a name that is here and there
    is a trick, or a mistake that would show as deliveries that fail now and then."""

    def __init__(self, private: Sequence[Network]) -> None:
        self._private = tuple(private)
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """See `AbstractResolver`."""
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            judge(result["host"], self._private)
        return found

    async def close(self) -> None:
        """See `AbstractResolver`."""
        await self._resolver.close()


def judge(address: str, private: Sequence[Network]) -> None:
    """Raise `AddressRefused` unless `address` may be connected to."""
    parsed = ip_address(address.partition("%")[0])
    if any(parsed in network for network in private):
        return
    if any(parsed in network for network in DENIED):
        raise AddressRefused(f"{address} is not a public address; LIVEFEED_PRIVATE_NETWORKS can allow it")


def check_address(url: str, private: Sequence[Network]) -> str:
    """A web address that deliveries may be sent to, as far as can be told without resolving its name.

    Raises `ValueError` with a sentence.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url[:100]!r} is not a web address; it must begin with http:// or https://")
    if len(url) > 2000 or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"an address has at most 2000 ASCII characters and no spaces; this has {len(url)}")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(f"{url[:100]!r} holds a user name or a fragment; leave it out")
    port = parts.port or (443 if parts.scheme == "https" else 80)  # raises ValueError outside 0-65535
    if port not in {80, 443} and port < LOWEST_FREE_PORT:
        raise ValueError(f"the port {port} is not for deliveries: 80, 443 and those from 1024 are")
    try:
        judge(parts.hostname, private)
    except AddressRefused as refused:
        raise ValueError(str(refused)) from None
    except ValueError:
        pass  # a name: judged when it is resolved
    return url
