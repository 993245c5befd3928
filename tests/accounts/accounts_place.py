"""A store's records that are watched, and the accounts in them."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from livefeed.accounts import (
    Accounts,
)
from livefeed.roles import Role
from livefeed.store import Record, Records, StoreFull

IDLE, LIFETIME = 3600.0, 86400.0


class Clock:
    """A clock that moves when told to. It begins now, because stores judge expiry by their own."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Watched:
    """Real records that count what is asked of them, and fail or are interrupted when told to."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.gets = 0
        self.puts = 0
        self.full = False
        self.before_put: asyncio.Future[None] | None = None
        self.putting = asyncio.Event()

    async def get(self, kind: str, name: str) -> Record | None:
        self.gets += 1
        return await self.records.get(kind, name)

    async def put(
        self,
        kind: str,
        name: str,
        value: str,
        *,
        expected: int | None = None,
        expires_at: datetime | None = None,
    ) -> Record:
        self.puts += 1
        if self.full:
            raise StoreFull("there is no room left")
        if self.before_put:
            self.putting.set()
            await self.before_put
        return await self.records.put(kind, name, value, expected=expected, expires_at=expires_at)

    async def delete(self, kind: str, name: str, *, expected: int | None = None) -> bool:
        return await self.records.delete(kind, name, expected=expected)

    async def all(self, kind: str) -> list[Record]:
        return await self.records.all(kind)


@dataclass
class Place:
    """A store's records, and the folder where all of it lies on disk."""

    records: Watched
    folder: Path

    def dump(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())


def process(place: Place, clock: Clock) -> Accounts:
    """The accounts as one more process sees them."""
    return Accounts(place.records, session_idle=IDLE, session_lifetime=LIFETIME, now=clock)


async def log_in(accounts: Accounts, name: str) -> str:
    """A new session's secret."""
    redeemed = await accounts.sessions.redeem(await accounts.sessions.login_code(name))
    assert redeemed
    return redeemed[0]


async def role_in(accounts: Accounts, secret: str) -> Role | None:
    session = await accounts.sessions.find(secret)
    return session.editor.role if session else None


def digest(secret: str) -> str:
    """The name of a secret's record."""
    return hashlib.sha256(secret.encode()).hexdigest()
