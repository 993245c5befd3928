"""The register: every act on people and keys."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from livefeed.accounts.account import (
    NAME_LIMIT,
    Account,
    AccountExists,
    AccountRefused,
    AccountUnknown,
    KeptSession,
    LoginCode,
    Seen,
    Session,
    Token,
    check_grants,
    check_label,
    check_name,
    check_narrowing,
    check_roles,
    fold,
)
from livefeed.accounts.drawer import Drawer, Filed
from livefeed.accounts.recent import Recent
from livefeed.model import Editor, Role, utc
from livefeed.store import Conflict, Records, StoreError
from livefeed.text import clean_line

TOKEN_PREFIX = "lf_"  # noqa: S105 - no secret, but how scanners find one: lf_[A-Za-z0-9_-]{43}
SECRET_BYTES = 32
AGENT_LIMIT = 300  # characters of what a browser calls itself
TOKEN_TOUCH_INTERVAL = timedelta(seconds=60)
TOUCH_INTERVAL = 60.0  # seconds between two notes of a session's use

# Anything else was never handed out. It is neither hashed nor looked up: a header may hold kilobytes, or
# bytes that are no text (aiohttp keeps them as surrogates, which cannot be encoded).
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")

_logger = logging.getLogger(__name__)


class Accounts:
    """People and keys in `records`.

    A session ends `session_idle` seconds after its last use and `session_lifetime` seconds after its login.
    `now` judges both, and the end of each code; `secret` makes a URL-safe text from so many random bytes.
    Every method raises the store's errors when it cannot be reached or written.
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
        self._accounts = Drawer(records, "account", Account)
        self._codes = Drawer(records, "login-code", LoginCode)
        self._sessions = Drawer(records, "session", KeptSession)
        self._tokens = Drawer(records, "token", Token)
        self._idle = session_idle
        self._lifetime = session_lifetime
        # A session loses up to this much of its idle time, therefore it is a small part of a short one.
        self._touch_interval = timedelta(seconds=min(TOUCH_INTERVAL, session_idle / 10))
        self._now = now
        self._secret = secret
        self._recent_sessions = Recent[Session | None](now)
        self._recent_editors = Recent[Editor | None](now)

    # people

    async def add_editor(
        self,
        name: str,
        role: Role,
        coverages: Sequence[str] | None = None,
        roles: Mapping[str, Role] = MappingProxyType({}),
    ) -> Account:
        """A new account, for all coverages if none are named, perhaps with other `roles` in single ones.
        Raises `AccountRefused`, `AccountExists`."""
        granted, single = check_grants(role, coverages), check_roles(role, roles)
        account = Account(self._secret(9), check_name(name), role, granted, utc(self._now()), roles=single)
        try:
            await self._accounts.file(fold(account.name), account, expected=0)
        except Conflict:
            raise AccountExists(f"There is an editor named {account.name!r} already.") from None
        return account

    async def editor(self, name: str) -> Account | None:
        """The account of that name, disabled or not; case does not count."""
        found = await self._accounts.find(fold(name))
        return found.value if found else None

    async def known(self, name: str) -> Account:
        """The account of that name. Raises `AccountUnknown`."""
        return (await self._known(name)).value

    async def editors(self) -> list[Account]:
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

    # login and sessions

    async def login_code(self, name: str, lifetime: float = 86400) -> str:
        """A code that logs an editor in once, within `lifetime` seconds.

        Raises `AccountUnknown`, and `AccountRefused` for a disabled account.
        """
        account = await self._enabled(name)
        code = self._secret(SECRET_BYTES)
        expires_at = self._now() + timedelta(seconds=lifetime)
        kept = LoginCode(fold(account.name), expires_at)
        await self._codes.file(_digest(code), kept, expected=0, expires_at=expires_at)
        return code

    async def redeem(self, code: str, seen: Seen = Seen()) -> tuple[str, Editor] | None:  # noqa: B008 - frozen
        """Turn a login code into a session: its new secret and who logged in.

        None when the code is wrong, used or expired, or its editor is disabled: the reasons look the same.
        """
        if not _SECRET.fullmatch(code):
            return None
        found = await self._codes.find(_digest(code))
        if found is None or found.value.expires_at <= self._now():
            return None
        editor = await self._acting(found.value.editor)
        # Only one of those who ask at the same time removes the code, and only that one goes on. A crash
        # right after it wastes the code; the other order could open two sessions.
        if editor is None or not await self._codes.remove(found.name):
            return None
        return await self.begin_session(found.value.editor, replace(seen, by_link=True))

    async def begin_session(self, name: str, seen: Seen) -> tuple[str, Editor] | None:
        """A new session of an editor who has proved who they are: its secret, and the editor. None for a
        disabled account."""
        folded = fold(name)
        editor = await self._acting(folded)
        if editor is None:
            return None
        secret, now = self._secret(SECRET_BYTES), self._now()
        seen = replace(seen, agent=clean_line(seen.agent)[:AGENT_LIMIT])
        await self._file_session(_digest(secret), KeptSession(folded, now, now, seen), expected=0)
        return secret, editor

    async def of_session(self, secret: str) -> Session | None:
        """The session of that secret, unless it ended or its editor is disabled. Counts as a use of it."""
        if not _SECRET.fullmatch(secret):
            return None
        digest = _digest(secret)
        return await self._recent_sessions.get(digest, lambda: self._read_session(digest))

    async def end_session(self, secret: str) -> None:
        """Log out; no complaint when there is nothing to end."""
        if _SECRET.fullmatch(secret):
            await self._sessions.remove(_digest(secret))
            self._recent_sessions.clear()

    async def sessions(self, name: str) -> list[Session]:
        """An editor's open sessions, the last used first. Raises `AccountUnknown`."""
        editor = (await self.known(name)).editor()
        if editor is None:
            return []
        now, mine = self._now(), fold(name)
        opened = [
            _session(found, editor)
            for found in await self._sessions.all()
            if found.value.editor == mine and found.value.expires_at(self._idle, self._lifetime) > now
        ]
        return sorted(opened, key=lambda session: session.used_at, reverse=True)

    async def end_sessions(self, name: str, *, only: str | None = None, but: str | None = None) -> int:
        """Log an editor out everywhere, or out of the session with the id `only`, or of all `but` one; how
        many ended."""
        mine, ended = fold(name), 0
        for found in await self._sessions.all():
            id = _id(found.name)
            if found.value.editor == mine and only in {None, id} and id != but:
                ended += await self._sessions.remove(found.name)
        self._recent_sessions.clear()
        return ended

    # tokens

    async def add_token(
        self,
        name: str,
        *,
        role: Role | None = None,
        coverages: Sequence[str] | None = None,
        label: str = "",
    ) -> str:
        """A token that acts for an editor, never shown again. `role` and `coverages` narrow it; without them
        it may do whatever its editor may.

        Raises `AccountUnknown`, and `AccountRefused` for a disabled account, or for anything wider or empty.
        """
        account = await self._enabled(name)
        check_narrowing(account, role, coverages)
        secret = TOKEN_PREFIX + self._secret(SECRET_BYTES)
        digest = _digest(secret)
        token = Token(
            id=_id(digest),
            editor=fold(account.name),
            role=role,
            coverages=None if coverages is None else tuple(dict.fromkeys(coverages)),
            label=check_label(label),
            created_at=utc(self._now()),
        )
        await self._tokens.file(digest, token, expected=0)
        return secret

    async def of_token(self, token: str) -> Editor | None:
        """Who acts through a token: its editor as they are now, narrowed. None when it is worthless."""
        if not (token.startswith(TOKEN_PREFIX) and _SECRET.fullmatch(token)):
            return None
        digest = _digest(token)
        return await self._recent_editors.get(digest, lambda: self._read_token(digest))

    async def tokens(self, name: str) -> list[Token]:
        """An editor's tokens, oldest first, without their secrets. Raises `AccountUnknown`."""
        owner = (await self._known(name)).name
        mine = [found.value for found in await self._tokens.all() if found.value.editor == owner]
        return sorted(mine, key=lambda token: token.created_at)

    async def revoke_token(self, id: str) -> bool:
        """Make the token of that id worthless; False when there is none."""
        revoked = False
        for found in await self._tokens.all():
            if found.value.id == id:
                revoked |= await self._tokens.remove(found.name)
        self._recent_editors.clear()
        return revoked

    async def _known(self, name: str) -> Filed[Account]:
        found = await self._accounts.find(fold(name))
        if found is None:
            raise AccountUnknown(f"There is no editor named {name[:NAME_LIMIT]!r}.")
        return found

    async def _enabled(self, name: str) -> Account:
        account = (await self._known(name)).value
        if account.disabled:
            raise AccountRefused(f"The account of {account.name!r} is disabled.")
        return account

    async def _change(self, name: str, change: Callable[[Account], Account]) -> Account:
        while True:  # a lost round means that somebody else's change was kept, therefore this ends
            found = await self._known(name)
            account = change(found.value)
            try:
                await self._accounts.file(found.name, account, expected=found.version)
            except Conflict:
                continue
            self._recent_sessions.clear()
            self._recent_editors.clear()
            return account

    async def _acting(self, folded: str) -> Editor | None:
        found = await self._accounts.find(folded)
        return found.value.editor() if found else None

    async def _read_session(self, digest: str) -> Session | None:
        found = await self._sessions.find(digest)
        now = self._now()
        # The store drops it too, but by the limits that held when it was filed.
        if found is None or found.value.expires_at(self._idle, self._lifetime) <= now:
            return None
        kept = found.value
        editor = await self._acting(kept.editor)
        if editor is None:
            return None
        if now - kept.used_at >= self._touch_interval:
            try:
                await self._file_session(digest, replace(kept, used_at=now), expected=found.version)
            except Conflict:
                # Another request touched it, or it was ended meanwhile; a second look tells which.
                return await self._read_session(digest)
            except StoreError as error:
                # A full disk must not log anybody out of reading.
                _logger.warning("A use of %s's session could not be noted: %s", editor.name, error)
        return _session(Filed(digest, kept, found.version), editor)

    async def _file_session(self, digest: str, kept: KeptSession, *, expected: int) -> None:
        expires_at = kept.expires_at(self._idle, self._lifetime)
        await self._sessions.file(digest, kept, expected=expected, expires_at=expires_at)

    async def _read_token(self, digest: str) -> Editor | None:
        found = await self._tokens.find(digest)
        editor = await self._acting(found.value.editor) if found else None
        if found is None or editor is None:
            return None
        now, used_at = self._now(), found.value.used_at
        if used_at is None or now - used_at >= TOKEN_TOUCH_INTERVAL:
            # Never a reason to refuse: another request noted it, it was revoked, or the disk is full.
            with contextlib.suppress(StoreError):
                await self._tokens.file(digest, replace(found.value, used_at=now), expected=found.version)
        return found.value.narrowed(editor)


def _session(found: Filed[KeptSession], editor: Editor) -> Session:
    kept = found.value
    return Session(editor, kept.created_at, kept.used_at, _id(found.name), kept.seen)


def _id(digest: str) -> str:
    """Enough of a hash to tell keys apart, and no help in finding the secret."""
    return digest[:12]


def _digest(secret: str) -> str:
    """The name of a secret's record.

    A fast hash is enough for 256 random bits, which nobody guesses. It also makes the look-up constant in
    time where it matters: how far two hashes agree tells nothing about the secret.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
