"""What changed between two texts: both are in it, no word is parted, and it never takes long."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livefeed.text.differences import Change, Piece, differences
from livefeed.text.languages import direction_of

KEPT, REMOVED, ADDED = Change.KEPT, Change.REMOVED, Change.ADDED

words = st.sampled_from(
    [
        "قُتل",
        "12",
        "شخصاً",
        "في",
        "إدلب،",
        "Reuters",
        "BBC",
        "2-1",
        "«خبر»",
        ".",
        "👨‍👩‍👧",
        "☎️",
        "e\u0301",
        "مَدينة",
    ]
)
sentences = st.lists(st.tuples(words, st.sampled_from([" ", "\n", "", "  "]))).map(
    lambda pairs: "".join(map("".join, pairs))
)
texts = st.one_of(sentences, st.text())
directions = st.sampled_from(["rtl", "ltr"])


def former(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces if piece.change is not ADDED)


def present(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces if piece.change is not REMOVED)


@settings(max_examples=60, deadline=None)
@given(texts, texts, directions)
def test_both_texts_can_be_read_from_what_changed(before: str, after: str, direction: str) -> None:
    pieces = differences(before, after, direction)
    assert former(pieces) == before
    assert present(pieces) == after
    assert all(piece.text for piece in pieces)
    for one, next_one in itertools.pairwise(pieces):
        assert one.change is not next_one.change
        assert (one.change, next_one.change) != (ADDED, REMOVED)


@settings(max_examples=60, deadline=None)
@given(sentences, sentences, directions)
def test_no_piece_begins_or_ends_inside_a_word(before: str, after: str, direction: str) -> None:
    at = 0
    for piece in differences(before, after, direction):
        if piece.change is ADDED:
            continue
        if at and not before[at - 1].isspace() and not before[at].isspace():
            around = before[at - 1], before[at]
            assert any(unicodedata.category(character)[0] == "P" for character in around), around
            assert unicodedata.category(before[at])[0] not in "MC", "a mark stays with its letter"
        at += len(piece.text)


@settings(max_examples=30, deadline=None)
@given(texts, directions)
def test_nothing_changed_in_the_same_text(text: str, direction: str) -> None:
    assert differences(text, text, direction) == ((Piece(KEPT, text),) if text else ())


def test_a_word_is_replaced_with_what_stands_around_it_untouched() -> None:
    assert differences("قُتل 12 شخصاً في إدلب.", "قُتل 15 شخصاً في حلب.", "rtl") == (
        Piece(KEPT, "قُتل "),
        Piece(REMOVED, "12"),
        Piece(ADDED, "15"),
        Piece(KEPT, " شخصاً في "),
        Piece(REMOVED, "إدلب"),
        Piece(ADDED, "حلب"),
        Piece(KEPT, "."),
    )


def test_a_rewritten_passage_is_one_change_not_a_word_at_a_time() -> None:
    pieces = differences("the cat, it sat down", "the dogs, all ran away", "ltr")
    assert pieces == (
        Piece(KEPT, "the "),
        Piece(REMOVED, "cat, it sat down"),
        Piece(ADDED, "dogs, all ran away"),
    )


def test_a_vowel_sign_makes_another_word_and_is_not_parted_from_its_letter() -> None:
    assert differences("قتل الرجل", "قَتل الرجل", "rtl")[:2] == (Piece(REMOVED, "قتل"), Piece(ADDED, "قَتل"))


def test_a_sign_is_not_parted_from_what_makes_it_a_picture() -> None:
    pieces = differences("\u2049\ufe0fنعم", "\u203c\ufe0fنعم", "rtl")
    assert pieces == (Piece(REMOVED, "\u2049\ufe0fنعم"), Piece(ADDED, "\u203c\ufe0fنعم"))


@pytest.mark.parametrize(
    ("before", "after", "direction", "replaced"),
    [
        ("قال John Smith أمس", "قال John Smyth أمس", "rtl", ("John Smith", "John Smyth")),
        (
            "زار New York (2020) Times المدينة",
            "زار New York المدينة",
            "rtl",
            ("New York (2020) Times", "New York"),
        ),
        ("الهاتف +90 212 000، ليلاً", "الهاتف +90 212 111، ليلاً", "rtl", ("+90 212 000", "+90 212 111")),
        ("قال John\nSmith أمس", "قال John\nSmyth أمس", "rtl", ("Smith", "Smyth")),  # a line is laid out alone
        ("He said مرحبا بكم today", "He said أهلا بكم today", "ltr", ("مرحبا بكم", "أهلا بكم")),
    ],
)
def test_words_that_read_in_the_other_direction_change_together(
    before: str, after: str, direction: str, replaced: tuple[str, str]
) -> None:
    changed = [piece.text for piece in differences(before, after, direction) if piece.change is not KEPT]
    assert tuple(changed) == replaced
    assert direction_of(changed[0]) != direction


def test_lines_are_compared_where_there_are_too_many_words_to_compare() -> None:
    lines = [" ".join(f"w{number}x{place}" for place in range(40)) + "\n" for number in range(60)]
    others = [" ".join(f"v{number}x{place}" for place in range(40)) + "\n" for number in range(60)]
    mixed = [
        other if place % 2 else line for place, (line, other) in enumerate(zip(lines, others, strict=True))
    ]
    pieces = differences("".join(lines), "".join(mixed))
    assert [piece.text for piece in pieces if piece.change is KEPT] == lines[::2]


@pytest.mark.parametrize("word", ["a{0} ", "a b "])
def test_texts_of_the_greatest_length_with_nothing_in_common_are_wholes(word: str) -> None:
    before = "".join(word.format(number) for number in range(20_000))
    after = "".join(f"z{number}\n" for number in range(20_000))
    pieces = differences(before, after)
    assert (former(pieces), present(pieces)) == (before, after)
    assert len(pieces) == 2
