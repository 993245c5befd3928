"""The audit log's table: rows are added, in the order of their numbers, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from livefeed.audit import Act, Entry, Search, decode_act, encode_act
from livefeed.store.sqlite.moments import UNIX_EPOCH, microseconds

_INSERT = "INSERT INTO acts VALUES ((SELECT coalesce(max(number), 0) + 1 FROM acts), ?, ?, ?, ?)"
_SELECT = "SELECT number, at, CAST(payload AS BLOB) FROM acts WHERE "
_COLUMNS = {"coverage": "coverage = ?", "by": "by = ?"}


def note(connection: sqlite3.Connection, acts: Iterable[Act], at: datetime) -> None:
    """Add acts inside the caller's transaction."""
    connection.executemany(
        _INSERT, [(microseconds(at), act.by, act.coverage, encode_act(act)) for act in acts]
    )


def acts(
    connection: sqlite3.Connection, search: Search, *, limit: int, before: int | None, after: int | None
) -> list[Entry]:
    """See `livefeed.store.Store.acts`."""
    wanted = {name: getattr(search, name) for name in _COLUMNS if getattr(search, name)}
    where = " AND ".join(["number > ?", "number < ?", *(_COLUMNS[name] for name in wanted)])
    order = "DESC" if after is None else "ASC"
    bounds = (after or 0, 1 << 62 if before is None else before)
    rows = connection.execute(
        f"{_SELECT} {where} ORDER BY number {order} LIMIT ?", (*bounds, *wanted.values(), limit)
    )
    return [
        Entry(number, UNIX_EPOCH + timedelta(microseconds=at), decode_act(payload))
        for number, at, payload in rows
    ]
