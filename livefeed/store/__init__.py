"""The store: an ordered log, what it adds up to, and small records, behind one protocol.

Theory of operation
    Writers hand over a `Batch`: the events of one verb for several channels, the states they lead to, and
    what must still be true (`expected`). The store commits it atomically: checks the idempotency key, checks
    the expectations, numbers the events, keeps the states and their indexes, and then announces. Two stores
    keep this promise with different parts: `sqlite` (one transaction on one writer thread) and `redis` (one
    Lua script). One contract suite runs on both.

Invariants
    - Offsets of a channel are contiguous from 1 and never reused within an epoch; one epoch covers the store.
    - `append` answers only after the batch is on disk. It raises `OutcomeUnknown` when it cannot tell; then
      the same key finds out.
    - A refused batch leaves no trace.
    - An idempotency key is kept for good.
    - An announcement is a hint: it may be lost, doubled or late. Whoever listens heals from `read`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from livefeed.audit import Act, Entry, Search
from livefeed.events import Event
from livefeed.model import Corrected, Coverage, Position, Update
from livefeed.rubrics import Rubric
from livefeed.store.batch import Batch, Expected, Fact, FirstResult, Key, Revision
from livefeed.store.refusals import (
    Conflict,
    KeyUsed,
    OutcomeUnknown,
    StoreAway,
    StoreError,
    StoreFull,
    StoreRefused,
)
from livefeed.timeline import Front, Limits, SiteFront

if TYPE_CHECKING:
    from livefeed.settings import Settings

__all__ = [
    "Batch",
    "Conflict",
    "Expected",
    "Fact",
    "Filing",
    "FirstResult",
    "Key",
    "KeyUsed",
    "Listener",
    "OutcomeUnknown",
    "Page",
    "Record",
    "Records",
    "Revision",
    "Store",
    "StoreAway",
    "StoreError",
    "StoreFull",
    "StoreRefused",
    "open_store",
]


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a channel's log. `events` start right after what was asked for and have no holes; `top` is the
    newest offset there is, so the page is the end of the log when its last event has it."""

    epoch: str
    top: int
    events: tuple[Event, ...] = ()

    @property
    def position(self) -> Position:
        """The top of the log."""
        return Position(self.epoch, self.top)


@dataclass(frozen=True, slots=True)
class Filing:
    """What is filed under a rubric. `stamp` is another one after every change of any of it, or of what it is;
    it is empty when nothing was ever filed there. `moves` counts how often something left the rubric.

    newest      the last published, newest first
    changed     the last published or changed, the last changed first

    Each comes with its rank: which published update of the whole site it is.
    """

    stamp: str
    moves: int = 0
    newest: tuple[tuple[int, Update], ...] = ()
    changed: tuple[tuple[int, Update], ...] = ()

    @property
    def updates(self) -> tuple[Update, ...]:
        """The newest, newest first."""
        return tuple(update for _, update in self.newest)


@dataclass(frozen=True, slots=True)
class Record:
    """A small keyed document: account, session, token, subscription, lease. `version` starts at 1."""

    name: str
    value: str
    version: int
    expires_at: datetime | None = None


class Listener(Protocol):
    """Who is told of new events. Called on the event loop; must not block."""

    def receive(self, event: Event) -> None:
        """An event was announced: perhaps known already, perhaps ahead of others still on their way."""

    def heal(self) -> None:
        """Announcements may have been lost: compare the tops of the logs with what is known."""


class Records(Protocol):
    """Small keyed documents with compare-and-set and expiry. Expired ones are never returned."""

    async def get(self, kind: str, name: str) -> Record | None: ...

    async def put(
        self,
        kind: str,
        name: str,
        value: str,
        *,
        expected: int | None = None,
        expires_at: datetime | None = None,
    ) -> Record:
        """Keep `value`. `expected` is the version it must replace (0: none may exist; None: any).

        Raises `Conflict` when another version is there.
        """

    async def delete(self, kind: str, name: str, *, expected: int | None = None) -> bool:
        """Remove it; False when there was none. Raises `Conflict` when another version is there."""

    async def all(self, kind: str) -> list[Record]:
        """Every unexpired record of a kind, by name."""


class Store(Protocol):
    """An ordered log per channel, its projections, and records. All methods raise `StoreAway` when the store
    cannot be reached within its budget."""

    @property
    def away(self) -> bool:
        """True while the store is known to be out of reach."""

    @property
    def records(self) -> Records: ...

    async def start(
        self, listener: Listener | None = None, hear: Callable[[str], None] | None = None
    ) -> None:
        """Open, check persistence, and begin to announce to `listener`, and to give `hear` what is whispered.
        Raises `StoreRefused`."""

    async def aclose(self) -> None: ...

    async def whisper(self, message: str) -> None:
        """Tell a few words to every process that shares this store, this one among them. They cost no disk
        and are kept nowhere: whoever does not listen at this moment never hears them."""

    async def now(self) -> datetime:
        """The store's clock, so that all processes of a fleet agree what is due."""

    # the log

    async def append(self, batch: Batch) -> tuple[Event, ...]:
        """Commit a batch and announce it; the numbered events, in the order of `batch.facts`.

        Raises `KeyUsed`, `Conflict`, `StoreFull`, `OutcomeUnknown`.
        """

    async def first_result(self, scope: str) -> FirstResult | None:
        """What the first write under an idempotency key led to."""

    async def read(self, channel: str, after: int, limit: int, max_bytes: int = 1 << 20) -> Page:
        """Up to `limit` events after an offset, fewer (but at least one) when they exceed `max_bytes`."""

    async def recent(self, channel: str, limit: int) -> Page:
        """The last `limit` events of a channel."""

    async def tops(self, channels: Sequence[str]) -> tuple[str, dict[str, int]]:
        """The epoch, and the newest offset of each channel (0: nothing yet)."""

    async def begin_epoch(self, instead_of: str) -> str:
        """Start a new epoch if `instead_of` is still the current one; the current epoch afterwards."""

    # what the log adds up to

    async def coverage(self, slug: str) -> Coverage | None: ...

    async def update(self, id: str) -> Update | None: ...

    async def front(self, slug: str, limits: Limits) -> Front | None:
        """The state of a coverage's first page, read at one position."""

    async def site(self, breaking_limit: int) -> SiteFront:
        """The state of the index, read at one position of the site channel."""

    async def published_before(self, slug: str, before: int | None, limit: int) -> list[Update]:
        """Published or retracted updates with an order below `before` (None: the newest), newest first."""

    async def retracted(self, slug: str, before: int | None, limit: int) -> list[Update]:
        """Retracted updates with an order below `before` (None: the newest), newest first. The cost grows
        with neither the coverage nor what else is retracted there."""

    async def published_range(self, slug: str, first: int, last: int) -> list[Update]:
        """The first-th to last-th published update, both counted from the oldest (1) and included; oldest
        first. The cost does not grow with the coverage."""

    async def ordinal(self, slug: str, id: str) -> int | None:
        """Which published update of the coverage it is, counted from the oldest (1); None for what was never
        published there."""

    async def filed(self, rubric: Rubric, newest: int, *, changed: int = 0, after: int = 0) -> Filing:
        """The newest published or retracted updates under a rubric, in the order of their first publication
        on the whole site: those that have it, and those of coverages that have it; and up to `changed` of
        those last published or changed there, only what came after the stamp with the offset `after`. What
        was retracted stays where it was, so that its feeds can say so. 0 and 0 ask for the stamp alone.

        When a coverage's section or tags change, its newest `REFILED` updates move with it, and older ones
        leave where they were for its sake."""

    async def corrections(
        self, slug: str, before: tuple[datetime, str] | None, limit: int
    ) -> list[Corrected]:
        """Corrections of a coverage's published updates below a rank (None: the newest), newest first. The
        cost does not grow with the coverage."""

    async def unpublished(self, slug: str, *, limit: int) -> list[Update]:
        """Drafts, submissions and scheduled updates of a coverage, last changed first."""

    async def due(self, now: datetime, limit: int) -> list[Update]:
        """Scheduled updates whose time has come, earliest first."""

    async def revisions(self, id: str) -> list[Revision]:
        """An update's history, oldest first."""

    async def media_withdrawn(self, media_id: str) -> bool:
        """True when every update that used the picture has been retracted or deleted (and one did)."""

    # the audit log

    async def note(self, act: Act) -> None:
        """Add an act that changes no update or coverage: a login, a role, a token. Those of a batch are
        committed with it. Raises `StoreFull`, `OutcomeUnknown`."""

    async def acts(
        self, search: Search, *, limit: int, before: int | None = None, after: int | None = None
    ) -> list[Entry]:
        """Up to `limit` acts, newest first, with a number below `before` (None: the newest). With `after`
        those above it instead, oldest first. No way changes or removes one."""

    async def check(self) -> list[str]:
        """What is wrong with the store's persistence, a sentence each that says how to mend it."""


def open_store(settings: Settings, *, serving: bool) -> Store:
    """The store that `settings.store` names, not started yet.

    `serving` is True for `serve` and `demo`: an SQLite file is served by one process at a time, while
    commands that only keep records may open it beside. Raises `StoreRefused` for an unknown scheme.
    """
    scheme = settings.store.partition(":")[0]
    if scheme == "sqlite":
        from livefeed.store.sqlite import SQLiteStore  # noqa: PLC0415 - the stores import this module

        return SQLiteStore.from_settings(settings, serving=serving)
    if scheme in {"redis", "rediss", "unix", "redis+sentinel"}:
        from livefeed.store.redis import RedisStore  # noqa: PLC0415 - the stores import this module

        return RedisStore.from_settings(settings)
    raise StoreRefused(
        f"LIVEFEED_STORE is {settings.store!r}: it must begin with sqlite:///, redis://, rediss://, unix:// "
        "or redis+sentinel://"
    )
