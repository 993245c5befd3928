"""The tables of a livefeed file, how a connection is set up, and the ladder of versions.

Membership is a column: an index holds an update exactly when its column is not null, so that a list of
breaking updates, of due ones or of drafts is read from its own index and costs what it returns, whatever the
coverage holds. `ordinal` (which published update of its coverage, from 1) never changes, so pages are ranges;
nor does `released` (which of the site), by which a rubric lists updates of many coverages.
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from livefeed.store import StoreRefused

APPLICATION_ID = 0x4C495645  # "LIVE": tells our files from every other program's

# Each step runs once, in order; `user_version` counts the steps a file has taken. Released ones never change.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE channels (name TEXT PRIMARY KEY, top INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE events (
            channel TEXT NOT NULL,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            live_order INTEGER NOT NULL,
            payload TEXT NOT NULL,
            PRIMARY KEY (channel, position)
        )""",
        "CREATE INDEX events_by_subject ON events (subject)",
        """CREATE TABLE coverages (
            slug TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            opened INTEGER NOT NULL UNIQUE,
            position INTEGER,
            payload TEXT NOT NULL
        )""",
        """CREATE TABLE updates (
            id TEXT PRIMARY KEY,
            coverage TEXT NOT NULL,
            version INTEGER NOT NULL,
            live_order INTEGER NOT NULL,
            position INTEGER,
            ordinal INTEGER,
            published_order INTEGER,
            key_order INTEGER,
            breaking_order INTEGER,
            site_rank INTEGER,
            written INTEGER,
            due_at INTEGER,
            released INTEGER,
            payload TEXT NOT NULL
        )""",
        """CREATE UNIQUE INDEX updates_by_ordinal ON updates (coverage, ordinal)
            WHERE ordinal IS NOT NULL""",
        """CREATE INDEX updates_published ON updates (coverage, published_order)
            WHERE published_order IS NOT NULL""",
        "CREATE INDEX updates_key ON updates (coverage, key_order) WHERE key_order IS NOT NULL",
        """CREATE INDEX updates_breaking ON updates (coverage, breaking_order)
            WHERE breaking_order IS NOT NULL""",
        "CREATE INDEX updates_on_site ON updates (site_rank) WHERE site_rank IS NOT NULL",
        "CREATE INDEX updates_unpublished ON updates (coverage, written) WHERE written IS NOT NULL",
        "CREATE UNIQUE INDEX updates_released ON updates (released) WHERE released IS NOT NULL",
        """CREATE TABLE filed (
            rubric TEXT NOT NULL,
            released INTEGER NOT NULL,
            own INTEGER NOT NULL,
            PRIMARY KEY (rubric, released)
        ) WITHOUT ROWID""",
        "CREATE INDEX filed_by_update ON filed (released)",
        "CREATE TABLE rubrics (name TEXT PRIMARY KEY, changes INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX updates_due ON updates (due_at, id) WHERE due_at IS NOT NULL",
        """CREATE TABLE revisions (
            line INTEGER PRIMARY KEY,
            subject TEXT NOT NULL,
            kind TEXT NOT NULL,
            at TEXT NOT NULL,
            by TEXT NOT NULL,
            note TEXT NOT NULL,
            reason TEXT NOT NULL,
            payload TEXT NOT NULL
        )""",
        "CREATE INDEX revisions_by_subject ON revisions (subject, line)",
        """CREATE TABLE media_uses (
            media TEXT NOT NULL,
            subject TEXT NOT NULL,
            visible INTEGER NOT NULL,
            PRIMARY KEY (media, subject)
        ) WITHOUT ROWID""",
        "CREATE INDEX media_uses_by_subject ON media_uses (subject)",
        """CREATE TABLE keys (
            scope TEXT PRIMARY KEY,
            fingerprint TEXT NOT NULL,
            subject TEXT NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE records (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            version INTEGER NOT NULL,
            expires_at INTEGER,
            PRIMARY KEY (kind, name)
        )""",
        "CREATE INDEX records_expiring ON records (expires_at) WHERE expires_at IS NOT NULL",
    ),
    (
        """CREATE TABLE acts (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            by TEXT NOT NULL,
            coverage TEXT NOT NULL,
            payload TEXT NOT NULL
        )""",
        "CREATE INDEX acts_by_coverage ON acts (coverage, number)",
        "CREATE INDEX acts_by_name ON acts (by, number)",
        # Whoever has the file can undo all of this; it keeps our own code from ever doing so.
        """CREATE TRIGGER acts_stay BEFORE UPDATE ON acts
            BEGIN SELECT raise(ABORT, 'the audit log is only ever added to'); END""",
        """CREATE TRIGGER acts_are_kept BEFORE DELETE ON acts
            BEGIN SELECT raise(ABORT, 'the audit log is only ever added to'); END""",
        # INSERT OR REPLACE removes a row without asking the trigger above.
        """CREATE TRIGGER acts_follow BEFORE INSERT ON acts
            WHEN NEW.number <= (SELECT coalesce(max(number), 0) FROM acts)
            BEGIN SELECT raise(ABORT, 'the audit log is only ever added to'); END""",
    ),
    (
        """CREATE TABLE corrections (
            coverage TEXT NOT NULL,
            at INTEGER NOT NULL,
            id TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (coverage, at, id, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX corrections_by_update ON corrections (id)",
        # Stored times have milliseconds; strftime's %f is the second with them.
        """INSERT INTO corrections
            SELECT updates.coverage,
                strftime('%s', value ->> 'at') * 1000000
                    + CAST(round(strftime('%f', value ->> 'at') * 1000) AS INTEGER) % 1000 * 1000,
                updates.id,
                key + 1
            FROM updates, json_each(updates.payload, '$.corrections')""",
    ),
    (
        # Which change of its rubric was the last of this update; 0: none since the file has this column.
        "ALTER TABLE filed ADD COLUMN changed INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX filed_by_change ON filed (rubric, changed)",
        "ALTER TABLE rubrics ADD COLUMN moves INTEGER NOT NULL DEFAULT 0",
    ),
    (
        "ALTER TABLE updates ADD COLUMN retracted_order INTEGER",
        """CREATE INDEX updates_retracted ON updates (coverage, retracted_order)
            WHERE retracted_order IS NOT NULL""",
        "UPDATE updates SET retracted_order = live_order WHERE payload ->> 'status' = 'retracted'",
    ),
)


def connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """A connection for the calling thread, in autocommit: transactions are begun by name.

    `busy_timeout` (seconds) is how long it waits for another process's write.
    """
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, cached_statements=256)
    # FULL, for with NORMAL a power cut takes back commits that were acknowledged.
    connection.execute("PRAGMA synchronous=FULL")
    # A purged draft must not linger in free pages of the file.
    connection.execute("PRAGMA secure_delete=ON")
    return connection


def connect_reader(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = connect(path, busy_timeout)
    connection.execute("PRAGMA query_only=ON")
    return connection


def open_file(path: Path, busy_timeout: float, *, serving: bool) -> sqlite3.Connection:
    """The writer's connection to a file of this version, made or brought up to date where it must be.

    Raises `StoreRefused` with a sentence when the file cannot be used.
    """
    try:
        # Sessions, tokens and the signing secret are in it: for its owner alone.
        path.touch(mode=0o600, exist_ok=True)
        connection = connect(path, busy_timeout)
    except (OSError, sqlite3.Error) as error:
        raise StoreRefused(
            f"{path} cannot be opened ({error}): its folder must exist and be writable by this user"
        ) from error
    try:
        _prepare(connection, path, serving=serving)
    except sqlite3.Error as error:
        connection.close()
        raise StoreRefused(
            f"{path} cannot be used as a livefeed file ({error}): name another file in LIVEFEED_STORE, "
            "or restore this one from a backup"
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, serving: bool) -> None:
    _pending(connection, path, serving=serving)
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise StoreRefused(
            f"{path} is on a file system without shared memory (journal mode {mode!r} instead of 'wal'): "
            "keep it on a local disk"
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again now that nobody else can write: another process may just have made the tables.
        for step in _pending(connection, path, serving=serving):
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={len(STEPS)}")
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (secrets.token_hex(4),))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _pending(connection: sqlite3.Connection, path: Path, *, serving: bool) -> tuple[tuple[str, ...], ...]:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and owner != APPLICATION_ID:
        raise StoreRefused(f"{path} is a database of another program: name another file in LIVEFEED_STORE")
    if version > len(STEPS):
        raise StoreRefused(
            f"{path} was written by a newer livefeed (schema {version}; this one knows {len(STEPS)}): "
            "install that version, or restore a backup made before it"
        )
    if 0 < version < len(STEPS) and not serving:
        # A server of the older version may be running on it.
        raise StoreRefused(
            f"{path} was written by an older livefeed (schema {version} of {len(STEPS)}): start "
            "`livefeed serve` of this version once to bring it up to date"
        )
    return STEPS[version:]
