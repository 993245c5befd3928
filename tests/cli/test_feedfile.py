"""Feeds of every kind as items, and what is no feed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from feed_samples import PLAIN, at, feed_of, front_of
from hypothesis import given
from hypothesis import strategies as st

from livefeed.cli.feedfile import is_json_feed, json_feed, xml_feed
from livefeed.cli.incoming import Item, Unreadable
from livefeed.feeds import CONTENT_TYPES, Format, render
from livefeed.model import Correction, Retraction

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>وكالة</title><link>https://agency.example/</link><language>ar-sy</language>
<item><guid>https://agency.example/2</guid><title>الثاني &amp;amp; الأخير</title>
  <link>https://agency.example/2</link><author>rana@agency.example (رنا)</author><category>ميناء</category>
  <description>ملخص</description><content:encoded><![CDATA[<p>نص <b>كامل</b></p>]]></content:encoded>
  <enclosure url="https://agency.example/a.jpg" type="image/jpeg" length="1"/>
  <pubDate>Tue, 02 Jan 2024 10:00:00 +0300</pubDate></item>
<item><guid isPermaLink="false">1</guid><title>First</title><description>Plain words.</description>
  <pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate></item>
</channel></rss>"""

ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>tag:example.org,2024:feed</id>
<entry><id>tag:example.org,2024:b</id><title type="html">A &lt;b&gt;bold&lt;/b&gt; step</title>
  <link href="https://example.org/b"/><author><name>Nell</name></author><author><name>Idris</name></author>
  <category term="breaking" scheme="tag:livefeed.invalid,2026:flags" label="BREAKING"/><category term="tram"/>
  <content type="xhtml" xml:base="https://example.org/"><div xmlns="http://www.w3.org/1999/xhtml">
    <p><a href="x">link</a></p></div></content>
  <published>2024-01-02T00:00:00Z</published><updated>2024-02-02T00:00:00Z</updated></entry>
<entry><id>tag:example.org,2024:a</id><title>Withdrawn</title><updated>2024-01-01T00:00:00Z</updated>
  <category term="retraction" scheme="tag:livefeed.invalid,2026:flags"/></entry>
</feed>"""


def given_fields(item: Item) -> dict[str, object]:
    return item.form.model_dump(exclude_unset=True)


def test_rss_items_come_oldest_first_with_ids_times_people_tags_and_full_content() -> None:
    first, second = xml_feed(RSS.format(encoding="utf-8").encode())
    assert second.id == "https://agency.example/2"
    assert given_fields(second) == {
        "headline": "الثاني & الأخير",
        "body": "<p>نص <b>كامل</b></p>",
        "format": "html",
        "language": "ar-SY",
        "byline": ["رنا"],
        "tags": ["ميناء"],
        "related": [{"title": "الثاني & الأخير", "url": "https://agency.example/2"}],
        "displayed_at": datetime(2024, 1, 2, 7, tzinfo=UTC),
    }
    assert second.files == 1
    assert first.id == "https://agency.example/ 1"  # 1 is unique in this feed alone
    assert (first.form.body, first.form.displayed_at) == (
        "Plain words.",
        datetime(2024, 1, 1, 10, tzinfo=UTC),
    )


def test_atom_entries_keep_flags_and_absolute_links_and_say_what_is_withdrawn() -> None:
    withdrawn, second = xml_feed(ATOM)
    assert withdrawn.withdrawn
    assert not second.withdrawn
    assert second.id == "tag:example.org,2024:b"
    assert (second.form.headline, second.form.byline, second.form.tags) == (
        "A bold step",
        ["Nell", "Idris"],
        ["tram"],
    )
    assert second.form.breaking
    assert 'href="https://example.org/x"' in second.form.body
    assert second.form.displayed_at == datetime(2024, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["windows-1256", "utf-16", "iso-8859-6"])
def test_a_feed_may_have_any_encoding_that_it_declares(encoding: str) -> None:
    _, second = xml_feed(RSS.format(encoding=encoding).encode(encoding))
    assert second.form.headline == "الثاني & الأخير"


def test_a_json_feeds_items_come_oldest_first() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "t",
        "feed_url": "https://example.org/feed.json",
        "language": "en",
        "items": [
            {"id": 2, "content_text": "two < 3", "date_published": "2024-01-02T00:00:00+03:00"},
            {
                "id": "https://example.org/1",
                "url": "https://example.org/1",
                "title": "One",
                "content_html": "<p>one</p>",
                "content_text": "one",
                "authors": [{"name": "Nell"}, {"url": "https://example.org/"}],
                "tags": ["tram"],
                "image": "https://example.org/1.jpg",
                "date_published": "2024-01-01T00:00:00Z",
            },
        ],
    }
    content = json.dumps(document).encode()
    assert is_json_feed(content)
    assert is_json_feed(content.replace(b"/", b"\\/"))  # as PHP writes it
    one, two = json_feed(content)
    assert (one.id, one.form.headline, one.form.body, one.form.format) == (
        "https://example.org/1",
        "One",
        "<p>one</p>",
        "html",
    )
    assert (one.form.byline, one.form.tags, one.files) == (["Nell"], ["tram"], 1)
    assert (two.id, two.form.body, two.form.format) == ("https://example.org/feed.json 2", "two < 3", "text")
    assert two.form.displayed_at == datetime(2024, 1, 1, 21, tzinfo=UTC)


def bomb(place: str) -> bytes:
    declared = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "a" * 10}">' for n in range(10))
    return f"<!DOCTYPE rss [{declared}]><rss version='2.0'><channel {place}</channel></rss>".encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<rss version='2.0'><channel><item>", "is broken XML: Premature end of data"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html/>", "is an HTML page, not a feed"),
        (b"  <!-- x --><HTML lang='en'><p>", "is an HTML page, not a feed"),
        (b"<!---->" * 500 + b"<x", "is broken XML: "),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is XML of another kind (<svg>)"),
        (bomb("><title>&a9;</title>"), "declares XML entities of its own"),
        (bomb("title='&a9;'>"), "declares XML entities of its own"),
        (b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss>&x;</rss>", "declares XML entities"),
        (b"<?xml version='1.0' encoding='klingon'?><rss/>", "Unsupported encoding: klingon"),
        (b"<?xml version='1.0' encoding='utf-8'?><rss>\xe9\xe9</rss>", "is broken XML: "),
        (b"<rss>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</rss>", "is broken XML: Excessive depth"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        xml_feed(content)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 200


def test_an_external_document_type_is_never_fetched() -> None:
    (item,) = xml_feed(
        b"<!DOCTYPE rss SYSTEM 'file:///etc/passwd'>"
        b"<rss version='2.0'><channel><item><guid>x:1</guid><title>here &amp; now</title></item></channel>"
        b"</rss>"
    )
    assert item.form.headline == "here & now"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"items": None}, "without a list of items"),
        ({"items": [{"id": "1", "tags": "tram"}]}, "item 1: tags is 'tram'"),
        ({"items": [{"id": "1", "authors": "Nell"}]}, "item 1: authors is 'Nell'"),
        ({"items": [{}, {"id": "1", "date_published": "Tuesday"}]}, "item 2: displayed_at is 'Tuesday'"),
        ({"items": [{"id": "1", "content_text": 3}]}, "item 1: body is 3"),
    ],
)
def test_a_broken_json_feed_is_refused_by_item_and_field(change: dict[str, object], said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        json_feed(json.dumps({"version": "https://jsonfeed.org/version/1", **change}).encode())
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "link",
    [
        "https://",
        "http://[",
        "https://bank@evil.example/",
        "https://e\u2100.example/",
        "/relative",
        "x" * 3000,
    ],
)
def test_a_link_that_cannot_be_one_does_not_stop_an_import(link: str) -> None:
    items = [{"id": "a:1", "title": "x", "url": link}]
    (item,) = json_feed(json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode())
    assert "related" not in given_fields(item)


def test_a_text_about_feeds_is_no_feed() -> None:
    about = {"id": "1", "text": 'It begins with {"version": "https://jsonfeed.org/version/1.1"}.'}
    assert not is_json_feed(json.dumps(about).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<rss>{text}</rss>".encode()))
def test_any_bytes_are_items_or_a_sentence(content: bytes) -> None:
    try:
        said = ""
        items = xml_feed(content)
    except Unreadable as refused:
        said, items = str(refused), []
    assert said.endswith(".") or all(item.id for item in items)


@pytest.mark.parametrize("form", CONTENT_TYPES)
def test_a_feed_of_ours_has_one_item_for_each_update_to_import(form: Format) -> None:
    corrected = replace(
        PLAIN,
        key_event=True,
        breaking=True,
        corrections=(Correction(at(3), "كان العدد خطأ"),),
        revised_at=at(3),
    )
    gone = replace(corrected, id="b2", order=2).withdrawn(Retraction(at(4), note="سُحب"))
    content = render(feed_of(front_of(gone, corrected)), form)
    items = json_feed(content) if form == "json" else xml_feed(content)
    assert len(items) == 4
    assert sum(item.corrects for item in items) == 2
    assert sum(item.withdrawn and not item.corrects for item in items) == 1
    (taken,) = [item for item in items if not item.corrects and not item.withdrawn]
    assert (taken.form.breaking, taken.form.key_event, taken.form.tags) == (True, True, [*PLAIN.tags])
