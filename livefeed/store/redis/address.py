"""Connections to the primary that `LIVEFEED_STORE` names, with explicit limits.

redis-py's own defaults (ten retries, five seconds for each answer) let a hung server hold a request for a
minute and run a command twice when a reply is lost. Here nothing is retried silently and every wait is short;
who calls decides what may be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from livefeed.store import StoreRefused

HEALTH_CHECK_INTERVAL = 15  # seconds; an idle connection is tried before something is sent on it
MAX_CONNECTIONS = 32  # Redis works one command at a time; more only queue there instead of here


@dataclass(frozen=True, slots=True)
class Connections:
    """Two pools to one primary: `calls` for commands, `news` for the subscription. `watched` is True when
    Sentinel chooses the primary, so that it may be one that missed acknowledged writes."""

    calls: ConnectionPool
    news: ConnectionPool
    watched: bool
    aclose: Callable[[], Awaitable[None]]


def connect(url: str, timeout: float) -> Connections:
    """Pools for a `redis://`, `rediss://`, `unix://` or `redis+sentinel://` address; nothing is opened yet.

    `timeout` (seconds) bounds connecting, and each answer. Raises `StoreRefused` for an address that cannot
    be read.
    """
    try:
        if url.startswith("redis+sentinel:"):
            return _watched(url, timeout)
        calls = ConnectionPool.from_url(url, **_limits(timeout, "livefeed"))
        news = ConnectionPool.from_url(url, **_limits(timeout, "livefeed-news"))
        # Opens nothing, but an unknown option in the address shows now.
        calls.make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError) as error:
        raise StoreRefused(
            f"LIVEFEED_STORE is {_without_password(url)!r}, which cannot be read: {error}"
        ) from error

    async def aclose() -> None:
        await calls.aclose()
        await news.aclose()

    return Connections(calls, news, watched=False, aclose=aclose)


def _watched(url: str, timeout: float) -> Connections:
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2]
    service, _, db = parts.path.strip("/").partition("/")
    sentinels = [_host_and_port(host) for host in hosts.split(",") if host]
    if not sentinels or not service:
        raise ValueError("it must read redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/DB")
    login: dict[str, Any] = {
        name: unquote(value)
        for name, value in (("username", parts.username), ("password", parts.password))
        if value
    }
    limits = _limits(timeout, "livefeed")
    # Sentinels are asked in turn, and the last of them must still be asked within the caller's time.
    asking = limits | {
        "socket_timeout": timeout / (len(sentinels) + 1),
        "socket_connect_timeout": timeout / (len(sentinels) + 1),
    }
    sentinel = Sentinel(sentinels, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]

    def pool(name: str) -> ConnectionPool:
        arguments = limits | login | {"client_name": name, "db": int(db or 0)}
        client: Redis = sentinel.master_for(service, redis_class=Redis, **arguments)
        return client.connection_pool

    calls, news = pool("livefeed"), pool("livefeed-news")

    async def aclose() -> None:
        await calls.aclose()
        await news.aclose()
        for watcher in sentinel.sentinels:
            await watcher.aclose()

    return Connections(calls, news, watched=True, aclose=aclose)


def _limits(timeout: float, client_name: str) -> dict[str, Any]:
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": HEALTH_CHECK_INTERVAL if client_name == "livefeed" else 0,
        "max_connections": MAX_CONNECTIONS,
        "client_name": client_name,
        "decode_responses": True,
        "protocol": 2,  # RESP3 gives nothing here, and 8.1.0 broke it on connections that the server closed
    }


def _host_and_port(host: str) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    if not colon:
        return host, 26379
    return name.strip("[]"), int(port)


def _without_password(url: str) -> str:
    head, at, rest = url.rpartition("@")
    return f"{head.split('://')[0]}://…@{rest}" if at else url
