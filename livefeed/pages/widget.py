"""Widgets: what other sites show of ours in a frame. A coverage, or what is breaking, in the newest few.

A widget is a page of the same fragments on the same channel as the live page; only how much of the channel it
shows differs, and how it looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from livefeed.events import coverage_url, update_url
from livefeed.model import Coverage, Position, Update
from livefeed.timeline import Front, SiteFront

MOST_UPDATES = 30
USUAL_UPDATES = 10
BREAKING = "breaking"


class Scheme(StrEnum):
    """Which colours a widget has; auto: those of the reader's device."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Look:
    """What the embedding page chose. `accent` is empty for our own colour."""

    limit: int = USUAL_UPDATES
    scheme: Scheme = Scheme.AUTO
    accent: str = ""


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget at one state. `coverage` is None on the widget of the whole site, `channel` the path before
    `/ws`; `url` is the full page."""

    title: str
    language: str
    url: str
    channel: str
    position: Position
    updates: tuple[tuple[Update, Coverage], ...]
    look: Look
    coverage: Coverage | None = None
    only: str = ""


def coverage_widget(front: Front, look: Look, base_url: str, *, breaking_only: bool) -> Widget:
    """The newest updates of a coverage, or its newest breaking ones."""
    coverage = front.coverage
    updates = front.breaking if breaking_only else front.updates
    return Widget(
        title=coverage.headline,
        language=coverage.language,
        url=coverage_url(base_url, coverage.slug),
        channel=f"/live/{coverage.slug}",
        position=front.position,
        updates=tuple((update, coverage) for update in updates[: look.limit]),
        look=look,
        coverage=coverage,
        only=BREAKING if breaking_only else "",
    )


def update_widget(update: Update, front: Front, look: Look, base_url: str) -> Widget:
    """One update of a coverage, which stays what it is on its own page."""
    coverage = front.coverage
    return Widget(
        title=coverage.headline,
        language=coverage.language,
        url=update_url(base_url, update),
        channel=f"/live/{coverage.slug}",
        position=front.position,
        updates=((update, coverage),),
        look=look,
        coverage=coverage,
        only=update.id,
    )


def widget_url(base_url: str, slug: str, update_id: str | None = None) -> str:
    """The address of a coverage's widget, or of that of one update."""
    home = f"{base_url}/embed/{quote(slug)}"
    return f"{home}/updates/{update_id}" if update_id else home


def site_widget(site: SiteFront, look: Look, base_url: str, *, title: str, language: str) -> Widget:
    """The newest breaking updates of all coverages, the one that became so last first."""
    coverages = {coverage.slug: coverage for coverage in site.coverages}
    shown = [update for _, update in site.breaking if update.coverage in coverages]
    return Widget(
        title=title,
        language=language,
        url=f"{base_url}/",
        channel="",
        position=site.position,
        updates=tuple((update, coverages[update.coverage]) for update in shown[: look.limit]),
        look=look,
        only=BREAKING,
    )
