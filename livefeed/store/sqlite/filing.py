"""Filing updates under the rubrics that they and their coverages have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from livefeed.events import decode_coverage, decode_update
from livefeed.model import Coverage, Status, Update
from livefeed.rubrics import REFILED, Rubric, rubrics_of

_COVERAGE = "SELECT CAST(payload AS BLOB) FROM coverages WHERE slug = ?"
_UNDER = "SELECT rubric FROM filed WHERE released = ?"
_NEWEST = (
    "SELECT released, CAST(payload AS BLOB) FROM updates WHERE coverage = ? AND published_order IS NOT NULL "
    "ORDER BY published_order DESC LIMIT ?"
)
_CHANGED = "INSERT INTO rubrics VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET changes = changes + 1"


def file(connection: sqlite3.Connection, update: Update, released: int) -> None:
    """File a public update, the `released`-th of the site, where it belongs now."""
    _file(connection, update, released, of_coverage(connection, update.coverage))


def refile(connection: sqlite3.Connection, coverage: Coverage) -> None:
    """Have the newest updates of a coverage follow it to other rubrics."""
    of_all = rubrics_of(coverage)
    for released, payload in connection.execute(_NEWEST, (coverage.slug, REFILED)).fetchall():
        _file(connection, decode_update(payload), released, of_all)


def of_coverage(connection: sqlite3.Connection, slug: str) -> tuple[Rubric, ...]:
    """The rubrics that a stored coverage has."""
    row = connection.execute(_COVERAGE, (slug,)).fetchone()
    return rubrics_of(decode_coverage(row[0])) if row else ()


def _file(connection: sqlite3.Connection, update: Update, released: int, of_all: Iterable[Rubric]) -> None:
    former = {name for (name,) in connection.execute(_UNDER, (released,))}
    wanted = {rubric.key for rubric in (*rubrics_of(update), *of_all)}
    if update.status is Status.RETRACTED:
        wanted = former  # its tags were emptied, but whoever has it must learn that it was withdrawn
    _each(connection, "DELETE FROM filed WHERE rubric = ? AND released = ?", former - wanted, released)
    _each(connection, "INSERT INTO filed VALUES (?, ?)", wanted - former, released)
    connection.executemany(_CHANGED, [(name,) for name in sorted(former | wanted)])


def _each(connection: sqlite3.Connection, statement: str, names: set[str], released: int) -> None:
    connection.executemany(statement, [(name, released) for name in sorted(names)])
