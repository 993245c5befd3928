"""The files of the shelf: everything here blocks, and raises OSError as the system does.

A picture is at `ab/abcdef….jpg`. It is written under `.incoming/`, synced and renamed, so a name never
stands for half a file; processes and machines that share the folder need no lock, because equal names mean
equal bytes.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_INCOMING = ".incoming"
_MARKER = ".livefeed-media"
_MARK = re.compile(r"[0-9a-f]{32}")

# Longer than any write takes on any machine that shares the folder.
_ABANDONED = 3600.0


def path_in(directory: Path, name: str) -> Path:
    """Where the picture called `name` is kept; two levels, since old file systems are slow with flat ones."""
    return directory / name[:2] / name


def place(directory: Path, name: str, content: bytes) -> None:
    """Keeps `content` as `name`; when this returns it survives a power cut. Repeating it changes nothing."""
    target = path_in(directory, name)
    if not _holds(target, content):
        with _written(directory, content) as part:
            target.parent.mkdir(exist_ok=True)
            part.replace(target)
    # Also when the file was there: whoever renamed it may have died before the folder was synced.
    _sync(target.parent)
    _sync(directory)


def sweep(directory: Path, now: float) -> None:
    """Makes the folder; removes what writers killed an hour before `now` (Unix time) or earlier left."""
    incoming = directory / _INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    for part in incoming.iterdir():
        with suppress(FileNotFoundError):  # its writer, or another sweep, was faster
            if part.stat().st_ctime < now - _ABANDONED:
                part.unlink()


def probe(directory: Path) -> None:
    """Writes, syncs and removes a small file."""
    with _written(directory, b"livefeed\n"):
        pass


def marker(directory: Path) -> str:
    """The random id of the folder, made by whoever asks first. Raises ValueError when it has another text."""
    path = directory / _MARKER
    if not path.exists():
        # A link appears with its content and fails if another was first: two processes that start together
        # agree, and a crash leaves no empty marker.
        with _written(directory, secrets.token_hex(16).encode()) as part, suppress(FileExistsError):
            os.link(part, path)
        _sync(directory)
    mark = path.read_text("utf-8", errors="replace").strip()
    if _MARK.fullmatch(mark) is None:
        raise ValueError(f"{path} holds {mark[:40]!r}, where 32 hexadecimal digits are expected.")
    return mark


@contextmanager
def _written(directory: Path, content: bytes) -> Iterator[Path]:
    """A synced file with `content` that is gone afterwards, unless it was renamed."""
    incoming = directory / _INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=incoming, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, 0o644)  # a web server in front may read it
            # Last-Modified is made of this time, and would tell when a source's picture reached the newsroom.
            os.utime(descriptor, (0, 0))
            os.fsync(descriptor)
        yield part
    finally:
        part.unlink(missing_ok=True)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
