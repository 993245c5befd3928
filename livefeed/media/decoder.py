"""Runs `pixels` for one upload, in a process that is always gone afterwards.

A process per picture instead of one that is kept: it costs a tenth of a second, and no upload can reach the
next one, no leak adds up, and a hang, a crash or an exhausted memory needs no repair.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livefeed.media.picture import WIDTHS, Encoded, MediaAway, MediaRefused, Reason, is_output, sizes_of

_SCRIPT = str(Path(__file__).with_name("pixels.py"))

# -P keeps this folder off the script's path, -S skips what the path below already says; what Pillow warns of
# in a stranger's file is nothing for the server's log.
_FLAGS = ("-P", "-S", "-W", "ignore")

# The settings and their secrets are in the server's environment; the decoder gets only what loads libraries.
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")

_ANSWER = re.compile(rb"([A-Za-z]+) ([0-9]{1,9}) ([0-9]{1,9}) ([0-9]{1,9})\n")

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Decoder:
    """The limits of one decoding: pixels, bytes of address space, seconds of processor time."""

    max_pixels: int
    memory: int
    seconds: float

    async def rebuild(self, upload: bytes, format: str) -> tuple[Encoded, ...]:
        """The new file, and its sizes (`sizes_of`).

        Raises MediaRefused, or MediaAway when no process could be started. Has no timeout of its own: when
        it is cancelled the process is killed and buried before the cancellation goes on.
        """
        process = await self._start(format)
        # More than any encoding of that many pixels, and of their sizes; a flood stops here.
        most = 12 * self.max_pixels + _CHUNK
        try:
            answer, _ = await asyncio.gather(_read(process, most), _feed(process, upload))
            if len(answer) <= most:
                await process.wait()
        finally:
            await _bury(process)
        return self.judged(process.returncode, answer)

    def judged(self, status: int | None, answer: bytes) -> tuple[Encoded, ...]:
        """What `rebuild` returns or raises for an exit status and an answer, neither of which is trusted."""
        if status:
            if status > 0:  # it catches whatever a picture can raise, so this is the installation's fault
                raise MediaAway(f"The picture decoder ended with status {status}.")
            raise self._fatal(f"signal {-status}")
        made: list[Encoded] = []
        at = 0
        while at < len(answer) or not made:
            head = _ANSWER.match(answer, at)
            if head is None:
                raise self._fatal("no answer")
            word, width, height = head[1].decode(), int(head[2]), int(head[3])
            self._refuse(word, width, height)
            at = head.end() + int(head[4])
            made.append(Encoded(word, width, height, answer[head.end() : at]))
        first, *sizes = made
        honest = all(is_output(file.content, file.format) for file in made) and at == len(answer)
        # Only a decoder under a stranger's control answers otherwise.
        if not honest or [(size.format, size.width) for size in sizes] != sizes_of(
            first.format, first.width, first.height
        ):
            raise self._fatal("an answer that is no picture")
        return tuple(made)

    def _refuse(self, word: str, width: int, height: int) -> None:
        match word:
            case "pixels":
                sentence = f"The picture has {width:,} x {height:,} = {width * height:,} pixels"
                sentence = f"{sentence}; at most {self.max_pixels:,} are taken."
                raise MediaRefused(Reason.PIXELS, sentence, value=width * height, limit=self.max_pixels)
            case "memory":
                needed = f"more than {self.memory:,} bytes"
                sentence = f"Decoding the picture needs {needed} of memory, which is the limit."
                raise MediaRefused(Reason.MEMORY, sentence, value=needed, limit=self.memory)
            case "broken":
                sentence = "The picture is damaged or cut short: it could not be decoded to its end."
                raise MediaRefused(Reason.BROKEN, sentence, value="damaged", limit="a whole picture")

    async def _start(self, format: str) -> Process:
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        widths = ",".join(map(str, WIDTHS))
        limits = (str(self.max_pixels), str(self.memory), str(math.ceil(self.seconds) + 1), widths)
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, *_FLAGS, _SCRIPT, format, *limits),
                stdin=PIPE,
                stdout=PIPE,
                limit=_CHUNK,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the server alone
            )
        except OSError as error:
            raise MediaAway(f"The picture decoder could not be started: {error.strerror}.") from error

    def _fatal(self, how: str) -> MediaRefused:
        sentence = (
            f"Decoding the picture ended with {how}, within its limit of {self.memory:,} bytes of memory."
        )
        return MediaRefused(Reason.FATAL, sentence, value=how, limit=self.memory)


async def _read(process: Process, most: int) -> bytes:
    assert process.stdout is not None  # noqa: S101 - PIPE above; for the type checker
    answer = bytearray()
    while len(answer) <= most and (chunk := await process.stdout.read(_CHUNK)):
        answer += chunk
    return bytes(answer)


async def _feed(process: Process, upload: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - PIPE above; for the type checker
    with suppress(ConnectionError):  # it died while reading; its status tells why
        process.stdin.write(upload)
        await process.stdin.drain()
    process.stdin.close()


async def _bury(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    # A killed process ends at once unless the kernel holds it; then it is left behind rather than waited for.
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await process.communicate()
