"""What a feed says of an update: identity, titles, times, pictures and withdrawals."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from feed_samples import (
    BASE_URL,
    BREAKING,
    ENGLISH,
    FRONTS,
    PLAIN,
    RETRACTED,
    STORY,
    at,
    feed_of,
    feed_of_site,
    front_of,
)
from hypothesis import given, settings

from livefeed.feeds import Category, Entry, render
from livefeed.feeds.entry import AUTHORITY, FLAGS, without_corrections
from livefeed.model import Correction, Media, Position, Retraction, Status, Update
from livefeed.timeline import Front, SiteFront


def entry_of(update: Update) -> Entry:
    return without_corrections(feed_of(front_of(update)).entries)[0]


def corrections_of(update: Update) -> list[Entry]:
    """Oldest first."""
    return [entry for entry in feed_of(front_of(update)).entries if entry.corrects][::-1]


def test_an_entry_keeps_its_id_through_revisions_and_a_move_of_the_site() -> None:
    revised = replace(PLAIN, headline="عنوان جديد", revision=2, revised_at=at(30))
    moved = feed_of(front_of(revised), base_url="https://elsewhere.example").entries[0]
    assert moved.id == entry_of(PLAIN).id == "tag:livefeed.invalid,2026:updates/a1"
    assert moved.url.startswith("https://elsewhere.example/live/")
    assert (moved.published, moved.updated) == (PLAIN.published_at, at(30))


def test_an_update_without_a_headline_is_titled_by_its_first_sentence() -> None:
    assert entry_of(PLAIN).title == "وصلت القافلة إلى المعبر."


def test_a_picture_without_words_is_titled_by_its_caption_or_the_coverage() -> None:
    captioned = replace(PLAIN, text="", media=(Media("m", "/media/m.jpg", alt="قافلة"),))
    assert entry_of(captioned).title == "قافلة"
    assert entry_of(replace(PLAIN, text="\u0000")).title == STORY.headline


@pytest.mark.parametrize("title", ["R&D في الشمال", "#SOL خبر", "Liverpool 2-1", "2-1", "…", "😀 OK"])
def test_a_right_to_left_title_that_begins_otherwise_gets_one_mark(title: str) -> None:
    assert entry_of(replace(PLAIN, headline=title)).title == f"\u200f{title}"


@pytest.mark.parametrize("title", ["خبر من R&D", "2-1 لفريق الشمال", "«عاجل» خبر", "\u200fR&D خبر"])
def test_a_title_that_already_runs_from_the_right_gets_none(title: str) -> None:
    assert entry_of(replace(PLAIN, headline=title)).title == title
    assert entry_of(ENGLISH).title == ENGLISH.headline


@given(front=FRONTS)
@settings(deadline=None, max_examples=40)
def test_every_title_of_a_right_to_left_update_runs_from_the_right(front: Front) -> None:
    directions = {f"{AUTHORITY}updates/{update.id}": update.direction for update in front.updates}
    for entry in feed_of(front).entries:
        assert entry.title
        strong = [
            unicodedata.bidirectional(c)
            for c in entry.title
            if unicodedata.bidirectional(c) in ["L", "R", "AL"]
        ]
        if directions[entry.id.partition("/corrections/")[0]] == "rtl":
            assert strong[0] in {"R", "AL"}


def test_categories_are_tags_and_flags_of_one_scheme() -> None:
    assert entry_of(BREAKING).categories == (
        Category("إغاثة"),
        Category("معابر"),
        Category("breaking", FLAGS, "عاجل"),
        Category("key-event", FLAGS, "حدث رئيسي"),
        Category("correction", FLAGS, "تصحيح"),
    )
    assert entry_of(replace(ENGLISH, breaking=True)).categories == (Category("breaking", FLAGS, "Breaking"),)


def test_pictures_have_absolute_addresses() -> None:
    foreign = replace(BREAKING.media[0], url="https://cdn.example.org/صورة.jpg")
    pictures = entry_of(replace(BREAKING, media=(*BREAKING.media, foreign))).pictures
    assert [picture.url for picture in pictures] == [
        f"{BASE_URL}/media/m1.jpg",
        "https://cdn.example.org/%D8%B5%D9%88%D8%B1%D8%A9.jpg",
    ]


def test_a_retracted_entry_keeps_its_id_and_says_the_public_note() -> None:
    entry = entry_of(RETRACTED)
    assert entry.title == "سُحب هذا التحديث"
    assert entry.content == '<p lang="ar" dir="rtl">تبين أن الخبر غير صحيح.</p>'
    assert (entry.published, entry.updated, entry.withdrawn_at) == (at(4), at(8), at(8))
    assert (entry.authors, entry.pictures) == ((), ())


def test_a_retraction_without_a_note_says_so_in_the_language_of_the_update() -> None:
    silent = replace(ENGLISH, status=Status.PUBLISHED).withdrawn(Retraction(at(8)))
    assert entry_of(silent).title == "Withdrawn"
    assert entry_of(silent).summary == "The editors withdrew this update."


def test_nothing_of_a_retracted_update_leaks_even_where_it_was_not_emptied() -> None:
    secret = "ZZSECRETZZ"
    exposed = Update(
        id="s1",
        coverage=STORY.slug,
        status=Status.RETRACTED,
        headline=secret,
        body=secret,
        text=secret,
        breaking=True,
        byline=(secret,),
        dateline=secret,
        place=secret,
        attribution=secret,
        media=(Media(secret, f"/media/{secret}", secret, secret, secret),),
        tags=(secret,),
        retraction=Retraction(at(8), "سُحب."),
        published_at=at(1),
        author=secret,
    )
    front = Front(Position("e", 1), STORY, (exposed,), breaking=(exposed,))
    site = SiteFront(Position("e", 1), (STORY,), ((1, exposed),))
    for feed in (feed_of(front), feed_of(front, breaking_only=True), feed_of_site(site)):
        assert len(feed.entries) == 1
        for form in ("rss", "atom", "json"):
            assert secret.encode() not in render(feed, form)


def test_a_note_is_text_and_never_markup() -> None:
    noted = PLAIN.withdrawn(Retraction(at(8), "<b>&"))
    assert entry_of(noted).content == '<p lang="ar" dir="rtl">&lt;b&gt;&amp;</p>'


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SUBMITTED, Status.SCHEDULED])
def test_what_was_never_published_is_refused(status: Status) -> None:
    with pytest.raises(ValueError, match=f"a1 is {status}"):
        feed_of(front_of(replace(PLAIN, status=status)))


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    damascus = timezone(timedelta(hours=3))
    shifted = replace(PLAIN, published_at=at(1).astimezone(damascus))
    assert render(feed_of(front_of(shifted)), "rss") == render(feed_of(front_of(PLAIN)), "rss")


TWICE = replace(PLAIN, corrections=(Correction(at(5), "كان العدد خطأ."), Correction(at(9), "<b>&")))


def test_each_correction_is_an_entry_that_says_what_was_wrong_and_leads_to_the_update() -> None:
    update, (first, second) = entry_of(TWICE), corrections_of(TWICE)
    assert [first.id, second.id] == [f"{update.id}/corrections/1", f"{update.id}/corrections/2"]
    assert [first.published, first.updated, second.published] == [at(5), at(5), at(9)]
    assert (first.title, first.summary) == ("تصحيح: كان العدد خطأ.", "كان العدد خطأ.")
    assert first.content == (
        '<p lang="ar" dir="rtl">كان العدد خطأ.</p>'
        f'<p lang="ar" dir="rtl"><a href="{update.url}">التحديث المصحح</a></p>'
    )
    assert first.url == f"{update.url}/corrections#correction-1"
    assert first.categories == (Category("correction", FLAGS, "تصحيح"),)
    assert "&lt;b&gt;&amp;" in second.content


def test_a_correction_stands_by_its_time_among_the_updates() -> None:
    later = replace(PLAIN, id="z", published_at=at(7))
    entries = feed_of(front_of(later, TWICE)).entries
    assert [entry.id.rpartition("updates/")[2] for entry in entries] == [
        "a1/corrections/2",
        "z",
        "a1/corrections/1",
        "a1",
    ]


def test_nothing_that_happens_to_the_update_later_changes_its_corrections() -> None:
    revised = replace(
        TWICE,
        headline="عنوان آخر",
        text="نص آخر",
        byline=("آخرون",),
        tags=(),
        breaking=True,
        key_event=True,
        media=BREAKING.media,
        revised_at=at(30),
        corrections=(*TWICE.corrections, Correction(at(30), "خطأ آخر")),
    )
    assert corrections_of(revised)[:2] == corrections_of(TWICE)


def test_a_retraction_replaces_the_corrections_too() -> None:
    stub = TWICE.withdrawn(Retraction(at(40), "سُحب."))
    gone = corrections_of(stub)
    before = corrections_of(TWICE)
    assert [(entry.id, entry.published) for entry in gone] == [
        (entry.id, entry.published) for entry in before
    ]
    assert {(entry.title, entry.summary, entry.updated) for entry in gone} == {
        ("سُحب هذا التحديث", "سُحب.", at(40))
    }
    for form in ("rss", "atom", "json"):
        assert "كان العدد خطأ".encode() not in render(feed_of(front_of(stub)), form)
