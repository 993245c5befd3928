"""OPML 2.0 (opml.org/spec2.opml): the feeds of every coverage as one list to import."""

from __future__ import annotations

from collections.abc import Iterable

from lxml.etree import Element, SubElement, tostring

from livefeed.events import coverage_url
from livefeed.feeds.entry import uri
from livefeed.model import Coverage
from livefeed.rubrics import Rubric, named_rubrics
from livefeed.text import clean_line

LISTED = 1000  # sections and tags; whoever imports more has imported a search engine


def opml(coverages: Iterable[Coverage], *, base_url: str, title: str) -> bytes:
    """The feed of everything of each coverage, in their order, then those of the sections and tags that they
    have. It has no date: what does not change is then the same bytes."""
    rubrics: dict[Rubric, str] = {}
    root = Element("opml", version="2.0")
    head = SubElement(root, "head")
    SubElement(head, "title").text = clean_line(title)
    body = SubElement(root, "body")
    for coverage in coverages:
        headline = clean_line(coverage.headline) or coverage.slug
        home = uri(coverage_url(base_url, coverage.slug))
        outline = SubElement(body, "outline", type="rss", text=headline, title=headline)
        # Readers of OPML know no other version that says Atom or JSON; every one of them takes RSS.
        outline.set("version", "RSS2")
        outline.set("xmlUrl", f"{home}/updates.rss")
        outline.set("htmlUrl", home)
        outline.set("language", coverage.language)
        if description := clean_line(coverage.standfirst):
            outline.set("description", description)
        for rubric, name in named_rubrics(coverage).items():
            rubrics.setdefault(rubric, name)
    for rubric, name in sorted(rubrics.items())[:LISTED]:
        outline = SubElement(body, "outline", type="rss", text=name, title=name, version="RSS2")
        outline.set("xmlUrl", uri(f"{base_url}{rubric.path}.rss"))
        outline.set("htmlUrl", uri(f"{base_url}/"))
    return tostring(root, xml_declaration=True, encoding="utf-8")
