"""What is isolated inside right-to-left text, and what is left alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from livefeed.pages.isolates import isolated


@pytest.mark.parametrize(
    "part",
    [
        *(
            "4-3",
            "2–1",
            "2026-11-23",
            "17:00-18:30",
            "-3",
            "+2.5",
            "+1 202-555-0117",
            "+90 (212) 000",
            "555-0163",
        ),
    ],
)
def test_figures_that_the_line_would_take_apart_are_isolated_whole(part: str) -> None:
    assert isolated(f"قال {part}، ثم") == f'قال <bdi dir="ltr">{part}</bdi>، ثم'


@pytest.mark.parametrize(
    "part", ["@marsa_news", "#AI", "https://example.org/2026-11-23/", "http://example.org/?a=1-2"]
)
def test_a_name_or_address_that_the_line_would_turn_is_isolated_whole(part: str) -> None:
    assert isolated(f"قال {part}، ثم") == f"قال <bdi>{part}</bdi>، ثم"


@pytest.mark.parametrize(
    "part", ["17:15", "18,500", "2.4", "09/27", "DF-07", "71%", "Tin Falcons", "help@example.org"]
)
def test_a_part_that_keeps_its_order_by_itself_is_left_alone(part: str) -> None:
    assert isolated(f"قال {part} ثم") == f"قال {part} ثم"


def test_text_without_a_right_to_left_letter_is_left_alone() -> None:
    assert isolated("won 4-3, see @desert") == "won 4-3, see @desert"


def test_tags_and_character_references_are_left_alone() -> None:
    body = Markup('<p>فوز <a href="https://example.org/4-3" title="4-3">4-3</a> &#x27;</p>')
    assert isolated(body) == (
        '<p>فوز <a href="https://example.org/4-3" title="4-3"><bdi dir="ltr">4-3</bdi></a> &#x27;</p>'
    )


@given(st.text(alphabet="سمك <>&'\"@#+-:/.0123ax_", max_size=60))
def test_any_text_stays_escaped_and_loses_nothing(text: str) -> None:
    shown = isolated(text)
    assert re.sub('</?bdi(?: dir="ltr")?>', "", shown) == escape(text)
    assert shown.count("<bdi") == shown.count("</bdi>")
