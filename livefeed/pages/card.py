"""Cards: what is shown where somebody shares a link to a page.

Sources: the Open Graph protocol (ogp.me), and the markup of X's cards, which says the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.core import get_global

from livefeed.events import coverage_url, update_url
from livefeed.model import Coverage, Media, Update
from livefeed.text import excerpt, title_of
from livefeed.timeline import Front

DESCRIPTION_CHARS = 200
COVERAGES_NAMED = 3  # in the description of the index
ARABIC = "ar_AR"  # what readers of cards know Arabic of no country by, though AR is Argentina


@dataclass(frozen=True, slots=True)
class Card:
    """`locale` is a language and a territory (`ar_SY`); times are those of an article: the index, what is
    planned and what was retracted have none."""

    url: str
    title: str
    description: str
    locale: str
    picture: Media | None = None
    published_at: datetime | None = None
    changed_at: datetime | None = None
    section: str = ""
    tags: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The Open Graph type: an article was published at some time; all else is a site."""
        return "article" if self.published_at else "website"


def coverage_card(front: Front, base_url: str) -> Card:
    """The card of a live page."""
    coverage = front.coverage
    return Card(
        url=coverage_url(base_url, coverage.slug),
        title=coverage.headline,
        description=coverage.standfirst or coverage.headline,
        locale=locale_of(coverage.language),
        picture=coverage.lead_media,
        published_at=coverage.begun_at,
        changed_at=front.changed_at,
        section=coverage.section,
        tags=coverage.tags,
    )


def update_card(update: Update, coverage: Coverage, base_url: str, said: Callable[[str], str]) -> Card:
    """The card of one update. Of a retracted one it says that it was retracted, and the public note, in the
    words of `said`."""
    if update.retraction:
        return Card(
            url=update_url(base_url, update),
            title=said("This update was retracted"),
            description=update.retraction.note or said("The desk has withdrawn this update."),
            locale=locale_of(coverage.language),
        )
    return Card(
        url=update_url(base_url, update),
        title=title_of(update.headline, update.text) or coverage.headline,
        description=excerpt(update.text, DESCRIPTION_CHARS) or coverage.headline,
        locale=locale_of(update.language),
        picture=update.media[0] if update.media else coverage.lead_media,
        published_at=update.published_at,
        changed_at=update.revised_at or update.published_at,
        section=coverage.section,
        tags=update.tags,
    )


def index_card(
    coverages: Sequence[Coverage],
    base_url: str,
    site_title: str,
    language: str,
    said: Callable[[str], str],
) -> Card:
    """The card of the index, which lists `coverages` in this order."""
    headlines = " · ".join(coverage.headline for coverage in coverages[:COVERAGES_NAMED])
    return Card(
        url=f"{base_url}/",
        title=site_title,
        description=headlines or said("Live coverage"),
        locale=locale_of(language),
        picture=next((coverage.lead_media for coverage in coverages if coverage.lead_media), None),
    )


def locale_of(language: str) -> str:
    """A BCP 47 language with its territory, or with the one where it is spoken most (Unicode CLDR)."""
    primary, *others = language.replace("_", "-").lower().split("-")
    territory = next((part.upper() for part in others if len(part) == 2 and part.isalpha()), "")
    if not territory:
        if primary == "ar":
            return ARABIC
        likely = get_global("likely_subtags")
        script = next((f"{primary}_{part.title()}" for part in others if len(part) == 4), "")
        territory = (likely.get(script) or likely.get(primary, "")).rpartition("_")[2]
    return f"{primary}_{territory}" if territory else primary
