"""Which passwords are taken, and how they are kept.

Theory of operation
    A password is judged by how many pieces somebody who guesses would put it together from: a word that leaks
    are full of, a run such as 1234 or qwerty, something repeated, or a single character; the owner's and the
    site's names count for nothing. Few pieces are few guesses, however long they make it. The work is bounded
    by the length, and nothing is asked of any other machine.

    What is kept is argon2id's hash. Hashing is slow and wants memory on purpose, therefore it has threads of
    its own, and who comes when many wait is sent away rather than queued.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from livefeed.accounts.account import AccountRefused

T = TypeVar("T")

SHORTEST = 12
"""Characters a password has at least."""
LONGEST = 128
"""Characters it has at most: enough for a sentence."""
FEWEST_PIECES = 5
"""Pieces that it must be put together from. Three common words with spaces between them are five."""
SHORTEST_WORD = 4
"""Letters of a common word, or of a name, that count as one piece."""
LONGEST_WORD = 40
SHORTEST_RUN = 3

THREADS = 2
MOST_WAITING = 32

# Rows of keyboards, the alphabets and the digits, along which people type what they think is random.
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "!@#$%^&*()_+",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "ضصثقفغعهخحجد",
    "شسيبلاتنمكط",
    "ئءؤرلاىةوزظ",
)
_RUNS = tuple(row for written in _ROWS for row in (written, written[::-1]))
_LOOKS_LIKE = str.maketrans("013457@$", "oleastas")
# What Arabic writes in several ways, and the tatweel and vowel signs that it may leave out.
_ARABIC = str.maketrans("أإآٱىة", "اااايه", "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652")


class Weakness(StrEnum):
    """Why a password is not taken."""

    SHORT = "short"
    LONG = "long"
    GUESSABLE = "guessable"


class PasswordRefused(AccountRefused):
    """The password is not taken."""

    def __init__(self, weakness: Weakness, sentence: str) -> None:
        super().__init__(sentence)
        self.weakness = weakness


class PasswordsBusy(Exception):
    """Too many wait for their password to be looked at; nothing was changed."""


def check_password(password: str, names: Iterable[str]) -> None:
    """Raise `PasswordRefused` for a password that is too short, too long or too easily guessed. `names` are
    its owner's and the site's: nobody gains by them. No sentence shows the password."""
    length = len(normal(password))
    if length < SHORTEST:
        raise PasswordRefused(
            Weakness.SHORT, f"The password has {length} characters; at least {SHORTEST} are needed."
        )
    if length > LONGEST:
        raise PasswordRefused(
            Weakness.LONG, f"The password has {length} characters; at most {LONGEST} are taken."
        )
    found = pieces(password, names)
    if found < FEWEST_PIECES:
        raise PasswordRefused(
            Weakness.GUESSABLE,
            f"The password is easily guessed: it is made of {found} common words, names, runs or single "
            f"characters, and at least {FEWEST_PIECES} are needed.",
        )


def normal(password: str) -> str:
    """The password as it is hashed: keyboards write one letter in several ways (NIST SP 800-63B §5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def plain(text: str) -> str:
    """`text` without case, vowel signs and the letters' variants."""
    return normal(text).casefold().translate(_ARABIC)


def pieces(password: str, names: Iterable[str]) -> int:
    """The fewest pieces that make up `password`; those of `names` are not counted."""
    typed = plain(password)
    meant = typed.translate(_LOOKS_LIKE)
    known = {word for name in names for word in (*plain(name).split(), "".join(plain(name).split()))}
    known = {form for word in known for form in (word, word.translate(_LOOKS_LIKE)) if len(word) >= 3}
    common = _common()
    # fewest[n]: for the first n characters.
    fewest = [0]
    for end in range(1, len(typed) + 1):
        best = fewest[end - 1] + 1
        for start in range(max(0, end - LONGEST_WORD), end - SHORTEST_RUN + 1):
            if fewest[start] >= best:
                continue
            part, like = typed[start:end], meant[start:end]
            if part in known or like in known:
                best = fewest[start]  # whoever guesses at this account knows them
            elif (
                _is_run(part)
                or _is_repeated(typed, start, end)
                or (end - start >= SHORTEST_WORD and (part in common or like in common))
            ):
                best = fewest[start] + 1
        fewest.append(best)
    return fewest[-1]


def _bytes(password: str) -> bytes:
    # Half a surrogate pair is nobody's password, and no reason to fail in another way than others.
    return normal(password).encode(errors="surrogatepass")


def _is_run(part: str) -> bool:
    return len(set(part)) == 1 or any(part in run for run in _RUNS) or _is_year(part)


def _is_year(part: str) -> bool:
    return len(part) == 4 and part.isascii() and part.isdigit() and part[:2] in {"19", "20"}


def _is_repeated(text: str, start: int, end: int) -> bool:
    """True when what stands before `start` is repeated by the part."""
    length = end - start
    return start >= length and text[start - length : start] == text[start:end]


@cache
def _common() -> frozenset[str]:
    text = (files(__package__) / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split("\n"))


class Hasher:
    """argon2id (RFC 9106), with OWASP's least parameters: 19 MiB and two passes, some 20 ms."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="livefeed-password")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises `PasswordsBusy`."""
        return await self.run(lambda: self._argon2.hash(_bytes(password)))

    async def fits(self, hashed: str | None, password: str) -> bool:
        """True when `password` is the one of the hash. None, where there is no password, takes as long: how
        long the answer takes tells nobody who has an account. Raises `PasswordsBusy`."""
        if len(password) > LONGEST:
            password, hashed = "", None  # never hashed: it could not have been set

        def compare() -> bool:
            if hashed is None:
                self._argon2.hash(_bytes(password))
                return False
            try:
                return self._argon2.verify(hashed, _bytes(password))
            except (VerificationError, InvalidHashError):
                return False

        return await self.run(compare)

    def outdated(self, hashed: str) -> bool:
        """True for a hash with other parameters than today's."""
        return self._argon2.check_needs_rehash(hashed)

    async def run(self, work: Callable[[], T]) -> T:
        """Do what takes long on the threads for passwords. Raises `PasswordsBusy`."""
        if self._waiting >= MOST_WAITING:
            raise PasswordsBusy(f"{self._waiting} logins are being looked at; try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the threads once they have done what they began."""
        self._threads.shutdown(wait=False, cancel_futures=True)
