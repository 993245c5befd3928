"""Histories: every step, what it did to the words, and which texts can come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from livefeed.events import Kind
from livefeed.model import Retraction, Status, Update
from livefeed.pages.history import Step, steps_of
from livefeed.store import Revision
from livefeed.text.differences import Change

AT = datetime(2026, 11, 23, 17, tzinfo=UTC)
FIRST = Update("u1", "storm", Status.PUBLISHED, headline="المصابون 4", body="<p>نص</p>", text="نص")


def line(update: Update, kind: Kind) -> Revision:
    return Revision(update, kind, AT, "ليلى")


def words(step: Step, change: Change) -> str:
    return "".join(piece.text for piece in step.headline if piece and piece.change is change)


def test_the_newest_step_comes_first_and_says_what_it_did_to_the_words() -> None:
    second = replace(FIRST, revision=2, headline="المصابون 5")
    changed, published = steps_of([line(FIRST, Kind.PUBLISHED), line(second, Kind.REVISED)])
    assert (words(changed, Change.REMOVED), words(changed, Change.ADDED)) == ("4", "5")
    assert changed.text == ()
    assert words(published, Change.ADDED) == "المصابون 4"
    assert (changed.returnable, published.returnable) == (False, True)


def test_the_text_of_a_retracted_update_can_come_back_and_its_stub_cannot() -> None:
    stub = FIRST.withdrawn(Retraction(AT))
    retracted, published = steps_of([line(FIRST, Kind.PUBLISHED), line(stub, Kind.RETRACTED)])
    assert words(retracted, Change.REMOVED) == "المصابون 4"
    assert (retracted.returnable, published.returnable) == (False, True)
    restored = line(replace(FIRST, revision=3), Kind.RESTORED)
    steps = steps_of([line(FIRST, Kind.PUBLISHED), line(stub, Kind.RETRACTED), restored])
    assert [step.returnable for step in steps] == [False, False, False], (
        "there is nothing to take from a stub"
    )


def test_nothing_comes_of_nothing() -> None:
    assert steps_of([]) == []
