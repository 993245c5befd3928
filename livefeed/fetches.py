"""How often feeds were fetched lately: counted in memory, with nothing of who asked."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

WINDOW = 60  # minutes; most feed readers ask once in a quarter of an hour to an hour


@dataclass(frozen=True, slots=True)
class Fetched:
    """Fetches of some feeds in the last `WINDOW` minutes, by format."""

    rss: int = 0
    atom: int = 0
    json: int = 0

    def __add__(self, other: Fetched) -> Fetched:
        return Fetched(self.rss + other.rss, self.atom + other.atom, self.json + other.json)


NEVER = Fetched()


class Fetches:
    """Counts fetches of feeds by whose they are: a coverage's slug, or empty for the site. `clock` gives
    seconds.

    A minute's counts are kept apart, to be taken off the sum when they are too old. Memory is bounded by how
    many feeds there are, for only fetches that were answered are counted.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._minutes: deque[tuple[int, Counter[tuple[str, str]]]] = deque()
        self._sum: Counter[tuple[str, str]] = Counter()

    def count(self, owner: str, form: str) -> None:
        """A feed of `owner` was fetched in the format `form`: rss, atom or json."""
        now = self._move_on()
        if not self._minutes or self._minutes[-1][0] != now:
            self._minutes.append((now, Counter()))
        self._minutes[-1][1][owner, form] += 1
        self._sum[owner, form] += 1

    def of(self, owner: str) -> Fetched:
        """How often the feeds of `owner` were fetched lately."""
        self._move_on()
        return Fetched(*(self._sum[owner, form] for form in ("rss", "atom", "json")))

    @property
    def minutes(self) -> int:
        """How many of the last minutes are counted: fewer than `WINDOW` for as long after the start."""
        return min(WINDOW, int((self._clock() - self._began) // 60) + 1)

    def owners(self) -> set[str]:
        """Whose feeds were fetched lately."""
        self._move_on()
        return {owner for owner, _ in self._sum}

    def _move_on(self) -> int:
        now = int(self._clock() // 60)
        while self._minutes and self._minutes[0][0] <= now - WINDOW:
            _, old = self._minutes.popleft()
            self._sum.subtract(old)
            self._sum = +self._sum  # without those that are nobody's any more
        return now
