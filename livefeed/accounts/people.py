"""The people of a newsroom: every act on an account."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from livefeed.accounts.account import (
    NAME_LIMIT,
    Account,
    AccountExists,
    AccountRefused,
    AccountUnknown,
    check_grants,
    check_name,
    check_roles,
    fold,
)
from livefeed.accounts.drawer import Drawer, Filed
from livefeed.model import utc
from livefeed.roles import Editor, Role
from livefeed.store import Conflict, Records

ID_BYTES = 9


class People:
    """Accounts in `records`. `now` and `secret` are those of `Accounts`, and so are the store's errors."""

    def __init__(
        self,
        records: Records,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secret: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._accounts = Drawer(records, "account", Account)
        self._now = now
        self._secret = secret
        self._watching: list[Callable[[], None]] = []

    def watch(self, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever this process has changed an account."""
        self._watching.append(changed)

    async def add(
        self,
        name: str,
        role: Role,
        coverages: Sequence[str] | None = None,
        roles: Mapping[str, Role] = MappingProxyType({}),
    ) -> Account:
        """A new account, for all coverages if none are named, perhaps with other `roles` in single ones.
        Raises `AccountRefused`, `AccountExists`."""
        granted, single = check_grants(role, coverages), check_roles(role, roles)
        account = Account(
            self._secret(ID_BYTES), check_name(name), role, granted, utc(self._now()), roles=single
        )
        try:
            await self._accounts.file(fold(account.name), account, expected=0)
        except Conflict:
            raise AccountExists(f"There is an editor named {account.name!r} already.") from None
        return account

    async def find(self, name: str) -> Account | None:
        """The account of that name, disabled or not; case does not count."""
        found = await self._accounts.find(fold(name))
        return found.value if found else None

    async def known(self, name: str) -> Account:
        """The account of that name. Raises `AccountUnknown`."""
        return (await self._known(name)).value

    async def enabled(self, name: str) -> Account:
        """The account of that name, which is not disabled. Raises `AccountUnknown`, `AccountRefused`."""
        account = (await self._known(name)).value
        if account.disabled:
            raise AccountRefused(f"The account of {account.name!r} is disabled.")
        return account

    async def acting(self, folded: str) -> Editor | None:
        """Who acts as the account of that folded name; None when it is gone or disabled."""
        found = await self._accounts.find(folded)
        return found.value.editor() if found else None

    async def all(self) -> list[Account]:
        """Every account, by name."""
        return [found.value for found in await self._accounts.all()]

    async def set_role(self, name: str, role: Role) -> Account:
        """Give an editor another role, in their sessions and tokens too. Raises `AccountUnknown`, and
        `AccountRefused` for an admin of some coverages only."""

        def change(account: Account) -> Account:
            check_grants(role, account.coverages)
            check_roles(role, dict(account.roles))
            return replace(account, role=role)

        return await self._change(name, change)

    async def set_role_in(self, name: str, slug: str, role: Role | None) -> Account:
        """Give an editor a role in one coverage, instead of what they have otherwise; None takes it back.
        Raises `AccountUnknown`, `AccountRefused`."""

        def change(account: Account) -> Account:
            roles = {coverage: held for coverage, held in account.roles if coverage != slug}
            if role is not None:
                roles[slug] = role
            return replace(account, roles=check_roles(account.role, roles))

        return await self._change(name, change)

    async def set_grants(
        self,
        name: str,
        role: Role,
        coverages: Sequence[str] | None,
        roles: Mapping[str, Role] = MappingProxyType({}),
    ) -> Account:
        """Give an editor a role, coverages (None: all) and other `roles` in single coverages at once. Raises
        `AccountUnknown`, `AccountRefused`."""
        granted, single = check_grants(role, coverages), check_roles(role, roles)
        return await self._change(
            name, lambda account: replace(account, role=role, coverages=granted, roles=single)
        )

    async def set_language(self, name: str, language: str) -> Account:
        """Have an editor's desk speak `language`; empty for the site's. Raises `AccountUnknown`."""
        return await self._change(name, lambda account: replace(account, language=language))

    async def set_coverages(self, name: str, coverages: Sequence[str] | None) -> Account:
        """Grant an editor these coverages and no others; None grants all. Raises `AccountUnknown`,
        `AccountRefused`."""
        return await self._change(
            name, lambda account: replace(account, coverages=check_grants(account.role, coverages))
        )

    async def disable(self, name: str) -> Account:
        """Stop an editor's codes, sessions and tokens. Raises `AccountUnknown`."""
        return await self._change(name, lambda account: replace(account, disabled=True))

    async def enable(self, name: str) -> Account:
        """Let a disabled editor in again: password, tokens and open sessions count as before. Raises
        `AccountUnknown`."""
        return await self._change(name, lambda account: replace(account, disabled=False))

    async def _change(self, name: str, change: Callable[[Account], Account]) -> Account:
        while True:  # a lost round means that somebody else's change was kept, therefore this ends
            found = await self._known(name)
            account = change(found.value)
            try:
                await self._accounts.file(found.name, account, expected=found.version)
            except Conflict:
                continue
            for changed in self._watching:
                changed()
            return account

    async def _known(self, name: str) -> Filed[Account]:
        found = await self._accounts.find(fold(name))
        if found is None:
            raise AccountUnknown(f"There is no editor named {name[:NAME_LIMIT]!r}.")
        return found
