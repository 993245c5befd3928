"""The checker finds each kind of broken promise, and nothing in a history that kept them all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from history import (
    Began,
    History,
    Operation,
    Outcome,
    Proof,
    Reading,
    Reloaded,
    Seen,
    Step,
    Verb,
    violations,
)

from livefeed.model import Position


def at(offset: int, epoch: str = "e") -> Position:
    return Position(epoch, offset)


def event(
    offset: int, kind: str, subject: str, headline: str, revision: int, *, status: str = "published"
) -> Seen:
    state = {"id": subject, "headline": headline, "revision": revision, "status": status}
    return Seen(at(offset), kind, subject, state)


def kept() -> History:
    """Two publications, a revision, a retraction, one write of unknown outcome that did happen, one that did
    not; a reader of everything, and one who was cut off in between."""
    log = [
        event(1, "published", "a", "m1 one", 1),
        event(2, "published", "b", "", 2, status="retracted"),  # emptied since
        event(3, "revised", "a", "m3 two", 2),
        event(4, "retracted", "b", "", 2, status="retracted"),
        event(5, "published", "c", "m5 three", 1),
    ]
    operations = [
        Operation("m1", Verb.PUBLISH, "a", Outcome.ACKED, 1, at(1)),
        Operation("m2", Verb.PUBLISH, "b", Outcome.ACKED, 1, at(2)),
        Operation("m3", Verb.REVISE, "a", Outcome.ACKED, 2, at(3)),
        Operation("m4", Verb.RETRACT, "b", Outcome.ACKED, 2, at(4)),
        Operation("m5", Verb.PUBLISH, "", Outcome.UNKNOWN),
        Operation("m6", Verb.PUBLISH, "", Outcome.UNKNOWN),
        Operation("m7", Verb.PUBLISH, "", Outcome.REFUSED),
    ]
    states = {entry.subject: entry.state for entry in log}
    shown = [log[0], event(2, "published", "b", "m2 live", 1), *log[2:]]
    readings = [
        Reading("one", [Began(at(0)), *shown, Proof(at(5))], dict(states)),
        Reading("two", [Began(at(2)), *shown[2:]], {"a": log[2].state}),
    ]
    return History(operations, readings, log, states)


def lose(history: History) -> None:
    history.operations = [*(history.operations or ()), Operation("m8", Verb.PUBLISH, "d", Outcome.ACKED, 1)]


def lose_a_position(history: History) -> None:
    moved = Operation("m1", Verb.PUBLISH, "a", Outcome.ACKED, 1, at(5))
    history.operations = [moved, *(history.operations or ())[1:]]


def post_twice(history: History) -> None:
    history.log = [*history.log, event(6, "published", "x", "m1 one", 1)]


def post_the_emptied_twice(history: History) -> None:
    history.log = [*history.log, event(6, "published", "x", "m2 live", 1)]


def revise_twice(history: History) -> None:
    history.log = [*history.log, event(6, "revised", "a", "m3 two", 3)]


def retract_twice(history: History) -> None:
    history.log = [*history.log, event(6, "retracted", "b", "", 3, status="retracted")]


def publish_the_refused(history: History) -> None:
    history.log = [*history.log, event(6, "published", "x", "m7 no", 1)]


def publish_the_unasked(history: History) -> None:
    history.log = [*history.log, event(6, "published", "x", "stranger", 1)]


def retract_the_unasked(history: History) -> None:
    history.log = [*history.log, event(6, "retracted", "c", "", 2, status="retracted")]


def show_a_phantom(history: History) -> None:
    history.readings[0].steps[5] = event(5, "published", "x", "stranger", 1)


def resurrect(history: History) -> None:
    history.states = {**history.states, "b": {**history.states["b"], "status": "published"}}


def go_back(history: History) -> None:
    history.states = {**history.states, "a": history.log[0].state}


def skip(history: History) -> None:
    del history.readings[0].steps[2]


def skip_with_a_heartbeat(history: History) -> None:
    del history.readings[0].steps[5]


def change_epochs(history: History) -> None:
    history.wiped = True
    history.readings[0].steps[4:] = [Seen(at(1, "f"), "published", "a", {})]


def repeat(history: History) -> None:
    history.readings[0].steps.insert(3, history.readings[0].steps[2])


def swap(history: History) -> None:
    steps = history.readings[0].steps
    steps[2], steps[3] = steps[3], steps[2]


def fall_behind(history: History) -> None:
    history.readings[1].steps.pop()


def fold_wrongly(history: History) -> None:
    history.readings[0].folded["a"] = history.log[0].state


def forget_one(history: History) -> None:
    del history.readings[0].folded["c"]


def show_old_html(history: History) -> None:
    history.readings[0].folded["a"] = {"html": "<h3>m1 one</h3>"}


def reload_for_nothing(history: History) -> None:
    history.readings[1].steps.append(Reloaded(at(5)))


def leave_a_hole(history: History) -> None:
    history.log = [*history.log[:2], *history.log[3:]]


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (lose, "lost"),
        (lose_a_position, "lost"),
        (post_twice, "double post"),
        (post_the_emptied_twice, "double post"),
        (revise_twice, "double post"),
        (retract_twice, "double post"),
        (publish_the_refused, "phantom"),
        (publish_the_unasked, "phantom"),
        (retract_the_unasked, "phantom"),
        (show_a_phantom, "phantom"),
        (resurrect, "resurrected"),
        (go_back, "stale"),
        (skip, "silent gap"),
        (skip_with_a_heartbeat, "silent gap"),
        (change_epochs, "silent gap"),
        (repeat, "doubled"),
        (swap, "out of order"),
        (fall_behind, "behind"),
        (fold_wrongly, "stale state"),
        (forget_one, "stale state"),
        (show_old_html, "stale state"),
        (reload_for_nothing, "reload"),
        (leave_a_hole, "hole"),
    ],
)
def test_a_planted_violation_is_found(plant: Callable[[History], None], name: str) -> None:
    history = kept()
    plant(history)
    assert name in {violation.name for violation in violations(history)}


def test_a_history_that_kept_every_promise_has_no_violation() -> None:
    assert violations(kept()) == []


def test_a_reader_who_is_told_to_reload_may_begin_in_another_epoch() -> None:
    history = kept()
    history.wiped = True
    earlier: list[Step] = [Began(at(0, "d")), Seen(at(1, "d"), "published", "z", {}), Reloaded(at(0))]
    history.readings[0].steps[:0] = earlier
    assert violations(history) == []
