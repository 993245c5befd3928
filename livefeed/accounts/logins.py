"""Logging in by name and password."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from livefeed.accounts.account import AccountRefused, Seen, fold
from livefeed.accounts.attempts import Attempts
from livefeed.accounts.drawer import Drawer
from livefeed.accounts.passwords import LONGEST, Hasher, check_password
from livefeed.accounts.register import Accounts
from livefeed.roles import Editor
from livefeed.store import Conflict, Records


class LoginRefused(AccountRefused):
    """Wrong name or password: which one is not said. `account` is the id of the one that was tried, for the
    audit log alone; empty when there is none."""

    def __init__(self, account: str) -> None:
        super().__init__("The name or the password is wrong.")
        self.account = account


@dataclass(frozen=True, slots=True)
class KeptPassword:
    """argon2id's hash of a password."""

    hashed: str
    changed_at: datetime


class Logins:
    """Passwords of `accounts`, in `records`."""

    def __init__(
        self,
        records: Records,
        accounts: Accounts,
        hasher: Hasher,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._passwords = Drawer(records, "password", KeptPassword)
        self._attempts = Attempts(records, now)
        self._accounts = accounts
        self._hasher = hasher
        self._now = now

    def close(self) -> None:
        """End the threads that look at passwords."""
        self._hasher.close()

    async def log_in(self, name: str, password: str, seen: Seen) -> tuple[str, Editor]:
        """A new session's secret and who it is. Raises `LoginRefused`, `TooSoon`, `PasswordsBusy`."""
        folded = fold(name[:LONGEST])
        await self._attempts.begin(folded, seen.address)
        account = await self._accounts.people.find(folded) if folded else None
        kept = await self._passwords.find(folded) if folded else None
        fits = await self._hasher.fits(kept.value.hashed if kept else None, password)
        begun = await self._accounts.sessions.begin(folded, seen) if fits else None
        if begun is None:
            raise LoginRefused(account.id if account else "")
        await self._attempts.succeeded(folded, seen.address)
        if kept and self._hasher.outdated(kept.value.hashed):
            await self._keep(folded, await self._hasher.hash(password))
        return begun

    async def has_password(self, name: str) -> bool:
        """True when an editor can log in by password."""
        return await self._passwords.find(fold(name)) is not None

    async def confirm(self, name: str, password: str, address: str) -> None:
        """Make sure that whoever sits at an open session knows its owner's password. Raises `LoginRefused`,
        `TooSoon`, `PasswordsBusy`."""
        folded = fold(name)
        await self._attempts.begin(folded, address)
        kept = await self._passwords.find(folded)
        if not await self._hasher.fits(kept.value.hashed if kept else None, password):
            account = await self._accounts.people.find(folded)
            raise LoginRefused(account.id if account else "")
        await self._attempts.succeeded(folded, address)

    async def set_password(self, name: str, password: str, site_names: Iterable[str]) -> None:
        """Give an editor a password, or another one. Raises `PasswordRefused`, `PasswordsBusy`."""
        names = (name, *site_names)
        # Here and not on the loop: the judgement of a long one takes a while.
        await self._hasher.run(lambda: check_password(password, names))
        await self._keep(fold(name), await self._hasher.hash(password))

    async def forget_password(self, name: str) -> None:
        """Only a link lets the editor in from now on."""
        await self._passwords.remove(fold(name))

    async def _keep(self, folded: str, hashed: str) -> None:
        while True:  # a lost round means that another password was kept meanwhile: the last one counts
            found = await self._passwords.find(folded)
            try:
                await self._passwords.file(
                    folded, KeptPassword(hashed, self._now()), expected=found.version if found else 0
                )
            except Conflict:
                continue
            return
