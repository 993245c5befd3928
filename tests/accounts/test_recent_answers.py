"""What was read a moment ago."""

from __future__ import annotations

import pytest
from accounts_place import Clock

from livefeed.accounts.recent import Recent
from livefeed.store import StoreFull


async def test_recent_answers_are_bounded_and_the_stalest_goes_first(clock: Clock) -> None:
    recent = Recent[int](clock, capacity=3)
    reads: list[int] = []

    async def ask(number: int) -> int:
        async def read() -> int:
            reads.append(number)
            return number

        return await recent.get(str(number), read)

    assert [await ask(number) for number in (1, 2, 3, 4, 4, 3, 2, 1)] == [1, 2, 3, 4, 4, 3, 2, 1]
    assert reads == [1, 2, 3, 4, 1]


async def test_an_answer_is_not_believed_longer_when_the_clock_is_set_back(clock: Clock) -> None:
    recent = Recent[str](clock)

    async def first() -> str:
        return "first"

    async def second() -> str:
        return "second"

    assert await recent.get("key", first) == "first"
    assert await recent.get("key", second) == "first"
    clock.pass_by(-3600)
    assert await recent.get("key", second) == "second"


async def test_an_answer_is_as_old_as_the_beginning_of_its_reading(clock: Clock) -> None:
    recent = Recent[str](clock)

    async def slow() -> str:
        clock.pass_by(1)
        return "slow"

    async def quick() -> str:
        return "quick"

    assert await recent.get("key", slow) == "slow"
    assert await recent.get("key", quick) == "quick"


async def test_a_failed_reading_is_not_an_answer(clock: Clock) -> None:
    recent = Recent[str](clock)

    async def failing() -> str:
        raise StoreFull("there is no room left")

    async def working() -> str:
        return "answer"

    with pytest.raises(StoreFull):
        await recent.get("key", failing)
    assert await recent.get("key", working) == "answer"
