"""Pages for readers, and what other sites embed of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from livefeed.model import Corrected, Coverage, CoverageStatus, Update
from livefeed.pages import oembed
from livefeed.pages.amendments import amendments_of
from livefeed.pages.archive import archive_pages, archived_on, archived_pages
from livefeed.pages.card import coverage_card, index_card, update_card
from livefeed.pages.linked_data import data_block, live_blog, update_posting
from livefeed.pages.rendering import Rendering
from livefeed.pages.widget import Widget, widget_url
from livefeed.timeline import Front, SiteFront


class ReaderPages(Rendering):
    """Renders them: whole, or text only."""

    def live_page(self, front: Front, *, stale: bool = False, oldest_first: bool = False) -> str:
        """The first page of a coverage, complete without scripts; they connect with the front's position.
        Turned round it shows the same updates, for which updates a page has depends on nothing else."""
        blog = live_blog(front, self._first_page(front), base_url=self.base_url, site_title=self._site_title)
        return self._render(
            "lite_live.html" if self._lite else "live.html",
            front.coverage.language,
            address=f"/live/{front.coverage.slug}",
            stale=stale,
            card=coverage_card(front, self.base_url),
            linked_data=data_block(blog),
            page_size=self._page_size,
            # The text-only page has one order, which keeps its script small.
            **self._stream(front, oldest_first=oldest_first and not self._lite),
        )

    def archive_page(
        self,
        coverage: Coverage,
        updates_oldest_first: Sequence[Update],
        number: int,
        total: int,
        *,
        oldest_first: bool = False,
    ) -> str:
        """Archive page `number`, counted from the oldest; newest first like every page if not turned."""
        return self._render(
            "archive.html",
            coverage.language,
            address=f"/live/{coverage.slug}?page={number}",
            coverage=coverage,
            updates=list(updates_oldest_first if oldest_first else reversed(updates_oldest_first)),
            oldest_first=oldest_first,
            number=number,
            pages=archive_pages(total, self._page_size),
        )

    def permalink_page(self, coverage: Coverage, update: Update) -> str:
        """One update on its own page."""
        posting = update_posting(update, coverage, base_url=self.base_url, site_title=self._site_title)
        return self._render(
            "permalink.html",
            coverage.language,
            address=f"/live/{coverage.slug}/updates/{update.id}",
            coverage=coverage,
            update=update,
            card=update_card(update, coverage, self.base_url, self.theme.words.translate(coverage.language)),
            linked_data=posting and data_block(posting),
        )

    def update_corrections_page(self, coverage: Coverage, update: Update, history: Iterable[Update]) -> str:
        """What each correction of an update changed; `history` has its states, oldest first."""
        return self._render(
            "update_corrections.html",
            coverage.language,
            address=f"/live/{coverage.slug}/updates/{update.id}/corrections",
            coverage=coverage,
            update=update,
            amendments=amendments_of(update, history),
        )

    def corrections_page(
        self, coverage: Coverage, corrected: Sequence[Corrected], cursor: str, older: str
    ) -> str:
        """Corrections of a coverage, newest first: those before `cursor` (empty: the newest); `older` is the
        cursor of the next ones, empty where there are none."""
        return self._render(
            "corrections.html",
            coverage.language,
            address=f"/live/{coverage.slug}/corrections{f'?before={cursor}' if cursor else ''}",
            coverage=coverage,
            corrected=corrected,
            cursor=cursor,
            older=older,
        )

    def index_page(self, site: SiteFront, latest: Mapping[str, Front | None]) -> str:
        """All coverages: live ones first, in each group the newest activity first.

        `latest` gives the front of a coverage by slug; None or nothing where none is at hand.
        """
        shown = [coverage for coverage in reversed(site.coverages) if not coverage.archived_at]
        entries = [(coverage, _newest(latest.get(coverage.slug))) for coverage in shown]
        entries.sort(key=lambda entry: _activity(*entry), reverse=True)
        groups = [
            (status, [entry for entry in entries if entry[0].status is status])
            for status in (CoverageStatus.LIVE, CoverageStatus.SCHEDULED, CoverageStatus.CLOSED)
        ]
        listed = [coverage for _, entries in groups for coverage, _ in entries]
        card = index_card(
            listed,
            self.base_url,
            self._site_title,
            self._site_language,
            self.theme.words.translate(self._site_language),
        )
        return self._render(
            "index.html",
            self._site_language,
            address="/",
            groups=groups,
            card=card,
            archived=len(shown) < len(site.coverages),
        )

    def archived_page(self, site: SiteFront, number: int) -> str:
        """Archived coverages, the last ended first."""
        return self._render(
            "archived.html",
            self._site_language,
            address=f"/?archived={number}",
            coverages=archived_on(site, number),
            number=number,
            pages=archived_pages(site),
        )

    def widget_page(self, widget: Widget) -> str:
        """A coverage, or what is breaking, for a frame in another site's page."""
        return self._render("widget.html", widget.language, widget=widget)

    def oembed(self, front: Front, update: Update | None, room: oembed.Room) -> oembed.Answer:
        """How to show a coverage's page, or that of one update, inside another."""
        coverage = front.coverage
        said = self.theme.words.translate(coverage.language)
        card = (
            update_card(update, coverage, self.base_url, said)
            if update
            else coverage_card(front, self.base_url)
        )
        frame = widget_url(self.base_url, coverage.slug, update.id if update else None)
        return oembed.answer(card, frame, room, base_url=self.base_url, site_title=self._site_title)

    def error_page(self, status: int, language: str, sentence: str) -> str:
        """What a reader sees instead of a page: `sentence` says what is wrong and what to do."""
        return self._render("error.html", language, status=status, sentence=sentence)

    def api_page(self, document: Mapping[str, object]) -> str:
        """The API's OpenAPI document for people; in English, as the document is."""
        return self._render("api.html", "en", document=document)


def _newest(front: Front | None) -> Update | None:
    return front.updates[0] if front and front.updates else None


def _activity(coverage: Coverage, newest: Update | None) -> datetime:
    moment = newest.published_at if newest else coverage.starts_at
    return moment or datetime.min.replace(tzinfo=UTC)
