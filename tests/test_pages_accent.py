"""A colour of strangers' choice on our paper: legible whatever it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.pages import STATIC
from livefeed.pages.accent import (
    CONTRAST,
    DARK,
    LIGHT,
    accent_sheet,
    check_accent,
    contrast,
    ink_on,
    legible,
)
from livefeed.text import TextRefused

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06x}")


@given(COLOURS)
def test_every_colour_can_be_read_on_both_papers_and_read_upon(colour: str) -> None:
    for paper in (LIGHT, DARK):
        text = legible(colour, paper)
        assert contrast(text, paper) >= CONTRAST
        assert contrast(text, ink_on(text)) >= CONTRAST


def test_a_colour_that_is_legible_already_stays() -> None:
    assert legible("b3121d", LIGHT) == "b3121d"
    assert legible("ffdd00", DARK) == "ffdd00"
    assert legible("ffdd00", LIGHT) != "ffdd00"


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)  # the well-known grey that fails


@pytest.mark.parametrize(("text", "colour"), [("B3121D", "b3121d"), ("#b3121d", "b3121d"), ("f0a", "ff00aa")])
def test_a_colour_has_one_form(text: str, colour: str) -> None:
    assert check_accent(text) == colour


@pytest.mark.parametrize("text", ["", "red", "b3121", "b3121dff", "b3121d;}", "٣٣٣", "#", "b3121d\n"])
def test_what_is_no_colour_is_refused_by_name(text: str) -> None:
    with pytest.raises(TextRefused, match="hexadecimal"):
        check_accent(text)


def test_no_surface_of_our_style_sheets_is_harder_to_read_on() -> None:
    surfaces = [
        surface
        for name in ("livefeed.css", "widget.css")
        for surface in re.findall(r"--(?:paper|sheet): #([0-9a-f]+);", (STATIC / name).read_text("utf-8"))
    ]
    assert len(surfaces) >= 4
    for surface in map(check_accent, surfaces):
        reference = LIGHT if ink_on(surface) == "000000" else DARK
        assert contrast(surface, ink_on(surface)) >= contrast(reference, ink_on(reference))


def test_the_sheet_holds_nothing_but_colours_for_each_scheme() -> None:
    sheet = accent_sheet("ffdd00")
    values = re.findall(r"--[a-z-]+: (\S+);", sheet)
    assert len(values) == 15
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for value in values)
    assert '[data-scheme="dark"]' in sheet
