"""The register of people and their keys."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from livefeed.accounts.people import People
from livefeed.accounts.sessions import Sessions
from livefeed.accounts.tokens import Tokens
from livefeed.store import Records


class Accounts:
    """People and keys in `records`.

    A session ends `session_idle` seconds after its last use and `session_lifetime` seconds after its login.
    `now` judges both, and the end of each code; `secret` makes a URL-safe text from so many random bytes.
    Every method of each raises the store's errors when it cannot be reached or written.
    """

    def __init__(
        self,
        records: Records,
        *,
        session_idle: float,
        session_lifetime: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secret: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self.people = People(records, now=now, secret=secret)
        self.sessions = Sessions(
            records, self.people, idle=session_idle, lifetime=session_lifetime, now=now, secret=secret
        )
        self.tokens = Tokens(records, self.people, now=now, secret=secret)
