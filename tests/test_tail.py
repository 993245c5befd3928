"""The newest events of a channel, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.events import Event, Kind
from livefeed.frames import View, Wire, form_of
from livefeed.model import Position, Retraction, Status, Update
from livefeed.tail import Entry, Tail, joined

NOW = datetime(2020, 11, 22, tzinfo=UTC)
PLAIN = form_of(Wire.WEBSOCKET, View.JSON)


def event(
    offset: int, id: str = "", *, kind: Kind = Kind.PUBLISHED, epoch: str = "e", size: int = 0
) -> Event:
    update = Update(
        id or f"u{offset}",
        "story",
        Status.PUBLISHED,
        headline=f"<<{id or offset}>>",
        text="x" * size,
        order=offset,
        position=Position(epoch, offset),
    )
    if kind is Kind.RETRACTED:
        update = replace(update.withdrawn(Retraction(NOW, "note")), order=1, position=Position(epoch, offset))
    return Event("live:story", Position(epoch, offset), kind, update=update)


def render(event: Event, view: View) -> str:
    assert event.update
    return f"{event.offset} {event.update.id} {event.update.headline}{event.update.text}"


def tail(events: Iterable[Event] = (), top: int = 0, capacity: int = 4) -> Tail:
    return Tail("e", top, events, capacity=capacity, render=render)


def offsets(entries: Iterable[Entry] | None) -> list[int] | None:
    return None if entries is None else [entry.event.offset for entry in entries]


def test_an_empty_tail_knows_where_it_is() -> None:
    empty = tail(top=7)
    assert (empty.first, empty.top, str(empty.position)) == (8, 7, "e-7")
    assert offsets(empty.entries_after(7)) == []
    assert empty.entries_after(6) is None


@given(start=st.integers(0, 9), count=st.integers(0, 40), capacity=st.integers(1, 9), held=st.integers(0, 5))
def test_a_tail_is_always_the_end_of_its_log(start: int, count: int, capacity: int, held: int) -> None:
    top = start + held
    grown = tail([event(offset) for offset in range(start + 1, top + 1)], top, capacity)
    for offset in range(top + 1, top + count + 1):
        grown.append(event(offset))
    assert grown.top == top + count
    size = grown.top + 1 - grown.first
    assert min(capacity, held + count) <= size <= max(2 * capacity, held)
    for after in range(grown.top + 1):
        expected = list(range(after + 1, grown.top + 1)) if after >= grown.first - 1 else None
        assert offsets(grown.entries_after(after)) == expected


@pytest.mark.parametrize("wrong", [event(4), event(2), event(3, epoch="f")])
def test_only_the_next_event_is_taken(wrong: Event) -> None:
    full = tail([event(1), event(2)], 2)
    with pytest.raises(ValueError, match="does not follow e-2"):
        full.append(wrong)
    assert full.top == 2


def test_a_frame_is_made_once_a_form_and_a_text_once_a_view() -> None:
    made: list[View] = []

    def counting(event: Event, view: View) -> str:
        made.append(view)
        return render(event, view)

    entry = Entry(event(1))
    for _ in range(3):
        for wire in Wire:
            for view in View:
                entry.frame(form_of(wire, view), counting)
    assert sorted(made) == sorted(View)
    assert entry.frame(PLAIN, counting) is entry.frame(PLAIN, counting)


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=20), limit=st.integers(1, 1000))
def test_pieces_hold_as_much_as_fits_and_at_least_one_frame(sizes: list[int], limit: int) -> None:
    events = [event(offset, size=size) for offset, size in enumerate(sizes, 1)]
    full = tail(events, len(events), capacity=100)
    frames = [Entry(each).frame(PLAIN, render) for each in events]
    at, written = 0, b""
    while at < full.top:
        found = full.bytes_after(at, PLAIN, limit)
        assert found
        piece, last = found
        assert piece == b"".join(frames[at:last])
        assert last == at + 1 or len(piece) <= limit
        assert last == full.top or len(piece) + len(frames[last]) > limit
        at, written = last, written + piece
    assert written == b"".join(frames)


def test_one_frame_is_not_copied() -> None:
    entry = Entry(event(1))
    assert joined([entry], PLAIN, 10, render)[0] is entry.frame(PLAIN, render)


def test_a_retraction_empties_everything_earlier_of_its_update_and_nothing_else() -> None:
    full = tail([event(1, "a"), event(2, "b"), event(3, "a", kind=Kind.REVISED)], 3, capacity=10)
    before = full.bytes_after(0, PLAIN, 10_000)
    assert before
    assert before[0].count(b"<<a>>") == 2
    full.append(event(4, "a", kind=Kind.RETRACTED))
    after = full.bytes_after(0, PLAIN, 10_000)
    assert after
    assert b"<<a>>" not in after[0]
    assert after[0].count(b"<<b>>") == 1
    entries = full.entries_after(0)
    assert entries
    for entry, kind in zip(
        entries, (Kind.PUBLISHED, Kind.PUBLISHED, Kind.REVISED, Kind.RETRACTED), strict=True
    ):
        assert entry.event.kind is kind
        assert entry.event.update
        assert entry.event.update.position == entry.event.position  # at unchanged offsets
    assert entries[0].event.update
    assert entries[0].event.update.retraction == Retraction(NOW, "note")


def test_an_emptied_event_still_tells_whether_the_update_was_breaking_then() -> None:
    told = [event(1, "a"), event(2, "a", kind=Kind.REVISED), event(3, "a", kind=Kind.REVISED)]
    flags = [True, False, True]
    for place, breaking in enumerate(flags):
        before = told[place].update
        assert before
        told[place] = replace(told[place], update=replace(before, breaking=breaking))
    full = tail(told, 3)
    full.append(event(4, "a", kind=Kind.RETRACTED))
    updates = [entry.event.update for entry in full.entries_after(0) or ()]
    assert [update.breaking for update in updates if update] == [*flags, False]
    assert {update.status for update in updates if update} == {Status.RETRACTED}


def test_a_deletion_on_the_desk_empties_too() -> None:
    full = tail([event(1, "a")], 1)
    gone = event(2, "a")
    assert gone.update
    full.append(replace(gone, kind=Kind.DELETED, update=gone.update.erased()))
    found = full.bytes_after(0, PLAIN, 10_000)
    assert found
    assert b"<<a>>" not in found[0]


def test_a_reborn_tail_is_of_the_new_epoch() -> None:
    again = tail([event(1)], 1).reborn("f", 5, [event(5, epoch="f")])
    assert (again.position, again.first, again.capacity) == (Position("f", 5), 5, 4)
    again.append(event(6, epoch="f"))
