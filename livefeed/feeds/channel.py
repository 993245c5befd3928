"""Feeds as values: a `Feed` of entries, made from a coverage's or the site's front.

The writers of the forms only arrange what is decided here and in `entry`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Literal

from livefeed.events import coverage_url
from livefeed.feeds.entry import Entry, entries_of, led, uri, without_corrections
from livefeed.feeds.publisher import Publisher
from livefeed.model import Coverage, CoverageStatus, Update
from livefeed.rubrics import Rubric, named_rubrics
from livefeed.text import clean_line, direction_of_language

Format = Literal["rss", "atom", "json"]

MEDIA_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}

NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a document to another; `type` is the media type there, if one is to be said."""

    rel: str
    href: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed, or one of its archive documents (RFC 5005 §4), at one state of the log.

    home       the HTML page it belongs to
    stem       its own address without the ending that names the form
    entries    newest first
    updated    when what it holds last changed; never in the future, for nothing scheduled is in it
    expired    True when no entry will follow: the coverage is closed
    older      the stem of the archive document with what came before
    newer      the stem of the archive document with what came after
    current    of an archive document: the stem of the feed that it belongs to
    """

    title: str
    description: str
    language: str
    author: str
    home: str
    stem: str
    entries: tuple[Entry, ...]
    updated: datetime
    expired: bool = False
    hubs: tuple[str, ...] = ()
    older: str = ""
    newer: str = ""
    current: str = ""

    def address(self, format: Format) -> str:
        """The feed's own public address in a form."""
        return f"{self.stem}.{format}"

    @property
    def id(self) -> str:
        """The same in every form and archive document, and different from every other feed anywhere."""
        return f"{self.current or self.stem}.atom"

    def links(self, format: Format) -> tuple[Link, ...]:
        """Everything that the document in a form links to, itself first."""
        type_ = MEDIA_TYPES[format]
        documents = {"prev-archive": self.older, "next-archive": self.newer, "current": self.current}
        return (
            Link("self", self.address(format), type_),
            Link("alternate", self.home, "text/html"),
            *(Link("hub", hub) for hub in self.hubs),
            *(Link(rel, f"{stem}.{format}", type_) for rel, stem in documents.items() if stem),
        )


def coverage_feed(
    coverage: Coverage,
    updates: Iterable[Update],
    publisher: Publisher,
    *,
    breaking_only: bool,
    archives: int = 0,
) -> Feed:
    """The feed of a coverage with `updates`, newest first: everything, or its breaking ones. `archives` is
    how many archive documents there are."""
    headline = _headline(coverage)
    entries = entries_of(updates, {coverage.slug: coverage}, publisher)
    closed = coverage.status is CoverageStatus.CLOSED
    changes = [entry.updated for entry in entries] or [_beginning([coverage])]
    if closed and coverage.ends_at:
        changes.append(coverage.ends_at)  # the end is content too: JSON Feed says it
    home = uri(coverage_url(publisher.base_url, coverage.slug))
    breaking = clean_line(publisher.words(coverage.language).breaking)
    return Feed(
        title=led(f"{headline} — {breaking}" if breaking_only else headline, coverage.direction),
        description=clean_line(coverage.standfirst) or headline,
        language=coverage.language,
        author=clean_line(publisher.title) or headline,
        home=home,
        stem=f"{home}/breaking" if breaking_only else f"{home}/updates",
        entries=entries,
        updated=max(changes),
        expired=closed,
        hubs=publisher.hubs,
        older=_archive_stem(home, archives) if archives else "",
    )


def archive_feed(
    coverage: Coverage, updates: Iterable[Update], number: int, publisher: Publisher, *, archives: int
) -> Feed:
    """The `number`-th archive document of a coverage's feed of everything, from the oldest (1).

    It holds the entries of its updates and nothing else, for ever: what a correction said stands in the
    corrected entry.
    """
    subscription = coverage_feed(coverage, updates, publisher, breaking_only=False)
    home = subscription.home
    entries = without_corrections(subscription.entries)
    return replace(
        subscription,
        stem=_archive_stem(home, number),
        entries=entries,
        updated=max((entry.updated for entry in entries), default=_beginning([coverage])),
        expired=False,
        hubs=(),
        older=_archive_stem(home, number - 1) if number > 1 else "",
        newer=_archive_stem(home, number + 1) if number < archives else "",
        current=subscription.stem,
    )


def site_feed(coverages: Iterable[Coverage], updates: Iterable[Update], publisher: Publisher) -> Feed:
    """The feed of the site's breaking `updates`, newest first."""
    subject = clean_line(publisher.words(publisher.language).breaking)
    return _feed_across(coverages, updates, subject, "/feeds/breaking", publisher)


def rubric_feed(
    rubric: Rubric, coverages: Iterable[Coverage], updates: Iterable[Update], publisher: Publisher
) -> Feed:
    """The feed of what is filed under a section or tag, newest first, in the language that all its
    `coverages` have, or the site's."""
    coverages, updates = tuple(coverages), tuple(updates)
    languages = {coverage.language for coverage in coverages}
    if len(languages) == 1:
        publisher = replace(publisher, language=languages.pop())
    named = chain(map(named_rubrics, coverages), map(named_rubrics, updates))
    subject = next((names[rubric] for names in named if rubric in names), rubric.name)
    return _feed_across(coverages, updates, subject, rubric.path, publisher)


def _feed_across(
    coverages: Iterable[Coverage], updates: Iterable[Update], subject: str, path: str, publisher: Publisher
) -> Feed:
    """A feed of several coverages' updates, named after the site and its subject."""
    coverages = tuple(coverages)
    by_slug = {coverage.slug: coverage for coverage in coverages}
    entries = entries_of(updates, by_slug, publisher)
    name = clean_line(publisher.title) or subject
    title = led(f"{name} — {subject}", direction_of_language(publisher.language))
    return Feed(
        title=title,
        description=title,
        language=publisher.language,
        author=name,
        home=uri(f"{publisher.base_url}/"),
        stem=uri(f"{publisher.base_url}{path}"),
        entries=entries,
        updated=max((entry.updated for entry in entries), default=_beginning(coverages)),
        hubs=publisher.hubs,
    )


def _archive_stem(home: str, number: int) -> str:
    return f"{home}/archive/{number}"


def _headline(coverage: Coverage) -> str:
    return clean_line(coverage.headline) or coverage.slug


def _beginning(coverages: Iterable[Coverage]) -> datetime:
    """When the first of them began. One that is only planned is left out: a `Last-Modified` of tomorrow would
    make caches answer "unchanged" until then."""
    begun = (each.starts_at for each in coverages if each.status is not CoverageStatus.SCHEDULED)
    return min(filter(None, begun), default=NEVER)
