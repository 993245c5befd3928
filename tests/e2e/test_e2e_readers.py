"""Who tries what readers see: nobody is left out, and everything is met by readers who differ."""

from __future__ import annotations

import pytest
from e2e_readers import READERS, Reader, readers_at

TURNS = range(16)


def kinds(readers: list[Reader]) -> set[str]:
    """Every screen, language and motion that they have."""
    return {kind for reader in readers for kind in (reader.screen, reader.language, reader.motion)}


def test_all_readers_are_there_once() -> None:
    assert len(set(READERS)) == len({str(reader) for reader in READERS}) == 2**3


@pytest.mark.parametrize("turn", TURNS)
def test_each_behaviour_is_tried_on_both_screens_in_both_languages_with_and_without_motion(turn: int) -> None:
    everything = kinds(list(READERS))
    assert kinds(list(readers_at(turn, one=False))) == everything
    two_tests = [*readers_at(2 * turn, one=True), *readers_at(2 * turn + 1, one=True)]
    assert kinds(two_tests) == everything


@pytest.mark.parametrize("one", [True, False])
def test_over_the_tests_of_a_module_all_readers_have_their_turn(one: bool) -> None:
    assert {reader for turn in range(8) for reader in readers_at(turn, one=one)} == set(READERS)
