"""Open uses of the desk, and the one-time codes that begin them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from livefeed.accounts.account import KeptSession, LoginCode, Seen, Session, fold
from livefeed.accounts.drawer import Drawer, Filed
from livefeed.accounts.key import SECRET_BYTES, could_be_one, digest_of, id_of
from livefeed.accounts.people import People
from livefeed.accounts.recent import Recent
from livefeed.roles import Editor
from livefeed.store import Conflict, Records, StoreError
from livefeed.text import clean_line

AGENT_LIMIT = 300  # characters of what a browser calls itself
TOUCH_INTERVAL = 60.0  # seconds between two notes of a session's use

_logger = logging.getLogger(__name__)


class Sessions:
    """Sessions and login codes of `people`, in `records`; `idle` and `lifetime` are seconds."""

    def __init__(
        self,
        records: Records,
        people: People,
        *,
        idle: float,
        lifetime: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secret: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._codes = Drawer(records, "login-code", LoginCode)
        self._sessions = Drawer(records, "session", KeptSession)
        self._people = people
        self._idle = idle
        self._lifetime = lifetime
        # A session loses up to this much of its idle time, therefore it is a small part of a short one.
        self._touch_interval = timedelta(seconds=min(TOUCH_INTERVAL, idle / 10))
        self._now = now
        self._secret = secret
        self._recent = Recent[Session | None](now)
        people.watch(self._recent.clear)

    async def login_code(self, name: str, lifetime: float = 86400) -> str:
        """A code that logs an editor in once, within `lifetime` seconds.

        Raises `AccountUnknown`, and `AccountRefused` for a disabled account.
        """
        account = await self._people.enabled(name)
        code = self._secret(SECRET_BYTES)
        expires_at = self._now() + timedelta(seconds=lifetime)
        kept = LoginCode(fold(account.name), expires_at)
        await self._codes.file(digest_of(code), kept, expected=0, expires_at=expires_at)
        return code

    async def redeem(self, code: str, seen: Seen = Seen()) -> tuple[str, Editor] | None:  # noqa: B008 - frozen
        """Turn a login code into a session: its new secret and who logged in.

        None when the code is wrong, used or expired, or its editor is disabled: the reasons look the same.
        """
        if not could_be_one(code):
            return None
        found = await self._codes.find(digest_of(code))
        if found is None or found.value.expires_at <= self._now():
            return None
        editor = await self._people.acting(found.value.editor)
        # Only one of those who ask at the same time removes the code, and only that one goes on. A crash
        # right after it wastes the code; the other order could open two sessions.
        if editor is None or not await self._codes.remove(found.name):
            return None
        return await self.begin(found.value.editor, replace(seen, by_link=True))

    async def begin(self, name: str, seen: Seen) -> tuple[str, Editor] | None:
        """A new session of an editor who has proved who they are: its secret, and the editor. None for a
        disabled account."""
        folded = fold(name)
        editor = await self._people.acting(folded)
        if editor is None:
            return None
        secret, now = self._secret(SECRET_BYTES), self._now()
        seen = replace(seen, agent=clean_line(seen.agent)[:AGENT_LIMIT])
        await self._file(digest_of(secret), KeptSession(folded, now, now, seen), expected=0)
        return secret, editor

    async def find(self, secret: str) -> Session | None:
        """The session of that secret, unless it ended or its editor is disabled. Counts as a use of it."""
        if not could_be_one(secret):
            return None
        digest = digest_of(secret)
        return await self._recent.get(digest, lambda: self._read(digest))

    async def end(self, secret: str) -> None:
        """Log out; no complaint when there is nothing to end."""
        if could_be_one(secret):
            await self._sessions.remove(digest_of(secret))
            self._recent.clear()

    async def of_editor(self, name: str) -> list[Session]:
        """An editor's open sessions, the last used first. Raises `AccountUnknown`."""
        editor = (await self._people.known(name)).editor()
        if editor is None:
            return []
        now, mine = self._now(), fold(name)
        opened = [
            _session(found, editor)
            for found in await self._sessions.all()
            if found.value.editor == mine and found.value.expires_at(self._idle, self._lifetime) > now
        ]
        return sorted(opened, key=lambda session: session.used_at, reverse=True)

    async def end_all(self, name: str, *, only: str | None = None, but: str | None = None) -> int:
        """Log an editor out everywhere, or out of the session with the id `only`, or of all `but` one; how
        many ended."""
        mine, ended = fold(name), 0
        for found in await self._sessions.all():
            id = id_of(found.name)
            if found.value.editor == mine and only in {None, id} and id != but:
                ended += await self._sessions.remove(found.name)
        self._recent.clear()
        return ended

    async def _read(self, digest: str) -> Session | None:
        found = await self._sessions.find(digest)
        now = self._now()
        # The store drops it too, but by the limits that held when it was filed.
        if found is None or found.value.expires_at(self._idle, self._lifetime) <= now:
            return None
        kept = found.value
        editor = await self._people.acting(kept.editor)
        if editor is None:
            return None
        if now - kept.used_at >= self._touch_interval:
            try:
                await self._file(digest, replace(kept, used_at=now), expected=found.version)
            except Conflict:
                # Another request touched it, or it was ended meanwhile; a second look tells which.
                return await self._read(digest)
            except StoreError as error:
                # A full disk must not log anybody out of reading.
                _logger.warning("A use of %s's session could not be noted: %s", editor.name, error)
        return _session(Filed(digest, kept, found.version), editor)

    async def _file(self, digest: str, kept: KeptSession, *, expected: int) -> None:
        expires_at = kept.expires_at(self._idle, self._lifetime)
        await self._sessions.file(digest, kept, expected=expected, expires_at=expires_at)


def _session(found: Filed[KeptSession], editor: Editor) -> Session:
    kept = found.value
    return Session(editor, kept.created_at, kept.used_at, id_of(found.name), kept.seen)
