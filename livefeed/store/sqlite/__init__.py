"""The embedded store: one SQLite file, served by one process.

Theory of operation
    One thread writes, a few read, each with its own connection (`crew`), and the event loop waits for them
    with a timeout. A batch is one transaction in WAL mode with synchronous=FULL: when COMMIT returns, it is
    on disk. Then, from the writer's thread and so in the order of the commits, the events are handed to the
    event loop and the listener; there is no other process to tell. Every read is one transaction: a snapshot.

Invariants
    - `append` returns after the commit, or nothing was changed, or it raises `OutcomeUnknown`; a transaction
      that commits after that is announced all the same.
    - After a failed COMMIT other than for lack of room nothing is written any more until a restart: the
      kernel drops the pages of an fsync that failed, so a second one that succeeds proves nothing. Reads
      go on.
    - One process serves a file (`lock`); others may open it beside for records.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from livefeed import metrics
from livefeed.audit import Act, Entry, Search
from livefeed.events import Event
from livefeed.model import Corrected, Coverage, Update
from livefeed.rubrics import Rubric
from livefeed.store import (
    Batch,
    Filing,
    FirstResult,
    Listener,
    OutcomeUnknown,
    Page,
    Revision,
    StoreAway,
    StoreFull,
    StoreRefused,
)
from livefeed.store.sqlite import acts, log, states
from livefeed.store.sqlite.crew import Crew
from livefeed.store.sqlite.lock import ServingLock
from livefeed.store.sqlite.records import SQLiteRecords
from livefeed.store.sqlite.schema import connect_reader, open_file
from livefeed.timeline import Front, Limits, SiteFront

if TYPE_CHECKING:
    from livefeed.settings import Settings

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

READERS = 2  # a long read must not keep a short one waiting; more only compete for the interpreter
CLOSE_TIMEOUT = 10.0  # seconds for what is queued when the store closes
CHECK_TIMEOUT = 600.0  # seconds; `check` reads the whole file

_logger = logging.getLogger(__name__)


class SQLiteStore:
    """The store in the file at `path`.

    `serving` takes the lock that one process may have; without it the store is for records only and `append`
    is refused. Every write is answered within `write_timeout` seconds, and every read.
    """

    def __init__(
        self,
        path: Path,
        *,
        serving: bool,
        write_timeout: float = 1.8,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if path.name.startswith(":memory:"):
            raise StoreRefused(
                "sqlite:///:memory: keeps nothing when the process ends: name a file, such as sqlite:///livefeed.db"
            )
        self._path = path.resolve()  # two names of one file share a lock
        self._serving = serving
        self._timeout = write_timeout
        self._clock = clock
        self._lock = ServingLock(self._path)
        busy_timeout = write_timeout / 2  # the caller's budget covers the wait and the write after it
        self._writer = Crew(
            "livefeed-sqlite-writer", 1, lambda: open_file(self._path, busy_timeout, serving=serving)
        )
        self._readers = Crew(
            "livefeed-sqlite-reader", READERS, lambda: connect_reader(self._path, busy_timeout)
        )
        self._records = SQLiteRecords(read=self._read, write=self._write, clock=clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: Listener | None = None
        self._hear: Callable[[str], None] | None = None
        self._failure = ""  # why nothing is written any more; set on the writer's thread, never cleared

    @classmethod
    def from_settings(cls, settings: Settings, *, serving: bool) -> SQLiteStore:
        """The store that `settings.store` names: sqlite:///relative.db or sqlite:////absolute/path.db.

        Raises `StoreRefused` for any other form.
        """
        scheme, slashes, name = settings.store.partition(":///")
        if scheme != "sqlite" or not slashes or not name or name.endswith("/"):
            raise StoreRefused(
                f"LIVEFEED_STORE is {settings.store!r}: write sqlite:///livefeed.db for a file in the "
                "current folder or sqlite:////var/lib/livefeed/livefeed.db for one anywhere"
            )
        return cls(Path(name), serving=serving, write_timeout=settings.write_timeout)

    @property
    def away(self) -> bool:
        """Never: a file that can no longer be written is still read, and each write says why it fails."""
        return False

    @property
    def records(self) -> SQLiteRecords:
        return self._records

    async def start(
        self, listener: Listener | None = None, hear: Callable[[str], None] | None = None
    ) -> None:
        """Take the lock, open the file and bring it up to date. Raises `StoreRefused`."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._hear = hear
        if self._serving:
            self._lock.acquire()
        try:
            await self._writer.start()
            await self._readers.start()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Finish the queued writes, fold the write-ahead log into the file and give up the lock."""
        await self._readers.aclose(CLOSE_TIMEOUT)
        # The last connection to close folds the log in and removes it.
        await self._writer.aclose(CLOSE_TIMEOUT)
        self._lock.release()

    async def whisper(self, message: str) -> None:
        """Nobody but this process can hear it: one serves a file."""
        if self._hear:
            self._tell(self._hear, message)

    async def now(self) -> datetime:
        """This machine's clock: the file has one process."""
        return self._clock()

    async def append(self, batch: Batch) -> tuple[Event, ...]:
        """Commit a batch and announce it; see `livefeed.store.Store`."""
        if not self._serving:
            raise StoreRefused(
                f"{self._path} was opened for records only: readers would not be told of a new event"
            )

        def announce(events: tuple[Event, ...]) -> None:
            if self._listener and events:
                self._tell(_receive_all, self._listener, events)

        with metrics.APPEND_SECONDS.time():
            return await self._write(
                lambda connection: log.append(connection, batch, self._clock()), announce
            )

    async def first_result(self, scope: str) -> FirstResult | None:
        return await self._read(lambda connection: log.first_result(connection, scope))

    async def read(self, channel: str, after: int, limit: int, max_bytes: int = 1 << 20) -> Page:
        return await self._read(lambda connection: log.read(connection, channel, after, limit, max_bytes))

    async def recent(self, channel: str, limit: int) -> Page:
        return await self._read(lambda connection: log.recent(connection, channel, limit))

    async def tops(self, channels: Sequence[str]) -> tuple[str, dict[str, int]]:
        return await self._read(lambda connection: log.tops(connection, channels))

    async def begin_epoch(self, instead_of: str) -> str:
        """Start a new epoch if `instead_of` is still the current one; the current epoch afterwards. Offsets
        go on from where they are."""

        def announce(_: str) -> None:
            if self._listener:
                self._tell(self._listener.heal)

        return await self._write(lambda connection: _begin_epoch(connection, instead_of), announce)

    async def coverage(self, slug: str) -> Coverage | None:
        return await self._read(lambda connection: states.coverage(connection, slug))

    async def update(self, id: str) -> Update | None:
        return await self._read(lambda connection: states.update(connection, id))

    async def front(self, slug: str, limits: Limits) -> Front | None:
        return await self._read(lambda connection: states.front(connection, slug, limits))

    async def site(self, breaking_limit: int) -> SiteFront:
        return await self._read(lambda connection: states.site(connection, breaking_limit))

    async def published_before(self, slug: str, before: int | None, limit: int) -> list[Update]:
        return await self._read(lambda connection: states.published_before(connection, slug, before, limit))

    async def retracted(self, slug: str, before: int | None, limit: int) -> list[Update]:
        return await self._read(lambda connection: states.retracted(connection, slug, before, limit))

    async def published_range(self, slug: str, first: int, last: int) -> list[Update]:
        return await self._read(lambda connection: states.published_range(connection, slug, first, last))

    async def ordinal(self, slug: str, id: str) -> int | None:
        return await self._read(lambda connection: states.ordinal(connection, slug, id))

    async def filed(self, rubric: Rubric, newest: int, *, changed: int = 0, after: int = 0) -> Filing:
        return await self._read(lambda connection: states.filed(connection, rubric, newest, changed, after))

    async def corrections(
        self, slug: str, before: tuple[datetime, str] | None, limit: int
    ) -> list[Corrected]:
        return await self._read(lambda connection: states.corrections(connection, slug, before, limit))

    async def unpublished(self, slug: str, *, limit: int) -> list[Update]:
        return await self._read(lambda connection: states.unpublished(connection, slug, limit))

    async def due(self, now: datetime, limit: int) -> list[Update]:
        return await self._read(lambda connection: states.due(connection, now, limit))

    async def revisions(self, id: str) -> list[Revision]:
        return await self._read(lambda connection: states.revisions(connection, id))

    async def media_withdrawn(self, media_id: str) -> bool:
        return await self._read(lambda connection: states.media_withdrawn(connection, media_id))

    async def note(self, act: Act) -> None:
        at = self._clock()
        await self._write(lambda connection: acts.note(connection, [act], at))

    async def acts(
        self, search: Search, *, limit: int, before: int | None = None, after: int | None = None
    ) -> list[Entry]:
        return await self._read(
            lambda connection: acts.acts(connection, search, limit=limit, before=before, after=after)
        )

    async def check(self) -> list[str]:
        """What is wrong with the file. Reads all of it."""
        complaints = [self._failure] if self._failure else []
        rows = await self._readers.run(
            lambda connection: connection.execute("PRAGMA integrity_check(5)").fetchall(), CHECK_TIMEOUT
        )
        if rows != [("ok",)]:
            found = "; ".join(row[0] for row in rows)
            complaints.append(f"{self._path} is damaged ({found}): restore it from a backup")
        return complaints

    async def _read(self, job: Job[T]) -> T:
        try:
            return await self._readers.run(lambda connection: _snapshot(connection, job), self._timeout)
        except OutcomeUnknown as error:
            raise StoreAway(str(error)) from None  # a read has no outcome to be unsure of
        except sqlite3.Error as error:
            raise StoreAway(f"{self._path} cannot be read: {error}") from error

    async def _write(self, job: Job[T], announce: Callable[[T], None] = lambda _: None) -> T:
        def transaction(connection: sqlite3.Connection) -> T:
            result = self._transact(connection, job)
            announce(result)
            return result

        return await self._writer.run(transaction, self._timeout)

    def _transact(self, connection: sqlite3.Connection, job: Job[T]) -> T:
        if self._failure:
            raise StoreAway(self._failure)
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = job(connection)
        except BaseException as error:
            if connection.in_transaction:  # SQLite itself rolls back after some errors
                connection.execute("ROLLBACK")
            raise self._refusal(error) from error
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if _code(error) == sqlite3.SQLITE_FULL:
                raise self._refusal(error) from error
            self._failure = (
                f"{self._path} is read-only since a write failed ({error}): mend the disk, then restart"
            )
            _logger.critical("%s", self._failure)
            raise OutcomeUnknown(self._failure) from error
        return result

    def _refusal(self, error: BaseException) -> BaseException:
        if not isinstance(error, sqlite3.Error):
            return error
        if _code(error) == sqlite3.SQLITE_FULL:
            return StoreFull(f"there is no room left for {self._path}: free some; nothing was changed")
        return StoreAway(f"{self._path} cannot be written: {error}; nothing was changed")

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        # A loop that has closed has no listener left.
        with contextlib.suppress(RuntimeError):
            if self._loop:
                self._loop.call_soon_threadsafe(callback, *arguments)


def _receive_all(listener: Listener, events: tuple[Event, ...]) -> None:
    for event in events:
        listener.receive(event)


def _begin_epoch(connection: sqlite3.Connection, instead_of: str) -> str:
    current = log.current_epoch(connection)
    if current != instead_of:
        return current
    fresh = secrets.token_hex(4)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (fresh,))
    return fresh


def _snapshot(connection: sqlite3.Connection, job: Job[T]) -> T:
    connection.execute("BEGIN")
    try:
        return job(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the primary code
