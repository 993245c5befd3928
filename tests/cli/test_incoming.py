"""JSON Lines as items, and keys that never stand for two of them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.cli.incoming import LONGEST_LINE, Item, Picture, Unreadable, lines_of
from livefeed.forms import UpdateForm


def items(*documents: object) -> list[Item]:
    return list(lines_of(io.BytesIO("\n".join(map(json.dumps, documents)).encode())))


EXPORTED: dict[str, Any] = {
    "id": "u1",
    "coverage": "storm",
    "status": "published",
    "revision": 3,
    "headline": "The port is closed",
    "body": "<p>Closed.</p>",
    "format": "html",
    "text": "Closed.",
    "direction": "ltr",
    "breaking": True,
    "media": [{"id": "m1", "url": "https://e.org/media/m1.jpg", "alt": "a", "width": 3, "height": 2}],
    "corrections": [{"at": "2024-01-01T00:00:00Z", "note": "It was not open."}],
    "retraction": None,
    "publish_at": None,
    "displayed_at": None,
    "published_at": "2024-01-01T00:00:00.000Z",
    "revised_at": None,
    "position": "e-3",
    "pinned": True,
    "url": "https://e.org/live/storm/updates/u1",
}


def test_an_exported_update_is_what_can_be_handed_in_and_its_coverage_is_passed_over() -> None:
    (item,) = items({"slug": "storm", "headline": "Storm"}, EXPORTED)
    assert (item.id, item.key, item.public, item.withdrawn) == ("u1", "import:u1", True, False)
    assert item.pictures == (Picture("m1", "m1.jpg"),)
    assert item.corrections == 1
    assert item.form.model_dump(mode="json", exclude_unset=True) == {
        "headline": "The port is closed",
        "body": "<p>Closed.</p>",
        "format": "html",
        "breaking": True,
        "media": [{"id": "m1", "alt": "a"}],
        "displayed_at": "2024-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("status", "public", "withdrawn"),
    [
        ("published", True, False),
        ("retracted", False, True),
        ("draft", False, False),
        ("submitted", False, False),
        ("scheduled", False, False),
        (None, True, False),
    ],
)
def test_a_status_says_whether_readers_of_the_source_could_see_it(
    status: str | None, public: bool, withdrawn: bool
) -> None:
    (item,) = items({"id": "1", "headline": "x", "status": status})
    assert (item.public, item.withdrawn) == (public, withdrawn)


def test_a_line_of_ones_own_needs_little() -> None:
    plain, markdown, nameless = items(
        {"id": 7, "text": "a < b"}, {"id": "m", "body": "**b**"}, {"headline": "x"}
    )
    assert (plain.id, plain.form.body, plain.form.format) == ("7", "a < b", "text")
    assert (markdown.form.body, markdown.form.format) == ("**b**", "markdown")
    assert nameless.id == items({"headline": "x"})[0].id != items({"headline": "y"})[0].id


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"headline": "x"', "line 2 is no JSON: "),
        (b"[1]", "line 2 is b'[1]'; each line is a JSON object."),
        (b'{"headline": "caf\xe9"}', "line 2 is not UTF-8: byte 0xe9 at position 17."),
        (b'{"id": "1", "hedline": "x"}', "line 2: hedline is 'x': "),
        (b'{"id": "1", "\\u001b[2Jx": 1}', "line 2: [2Jx is 1: "),
        (b'{"id": "1", "displayed_at": "yesterday"}', "line 2: displayed_at is 'yesterday': "),
        (b'{"id": "1", "media": [{"id": 5}]}', "line 2: media.0.id is 5: "),
        (b'{"id": "1", "media": "m"}', "line 2: media is 'm': "),
        (b'{"a":' * 100_000, "line 2 is no JSON that can be read"),
        (b'{"headline": "' + b"x" * LONGEST_LINE, "line 2 has over 4,000,000 bytes, the limit."),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_field_and_value(line: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        list(lines_of(io.BytesIO(b'\xef\xbb\xbf{"headline": "fine"}\n' + line)))
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.sets(st.text(min_size=1, max_size=250), min_size=2, max_size=5))
def test_each_id_has_a_key_of_its_own_that_a_header_can_carry(ids: set[str]) -> None:
    keys = {Item(id, UpdateForm()).key for id in ids}
    assert len(keys) == len(ids)
    for key in keys:
        assert key.isascii()
        assert key.isprintable()
        assert key == key.strip()
        assert len(key) <= 200
