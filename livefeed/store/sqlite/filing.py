"""Filing updates under the rubrics that they and their coverages have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from livefeed.events import decode_coverage, decode_update
from livefeed.model import Coverage, Status, Update
from livefeed.rubrics import REFILED, Rubric, rubrics_of

_COVERAGE = "SELECT CAST(payload AS BLOB) FROM coverages WHERE slug = ?"
_UNDER = "SELECT rubric, own FROM filed WHERE released = ?"
_NEWEST = (
    "SELECT released, published_order, CAST(payload AS BLOB) FROM updates "
    "WHERE coverage = ? AND published_order IS NOT NULL ORDER BY published_order DESC LIMIT ?"
)
_OLDER = (
    "DELETE FROM filed WHERE rubric = ? AND NOT own AND released IN "
    "(SELECT released FROM updates WHERE coverage = ? AND published_order < ?)"
)
_FILE = (
    "INSERT INTO filed (rubric, released, own, changed) SELECT ?, ?, ?, changes FROM rubrics WHERE name = ? "
    "ON CONFLICT (rubric, released) DO UPDATE SET own = excluded.own, changed = excluded.changed"
)
_CHANGED = (
    "INSERT INTO rubrics (name, changes) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET changes = changes + 1"
)
_LEFT = "UPDATE rubrics SET moves = moves + 1 WHERE name = ?"


def file(connection: sqlite3.Connection, update: Update, released: int) -> None:
    """File a public update, the `released`-th of the site, where it belongs now."""
    _file(connection, update, released, of_coverage(connection, update.coverage))


def refile(connection: sqlite3.Connection, coverage: Coverage, former: Iterable[Rubric]) -> None:
    """Have the newest updates of a coverage follow it from its `former` rubrics to others; what is older
    leaves those alone."""
    of_all = rubrics_of(coverage)
    oldest = 0
    newest = connection.execute(_NEWEST, (coverage.slug, REFILED)).fetchall()
    if newest:
        oldest = newest[-1][1]
    for released, _, payload in reversed(newest):  # so that the newest are those that changed last
        _file(connection, decode_update(payload), released, of_all)
    left = [rubric.key for rubric in former if rubric not in of_all]
    connection.executemany(_OLDER, [(name, coverage.slug, oldest) for name in left])


def of_coverage(connection: sqlite3.Connection, slug: str) -> tuple[Rubric, ...]:
    """The rubrics that a stored coverage has."""
    row = connection.execute(_COVERAGE, (slug,)).fetchone()
    return rubrics_of(decode_coverage(row[0])) if row else ()


def _file(connection: sqlite3.Connection, update: Update, released: int, of_all: Iterable[Rubric]) -> None:
    former = {name: bool(own) for name, own in connection.execute(_UNDER, (released,))}
    wanted = {rubric.key: False for rubric in of_all} | {rubric.key: True for rubric in rubrics_of(update)}
    if update.status is Status.RETRACTED:
        wanted = former  # its tags were emptied, but whoever has it must learn that it was withdrawn
    connection.executemany(_CHANGED, [(name,) for name in sorted(former.keys() | wanted)])
    gone = [name for name in former if name not in wanted]
    connection.executemany(
        "DELETE FROM filed WHERE rubric = ? AND released = ?", [(name, released) for name in gone]
    )
    connection.executemany(_LEFT, [(name,) for name in gone])
    connection.executemany(_FILE, [(name, released, own, name) for name, own in wanted.items()])
