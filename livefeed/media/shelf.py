"""The shelf: uploads go in, pictures come out by name.

Who waits for what: at most `max_waiting` uploads are inside `add`; one of them is being decoded, by a
process that has `timeout` seconds; files are written by one thread, `media-disk`, since a sync may take as
long as a disk likes.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from livefeed.media import files
from livefeed.media.decoder import Decoder
from livefeed.media.picture import (
    WIDTHS,
    Encoded,
    MediaAway,
    MediaBusy,
    MediaFull,
    MediaRefused,
    Picture,
    Reason,
    accept,
    is_name,
    size_name,
)

T = TypeVar("T")

# EFBIG is the process's own limit on files (RLIMIT_FSIZE): for whoever uploads it is the same lack of room.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class MediaShelf:
    """Pictures in `directory`, which several processes and machines may share.

    `max_bytes` limits an upload, `max_pixels` its width times height, `timeout` (seconds) each of: the wait
    for the decoder, decoding, writing; `worker_memory` (bytes of address space) the decoder; `max_waiting`
    the uploads taken in at once, which are held in memory.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int,
        max_pixels: int,
        timeout: float = 20.0,
        worker_memory: int = 1 << 30,
        max_waiting: int = 8,
    ) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._decoder = Decoder(max_pixels, worker_memory, timeout)
        self._bench = asyncio.Lock()
        self._inside = 0
        self._deadline: asyncio.Timeout | None = None
        self._closed = False
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="media-disk")

    async def start(self) -> None:
        """Makes the folder. Raises MediaAway when that is impossible. Starts no process: uploads do."""
        await self._on_disk(lambda: files.sweep(self._directory, time.time()))

    async def aclose(self) -> None:
        """Ends the decoding under way, if any, whose `add` raises MediaAway; so does every later one."""
        self._closed = True
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time())
        async with self._bench:  # free at the latest when the killed process is buried
            pass
        self._disk.shutdown(
            wait=False
        )  # a write under way is finished, but nobody here waits for a hung disk

    async def add(self, upload: bytes) -> Picture:
        """Rebuilds `upload` and keeps it; when this returns the picture survives a power cut.

        The same upload gives the same picture, once on disk. Of an animation the first frame is kept.
        Raises MediaRefused (the file is at fault), MediaBusy, MediaFull or MediaAway (it is not); then
        nothing is kept.
        """
        if self._inside >= self._max_waiting:
            sentence = f"{self._inside} uploads are waiting, which is the limit ({self._max_waiting})"
            raise MediaBusy(f"{sentence}; try again in a few seconds.")
        self._inside += 1
        try:
            format = accept(upload, max_bytes=self._max_bytes)
            async with self._decoding():
                made, *sizes = await self._decoder.rebuild(upload, format)
            return await self._on_disk(lambda: self._keep(made, sizes))
        finally:
            self._inside -= 1

    def path_of(self, name: str) -> Path | None:
        """Where the picture called `name` is, if there is one; None when no picture can be called so."""
        return files.path_in(self._directory, name) if is_name(name) else None

    async def writable(self) -> bool:
        """True when a file could be written, synced and removed in the folder just now."""
        try:
            await self._on_disk(lambda: files.probe(self._directory))
        except MediaAway:
            return False
        return True

    def marker(self) -> str:
        """The random id of the folder: a fleet proves by it that it shares one. Raises MediaAway. Blocks."""
        try:
            return files.marker(self._directory)
        except ValueError as error:
            raise MediaAway(str(error)) from error
        except OSError as error:
            raise away(error, self._directory) from error

    @asynccontextmanager
    async def _decoding(self) -> AsyncIterator[None]:
        """The bench, for one upload at a time and `timeout` seconds."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._bench.acquire()
        except TimeoutError as error:
            sentence = f"The uploads before this one took longer than {self._timeout:g} seconds"
            raise MediaBusy(f"{sentence}; try again.") from error
        try:
            if self._closed:
                raise self._closing()
            async with asyncio.timeout(self._timeout) as self._deadline:
                yield
        except TimeoutError as error:
            if self._closed:
                raise self._closing() from error
            sentence = f"Decoding the picture took longer than the limit of {self._timeout:g} seconds."
            raise MediaRefused(Reason.SLOW, sentence, value="longer", limit=self._timeout) from error
        finally:
            self._deadline = None
            self._bench.release()

    def _keep(self, made: Encoded, sizes: Sequence[Encoded]) -> Picture:
        widths = {size.width for size in sizes}
        if sizes and made.width <= WIDTHS[-1]:
            widths.add(made.width)
        picture = Picture.of(
            made.content,
            format=made.format,
            width=made.width,
            height=made.height,
            widths=tuple(sorted(widths)),
        )
        for size in sizes:
            files.place(self._directory, size_name(picture.id, size.width, size.format), size.content)
        files.place(self._directory, picture.name, made.content)
        return picture

    async def _on_disk(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise self._closing()
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.get_running_loop().run_in_executor(self._disk, work)
        except TimeoutError as error:  # the write may still happen: it would make the file that a retry makes
            sentence = f"{self._directory} did not answer within {self._timeout:g} seconds"
            raise MediaAway(f"{sentence}; try again.") from error
        except OSError as error:
            raise away(error, self._directory) from error

    def _closing(self) -> MediaAway:
        return MediaAway("The server is shutting down and takes no more pictures; try again.")


def away(error: OSError, directory: Path) -> MediaAway:
    """`error`, met in `directory`, as what the uploader should be told: no room, or out of order."""
    if error.errno in _NO_ROOM:
        return MediaFull(f"There is no room for the picture in {directory}: {error.strerror}.")
    return MediaAway(f"The picture could not be kept in {directory}: {error.strerror or error}.")
