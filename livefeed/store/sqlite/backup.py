"""A copy of a served file, as it was at one moment."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from livefeed.store.refusals import StoreAway, StoreRefused
from livefeed.store.sqlite.schema import APPLICATION_ID, connect, connect_reader

BUSY_TIMEOUT = 10.0  # seconds for another process's write


def back_up(path: Path, target: Path) -> None:
    """Write the livefeed file at `path` to the new file `target`, while a server may be writing to it.

    The copy begins an epoch of its own: whoever restores it numbers anew what readers may have seen, so that
    they must be told to reload. Raises `StoreRefused` when `path` is no livefeed file, `StoreAway` when it
    cannot be read or copied.
    """
    if not path.exists():
        raise StoreRefused(f"there is no {path}: LIVEFEED_STORE names the file")
    try:
        with contextlib.closing(connect_reader(path, BUSY_TIMEOUT)) as source:
            if source.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise StoreRefused(f"{path} is no livefeed file: LIVEFEED_STORE names the one to copy")
            # Sessions, tokens and the signing secret are in it: for its owner alone.
            target.touch(mode=0o600, exist_ok=False)
            with contextlib.closing(connect(target, BUSY_TIMEOUT)) as copy:
                source.backup(copy)  # in one step, and so of one moment
                copy.execute("PRAGMA journal_mode=DELETE")  # nothing beside it that could be left behind
                copy.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (secrets.token_hex(4),))
        _sync(target)
        _sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise StoreAway(f"{path} cannot be copied to {target}: {error}") from error


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
