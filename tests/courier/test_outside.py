"""Requests to strangers' addresses: where they may go, and what they survive."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from receiver import LOOPBACK, Receiver, receiving
from redis_server import free_port

from livefeed.courier import outside as outside_module
from livefeed.courier.outside import AddressRefused, JudgingResolver, Network, Outside, check_address, judge

PRIVATE = [ip_network(text) for text in LOOPBACK]


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    made = Outside(private=PRIVATE, timeout=60)
    await made.start()
    yield made
    await made.aclose()


@pytest.fixture
async def strict() -> AsyncIterator[Outside]:
    made = Outside(private=[], timeout=60)
    await made.start()
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.31.255.255",
        "192.168.1.1",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="LIVEFEED_PRIVATE_NETWORKS"):
        judge(address, [])


@pytest.mark.parametrize("address", ["1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "2a00::1"])
def test_a_public_address_is_not(address: str) -> None:
    judge(address, [])


def test_a_private_network_may_be_reached_once_it_is_named_and_no_other() -> None:
    judge("10.1.2.3", [ip_network("10.1.0.0/16")])
    with pytest.raises(AddressRefused):
        judge("10.2.2.3", [ip_network("10.1.0.0/16")])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0x7f000001",
        "localhost",
        "2130706433",
        "127.1",
        "127。0。0。1",
    ],
)
async def test_no_spelling_of_this_machine_is_connected_to(
    strict: Outside, receiver: Receiver, host: str
) -> None:
    answer = await strict.post(f"http://{host}:{receiver.port}/", b"x", {})
    assert answer.status == 0
    assert answer.trouble
    assert receiver.deliveries == []


class ScriptedResolver(JudgingResolver):
    """Resolves every name to the next of these lists of addresses."""

    def __init__(self, *answers: list[str], private: Sequence[Network] = ()) -> None:
        super().__init__(private)
        self._resolver = _Script(answers)  # type: ignore[assignment]


class _Script:
    def __init__(self, answers: tuple[list[str], ...]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.answers.pop(0)
        ]


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        await ScriptedResolver(["1.1.1.1", "10.0.0.1"]).resolve("example.org", 80)


async def test_a_name_that_changes_its_address_between_look_ups_is_judged_each_time() -> None:
    resolver = ScriptedResolver(["1.1.1.1"], ["127.0.0.1"])
    assert [found["host"] for found in await resolver.resolve("example.org", 80)] == ["1.1.1.1"]
    with pytest.raises(AddressRefused):
        await resolver.resolve("example.org", 80)


@pytest.fixture
async def named(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outside]:
    """For which every name is this machine's twice, then that of one next door."""
    resolver = ScriptedResolver(["127.0.0.1"], ["127.0.0.1"], ["10.0.0.1"], private=PRIVATE)
    monkeypatch.setattr(outside_module, "JudgingResolver", lambda _: resolver)
    made = Outside(private=PRIVATE, timeout=60)
    await made.start()
    yield made
    await made.aclose()


async def test_what_was_learnt_of_a_name_or_said_by_its_server_is_forgotten(
    named: Outside, receiver: Receiver
) -> None:
    receiver.manner = lambda _: web.Response(headers={"Set-Cookie": "seen=1; Path=/"})
    url = f"http://callback.example:{receiver.port}/"
    for _ in range(2):
        assert (await named.post(url, b"", {})).accepted
    assert [delivery.headers.get("Cookie") for delivery in receiver.deliveries] == [None, None]
    assert "10.0.0.1 is not a public address" in (await named.post(url, b"", {})).trouble
    assert len(receiver.deliveries) == 2


async def test_no_proxy_of_the_environment_is_asked(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await outside.post(receiver.url, b"", {})).accepted
        assert (len(receiver.deliveries), proxy.deliveries) == (1, [])


async def test_what_comes_compressed_is_kept_as_it_came(outside: Outside, receiver: Receiver) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    receiver.manner = lambda _: web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
    assert (await outside.get(receiver.url, limit=len(bomb))).body == bomb


async def test_a_body_and_its_headers_arrive(outside: Outside, receiver: Receiver) -> None:
    answer = await outside.post(f"{receiver.url}/in?a=%2F&b", b"\x00body", {"X-Name": "value"})
    assert answer.accepted
    (delivery,) = receiver.deliveries
    assert (delivery.method, delivery.path, delivery.body) == ("POST", "/in?a=%2F&b", b"\x00body")
    assert delivery.headers["X-Name"] == "value"


async def test_a_redirect_is_not_followed_and_is_no_success(outside: Outside, receiver: Receiver) -> None:
    receiver.manner = lambda _: web.Response(status=307, headers={"Location": "/elsewhere"})
    answer = await outside.post(receiver.url, b"", {})
    assert (answer.status, answer.accepted) == (307, False)
    assert len(receiver.deliveries) == 1


async def test_who_does_not_answer_is_left_in_time(receiver: Receiver) -> None:
    released = asyncio.Event()

    async def slow(_: object) -> web.Response:
        await released.wait()
        return web.Response()

    receiver.manner = slow
    hasty = Outside(private=PRIVATE, timeout=0.05)
    await hasty.start()
    answer = await hasty.post(receiver.url, b"", {})
    released.set()
    await hasty.aclose()
    assert answer.sentence == "it did not answer within 0.05 seconds"


async def test_an_answer_of_megabytes_is_not_taken_in(outside: Outside, receiver: Receiver) -> None:
    receiver.manner = lambda _: web.Response(body=b"x" * 5_000_000)
    assert (await outside.post(receiver.url, b"", {})).accepted
    answer = await outside.get(receiver.url, limit=100)
    assert (answer.accepted, answer.body) == (False, b"")
    assert answer.sentence == "it answered more than 100 bytes"


async def test_nobody_there_is_an_answer_too(outside: Outside) -> None:
    port = free_port()
    answer = await outside.post(f"http://127.0.0.1:{port}/", b"", {})
    assert not answer.accepted
    assert "127.0.0.1" in answer.sentence


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("ftp://example.org/", "must begin with http"),
        ("http:///path", "must begin with http"),
        ("http://example.org:22/", "the port 22"),
        ("http://example.org:99999/", "ort"),
        ("http://user@example.org/", "user name"),
        ("http://example.org/#part", "fragment"),
        ("http://example.org/a b", "no spaces"),
        ("http://example.org/" + "a" * 2000, "at most 2000"),
        ("http://مثال/", "ASCII"),
        ("http://10.0.0.1/", "not a public address"),
        ("http://[::1]/", "not a public address"),
    ],
)
def test_a_wrong_address_is_refused_with_what_is_wrong(url: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check_address(url, [])


@pytest.mark.parametrize("url", ["http://example.org/", "https://example.org:8443/in?a=b", "http://1.1.1.1/"])
def test_a_plain_address_is_taken_as_it_is(url: str) -> None:
    assert check_address(url, []) == url
