"""One serving process per file.

The lock is `flock` on `FILE.lock`, so it dies with its process however that ends, and cannot go stale. The
pid written into it is only for the sentence that refuses the second one. The lock file is never removed:
removing it would let two processes lock two different files of that name.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from livefeed.store import StoreRefused


class ServingLock:
    """The right to serve one SQLite file, held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises `StoreRefused` when another process serves the file."""
        lock = self._path.with_name(f"{self._path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreRefused(
                f"{lock} cannot be made ({error}): its folder must exist and be writable by this user"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise StoreRefused(
                f"{self._path} is already served by process {pid}, and one process at a time may serve an "
                "SQLite file: stop that process, or set LIVEFEED_STORE=redis://… to run more than one"
            ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError:
            pass  # a full disk: the lock holds all the same, only the sentence above lacks the pid
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the file up."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
