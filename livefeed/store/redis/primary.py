"""Commands and scripts on the Redis primary, each bounded in time, with an honest answer to "did it happen?".

Theory of operation
    A call takes one connection, sends, and reads one reply. What fails before anything was sent changed
    nothing (`StoreAway`). What fails after that may have happened: a reading call is simply repeated once; a
    writing script carries a random attempt name under which the server remembers its reply for a minute, so
    it is repeated until it answers or the time is up, and then the outcome is unknown (`OutcomeUnknown`).

    Where replicas must have a write before it is acknowledged, `WAIT` follows it on the same connection, for
    on another one a failover could come between them. It waits for the last write of its connection, but a
    script that was repeated, or found its key used, wrote nothing there: so a message goes before it, which
    the primary's stream to its replicas has behind everything that was written until then.

Invariants
    - `ask` ends within `store_timeout`, `write` within `write_timeout`.
    - A connection with an unread reply is never used again: whatever ends a call early, cancellation
      included, closes it. Otherwise the next caller would be given somebody else's answer.
    - While `away`, calls fail at once instead of each waiting for a dead server; only the supervisor knocks,
      and it alone ends that state.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from redis import exceptions
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection

from livefeed import metrics
from livefeed.store import OutcomeUnknown, StoreAway, StoreFull, StoreRefused
from livefeed.store.redis.address import MAX_CONNECTIONS
from livefeed.store.redis.scripts import Script

Reply = Any  # what a Redis reply is made of: str, int, None and lists of them
Exchange = Callable[[AbstractConnection], Awaitable[Reply]]

# What a connection that was cut fails with. uvloop has a RuntimeError for a transport that closed between
# redis-py's look at it and its write.
CUT = (exceptions.ConnectionError, exceptions.TimeoutError, OSError, RuntimeError)
RETRY_INTERVAL = 0.03  # seconds between the attempts of one write
COPIED = "{livefeed}:copied"  # the channel of the message before a WAIT; nobody listens
COPY_TIMEOUT = 0.5  # seconds that replicas have for a write, which is hundreds of round trips

_logger = logging.getLogger(__name__)


class _Unreachable(Exception):
    """Nothing was sent, or what was sent was not accepted."""


class _Unanswered(Exception):
    """Something was sent, and no reply came."""


class Primary:
    """The server that takes the writes, through the connections of `pool`.

    `store_timeout` bounds a reading call, `write_timeout` a writing one (seconds). A write is acknowledged
    when `replicas` have it, too.
    """

    def __init__(
        self, pool: ConnectionPool, *, store_timeout: float, write_timeout: float, replicas: int = 0
    ) -> None:
        self.away = False
        self._replicas = replicas
        self._pool = pool
        self._store_timeout = store_timeout
        self._write_timeout = write_timeout
        # redis-py's pool refuses whoever comes when all are in use; here callers wait their turn.
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)

    def set_away(self, away: bool, why: object = "") -> None:
        """Open or close the circuit; logged and measured when that changes anything."""
        if away == self.away:
            return
        self.away = away
        metrics.STORE_AWAY.set(away)
        if away:
            _logger.error("Redis is away, reads are served from memory and writes refused: %s", why)
        else:
            _logger.info("Redis is back")

    async def ask(self, *command: str | int, knock: bool = False) -> Reply:
        """The reply to a command that may run twice. `knock` tries even while away.

        Raises `StoreAway`; `StoreRefused` for wrong credentials.
        """
        return await self._read(_sending(*command), knock)

    async def ask_acknowledged(self, *command: str | int) -> Reply:
        """As `ask`, for what somebody may be told was done: the replicas have it. Raises `OutcomeUnknown`
        where they have not."""
        exchange = _sending(*command)
        deadline = asyncio.get_running_loop().time() + self._store_timeout

        async def send(connection: AbstractConnection) -> Reply:
            reply = await exchange(connection)
            return reply, self._replicas if reply is None else await self._copies(connection, deadline)

        return self._acknowledged(*await self._read(send, knock=False))

    async def evaluate(self, script: Script, *arguments: str | int, knock: bool = False) -> Reply:
        """The reply of a script that may run twice. Raises as `ask` does."""
        return await self._read(_evaluating(script, *arguments), knock)

    async def write(self, script: Script, *arguments: str | int, deadline: float | None = None) -> Reply:
        """The reply of a script that is told its attempt first, and so takes effect once. `deadline` is by
        the event loop's clock.

        Raises `StoreAway` or `StoreFull` (nothing was changed), `OutcomeUnknown`.
        """
        self._stop_while_away()
        clock = asyncio.get_running_loop().time
        deadline = deadline or clock() + self._write_timeout
        exchange = _evaluating(script, secrets.token_hex(8), *arguments)
        doubt = False  # something was sent, so that it may have happened

        async def send(connection: AbstractConnection) -> Reply:
            nonlocal doubt
            doubt = True
            return await exchange(connection), await self._copies(connection, deadline)

        waiting, fault = True, Exception("no answer in time")
        try:
            async with asyncio.timeout_at(deadline), self._turns:
                waiting = False
                while True:
                    doubtful = doubt
                    try:
                        return self._acknowledged(*await self._call(send))
                    except _Unanswered as error:
                        fault = error
                    except _Unreachable as error:
                        fault = error
                        if not doubtful:
                            doubt = False
                            break
                    # Not the timeout alone: it cancels once, and a connection that is just failing of itself
                    # may swallow that; then nothing else would ever end this.
                    if clock() >= deadline:
                        break
                    await asyncio.sleep(RETRY_INTERVAL)
        except TimeoutError:
            if waiting:
                raise StoreAway("too many calls are waiting for Redis; nothing was changed") from None
        self.set_away(True, fault)
        if doubt:
            raise OutcomeUnknown(f"Redis did not say whether it wrote: {fault}") from fault
        raise StoreAway(f"Redis cannot be reached, nothing was changed: {fault}") from fault

    async def _read(self, exchange: Exchange, knock: bool) -> Reply:
        if not knock:
            self._stop_while_away()
        waiting = True
        try:
            async with asyncio.timeout(self._store_timeout), self._turns:
                waiting = False
                try:
                    return await self._call(exchange)
                except (_Unreachable, _Unanswered):
                    # Often an idle connection that the server had closed; the second try opens a new one.
                    return await self._call(exchange)
        except (_Unreachable, _Unanswered, TimeoutError) as error:
            if waiting:
                raise StoreAway("too many calls are waiting for Redis") from None
            why = str(error) or f"no answer within {self._store_timeout:g} s"
            self.set_away(True, why)
            raise StoreAway(f"Redis cannot be reached: {why}") from error

    async def _copies(self, connection: AbstractConnection, deadline: float) -> int:
        """The replicas that have everything written so far, as soon as they are enough."""
        if not self._replicas:
            return 0
        left = min(deadline - asyncio.get_running_loop().time(), self._store_timeout)
        milliseconds = int(min(COPY_TIMEOUT, left / 2) * 1000)  # and an answer before the time is up
        await connection.send_command("PUBLISH", COPIED, "")
        await connection.send_command("WAIT", self._replicas, max(milliseconds, 1))  # 0 would be for ever
        await connection.read_response()
        return int(await connection.read_response())

    def _acknowledged(self, reply: Reply, copies: int) -> Reply:
        if copies < self._replicas:
            raise OutcomeUnknown(
                f"{copies} of the {self._replicas} replicas that LIVEFEED_REPLICAS asks for have what the "
                "primary has, so that a failover could lose it"
            )
        return reply

    async def _call(self, exchange: Exchange) -> Reply:
        try:
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except exceptions.AuthenticationError as error:
            _refuse_credentials(error)
        except CUT as error:
            raise _Unreachable(str(error)) from error
        try:
            return await exchange(connection)
        except exceptions.AuthenticationError as error:
            _refuse_credentials(error)
        except (exceptions.BusyLoadingError, exceptions.ReadOnlyError) as error:
            await connection.disconnect(nowait=True)  # a new connection may find another primary
            raise _Unreachable(str(error)) from error
        except exceptions.ResponseError as error:  # a whole reply: the connection is in order
            raise _refusal(error) from error
        except CUT as error:
            await connection.disconnect(nowait=True)
            raise _Unanswered(str(error)) from error
        except BaseException:  # redis-py closes it too, but nobody's answer may ever rest on that alone
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)

    def _stop_while_away(self) -> None:
        if self.away:
            raise StoreAway("Redis is away; nothing was changed")


def _sending(*command: str | int) -> Exchange:
    async def exchange(connection: AbstractConnection) -> Reply:
        await connection.send_command(*command)
        return await connection.read_response()

    return exchange


def _evaluating(script: Script, *arguments: str | int) -> Exchange:
    by_name = _sending("EVALSHA", script.sha, 0, *arguments)
    in_full = _sending("EVAL", script.text, 0, *arguments)

    async def exchange(connection: AbstractConnection) -> Reply:
        try:
            return await by_name(connection)
        except exceptions.NoScriptError:  # a server that was started since does not know it yet
            return await in_full(connection)

    return exchange


def _refusal(error: exceptions.ResponseError) -> Exception:
    word, _, rest = str(error).partition(" ")
    if isinstance(error, exceptions.OutOfMemoryError) or word == "MISCONF":
        return StoreFull(f"Redis has no room left, nothing was changed: {error}")
    if word == "NOREPLICAS":
        return StoreAway(f"Redis waits for its replicas, nothing was changed: {error}")
    if word == "HOLE":
        return StoreAway(f"the log in Redis is damaged: {rest}")
    return error


def _refuse_credentials(error: exceptions.AuthenticationError) -> NoReturn:
    raise StoreRefused(f"Redis does not accept the credentials in LIVEFEED_STORE: {error}") from error
