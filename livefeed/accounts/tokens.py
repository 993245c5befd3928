"""Keys of programs that act for an editor."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from livefeed.accounts.account import Token, check_label, check_narrowing, fold
from livefeed.accounts.drawer import Drawer
from livefeed.accounts.key import SECRET_BYTES, could_be_one, digest_of, id_of
from livefeed.accounts.people import People
from livefeed.accounts.recent import Recent
from livefeed.model import utc
from livefeed.roles import Editor, Role
from livefeed.store import Records, StoreError

TOKEN_PREFIX = "lf_"  # noqa: S105 - no secret, but how scanners find one: lf_[A-Za-z0-9_-]{43}
TOUCH_INTERVAL = timedelta(seconds=60)  # between two notes of a token's use


class Tokens:
    """API tokens of `people`, in `records`."""

    def __init__(
        self,
        records: Records,
        people: People,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        secret: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._tokens = Drawer(records, "token", Token)
        self._people = people
        self._now = now
        self._secret = secret
        self._recent = Recent[Editor | None](now)
        people.watch(self._recent.clear)

    async def add(
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
        account = await self._people.enabled(name)
        check_narrowing(account, role, coverages)
        secret = TOKEN_PREFIX + self._secret(SECRET_BYTES)
        digest = digest_of(secret)
        token = Token(
            id=id_of(digest),
            editor=fold(account.name),
            role=role,
            coverages=None if coverages is None else tuple(dict.fromkeys(coverages)),
            label=check_label(label),
            created_at=utc(self._now()),
        )
        await self._tokens.file(digest, token, expected=0)
        return secret

    async def acting(self, secret: str) -> Editor | None:
        """Who acts through a token: its editor as they are now, narrowed. None when it is worthless."""
        if not (secret.startswith(TOKEN_PREFIX) and could_be_one(secret)):
            return None
        digest = digest_of(secret)
        return await self._recent.get(digest, lambda: self._read(digest))

    async def all(self) -> list[Token]:
        """Every token, oldest first, without its secret."""
        kept = [found.value for found in await self._tokens.all()]
        return sorted(kept, key=lambda token: token.created_at)

    async def of_editor(self, name: str) -> list[Token]:
        """An editor's tokens, oldest first, without their secrets. Raises `AccountUnknown`."""
        owner = fold((await self._people.known(name)).name)
        return [token for token in await self.all() if token.editor == owner]

    async def revoke(self, id: str) -> bool:
        """Make the token of that id worthless; False when there is none."""
        revoked = False
        for found in await self._tokens.all():
            if found.value.id == id:
                revoked |= await self._tokens.remove(found.name)
        self._recent.clear()
        return revoked

    async def _read(self, digest: str) -> Editor | None:
        found = await self._tokens.find(digest)
        editor = await self._people.acting(found.value.editor) if found else None
        if found is None or editor is None:
            return None
        now, used_at = self._now(), found.value.used_at
        if used_at is None or now - used_at >= TOUCH_INTERVAL:
            # Never a reason to refuse: another request noted it, it was revoked, or the disk is full.
            with contextlib.suppress(StoreError):
                await self._tokens.file(digest, replace(found.value, used_at=now), expected=found.version)
        return found.value.narrowed(editor)
