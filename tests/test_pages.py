"""Pages and fragments: pure rendering, read back by a strict HTML parser."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2.ext import babel_extract

from livefeed.accounts import Account, Seen, Session, Token
from livefeed.audit import Act, Entry, Search
from livefeed.events import Event, Kind, live_channel
from livefeed.model import (
    Corrected,
    Correction,
    Coverage,
    CoverageStatus,
    Embed,
    Media,
    Position,
    Related,
    Retraction,
    Status,
    Update,
    Verification,
    Verified,
)
from livefeed.notes import Note, NoteKind, NoteState
from livefeed.pages import (
    STATIC,
    Pages,
    Panels,
    archive_pages,
    first_page_count,
)
from livefeed.pages.catalogue import LOCALE_FOLDER, Catalogues
from livefeed.pages.desk import Subscriber
from livefeed.pages.limits import limits_of
from livefeed.pages.widget import Look, Scheme, coverage_widget, site_widget
from livefeed.roles import Editor, Role
from livefeed.settings import Settings
from livefeed.signatures import Signature
from livefeed.snippets import Snippet
from livefeed.timeline import Front, SiteFront
from livefeed.webhooks import DeadLetter, Endpoint

SITE = "https://live.example.org"
NOON = datetime(2020, 11, 22, 15, 15, tzinfo=UTC)
WORDS = Catalogues()
LOOK = Look(5, Scheme.DARK, "b3121d")
TEMPLATES = Path(__file__).parent.parent / "templates"
READER_SCRIPTS = (
    "first-paint",
    "appearance",
    "offline",
    "local-time",
    "live-coverage",
    "connection",
    "new-updates",
    "update-controls",
)

UPDATE_TEXTS = ("headline", "text", "dateline", "place", "attribution")
COVERAGE_TEXTS = ("headline", "kicker", "standfirst", "place", "dateline", "section")

PICTURE = Media("m1", "/media/m1.jpg", "ميناء", "رصيف الميناء", "إنترنت", 1600, 900)
COVERAGE = Coverage(
    slug="storm",
    headline="العاصفة تغلق الميناء",
    kicker="التغطية الحية",
    standfirst="نتابع معكم التطورات.",
    timezone="Asia/Istanbul",
    place="دمشق",
    dateline="إسطنبول",
    byline=("متابعات",),
    lead_media=PICTURE,
    summary=("أُغلق الميناء.",),
    starts_at=NOON - timedelta(hours=1),
)
UPDATE = Update(
    id="01A",
    coverage="storm",
    status=Status.PUBLISHED,
    headline="فتح الميناء",
    body="<p>نص <strong>الخبر</strong></p>",
    text="نص الخبر",
    breaking=True,
    key_event=True,
    pinned=True,
    byline=("ليلى", "سامر"),
    dateline="إسطنبول",
    place="المرفأ",
    attribution="وكالة «شراع»",
    verification=Verification.CONFIRMED,
    media=(PICTURE,),
    related=(Related("مسار العاصفة", "https://example.org/map", "خريطة"),),
    tags=("طقس",),
    embeds=(
        Embed("https://example.org/post", "منشور"),
        Embed("https://youtu.be/dQw4w9WgXcQ", "تسجيل", "YouTube", "قناة المرسى", "وصف", PICTURE),
    ),
    corrections=(Correction(NOON, "الصحيح 23 سفينة"),),
    published_at=NOON,
    displayed_at=NOON,
    revised_at=NOON,
    order=7,
)
RETRACTED = replace(UPDATE, id="01B", order=6).withdrawn(Retraction(NOON, "نُشر خطأً"))
BARE = Update(
    id="01C", coverage="storm", status=Status.PUBLISHED, text="بلا عنوان", published_at=NOON, order=5
)
FRONT = Front(
    Position("e", 9), COVERAGE, (UPDATE, RETRACTED, BARE), UPDATE, (UPDATE,), (UPDATE, RETRACTED), 3
)
DRAFT = replace(BARE, id="01D", status=Status.SCHEDULED, publish_at=NOON, published_at=None, order=0)


@pytest.fixture
def pages() -> Pages:
    return Pages(base_url=SITE, site_title="المرسى", site_language="ar", page_size=20)


def every_page(pages: Pages, front: Front = FRONT, person: str = "ليلى") -> dict[str, str]:
    coverage = front.coverage
    language = coverage.language
    others = [replace(coverage, slug=status, status=status) for status in CoverageStatus]
    site = SiteFront(Position("e", 9), (coverage, *others))
    return {
        "live": pages.live_page(front, stale=True),
        "empty": pages.live_page(Front(front.position, Coverage("new", coverage.headline))),
        "archive": pages.archive_page(coverage, front.updates[::-1], 2, 60),
        "permalink": pages.permalink_page(coverage, front.updates[0]),
        "retracted": pages.permalink_page(coverage, RETRACTED),
        "corrections": pages.corrections_page(coverage, [Corrected(front.updates[0], 1)], "5-a", "4-a"),
        "no corrections": pages.corrections_page(coverage, [], "", ""),
        "corrections of one": pages.update_corrections_page(
            coverage, front.updates[0], [replace(front.updates[0], corrections=(), text=""), front.updates[0]]
        ),
        "corrections of a retracted one": pages.update_corrections_page(coverage, RETRACTED, []),
        "index": pages.index_page(site, {coverage.slug: front, "live": None}),
        "archived": pages.archived_page(
            SiteFront(Position("e", 9), (replace(coverage, archived_at=NOON, ends_at=NOON),)), 1
        ),
        "nothing archived": pages.archived_page(SiteFront(Position("e", 9)), 1),
        "widget": pages.widget_page(coverage_widget(front, LOOK, SITE, breaking_only=False)),
        "site widget": pages.widget_page(
            site_widget(
                replace(site, breaking=((1, front.updates[0]),)), LOOK, SITE, title="x", language="en"
            )
        ),
        "error": pages.error_page(404, language, coverage.headline),
        "login": pages.desk.login(name=coverage.headline, error="soon", seconds=3),
        "login by code": pages.desk.login(code=coverage.headline, error="used"),
        **every_page_about_people(pages, coverage),
        "desk_index": pages.desk_index(site, Editor("a1", person, Role.ADMIN)),
        "desk": desk_of(pages, front, (DRAFT, front.updates[0]), Role.CHIEF, person),
    }


def desk_of(pages: Pages, front: Front, waiting: Sequence[Update], role: Role, person: str = "ليلى") -> str:
    editor = Editor("layla", person, role)
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    claim = Note("n1", NoteKind.CLAIM, person, person, "layla", now)
    notes = [
        claim,
        replace(claim, id="n2", kind=NoteKind.NOTE, state=NoteState.DONE, state_by=person, state_at=now),
    ]
    return pages.desk_page(
        front,
        Panels((*waiting, RETRACTED), tuple(notes), more_retracted=True),
        editor,
        signature=Signature(("R. O'Neil",), "إسطنبول"),
        hold=5,
        breaking_hold=10,
        body_bytes=100_000,
        nonce="n0nce",
    )


def every_page_about_people(pages: Pages, coverage: Coverage) -> dict[str, str]:
    """The desk's pages about people and keys, with everything on them that can be."""
    name, at = coverage.headline, datetime(2026, 11, 23, 14, 15, tzinfo=UTC)
    editor = Editor("a1", name, Role.ADMIN)
    accounts = [
        Account("a1", name, Role.ADMIN, None, at),
        Account("a2", f"{name} 2", Role.EDITOR, (coverage.slug,), at, disabled=True),
        Account(
            "a3", f"{name} 3", Role.CONTRIBUTOR, None, at, roles=(("gone", Role.CHIEF), ("x", Role.EDITOR))
        ),
    ]
    sessions = [
        Session(editor, at, at, "s1", Seen("192.0.2.7", "Mozilla/5.0 (Android 14) Firefox/140.0", True)),
        Session(editor, at, at, "s2", Seen()),
    ]
    tokens = [
        (name, Token("t1", "a", None, None, name, at, at)),
        (name, Token("t2", "a", Role.EDITOR, (coverage.slug,), "", at)),
    ]
    acts = [
        Entry(
            2,
            at,
            Act("publish", "update:u", name, "a1", "admin", "192.0.2.7", coverage.slug, 1, ("body",), name),
        ),
        Entry(1, at, Act("unheard-of", "update:u")),
    ]
    desk, listed = pages.desk, [coverage]
    return {
        "account": desk.account(
            editor,
            sessions,
            "s1",
            has_password=True,
            needs_current=True,
            languages={"ar": "العربية"},
            done="password",
        ),
        "account at first": desk.account(
            editor,
            sessions[:1],
            "s1",
            has_password=False,
            needs_current=False,
            languages={},
            error="guessable",
        ),
        "people": desk.people(editor, accounts, listed, link="https://x.example/", link_name=name),
        "nobody": desk.people(editor, [], [], error="exists", name=name),
        "tokens": desk.tokens(editor, accounts, tokens, listed, secret="lf_x"),
        "no tokens": desk.tokens(editor, accounts, [], listed, error="wider"),
        "audit": desk.audit(editor, Search(coverage.slug, name), acts, accounts, listed, older=1),
        "no acts": desk.audit(editor, Search(), [], [], [], older=None),
        "subscribers": desk.subscribers(
            editor, [Subscriber("a.example:8443", "https://x.example/f", at, True)], 2, ""
        ),
        "coverages": desk.coverages(editor, listed, {coverage.slug: 1204}),
        "no coverages": desk.coverages(editor, [], {}),
        "no subscribers": desk.subscribers(editor, [], 0, ""),
        "snippets": desk.snippets(
            editor,
            [Snippet("s1", name, f"**{name}**", f"<p><strong>{name}</strong></p>", "rtl", name, at)],
            key="k",
            error="snippet-name-taken",
            at="s1",
            name=name,
            text=name,
        ),
        "no snippets": desk.snippets(editor, [], key="k", done="gone"),
        "administration": desk.administration(editor),
        "limits": desk.limits(editor, limits_of(Settings(), "ar")),
        "webhooks": desk.webhooks(
            editor, endpoints_of(name, coverage.slug, at), listed, key="k", secret="whsec_x", done="removed"
        ),
        "no webhooks": desk.webhooks(
            editor, [], [], key="k", url="x", description=name, error="url", detail="url: 'x' is none"
        ),
    }


def endpoints_of(name: str, slug: str, at: datetime) -> list[tuple[Endpoint, list[DeadLetter]]]:
    """Three endpoints, of which one takes everything, one nothing, and one is gone."""
    url = "https://hooks.example.org/in?a=b&c=" + "d" * 60
    every = Endpoint("e1", url, "", name, None, at, "e", {}, "f")
    letters = [
        DeadLetter(f"m{n}", f"c:{slug}", n, "corrected", 8, at, "it answered 500", n > 1) for n in (1, 2)
    ]
    narrow = replace(every, id="e2", coverages=(slug,), description="")
    return [(every, []), (narrow, letters), (replace(narrow, id="e3", disabled=True), letters[:1])]


def parsed(html: str) -> Element:
    """The page as a browser reads it; a parse error fails the test."""
    page: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    return page


def fragment(html: str) -> Element:
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)
    first: Element = root[0]
    return first


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def elements(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if isinstance(element.tag, str))


# Pages


@pytest.mark.parametrize("language", ["ar", "en", "ckb", "tr"])
def test_every_page_is_valid_html_with_unique_ids_in_every_language(pages: Pages, language: str) -> None:
    front = replace(FRONT, coverage=replace(COVERAGE, language=language, timezone="Europe/Istanbul"))
    for name, html in every_page(pages, front).items():
        ids = [element.get("id") for element in elements(parsed(html)) if element.get("id")]
        assert len(ids) == len(set(ids)), name


def test_every_page_of_a_coverage_speaks_its_language_and_the_rest_that_of_the_site(pages: Pages) -> None:
    front = replace(FRONT, coverage=replace(COVERAGE, language="en"))
    made = every_page(pages, front)
    spoken = {name: (parsed(html).get("lang"), parsed(html).get("dir")) for name, html in made.items()}
    of_coverage = ("live", "archive", "permalink", "retracted", "widget")
    of_corrections = tuple(name for name in made if "corrections" in name)
    assert {spoken[name] for name in (*of_coverage, *of_corrections)} == {("en", "ltr")}
    assert {spoken[name] for name in ("index", "archived", "login", "desk")} == {("ar", "rtl")}
    assert len(of_corrections) == 4


def test_every_picture_of_every_page_keeps_its_place_and_all_but_the_first_wait(pages: Pages) -> None:
    found = 0
    for name, html in every_page(pages).items():
        # Besides the mark of the site, and what a script fills in.
        named = [one for one in parsed(html).iter("img") if one.get("src")]
        pictures = [one for one in named if "icon.svg" not in one.attrib["src"]]
        for number, picture in enumerate(pictures):
            found += 1
            assert (picture.get("width") or "").isdecimal(), (name, picture.attrib)
            assert (picture.get("height") or "").isdecimal(), (name, picture.attrib)
            assert picture.get("alt") is not None, (name, picture.attrib)
            assert picture.get("loading") == "lazy" or number == 0, (name, picture.attrib)
    assert found > 12


def test_every_link_that_a_crawler_finds_leads_somewhere(pages: Pages) -> None:
    for name, html in every_page(pages).items():
        links = list(parsed(html).iter("a"))
        assert name.startswith("desk") or all(link.get("href") for link in links), name


def test_no_page_holds_inline_scripts_styles_or_event_attributes(pages: Pages) -> None:
    for name, html in every_page(pages).items():
        for element in elements(parsed(html)):
            assert element.tag != "style", name
            if element.tag == "script" and element.get("type") == "application/ld+json":
                assert not element.get("src"), name
                assert json.loads(words(element))["@context"] == "https://schema.org", name
            else:
                assert element.tag != "script" or (element.get("src") and not words(element)), name
            assert not [key for key in element.attrib if key == "style" or key.startswith("on")], name


def test_hostile_text_in_any_field_stays_text(pages: Pages) -> None:
    hostile = """"><script>alert(1)</script><img src=x onerror=alert(1)>'{{ 7*7 }}"""
    update_texts: dict[str, Any] = dict.fromkeys(UPDATE_TEXTS, hostile)
    update = replace(UPDATE, **update_texts)
    update = replace(
        update,
        byline=(hostile,),
        tags=(hostile,),
        media=(
            replace(PICTURE, alt=hostile, caption=hostile, credit=hostile, url="javascript:alert(1)"),
            PICTURE,
        ),
        related=(Related(hostile, "javascript:alert(1)", hostile),),
        embeds=(
            Embed("JavaScript:alert(1)", hostile),
            Embed("https://t.me/channel/7", hostile, hostile, hostile, hostile, PICTURE),
        ),
        corrections=(Correction(NOON, hostile),),
    )
    coverage_texts: dict[str, Any] = dict.fromkeys(COVERAGE_TEXTS, hostile)
    coverage = replace(COVERAGE, **coverage_texts, byline=(hostile,), summary=(hostile,))
    coverage = replace(coverage, lead_media=update.media[0])
    front = replace(
        FRONT, coverage=coverage, updates=(update, RETRACTED), pinned=update, key_events=(update,)
    )
    for name, html in every_page(pages, front, person=hostile).items():
        assert "49" not in re.sub(r"v=[0-9a-f]+", "", html), name
        for element in elements(parsed(html)):
            data = element.tag == "script" and element.get("type") == "application/ld+json"
            assert element.tag != "script" or data or element.get("src", "").startswith("/static/"), name
            assert not data or json.loads(words(element))["headline"] in {hostile, COVERAGE.headline}, name
            assert "onerror" not in element.attrib, name
            for address in (element.get("href"), element.get("src")):
                assert not (address or "").lower().startswith("javascript:"), name
    assert hostile in words(parsed(pages.permalink_page(coverage, update)))


def test_the_live_page_says_where_it_stands_so_that_scripts_connect_without_a_gap(pages: Pages) -> None:
    page = parsed(pages.live_page(FRONT))
    (live,) = page.iter("live-coverage")
    assert (live.get("data-slug"), live.get("data-position")) == ("storm", "e-9")
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")


def test_the_live_page_names_its_feeds_with_atom_first(pages: Pages) -> None:
    links = [e for e in parsed(pages.live_page(FRONT)).iter("link") if e.get("rel") == "alternate"]
    links = [link for link in links if "oembed" not in str(link.get("type"))]
    assert [link.get("type") for link in links[:3]] == [
        "application/atom+xml",
        "application/rss+xml",
        "application/feed+json",
    ]
    assert links[0].get("href") == f"{SITE}/live/storm/updates.atom"
    assert len({link.get("href") for link in links}) == 6


def test_key_events_lead_to_this_page_or_to_the_one_that_has_them(pages: Pages) -> None:
    elsewhere = replace(UPDATE, id="00X", order=1)
    html = pages.live_page(replace(FRONT, key_events=(UPDATE, elsewhere)))
    (aside,) = parsed(html).iter("aside")
    assert [a.get("href") for a in aside.iter("a")] == ["#u-01A", "/live/storm?with=00X"]


def test_the_first_page_shows_what_no_archive_page_has(pages: Pages) -> None:
    updates = tuple(replace(BARE, id=f"x{order}", order=order) for order in range(65, 25, -1))
    html = pages.live_page(replace(FRONT, updates=updates, pinned=None, total=65))
    shown = [e.get("data-order") for e in parsed(html).iter("article")]
    assert shown == [str(order) for order in range(65, 40, -1)]
    assert 'href="/live/storm?page=2"' in html


def test_an_archive_page_shows_newest_first_and_leads_both_ways(pages: Pages) -> None:
    page = parsed(pages.archive_page(COVERAGE, (BARE, RETRACTED, UPDATE), 2, 80))
    assert [e.get("data-order") for e in page.iter("article")] == ["7", "6", "5"]
    (nav,) = page.iter("nav")
    addresses = [a.get("href") for a in nav.iter("a")]
    assert addresses == ["/live/storm?page=3", "/live/storm", "/live/storm?page=1"]


def test_the_newest_archive_page_leads_on_to_the_first_page(pages: Pages) -> None:
    (nav,) = parsed(pages.archive_page(COVERAGE, (BARE,), 1, 40)).iter("nav")
    assert [a.get("href") for a in nav.iter("a")] == ["/live/storm"]


def test_the_index_puts_live_coverages_first_and_the_newest_activity_first_among_them(pages: Pages) -> None:
    quiet = replace(COVERAGE, slug="quiet", headline="quiet")
    busy = replace(COVERAGE, slug="busy", headline="busy", starts_at=NOON - timedelta(days=9))
    ended = replace(COVERAGE, slug="ended", headline="ended", status=CoverageStatus.CLOSED)
    soon = replace(COVERAGE, slug="soon", headline="soon", status=CoverageStatus.SCHEDULED)
    site = SiteFront(Position("e", 1), (ended, soon, busy, quiet))
    page = parsed(pages.index_page(site, {"busy": replace(FRONT, coverage=busy)}))
    assert [words(h3) for h3 in page.iter("h3")] == ["busy", "quiet", "soon", "ended"]
    assert "فتح الميناء" in words(page)


def test_archived_coverages_leave_the_index_for_pages_of_their_own(pages: Pages) -> None:
    def archived(number: int) -> Coverage:
        ended = NOON + timedelta(days=number)
        return replace(COVERAGE, slug=f"c{number}", headline=f"c{number}", ends_at=ended, archived_at=NOON)

    site = SiteFront(Position("e", 1), (archived(2), COVERAGE, *map(archived, range(3, 54)), archived(1)))
    index = parsed(pages.index_page(site, {}))
    assert [words(h3) for h3 in index.iter("h3")] == [COVERAGE.headline]
    assert "/?archived=1" in [a.get("href") for a in index.iter("a")]
    assert "archived" not in pages.index_page(SiteFront(Position("e", 1), (COVERAGE,)), {})
    first, second = (parsed(pages.archived_page(site, number)) for number in (1, 2))
    assert [words(h3) for h3 in first.iter("h3")] == [f"c{number}" for number in range(53, 3, -1)]
    assert [words(h3) for h3 in second.iter("h3")] == ["c3", "c2", "c1"]
    (nav,) = (nav for nav in second.iter("nav") if nav.get("class") == "pages")
    assert [a.get("href") for a in nav.iter("a")] == ["/?archived=1"]
    lite = parsed(pages.text_only().archived_page(site, 1))
    assert "/?archived=2&lite=1" in [a.get("href") for a in lite.iter("a")]


@pytest.mark.parametrize(
    ("status", "headline", "ways"),
    [
        (404, "غير موجود", ["/"]),
        (403, "غير مسموح", ["/", "/desk"]),
        (429, "طلبات كثيرة", ["", "/"]),
        (400, "لم ينجح الطلب", ["/"]),
        (500, "لم ينجح الطلب", ["", "/"]),
        (503, "غير متاح حالياً", ["", "/"]),
    ],
)
def test_an_error_page_says_what_to_do_in_the_reader_s_language_and_what_is_wrong_exactly(
    pages: Pages, status: int, headline: str, ways: list[str]
) -> None:
    page = parsed(pages.error_page(status, "ar", "There is no coverage 'x'."))
    (title,) = page.iter("h1")
    (main,) = page.iter("main")
    assert (page.get("lang"), words(title)) == ("ar", headline)
    assert [a.get("href") for a in main.iter("a")] == ways
    (folded,) = main.iter("details")  # in English for who mends it, and out of the way of who reads Arabic
    (exact,) = (p for p in folded.iter("p") if p.get("lang") == "en")
    assert (words(exact), exact.get("dir")) == ("There is no coverage 'x'.", "ltr")
    others = " ".join(words(p) for p in main.iter("p") if p is not exact)
    assert not re.search("[A-Za-z]", others)


def test_an_overlay_replaces_a_single_template(tmp_path: Path) -> None:
    (tmp_path / "error.html").write_text("<p>{{ sentence }}</p>", encoding="utf-8")
    themed = Pages(base_url=SITE, site_title="x", site_language="en", page_size=20, overlay=tmp_path)
    assert themed.error_page(404, "en", "Gone & <lost>") == "<p>Gone &amp; &lt;lost&gt;</p>"
    assert "<article" in themed.update_fragment(UPDATE, COVERAGE)


# Fragments


def test_the_page_holds_the_very_fragment_that_is_pushed(pages: Pages) -> None:
    event = Event(live_channel("storm"), Position("e", 9), Kind.REVISED, UPDATE)
    id, html = pages.frame_html(event, COVERAGE)
    assert id == "01A"
    for page in (pages.live_page(FRONT), pages.permalink_page(COVERAGE, UPDATE)):
        assert html in page


def test_the_desk_in_another_language_holds_the_very_fragment_that_is_pushed() -> None:
    english_desk = Pages(base_url=SITE, site_title="x", site_language="en", page_size=20)
    html = desk_of(english_desk, FRONT, (), Role.EDITOR)
    assert english_desk.update_fragment(UPDATE, COVERAGE) in html
    assert "Save draft" in html


def test_a_coverage_frame_carries_the_header_and_no_id(pages: Pages) -> None:
    changed = replace(COVERAGE, headline="عنوان آخر", status=CoverageStatus.CLOSED)
    event = Event(live_channel("storm"), Position("e", 9), Kind.COVERAGE, coverage=changed)
    id, html = pages.frame_html(event, COVERAGE)
    assert id is None
    header = fragment(html)
    assert header.get("id") == "coverage-header"
    assert "انتهت التغطية" in words(header)
    assert "عنوان آخر" in words(header)


def test_a_fragment_says_everything_a_newsroom_wrote(pages: Pages) -> None:
    article = fragment(pages.update_fragment(UPDATE, COVERAGE))
    assert (article.get("id"), article.get("data-order"), article.get("data-revision")) == ("u-01A", "7", "1")
    text = words(article)
    for said in (
        "عاجل", "حدث رئيسي", "مثبّت", "فتح الميناء",
        "إسطنبول ـ ليلى، سامر", "نص الخبر", "رصيف الميناء (إنترنت)",
        "المصدر: وكالة «شراع»", "مؤكد", "المرفأ", "اقرأ أيضاً", "مسار العاصفة (خريطة)", "طقس", "منشور",
        "تصحيح 2020.11.22 | 18:15 دمشق: الصحيح 23 سفينة", "عُدّل 2020.11.22 | 18:15 دمشق",
    ):  # fmt: skip
        assert said in text
    assert "<p>نص <strong>الخبر</strong></p>" in pages.update_fragment(UPDATE, COVERAGE)


def test_a_fragment_has_absolute_addresses_only(pages: Pages) -> None:
    article = fragment(pages.update_fragment(UPDATE, COVERAGE))
    addresses = [e.get(key) for e in elements(article) for key in ("href", "src") if e.get(key)]
    assert len(addresses) == 8
    assert all((address or "").startswith("https://") for address in addresses)


def test_a_picture_reserves_its_place_and_has_its_text(pages: Pages) -> None:
    image, preview = fragment(pages.update_fragment(UPDATE, COVERAGE)).iter("img")
    assert (preview.get("width"), preview.get("height"), preview.get("loading")) == ("1600", "900", "lazy")
    got = {key: image.get(key) for key in ("src", "alt", "width", "height")}
    assert got == {"src": f"{SITE}/media/m1.jpg", "alt": "ميناء", "width": "1600", "height": "900"}


def test_an_embed_is_a_preview_of_our_own_that_asks_nobody_else(pages: Pages) -> None:
    article = fragment(pages.update_fragment(UPDATE, COVERAGE))
    (known,) = article.iter("click-to-load")
    assert known.get("class") == "embed wide"
    assert known.get("data-frame") == "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"
    assert known.get("data-label") == "عرض المنشور من YouTube"
    assert words(known) == "تسجيل وصف YouTube · قناة المرسى"
    (other,) = (e for e in article.iter("div") if e.get("class") == "embed")
    assert words(other) == "منشور example.org"
    for element in elements(article):
        assert element.tag not in {"iframe", "script", "object", "embed", "button"}
        assert (element.get("src") or SITE).startswith(SITE)


def test_a_retracted_update_is_a_stub_with_the_public_note(pages: Pages) -> None:
    article = fragment(pages.update_fragment(RETRACTED, COVERAGE))
    assert article.get("data-status") == "retracted"
    text = words(article)
    assert "سُحب هذا التحديث" in text
    assert "نُشر خطأً" in text
    assert "عاجل" not in text


def test_an_update_without_headline_is_still_named_for_screen_readers(pages: Pages) -> None:
    article = fragment(pages.update_fragment(BARE, COVERAGE))
    (title,) = article.iter("h3")
    assert article.get("aria-labelledby") == title.get("id")
    assert words(title) == "بلا عنوان"


def test_date_time_and_place_are_isolated_each(pages: Pages) -> None:
    html = pages.update_fragment(replace(UPDATE, corrections=(), revised_at=None), COVERAGE)
    time = "<bdi>2020.11.22</bdi> | <bdi>18:15</bdi> <bdi>دمشق</bdi>"
    assert f'<time datetime="2020-11-22T15:15:00.000Z">{time}</time>' in html


@pytest.mark.parametrize(
    ("timezone", "language", "shown"),
    [
        ("Asia/Damascus", "ar", "<bdi>17:15</bdi> <bdi>دمشق</bdi>"),
        ("Europe/London", "en", "<bdi>15:15</bdi> <bdi>London</bdi>"),
        ("UTC", "ar", "<bdi>15:15</bdi> <bdi>UTC</bdi>"),
        ("Asia/Kolkata", "en", "<bdi>20:45</bdi> <bdi>Kolkata</bdi>"),
        ("No/Where", "en", "<bdi>15:15</bdi> <bdi>UTC</bdi>"),
    ],
)
def test_times_are_local_and_name_the_city_where_no_place_is_given(
    pages: Pages, timezone: str, language: str, shown: str
) -> None:
    coverage = replace(COVERAGE, place="", timezone=timezone, language=language)
    assert shown in pages.update_fragment(UPDATE, coverage)


# The desk


def test_the_desk_offers_each_role_what_it_may_do(pages: Pages) -> None:
    def offered(role: Role) -> set[str]:
        page = parsed(desk_of(pages, FRONT, (DRAFT,), role))
        said = {e.get("data-action") or e.get("value") or e.get("name") or "" for e in elements(page)}
        return said & {"published", "submitted", "draft", "retract", "publish", "pin", "breaking", "unpin"}

    assert offered(Role.CONTRIBUTOR) == {"submitted", "draft"}
    assert offered(Role.EDITOR) == {"submitted", "draft", "published", "publish", "retract"}
    assert offered(Role.CHIEF) == offered(Role.EDITOR) | {"pin", "breaking", "unpin"}


def test_every_field_of_the_desk_is_labelled(pages: Pages) -> None:
    for name in ("desk", "login"):
        page = parsed(every_page(pages)[name])
        labelled = {label.get("for") for label in page.iter("label")}
        inside = {id(field) for label in page.iter("label") for field in label.iter("input")}
        for field in (*page.iter("input"), *page.iter("textarea"), *page.iter("select")):
            named = field.get("id") in labelled or id(field) in inside or field.get("aria-label")
            assert named or field.get("type") == "hidden"


# Which updates stand on which page


@given(total=st.integers(0, 2000), size=st.integers(1, 50))
def test_every_update_is_on_exactly_one_page(total: int, size: int) -> None:
    archived = archive_pages(total, size) * size
    first = first_page_count(total, size)
    assert archived + first == total
    assert first == total if total < 2 * size else size <= first < 2 * size


@given(total=st.integers(0, 2000), more=st.integers(0, 500), size=st.integers(1, 50))
def test_an_archive_page_never_changes_as_a_coverage_grows(total: int, more: int, size: int) -> None:
    # Page k holds the k-th `size` from the oldest: once it exists it only has to exist for ever.
    assert archive_pages(total + more, size) >= archive_pages(total, size)
    assert archive_pages(total, size) * size <= total


def told(*steps: tuple[int, str | None]) -> tuple[Verified, ...]:
    """What was said of a claim, so many minutes after its publication."""
    return tuple(
        Verified(NOON + timedelta(minutes=minutes), word and Verification(word)) for minutes, word in steps
    )


def test_what_was_said_of_a_claim_is_shown_with_its_times_and_the_place(pages: Pages) -> None:
    history = told((0, "unconfirmed"), (22, "confirmed"))
    update = replace(UPDATE, verifications=history, verification=history[-1].verification)
    article = fragment(pages.update_fragment(update, COVERAGE))
    assert not article.findall(".//span[@class='verification confirmed']"), "said once"
    steps = article.findall(".//ol[@class='verifications']/li")
    assert [words(step) for step in steps] == ["غير مؤكد 18:15", "مؤكد 18:37 دمشق"]
    assert [step.get("aria-current") for step in steps] == [None, "step"]
    assert [step.find("time").get("datetime")[-13:] for step in steps] == ["15:15:00.000Z", "15:37:00.000Z"]  # type: ignore[union-attr,index]


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ((), ["مؤكد"]),
        (told((0, "confirmed")), ["مؤكد"]),
        (told((5, "confirmed")), ["مؤكد 18:20 دمشق"]),
        (told((0, "denied"), (24 * 60, "confirmed")), ["منفي 18:15", "مؤكد 2020.11.23 | 18:15 دمشق"]),
        (
            told((0, "denied"), (1, None), (2, "confirmed")),
            ["منفي 18:15", "غير مذكور 18:16", "مؤكد 18:17 دمشق"],
        ),
    ],
)
def test_a_time_is_said_where_it_is_not_that_of_the_update(
    pages: Pages, history: tuple[Verified, ...], said: list[str]
) -> None:
    article = fragment(pages.update_fragment(replace(UPDATE, verifications=history), COVERAGE))
    shown = [e for e in elements(article) if (e.get("class") or "").startswith("verification ")]
    assert [words(element) for element in shown] == said


# Words


def catalogue(language: str) -> Catalog:
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "livefeed.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def spoken_in_templates() -> set[tuple[str | None, str]]:
    found: set[tuple[str | None, str]] = set()
    for path in TEMPLATES.glob("*.html"):
        with path.open("rb") as file:
            for _, function, message, _ in babel_extract(
                file, ("_", "pgettext", "ngettext", "forms"), [], {}
            ):
                texts = message if isinstance(message, tuple) else (message,)
                context, text = texts[:2] if function == "pgettext" else (None, texts[0])
                found.add((context, text or ""))
    return found


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_word_of_the_templates_is_in_the_catalogue(language: str) -> None:
    known = catalogue(language)
    for context, text in spoken_in_templates():
        message = known.get(text, context)
        assert message is not None, (context, text)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(said), (context, text)
        assert not message.fuzzy


def test_catalogues_agree_and_keep_their_placeholders() -> None:
    arabic, english = catalogue("ar"), catalogue("en")
    assert {(m.context, m.id) for m in arabic} == {(m.context, m.id) for m in english}
    for known in (arabic, english):
        assert not [error for message in known for error in message.check(known)]


@pytest.mark.parametrize(
    ("count", "category", "said"),
    [
        (0, "zero", "لا تحديثات جديدة"),
        (1, "one", "تحديث واحد جديد"),
        (2, "two", "تحديثان جديدان"),
        (3, "few", "{n} تحديثات جديدة"),
        (11, "many", "{n} تحديثاً جديداً"),
        (100, "other", "{n} تحديث جديد"),
        (103, "few", "{n} تحديثات جديدة"),
    ],
)
def test_arabic_counts_in_six_forms(count: int, category: str, said: str) -> None:
    singular, plural = "%(n)s new update", "%(n)s new updates"
    assert WORDS.translate_plural("ar")(singular, plural, count).replace("%(n)s", "{n}") == said
    assert WORDS.plural_forms("ar", singular, plural)[category] == said


def said_by_scripts(message: list[str], count: int) -> str:
    """What `static/counted.js` says."""
    which, *forms = message
    return forms[int(which[count if count < 200 else 100 + count % 100])].replace("{n}", str(count))


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_counted_button_says_every_count_as_the_catalogue_does(pages: Pages, language: str) -> None:
    front = replace(FRONT, coverage=replace(COVERAGE, language=language))
    (button,) = parsed(pages.live_page(front)).iter("new-updates")
    message = json.loads(button.get("data-forms") or "")
    told = WORDS.translate_plural(language)
    for count in range(1000):
        said = told("%(n)s new update", "%(n)s new updates", count) % {"n": count}
        assert said_by_scripts(message, count) == said


@pytest.mark.parametrize(
    ("language", "minutes", "hours"),
    [
        (
            "ar",
            {0: "الآن", 1: "قبل دقيقة واحدة", 2: "قبل دقيقتين", 3: "قبل 3 دقائق", 11: "قبل 11 دقيقة"},
            {1: "قبل ساعة واحدة", 2: "قبل ساعتين", 10: "قبل 10 ساعات", 11: "قبل 11 ساعة", 23: "قبل 23 ساعة"},
        ),
        (
            "en",
            {0: "now", 1: "1 minute ago", 2: "2 minutes ago", 11: "11 minutes ago", 59: "59 minutes ago"},
            {1: "1 hour ago", 2: "2 hours ago", 23: "23 hours ago"},
        ),
    ],
)
def test_scripts_say_how_long_ago_in_the_words_of_the_catalogue(
    pages: Pages, language: str, minutes: dict[int, str], hours: dict[int, str]
) -> None:
    page = parsed(pages.live_page(replace(FRONT, coverage=replace(COVERAGE, language=f"{language}-SY"))))
    ages = json.loads(page.find("body").get("data-ages"))
    assert list(ages) == [language]
    for said, message in zip((minutes, hours), ages[language], strict=True):
        assert {count: said_by_scripts(message, count) for count in said} == said
    assert [len(which) for which, *_ in ages[language]] == [60, 24]  # what is older than a day is not said
    # Articles of what is breaking speak the language of their coverage.
    widget = parsed(every_page(pages)["site widget"])
    assert json.loads(widget.find("body").get("data-ages"))[language] == ages[language]


def test_regions_speak_their_language_and_unknown_languages_english() -> None:
    assert WORDS.translate("ar-SY")("Breaking") == "عاجل"
    assert WORDS.translate("tr")("Breaking") == "Breaking"
    assert WORDS.translate("../ar")("Breaking") == "Breaking"


# Scripts and styles


def test_every_file_a_page_names_exists(pages: Pages) -> None:
    named = set()
    # A face asked for by another address than the style sheet's would be fetched twice.
    faces = set(re.findall(r'url\("(fonts/[^"]+)"\)', (STATIC / "livefeed.css").read_text(encoding="utf-8")))
    for html in every_page(pages).values():
        versioned = re.findall(r'"/static/([^"?]+)\?v=[0-9a-f]{12}"', html)
        early = re.findall(r'rel="preload" href="/static/([^"?]+)" as="font"', html)
        assert len(re.findall(r"/static/", html)) == len(versioned) + len(early)
        assert faces.issuperset(early)
        named |= set(versioned)
    assert {f"{name}.js" for name in READER_SCRIPTS if name != "connection"} <= named
    for script in STATIC.glob("*.js"):
        named |= set(re.findall(r"from '\./([^']+)'", script.read_text(encoding="utf-8")))
    for style in STATIC.glob("*.css"):
        named |= set(re.findall(r'url\("([^"]+)"\)', style.read_text(encoding="utf-8")))
    assert {"widget.js", "widget.css"} <= named
    missing = [name for name in named if not (STATIC / name).is_file()]
    assert named
    assert not missing


def test_what_a_reader_downloads_stays_small() -> None:
    # All scripts of a page together, as they are served: `tests/web/test_files.py`.
    assert len(gzip.compress((STATIC / "livefeed.css").read_bytes())) <= 8 * 1024


def test_styles_know_no_left_and_right() -> None:
    physical = re.compile(
        r"(?<![-\w(])(?:(?:margin|padding|border|inset)-(?:left|right|top|bottom)[\w-]*|left|right|top|bottom"
        r"|(?:min-|max-)?(?:width|height)|(?:float|clear)(?!:\s*inline-))\s*:|:\s*(?:left|right)\s*[;}]"
    )
    for style in STATIC.glob("*.css"):
        assert not physical.findall(style.read_text(encoding="utf-8")), style.name
    assert physical.search("a { margin-left: 0; }")
    assert physical.search("a { float: left; }")
    assert not physical.search("a { float: inline-start; }")
    assert physical.search("a { text-align: right; }")


def test_scripts_and_templates_hold_no_sentences_of_their_own() -> None:
    arabic = re.compile("[\u0600-\u06ff]")
    for path in (*STATIC.rglob("*.js"), *TEMPLATES.glob("*.html")):
        assert not arabic.search(path.read_text(encoding="utf-8")), path.name


def test_scripts_evaluate_nothing_and_reach_no_other_host() -> None:
    scripts = [*STATIC.glob("*.js"), *STATIC.glob("desk/*.js")]  # of Trix, a library, the policy makes sure
    assert {"connection.js", "audience.js"} <= {path.name for path in scripts}
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|document\.write|https?://|['\"`]//", text), path.name
