"""The form in which sections and tags are compared."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.model import Coverage, Status, Update
from livefeed.rubrics import Rubric, rubrics_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Idlib", "IDLIB"),
        (" شمال   سوريا", "شمال سوريا\n"),
        ("Cafe\u0301", "CAFÉ"),
        ("Straße", "STRASSE"),
        ("إدلب\u202e", "إدلب"),
        ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
    ],
)
def test_names_that_people_take_for_the_same_are_one_rubric(one: str, other: str) -> None:
    assert Rubric.of("tag", one) == Rubric.of("tag", other)


def test_hamza_and_vowel_signs_tell_rubrics_apart() -> None:
    assert Rubric.of("tag", "إدلب") != Rubric.of("tag", "ادلب")


@given(st.text())
def test_the_form_of_a_name_is_its_own_form(name: str) -> None:
    rubric = Rubric.of("section", name)
    assert Rubric.of("section", rubric.name) == rubric
    assert Rubric.of("section", unquote(rubric.path.removeprefix("/feeds/sections/"))) == rubric
    assert rubric.path.count("/") == 3


def test_a_coverage_has_its_section_and_tags_and_an_update_its_tags_each_once() -> None:
    coverage = Coverage("storm", "عاصفة", section="News", tags=("a", "A ", "ب", " "))
    update = Update("u", "storm", Status.PUBLISHED, tags=("b", "a"))
    tags = [Rubric("tag", "a"), Rubric("tag", "ب")]
    assert rubrics_of(coverage) == (Rubric("section", "news"), *tags)
    assert rubrics_of(update) == (Rubric("tag", "a"), Rubric("tag", "b"))
    assert rubrics_of(Coverage("bare", "x")) == ()
