"""Tells the sample stories on a running server.

Invariants
    - Every act has an idempotency key of its own that is the same in every run, so a demo that is started
      again on what it left finds its first results, doubles nothing, and goes on where it stopped.
    - What a visitor changed stays changed, for the same reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from livefeed.accounts import Accounts
from livefeed.demo.story import Lead, Story, Telling
from livefeed.forms import CoverageForm
from livefeed.model import Update
from livefeed.newsroom import Newsroom, Refused, Written
from livefeed.roles import Editor, Role
from livefeed.store import Key, StoreError

if TYPE_CHECKING:
    from livefeed.web.rooms import Rooms

EDITOR = "demo"
TOKEN_LABEL = "livefeed demo"  # noqa: S105 - a label

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tickets:
    """What lets a visitor in: the editor, a code for one login, and a token for a program."""

    editor: Editor
    code: str
    token: str


async def admit(accounts: Accounts) -> Tickets:
    """The demo's editor, made once, with fresh keys. Raises `AccountRefused` when somebody disabled it."""
    account = await accounts.people.find(EDITOR) or await accounts.people.add(EDITOR, Role.ADMIN)
    code = await accounts.sessions.login_code(EDITOR)
    # Each run prints a token of its own; without this, every former one would stay a way in.
    for former in await accounts.tokens.of_editor(EDITOR):
        if former.label == TOKEN_LABEL:
            await accounts.tokens.revoke(former.id)
    token = await accounts.tokens.add(EDITOR, role=Role.CHIEF, label=TOKEN_LABEL)
    return Tickets(Editor(account.id, account.name, account.role), code, token)


class Player:
    """Tells stories as `editor`."""

    def __init__(self, rooms: Rooms, editor: Editor) -> None:
        self._rooms = rooms
        self._newsroom: Newsroom = rooms.newsroom
        self._editor = editor

    async def tell(self, story: Story) -> None:
        """Open a coverage and publish all of its updates, unless that was done before."""
        await self._once(f"{story.slug}:open", lambda key: self._open(story, key))
        for number, telling in enumerate(story.tellings):
            await self._publish(story.slug, f"{story.slug}:{number}", telling)

    async def go_on(self, slug: str, coming: Sequence[Telling], every: float) -> None:
        """Publish one of `coming` after another, each `every` seconds after the former, for ever."""
        number = await self._told(slug)
        while True:
            await asyncio.sleep(every)
            try:
                await self._publish(slug, f"{slug}:next:{number}", coming[number % len(coming)])
            except (Refused, StoreError) as reason:
                # A visitor closed the coverage, or the store is away: the same one is tried again.
                log.warning("the demo's next update was not published", reason=str(reason))
                continue
            number += 1

    async def _open(self, story: Story, key: Key) -> Written:
        now = await self._rooms.store.now()
        picture = await self._upload(story.slug, story.lead) if story.lead else None
        form: CoverageForm = story.form(now, picture)
        return await self._newsroom.open(form, by=self._editor, key=key)

    async def _upload(self, slug: str, lead: Lead) -> str:
        picture = await self._rooms.media.add(await asyncio.to_thread(lead.file.read_bytes))
        media = picture.media()
        await self._newsroom.keep_picture(media, by=self._editor, key=_key(f"{slug}:picture:{picture.id}"))
        return media.id

    async def _publish(self, slug: str, name: str, telling: Telling) -> None:
        form = telling.form(await self._rooms.store.now())
        by, newsroom = self._editor, self._newsroom
        written = await self._once(name, lambda key: newsroom.add(slug, form, by=by, key=key))
        if not isinstance(written.state, Update):
            return
        id = written.state.id
        correction, retraction = telling.correction, telling.retraction
        if correction:
            await self._once(
                f"{name}:correction",
                lambda key: newsroom.correct(slug, id, correction, by=by, key=key, revision=None),
            )
        if telling.pinned:
            await self._once(f"{name}:pin", lambda key: newsroom.pin(slug, id, by=by, key=key, revision=None))
        if retraction:
            await self._once(
                f"{name}:retraction",
                lambda key: newsroom.retract(slug, id, retraction, by=by, key=key, revision=None),
            )

    async def _once(self, name: str, verb: Callable[[Key], Awaitable[Written]]) -> Written:
        # Looked up first: a verb decides on the state it finds, and what it did already may not fit it again.
        key = _key(name)
        return await self._newsroom.first_result(key) or await verb(key)

    async def _told(self, slug: str) -> int:
        """How many coming updates were told in former runs: found by doubling, then halving."""

        async def told(number: int) -> bool:
            return await self._newsroom.first_result(_key(f"{slug}:next:{number}")) is not None

        known, unknown = -1, 0
        while await told(unknown):
            known, unknown = unknown, unknown * 2 + 1
        while unknown - known > 1:
            middle = (known + unknown) // 2
            known, unknown = (middle, unknown) if await told(middle) else (known, middle)
        return unknown


def _key(name: str) -> Key:
    # The fingerprint is one for all: times, and the texts of another version, differ from run to run.
    return Key(f"demo:{name}", "demo")
