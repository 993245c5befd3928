"""How far a recipient has been served: a stored position per channel, with what went wrong last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from livefeed.accounts.drawer import Drawer
from livefeed.store import Records


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything of a channel up to `offset` is settled: delivered, unwanted, or given up.

    `failures` counts the attempts at the next event; it is not tried before `retry_at`. `told_at` is when the
    recipient last took something, `reason` what went wrong at the last attempt, empty when nothing did.
    """

    epoch: str
    offset: int
    failures: int = 0
    retry_at: datetime | None = None
    told_at: datetime | None = None
    reason: str = ""

    def in_epoch(self, epoch: str, top: int) -> Progress:
        """The same in the log's present life. A log that went backwards (a restored backup) numbers anew what
        came after its top, so what is beyond it was something else."""
        if self.epoch == epoch:
            return self
        return replace(self, epoch=epoch).settled(min(self.offset, top))

    def settled(self, offset: int) -> Progress:
        """Everything up to `offset` needs no attempt any more."""
        return replace(self, offset=offset, failures=0, retry_at=None)

    def told(self, offset: int, at: datetime) -> Progress:
        """The recipient took everything up to `offset`."""
        return replace(self.settled(offset), told_at=at, reason="")

    def failed(self, reason: str, retry_at: datetime) -> Progress:
        """One more attempt came to nothing."""
        return replace(self, failures=self.failures + 1, retry_at=retry_at, reason=reason)


class Ledger:
    """The progress of one recipient, by channel. One process writes it, the lease's holder; a former one that
    wakes up gets `Conflict`, because every change names the version that it replaces."""

    def __init__(self, records: Records, recipient: str) -> None:
        self._drawer = Drawer(records, f"progress:{recipient}", Progress)
        self._known: dict[str, tuple[Progress, int]] = {}

    async def load(self) -> None:
        """Read what is stored. Raises `StoreAway`."""
        self._known = {filed.name: (filed.value, filed.version) for filed in await self._drawer.all()}

    def find(self, channel: str) -> Progress | None:
        """The progress in a channel, None before there was any."""
        known = self._known.get(channel)
        return known[0] if known else None

    async def note(self, channel: str, progress: Progress) -> None:
        """Store it. Raises `Conflict` when another process did meanwhile, and the store's errors."""
        known = self._known.get(channel)
        version = known[1] if known else 0
        await self._drawer.file(channel, progress, expected=version)
        self._known[channel] = progress, version + 1

    async def clear(self) -> None:
        """Forget the recipient."""
        for filed in await self._drawer.all():
            await self._drawer.remove(filed.name)
        self._known = {}


def pause_after(failures: int, first: float, longest: float, chance: float) -> timedelta:
    """How long to wait after so many failures: three times longer each time, up to `longest` seconds, and up
    to half as long again by `chance` (0 to 1), so that many who failed together do not come back together."""
    seconds: float = min(first * 3.0 ** min(failures - 1, 50), longest)
    return timedelta(seconds=seconds * (1 + chance / 2))


def pause_left(retry_at: datetime | None, now: datetime, longest: float) -> float:
    """How many seconds to wait until `retry_at`, 0 when it is time.

    A time further off than any pause of at most `longest` seconds was set by a clock that has been put back
    since: nobody waits for it.
    """
    left = (retry_at - now).total_seconds() if retry_at else 0.0
    return left if 0 < left <= longest * 1.5 else 0.0
