"""Attempts at passwords: each failure makes the next one wait longer, and nobody is ever locked out.

Counted in records, so that all processes of a fleet count together, and by account and address: who guesses
at somebody's password keeps nobody but themself waiting. A second count by address alone slows who tries one
password on many accounts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from livefeed.accounts.account import AccountRefused
from livefeed.accounts.drawer import Drawer, Filed
from livefeed.store import Conflict, Records

FORGOTTEN_AFTER = 3600.0  # seconds after the last attempt
ROUNDS = 50


class TooSoon(AccountRefused):
    """The next attempt has to wait for `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many wrong passwords. Try again in {seconds} seconds.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Tally:
    """Attempts that have not succeeded, and when the last one was."""

    attempts: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` attempts are not slowed; each one more doubles the wait, from 1 second to `longest`."""

    free: int
    longest: float

    def wait(self, tally: Tally | None, now: datetime) -> float:
        """Seconds until the next attempt may be made."""
        if tally is None or tally.attempts < self.free:
            return 0.0
        pause = min(2.0 ** min(tally.attempts - self.free, 30), self.longest)
        # A clock that was set back must not make the wait longer than it ever was.
        return min(pause - (now - tally.last_at).total_seconds(), pause)


ON_ACCOUNT = Patience(free=3, longest=900.0)
# Behind one address may be a whole newsroom.
ON_ADDRESS = Patience(free=20, longest=30.0)


class Attempts:
    """The attempts in `records`, judged by `now`."""

    def __init__(self, records: Records, now: Callable[[], datetime]) -> None:
        self._tallies = Drawer(records, "attempt", Tally)
        self._now = now

    async def begin(self, name: str, address: str) -> None:
        """Count an attempt at the account of a folded name, before it is looked at: of many at the same time
        none is free. Raises `TooSoon` for one that has to wait, which is not counted."""
        for key, patience in self._keys(name, address):
            await self._count(key, patience)

    async def succeeded(self, name: str, address: str) -> None:
        """Forget what was counted at this account from this address, and this attempt at the address."""
        (account, _), (everywhere, _) = self._keys(name, address)
        await self._tallies.remove(account)
        for _ in range(ROUNDS):
            found = await self._tallies.find(everywhere)
            if found is None:
                return
            try:
                less = Tally(max(found.value.attempts - 1, 0), found.value.last_at)
                await self._file(everywhere, less, found)
            except Conflict:
                continue
            return

    async def _count(self, key: str, patience: Patience) -> None:
        for _ in range(ROUNDS):
            found = await self._tallies.find(key)
            now = self._now()
            wait = patience.wait(found.value if found else None, now)
            if wait > 0:
                raise TooSoon(max(1, round(wait)))
            try:
                await self._file(key, Tally(found.value.attempts + 1 if found else 1, now), found)
            except Conflict:
                continue
            return
        raise TooSoon(1)

    async def _file(self, key: str, tally: Tally, instead_of: Filed[Tally] | None) -> None:
        expires_at = tally.last_at + timedelta(seconds=FORGOTTEN_AFTER)
        expected = instead_of.version if instead_of else 0
        await self._tallies.file(key, tally, expected=expected, expires_at=expires_at)

    @staticmethod
    def _keys(name: str, address: str) -> tuple[tuple[str, Patience], tuple[str, Patience]]:
        near = _neighbourhood(address)
        return (_digest(f"{near}\n{name}"), ON_ACCOUNT), (_digest(near), ON_ADDRESS)


def _neighbourhood(address: str) -> str:
    # One customer has a whole /64 of IPv6, and with it as many addresses as they like.
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
