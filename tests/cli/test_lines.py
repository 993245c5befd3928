"""Events as lines of a terminal."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from livefeed.cli.lines import line_of

DAMASCUS = ZoneInfo("Asia/Damascus")
UPDATE = {
    "id": "u1",
    "headline": "الميناء مفتوح",
    "text": "عادت السفن إلى الميناء.\n\nوقالت السلطة إن الحركة طبيعية.",
    "breaking": False,
    "displayed_at": "2026-11-22T14:15:00.000Z",
    "revised_at": "2026-11-22T15:00:00.000Z",
}


def event(kind: str, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, "position": "e-1", "update": UPDATE | changes}


def test_a_published_update_has_its_displayed_time_headline_and_excerpt() -> None:
    clock, mark, said = line_of(event("published"), DAMASCUS)
    assert (clock, mark) == ("2026-11-22 17:15", "")
    assert said == "الميناء مفتوح — عادت السفن إلى الميناء."


@pytest.mark.parametrize(
    ("kind", "changes", "mark"),
    [
        ("published", {"breaking": True}, "BREAKING"),
        ("revised", {}, "REVISED"),
        ("revised", {"breaking": True}, "REVISED BREAKING"),
        ("pinned", {}, "PINNED"),
        ("restored", {}, "RESTORED"),
    ],
)
def test_marks_say_what_happened(kind: str, changes: dict[str, Any], mark: str) -> None:
    assert line_of(event(kind, **changes), UTC)[1] == mark


def test_a_correction_shows_its_newest_note_and_when() -> None:
    notes = [
        {"at": "2026-11-22T14:30:00Z", "note": "old"},
        {"at": "2026-11-22T15:00:00Z", "note": "صُحّح العدد"},
    ]
    clock, mark, said = line_of(event("corrected", corrections=notes), UTC)
    assert (clock, mark) == ("2026-11-22 15:00", "CORRECTION")
    assert "صُحّح العدد" in said
    assert "old" not in said


def test_a_retraction_shows_its_note_or_which_update_went() -> None:
    gone = {"headline": "", "text": "", "retraction": {"at": "2026-11-22T16:00:00Z", "note": "سُحب"}}
    assert line_of(event("retracted", **gone), UTC) == ("2026-11-22 16:00", "RETRACTED", "سُحب")
    gone["retraction"] = {"at": "2026-11-22T16:00:00Z", "note": ""}
    assert "u1" in line_of(event("retracted", **gone), UTC)[2]


def test_a_change_of_the_coverage_shows_its_headline_and_status() -> None:
    frame = {"kind": "coverage", "coverage": {"headline": "العاصفة", "status": "closed"}}
    assert line_of(frame, UTC) == ("", "COVERAGE", "العاصفة (closed)")


def test_nothing_a_server_sends_reaches_the_terminal_as_an_escape_sequence() -> None:
    frame = event("published", headline="\x1b]0;owned\x07\x9b2J", text="a\x1b[31mb\r\nc")
    assert not [
        letter for part in line_of(frame, UTC) for letter in part if ord(letter) < 32 or letter == "\x9b"
    ]


def test_a_frame_without_what_it_should_hold_is_still_a_line() -> None:
    assert line_of({"kind": "invented"}, UTC) == ("", "INVENTED", "")
    assert line_of({"kind": "published", "update": {"displayed_at": "soon"}}, UTC) == ("", "", "")
