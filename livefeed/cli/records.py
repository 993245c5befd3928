"""The store's records, for commands that may run beside a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from livefeed.cli.outcome import Failed

if TYPE_CHECKING:
    from livefeed.accounts import Accounts
    from livefeed.settings import Settings


@asynccontextmanager
async def accounts_of(settings: Settings) -> AsyncIterator[Accounts]:
    """The accounts of the configured store; a running server sees what changes within a second."""
    from livefeed.accounts import Accounts  # noqa: PLC0415 - see the package
    from livefeed.cli.logs import silence_logs  # noqa: PLC0415
    from livefeed.store import StoreAway, open_store  # noqa: PLC0415

    silence_logs()
    store = open_store(settings, serving=False)
    try:
        await store.start()
        yield Accounts(
            store.records, session_idle=settings.session_idle, session_lifetime=settings.session_lifetime
        )
    except StoreAway as away:
        raise Failed(f"The store cannot be reached ({away}). Start it, or mend LIVEFEED_STORE.") from away
    finally:
        await store.aclose()
