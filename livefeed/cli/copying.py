"""Copying a site into a folder, over HTTP and all of it or nothing.

Invariants
    - A copy grows beside its folder and takes its place when it is whole. What was withdrawn since the former
      copy, a picture for one, is gone from the new one.
    - Only a folder that is empty, or that a copy was made into, is ever replaced.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from livefeed.cli import static_site
from livefeed.cli.outcome import Failed
from livefeed.cli.progress import Progress

if TYPE_CHECKING:
    from livefeed.cli.client import Site

MARKER = ".livefeed-site"


async def copy_site(site: Site, folder: Path) -> int:
    """Copy what readers see of a site; the number of files. Raises `Failed`; `folder` then is as it was."""
    try:
        with _beside(folder) as part:
            return len(await _fetched(site, part))
    except OSError as error:
        raise Failed(f"{error.filename or folder} cannot be written: {error.strerror}.") from None


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` at the end, and is gone after a failure."""
    folder = folder.resolve()
    _admit(folder)
    part = folder.parent / f".{folder.name}.part"
    if part.exists():
        shutil.rmtree(part)  # of a copy that was killed
    part.mkdir(parents=True)
    try:
        yield part
        (part / MARKER).touch()
        _swap(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _admit(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Failed(f"{folder} is not a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise Failed(
            f"{folder} holds other files, and is left alone: name a new folder, or an earlier copy's."
        )


def _swap(part: Path, folder: Path) -> None:
    former = part.with_suffix(".former")
    shutil.rmtree(former, ignore_errors=True)
    if folder.exists():
        folder.rename(former)
    part.rename(folder)
    shutil.rmtree(former, ignore_errors=True)


async def _fetched(site: Site, folder: Path) -> set[str]:
    """Fetch everything that can be reached from the front page, then lead the links to files."""
    progress = Progress("{} files are copied")
    files: set[str] = set()
    public = ""
    waiting, seen = [static_site.START], {static_site.START}
    while waiting:
        address = waiting.pop()
        name = static_site.file_of(address)
        if name is None:
            continue
        content = await site.download(address)
        if content is None:
            if address == static_site.START:
                raise Failed(f"{site.url} has no front page: LIVEFEED_URL names the server.")
            continue  # withdrawn a moment ago: what links to it will lead to the site
        if address == static_site.START:
            public = static_site.public_address(content.decode())
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        files.add(name)
        progress.add()
        found: list[str] = []
        if name.endswith(".html"):
            found = list(static_site.addresses_in(content.decode(), public))
        elif name.endswith(".css"):
            found = list(static_site.addresses_in_sheet(content.decode(), address))
        for other in found:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    for name in files:
        if name.endswith(".html"):
            page = (folder / name).read_text("utf-8")
            (folder / name).write_text(static_site.as_file(page, name, public, files), "utf-8")
    return files
