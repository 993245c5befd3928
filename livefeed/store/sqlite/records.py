"""Small keyed documents with compare-and-set and expiry."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from livefeed.store import Conflict, Record
from livefeed.store.sqlite.moments import UNIX_EPOCH, microseconds

T = TypeVar("T")

# What expired is hidden at once but removed later: a clock set forward by mistake must not erase sessions.
KEEP_EXPIRED = timedelta(days=2)

_RECORD = "SELECT name, value, version, expires_at FROM records WHERE kind = ?"


class Run(Protocol):
    """How a job reaches the file: the store's door for reads, or for writes."""

    def __call__(self, job: Callable[[sqlite3.Connection], T]) -> Awaitable[T]: ...


class SQLiteRecords:
    """The records of one file; every process that has it open sees a change at once."""

    def __init__(self, *, read: Run, write: Run, clock: Callable[[], datetime]) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    async def get(self, kind: str, name: str) -> Record | None:
        """The unexpired record of that name."""
        now = self._clock()
        return await self._read(lambda connection: _get(connection, kind, name, now))

    async def put(
        self,
        kind: str,
        name: str,
        value: str,
        *,
        expected: int | None = None,
        expires_at: datetime | None = None,
    ) -> Record:
        """Keep `value` if version `expected` is there (0: none, None: any); raises `Conflict`."""
        now = self._clock()

        def job(connection: sqlite3.Connection) -> Record:
            version = _expect(connection, kind, name, now, expected) + 1
            connection.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)",
                (kind, name, value, version, microseconds(expires_at) if expires_at else None),
            )
            connection.execute(
                "DELETE FROM records WHERE expires_at <= ?", (microseconds(now - KEEP_EXPIRED),)
            )
            return Record(name, value, version, expires_at)

        return await self._write(job)

    async def delete(self, kind: str, name: str, *, expected: int | None = None) -> bool:
        """Remove it; False when there was none. Raises `Conflict` when another version is there."""
        now = self._clock()

        def job(connection: sqlite3.Connection) -> bool:
            version = _expect(connection, kind, name, now, expected)
            connection.execute("DELETE FROM records WHERE kind = ? AND name = ?", (kind, name))
            return version > 0

        return await self._write(job)

    async def all(self, kind: str) -> list[Record]:
        """Every unexpired record of a kind, by name."""
        now = self._clock()
        return await self._read(lambda connection: _all(connection, kind, now))


def _get(connection: sqlite3.Connection, kind: str, name: str, now: datetime) -> Record | None:
    row = connection.execute(f"{_RECORD} AND name = ?", (kind, name)).fetchone()
    return _record(row, now)


def _all(connection: sqlite3.Connection, kind: str, now: datetime) -> list[Record]:
    rows = connection.execute(f"{_RECORD} ORDER BY name", (kind,))
    return [record for row in rows if (record := _record(row, now))]


def _record(row: tuple[str, str, int, int | None] | None, now: datetime) -> Record | None:
    if row is None:
        return None
    name, value, version, expires = row
    if expires is None:
        return Record(name, value, version)
    if expires <= microseconds(now):
        return None
    return Record(name, value, version, UNIX_EPOCH + timedelta(microseconds=expires))


def _expect(connection: sqlite3.Connection, kind: str, name: str, now: datetime, expected: int | None) -> int:
    known = _get(connection, kind, name, now)
    version = known.version if known else 0
    if expected is not None and expected != version:
        raise Conflict(f"{kind}:{name}")
    return version
