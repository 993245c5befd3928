"""The list of all coverages, as feed readers import it."""

from __future__ import annotations

from dataclasses import replace

import listparser
from feed_samples import BASE_URL, STORY
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from livefeed.feeds import opml
from livefeed.model import Coverage


def read(*coverages: Coverage) -> listparser.SuperDict:
    document = opml(coverages, base_url=BASE_URL, title="أخبار الشمال")
    assert etree.fromstring(document).get("version") == "2.0"
    parsed = listparser.parse(document)
    assert not parsed.bozo
    return parsed


def test_a_reader_of_lists_finds_every_coverage_by_headline_and_address() -> None:
    parsed = read(STORY, replace(STORY, slug="south", headline="R&D <b>", standfirst=""))
    assert parsed.meta.title == "أخبار الشمال"
    home = f"{BASE_URL}/live/%D8%A7%D9%84%D8%B4%D9%85%D8%A7%D9%84-%D8%A7%D9%84%D8%A2%D9%86"
    assert [(feed.title, feed.url) for feed in parsed.feeds] == [
        (STORY.headline, f"{home}/updates.rss"),
        ("R&D <b>", f"{BASE_URL}/live/south/updates.rss"),
    ]


def test_sections_and_tags_of_coverages_are_listed_once_after_the_coverages() -> None:
    north = replace(STORY, section="أخبار", tags=("Maps", "إدلب"))
    south = replace(STORY, slug="south", section=" أخبار", tags=("MAPS",))
    listed = [(feed.title, feed.url) for feed in read(north, south).feeds][2:]
    assert listed == [
        ("أخبار", f"{BASE_URL}/feeds/sections/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1.rss"),
        ("Maps", f"{BASE_URL}/feeds/tags/maps.rss"),
        ("إدلب", f"{BASE_URL}/feeds/tags/%D8%A5%D8%AF%D9%84%D8%A8.rss"),
    ]


def test_a_site_without_coverages_has_an_empty_list() -> None:
    assert read().feeds == []


@given(headline=st.text(st.characters(exclude_categories=())), standfirst=st.text())
@settings(max_examples=50)
def test_whatever_a_headline_is_the_list_can_be_read(headline: str, standfirst: str) -> None:
    parsed = read(replace(STORY, headline=headline, standfirst=standfirst))
    assert len(parsed.feeds) == 1
