"""Acts as values: what is stored is what was meant, and a file of them runs nothing."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from livefeed.audit import COLUMNS, Act, Entry, Search, decode_act, encode_act, entry_line, entry_row
from livefeed.roles import Editor, Role

AT = datetime(2026, 11, 23, 14, 15, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ACTS = st.builds(
    Act,
    deed=TEXT,
    subject=TEXT,
    by=TEXT,
    account=TEXT,
    role=TEXT,
    address=TEXT,
    coverage=TEXT,
    revision=st.integers(0, 1 << 40),
    changed=st.lists(TEXT, max_size=3).map(tuple),
    detail=TEXT,
)


@given(ACTS)
def test_an_act_is_read_back_as_it_was_written(act: Act) -> None:
    assert decode_act(encode_act(act)) == act
    assert json.loads(entry_line(Entry(7, AT, act)))["detail"] == act.detail
    assert entry_line(Entry(7, AT, act)).count("\n") == 1


def test_an_act_of_an_editor_says_who_and_from_where() -> None:
    editor = Editor("a1", "لينا", Role.CHIEF, address="192.0.2.7")
    act = Act.of(editor, "pin", "update:u", coverage="storm")
    assert (act.by, act.account, act.role, act.address) == ("لينا", "a1", "chief", "192.0.2.7")
    assert (act.deed, act.subject, act.coverage) == ("pin", "update:u", "storm")
    narrowed = replace(editor, roles=frozenset({("storm", Role.CONTRIBUTOR)}))
    assert Act.of(narrowed, "draft", "update:u", coverage="storm").role == "contributor", (
        "the one that was used"
    )
    assert Act.of(narrowed, "set-password", "account:a1").role == "chief"


def test_a_search_takes_what_fits_all_of_it() -> None:
    act = Act("pin", "update:u", by="لينا", coverage="storm")
    assert Search().finds(act)
    assert Search("storm", "لينا").finds(act)
    assert not Search("storm", "منى").finds(act)
    assert not Search("flood", "لينا").finds(act)


def test_a_line_of_csv_has_every_column_and_no_formula() -> None:
    act = Act(
        "submit", "update:u", by='=HYPERLINK("http://x")', changed=("body", "breaking:no"), detail="-1\r\n+2"
    )
    names, cells = csv.reader([entry_row(None), entry_row(Entry(7, AT, act))])
    assert tuple(names) == COLUMNS
    row = dict(zip(names, cells, strict=True))
    assert (row["number"], row["at"]) == ("7", "2026-11-23T14:15:00.000Z")
    assert row["by"] == '\'=HYPERLINK("http://x")'
    assert row["changed"] == "body breaking:no"
    assert row["detail"].startswith("'-1")
    for sign in ("=", "+", "-", "@", "\t", "\r"):
        [cells] = csv.reader(
            io.StringIO(entry_row(Entry(7, AT, Act("pin", "update:u", by=f"{sign}1"))), newline="")
        )
        assert cells[2] == f"'{sign}1"
