"""Sitemaps: which pages there are, for crawlers, and which of them are news.

A sitemap names the index and the live pages, in the order in which the coverages were opened; none is ever
removed, so a numbered part always names the same ones. The news sitemap names what was published within
`NEWS_WINDOW`: live pages, and the pages of updates. All of it comes from fronts that are in memory, so its
cost does not grow with the length of a coverage.

Sources: sitemaps.org protocol 0.9; Google's news sitemap (two days, a thousand addresses).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from livefeed.events import coverage_url, rfc3339, update_url
from livefeed.model import Coverage, CoverageStatus, Status, Update
from livefeed.text import clean_line, title_of
from livefeed.timeline import Front, SiteFront

CONTENT_TYPE = "application/xml; charset=utf-8"

PART_COVERAGES = 10_000
"""Coverages in one part. The protocol allows 50,000 addresses and 50 MB; with the longest Arabic slugs these
are 8 MB, and a part is rendered in well under a second."""

NEWS_WINDOW = timedelta(days=2)
NEWS_ADDRESSES = 1000
CLOSED_LATELY = 50  # each is a read of the store and a front in memory, of which only so many are kept

_CORE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_TRADITIONAL = {"tw", "hk", "mo", "hant"}


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A document, and when what it names last changed (None: nothing has)."""

    document: bytes
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewsPage:
    """A page that is news: a coverage's, or that of one `update` of it."""

    coverage: Coverage
    update: Update | None
    published_at: datetime
    changed_at: datetime


def sitemap_parts(site: SiteFront) -> int:
    """How many parts the site's sitemap has; at least one."""
    return max(1, -(-len(site.coverages) // PART_COVERAGES))


def sitemap(site: SiteFront, fronts: Mapping[str, Front], *, base_url: str, part: int) -> Sitemap:
    """Part `part`, counted from 1. The index of the site stands in the first one."""
    changes = _changes(site, fronts)
    entries = [(coverage_url(base_url, each.slug), changes.get(each.slug)) for each in _part(site, part)]
    if part == 1:
        entries.insert(0, (f"{base_url}/", _newest(changes.values())))
    root = _root("urlset")
    for address, changed_at in entries:
        _entry(root, "url", address, changed_at)
    return Sitemap(_written(root), _newest(changed_at for _, changed_at in entries))


def sitemap_index(site: SiteFront, fronts: Mapping[str, Front], *, base_url: str) -> Sitemap:
    """The document that names all parts: `/sitemap.xml?part=n`."""
    changes = _changes(site, fronts)
    root = _root("sitemapindex")
    for part in range(1, sitemap_parts(site) + 1):
        changed_at = _newest(changes.get(each.slug) for each in _part(site, part))
        _entry(root, "sitemap", f"{base_url}/sitemap.xml?part={part}", changed_at)
    return Sitemap(_written(root), _newest(changes.values()))


def closed_lately(site: SiteFront, now: datetime) -> list[Coverage]:
    """Coverages that nobody may read any more and that are still news, the last closed first."""
    ended = [
        (each.ends_at, each.slug, each)
        for each in site.coverages
        if each.status is CoverageStatus.CLOSED and each.ends_at and each.ends_at > now - NEWS_WINDOW
    ]
    return [each for _, _, each in nlargest(CLOSED_LATELY, ended)]


def news_pages(fronts: Iterable[Front], now: datetime) -> tuple[NewsPage, ...]:
    """What was published within `NEWS_WINDOW` before `now`, newest first: coverages and their updates."""
    beginning = now - NEWS_WINDOW
    found = []
    for front in fronts:
        begun_at = front.coverage.begun_at
        if begun_at and beginning < begun_at <= now:
            found.append(NewsPage(front.coverage, None, begun_at, front.changed_at or begun_at))
        for update in {each.id: each for each in (*front.breaking, *front.updates)}.values():
            published_at = update.published_at
            if update.status is Status.PUBLISHED and published_at and published_at > beginning:
                changed_at = update.revised_at or published_at
                found.append(NewsPage(front.coverage, update, published_at, changed_at))
    return tuple(nlargest(NEWS_ADDRESSES, found, key=_rank))


def news_sitemap(pages: Iterable[NewsPage], *, base_url: str, site_title: str) -> Sitemap:
    """The news sitemap of `pages`; empty is allowed."""
    publication = clean_line(site_title) or urlsplit(base_url).netloc
    root = _root("urlset", news=_NEWS)
    changes = []
    for page in pages:
        coverage, update = page.coverage, page.update
        headline = clean_line(coverage.headline) or coverage.slug
        address = update_url(base_url, update) if update else coverage_url(base_url, coverage.slug)
        news = etree.SubElement(_entry(root, "url", address, page.changed_at), f"{{{_NEWS}}}news")
        about = etree.SubElement(news, f"{{{_NEWS}}}publication")
        _text(about, _NEWS, "name", publication)
        _text(about, _NEWS, "language", news_language(update.language if update else coverage.language))
        _text(news, _NEWS, "publication_date", rfc3339(page.published_at))
        title = title_of(update.headline, update.text) if update else ""
        _text(news, _NEWS, "title", title or headline)
        changes.append(page.changed_at)
    return Sitemap(_written(root), _newest(changes))


def news_language(language: str) -> str:
    """A BCP 47 language as Google News has it: ISO 639, but `zh-cn` and `zh-tw`."""
    primary, *others = language.replace("_", "-").lower().split("-")
    if primary != "zh":
        return primary
    return "zh-tw" if _TRADITIONAL & set(others) else "zh-cn"


def _changes(site: SiteFront, fronts: Mapping[str, Front]) -> dict[str, datetime]:
    """When each coverage last changed, by slug, as far as is known without reading: from its front, or from
    its closing, its beginning and its breaking updates."""
    changes: dict[str, datetime] = {}

    def note(slug: str, moment: datetime | None) -> None:
        if moment and (slug not in changes or moment > changes[slug]):
            changes[slug] = moment

    for coverage in site.coverages:
        note(coverage.slug, coverage.begun_at)
        if coverage.status is CoverageStatus.CLOSED:
            note(coverage.slug, coverage.ends_at)
    for _, update in site.breaking:
        note(update.coverage, update.revised_at or update.published_at)
    for slug, front in fronts.items():
        note(slug, front.changed_at)
    return changes


def _part(site: SiteFront, part: int) -> tuple[Coverage, ...]:
    return site.coverages[(part - 1) * PART_COVERAGES : part * PART_COVERAGES]


def _rank(page: NewsPage) -> tuple[datetime, str, int]:
    # Times may be equal, and every process of a fleet must come to the same order.
    return page.published_at, page.coverage.slug, page.update.order if page.update else 0


def _newest(moments: Iterable[datetime | None]) -> datetime | None:
    return max(filter(None, moments), default=None)


def _root(name: str, **namespaces: str) -> etree._Element:
    spaces: dict[Any, str] = {None: _CORE, **namespaces}
    return etree.Element(f"{{{_CORE}}}{name}", nsmap=spaces)


def _entry(root: etree._Element, name: str, address: str, changed_at: datetime | None) -> etree._Element:
    entry = etree.SubElement(root, f"{{{_CORE}}}{name}")
    _text(entry, _CORE, "loc", address)
    if changed_at:
        _text(entry, _CORE, "lastmod", rfc3339(changed_at))
    return entry


def _text(parent: etree._Element, namespace: str, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
