"""The store's records, for commands that may run beside a server."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from livefeed.cli.outcome import Failed

if TYPE_CHECKING:
    from livefeed.accounts import Account, Accounts
    from livefeed.audit import Deed
    from livefeed.settings import Settings
    from livefeed.store import Store


@dataclass(frozen=True, slots=True)
class Register:
    """People and keys, and the audit log that is told of every change of them."""

    accounts: Accounts
    store: Store

    async def note(self, deed: Deed, account: Account, detail: str = "") -> None:
        """Tell that whoever runs this command did `deed` to an account."""
        await self._note(deed, f"account:{account.id}", f"{account.name} {detail}".rstrip())

    async def note_token(self, deed: Deed, id: str) -> None:
        """The same of a token."""
        await self._note(deed, f"token:{id}", "")

    async def _note(self, deed: Deed, subject: str, detail: str) -> None:
        from livefeed.audit import COMMAND_LINE, Act  # noqa: PLC0415 - see the package

        await self.store.note(Act(deed, subject, by=_user(), address=COMMAND_LINE, detail=detail))


@asynccontextmanager
async def open_register(settings: Settings) -> AsyncIterator[Register]:
    """The register of the configured store; a running server sees what changes within a second."""
    from livefeed.accounts import Accounts  # noqa: PLC0415 - see the package
    from livefeed.cli.logs import silence_logs  # noqa: PLC0415
    from livefeed.store import StoreAway, open_store  # noqa: PLC0415

    silence_logs()
    store = open_store(settings, serving=False)
    try:
        await store.start()
        accounts = Accounts(
            store.records, session_idle=settings.session_idle, session_lifetime=settings.session_lifetime
        )
        yield Register(accounts, store)
    except StoreAway as away:
        raise Failed(f"The store cannot be reached ({away}). Start it, or mend LIVEFEED_STORE.") from away
    finally:
        await store.aclose()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
