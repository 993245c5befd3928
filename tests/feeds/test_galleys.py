"""Feeds joined from what was set before are the feeds that one rendering gives."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pytest
from feed_samples import FRONT, FRONTS, PLAIN, at, feed_of, front_of
from hypothesis import given

from livefeed.feeds import CONTENT_TYPES, Feed, Format, Galleys, assemble, render, rss_atom
from livefeed.feeds.galleys import SMALL, Piece, Pieces
from livefeed.timeline import Front

MANY = front_of(
    *(replace(PLAIN, id=f"u{number}", order=number, published_at=at(number)) for number in range(300, 0, -1))
)


class Recording(Galleys):
    """Counts what is set anew, by form."""

    def __init__(self, limit: int = 1 << 24) -> None:
        super().__init__(limit)
        self.set_anew: list[Hashable] = []

    def keep(self, form: Hashable, *subjects: object, piece: Any, size: int) -> Any:
        self.set_anew.append(form[0] if isinstance(form, tuple) else form)
        return super().keep(form, *subjects, piece=piece, size=size)


def told(front: Front, galleys: Galleys) -> Feed:
    return feed_of(front, galleys=galleys)


@given(FRONTS)
def test_joined_entries_are_the_document_that_feedgen_writes_of_all(front: Front) -> None:
    feed = feed_of(front)
    assert render(feed, "rss") == rss_atom._rss(feed, feed.entries)
    assert render(feed, "atom") == rss_atom._atom(feed, feed.entries)


@pytest.mark.parametrize("form", CONTENT_TYPES)
def test_a_change_of_one_update_sets_that_one_anew_and_gives_the_same_bytes(form: Format) -> None:
    galleys = Recording()
    assemble(told(MANY, galleys), form, galleys)
    galleys.set_anew.clear()
    updates = list(MANY.updates)
    updates[150] = replace(updates[150], headline="غيره", revised_at=at(999))
    changed = replace(MANY, updates=(replace(PLAIN, id="new", published_at=at(1000)), *updates))
    again = assemble(told(changed, galleys), form, galleys)
    assert again.plain == render(feed_of(changed), form)
    assert galleys.set_anew.count("told") == galleys.set_anew.count(form) == 2
    assert galleys.set_anew.count("piece") <= 3


@pytest.mark.parametrize("form", CONTENT_TYPES)
@pytest.mark.parametrize("count", [0, 1, 5, 300])
def test_pieces_are_one_member_of_gzip_and_known_by_their_bytes(form: Format, count: int) -> None:
    feed = feed_of(replace(MANY, updates=MANY.updates[:count]))
    whole = assemble(feed, form, Galleys(0))
    plain = whole.plain
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert reader.decompress(whole.gzip(plain)) == plain
    assert (reader.eof, reader.unused_data) == (True, b"")
    assert (len(plain) > SMALL) == (count == 300)
    assert whole.digest == assemble(feed, form, Recording()).digest
    other = assemble(replace(feed, title="آخر"), form, Galleys(0))
    assert whole.digest != other.digest


def test_what_is_kept_is_bounded_and_of_the_very_objects_it_was_made_of() -> None:
    galleys = Galleys(3000)
    texts = [bytes(1000) for _ in range(4)]
    for text in texts:
        galleys.keep("piece", text, piece=Piece.of(text), size=1000)
    assert [galleys.find("piece", text) is None for text in texts] == [True, True, False, False]
    assert galleys.find("piece", bytes(1000)) is None
    assert galleys.find("other", texts[3]) is None
    galleys.keep("piece", texts[0], piece=b"", size=5000)
    assert galleys.find("piece", texts[0]) is None


def test_a_galley_of_another_coverage_is_another() -> None:
    galleys = Galleys(1 << 20)
    bare = replace(PLAIN, headline="", text="", media=())
    before = told(front_of(bare), galleys)
    renamed = replace(FRONT.coverage, headline="اسم آخر")
    after = told(front_of(bare, coverage=renamed), galleys)
    assert before.entries[0].title != after.entries[0].title == renamed.headline


def test_no_pieces_are_an_empty_document() -> None:
    assert gzip.decompress(Pieces.of([]).gzip(b"")) == b""
