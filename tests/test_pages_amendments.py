"""What each correction changed: the text it found against the text it made, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import html5lib
from hypothesis import given, settings
from hypothesis import strategies as st

from livefeed.model import Correction, Coverage, Retraction, Status, Update
from livefeed.pages import Pages
from livefeed.pages.amendments import AROUND, amendments_of
from livefeed.text.differences import Change

NOON = datetime(2020, 11, 22, 12, tzinfo=UTC)
PUBLISHED = Update(
    "u", "storm", Status.PUBLISHED, headline="قُتل 12 شخصاً", text="النص الأول.", direction="rtl"
)
COVERAGE = Coverage("storm", "العاصفة", place="دمشق")


def corrected(before: Update, note: str, **changes: str) -> Update:
    at = NOON + timedelta(minutes=len(before.corrections))
    return replace(before, corrections=(*before.corrections, Correction(at, note)), **changes)  # type: ignore[arg-type]


def said(pieces: object) -> str:
    return "".join(
        "…"
        if piece is None
        else piece.text
        if piece.change is Change.KEPT
        else f"[{piece.change[0]} {piece.text}]"
        for piece in pieces  # type: ignore[attr-defined]
    )


def test_each_correction_shows_what_it_found_and_what_it_made_newest_first() -> None:
    first = corrected(PUBLISHED, "العدد", headline="قُتل 15 شخصاً")
    second = corrected(first, "المكان", text="النص الثاني.")
    newest, oldest = amendments_of(second, [PUBLISHED, first, second])
    assert (newest.number, newest.correction.note, said(newest.headline)) == (2, "المكان", "")
    assert said(newest.text) == "النص [r الأول][a الثاني]."
    assert (oldest.number, said(oldest.headline), said(oldest.text)) == (1, "قُتل [r 12][a 15] شخصاً", "")


def test_what_a_silent_revision_removed_is_never_shown() -> None:
    silent = replace(PUBLISHED, text="نص بلا اسم.")
    after = corrected(silent, "العدد", headline="قُتل 15 شخصاً")
    [made] = amendments_of(after, [PUBLISHED, silent, after])
    assert said(made.text) == ""
    assert "الأول" not in repr(made)


def test_drafts_and_retracted_states_are_no_texts_of_it() -> None:
    draft = replace(PUBLISHED, status=Status.DRAFT, text="مسودة سرية")
    after = corrected(PUBLISHED, "n", text="النص الثاني.")
    stub = after.withdrawn(Retraction(NOON, "سُحب"))
    history = [draft, PUBLISHED, after, stub]
    assert amendments_of(stub, history) == []
    [made] = amendments_of(after, [*history, after])
    assert "سرية" not in repr(made)
    assert said(made.text) == "النص [r الأول][a الثاني]."


def test_of_a_correction_that_changed_neither_headline_nor_text_the_note_is_left() -> None:
    after = corrected(PUBLISHED, "الصورة من العام الماضي")
    [made] = amendments_of(after, [PUBLISHED, after])
    assert (made.headline, made.text) == ((), ())


def test_a_correction_made_after_the_page_was_asked_for_is_not_on_it() -> None:
    first = corrected(PUBLISHED, "1", text="2")
    later = corrected(first, "2", text="3")
    assert [made.number for made in amendments_of(first, [PUBLISHED, first, later])] == [1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from(["كلمة", "word"]))
def test_unchanged_text_far_from_a_change_is_left_out_at_spaces(before: int, after: int, word: str) -> None:
    def text(middle: str) -> str:
        return " ".join([word] * before + [middle] + [word] * after)

    published = replace(PUBLISHED, text=text("12"), direction="ltr" if word == "word" else "rtl")
    after_it = corrected(published, "n", text=text("15"))
    [made] = amendments_of(after_it, [published, after_it])
    shown = said(made.text)
    assert "[r 12][a 15]" in shown
    assert len(shown) < 4 * AROUND + 200
    assert set(shown.replace("…", " ").replace("[r 12][a 15]", " ").split()) <= {word}
    assert ("…" in shown) == (max(before, after) * (len(word) + 1) > 2 * AROUND + 1)


def test_pieces_are_isolated_and_said_in_words() -> None:
    pages = Pages(base_url="https://live.example", site_title="ل", site_language="ar", page_size=20)
    after = corrected(PUBLISHED, "العدد <b>2-1</b>", text="النص John Smyth قال <script>.")
    before = replace(PUBLISHED, text="النص John Smith قال <script>.")
    page = pages.update_corrections_page(COVERAGE, after, [before, after])
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    [difference] = document.findall(".//div[@class='difference']")
    assert difference.get("dir") == "rtl"
    assert {bdi.get("dir") for bdi in difference.iter("bdi") if bdi.get("dir")} == {"rtl"}
    [removed], [added] = difference.findall("del"), difference.findall("ins")
    assert "".join(removed.itertext()).split() == ["حُذف:", "John", "Smith."]
    assert "".join(added.itertext()).split() == ["أُضيف:", "John", "Smyth."]
    assert "دمشق" in page
    assert "<script>." not in page
