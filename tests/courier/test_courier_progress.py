"""How far a recipient has been served, and how long is waited after failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.courier.progress import Ledger, Progress, pause_after, pause_left
from livefeed.store import Conflict, Store
from livefeed.store.sqlite import SQLiteStore

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = SQLiteStore(tmp_path / "live.db", serving=True)
    await opened.start()
    yield opened
    await opened.aclose()


def test_pauses_grow_threefold_up_to_the_longest() -> None:
    seconds = [pause_after(failures, 10.0, 600.0, 0.0).total_seconds() for failures in range(1, 8)]
    assert seconds == [10, 30, 90, 270, 600, 600, 600]
    assert pause_after(10**6, 10.0, 600.0, 0.0).total_seconds() == 600


@given(st.integers(1, 1000), st.floats(0, 1))
def test_many_who_failed_together_do_not_come_back_together(failures: int, chance: float) -> None:
    least = pause_after(failures, 10.0, 600.0, 0.0)
    pause = pause_after(failures, 10.0, 600.0, chance)
    assert least <= pause <= least * 1.5
    assert pause_left(NOW + pause, NOW, 600.0) > 0, "no pause is taken for one of another clock"


@pytest.mark.parametrize(
    ("ahead", "left"),
    [
        (timedelta(seconds=20), 20),
        (timedelta(seconds=900), 900),
        (timedelta(0), 0),
        (timedelta(seconds=-5), 0),
        (timedelta(days=365), 0),
    ],
)
def test_a_time_that_a_clock_set_back_has_put_far_off_is_not_waited_for(
    ahead: timedelta, left: float
) -> None:
    assert pause_left(NOW + ahead, NOW, 600.0) == left
    assert pause_left(None, NOW, 600.0) == 0


def test_progress_beyond_the_top_of_a_new_epoch_was_something_else() -> None:
    before = Progress("a", 9, failures=2, retry_at=NOW)
    assert before.in_epoch("a", 4) is before
    assert before.in_epoch("b", 4) == Progress("b", 4)
    assert before.in_epoch("b", 20) == Progress("b", 9)


async def test_a_former_holder_that_wakes_up_cannot_overwrite_what_was_noted(store: Store) -> None:
    former, present = Ledger(store.records, "hook"), Ledger(store.records, "hook")
    await former.load()
    await former.note("live:a", Progress("e", 1))
    await present.load()
    assert present.find("live:a") == Progress("e", 1)
    await present.note("live:a", Progress("e", 2))
    with pytest.raises(Conflict):
        await former.note("live:a", Progress("e", 7))
    await former.load()
    assert former.find("live:a") == Progress("e", 2)
    await former.clear()
    await present.load()
    assert present.find("live:a") is None
