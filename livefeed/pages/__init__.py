"""HTML: pages for readers and editors, and the fragments that pages, pushes, embeds and feeds share.

Pure: values in, text out. One fragment renders an update wherever it appears, so every address in it is
absolute. Templates are the top-level `templates/` folder; an overlay folder replaces single files of it.
All text is escaped by the environment; the only exception is an update's body (see `templates/update.html`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path

from babel import Locale
from jinja2 import Environment, StrictUndefined, pass_context
from markupsafe import Markup

from livefeed.audience import Audience
from livefeed.events import Event, coverage_url, public_media, rfc3339, update_url
from livefeed.model import Corrected, Coverage, CoverageStatus, Editor, Role, Status, Update
from livefeed.notes import Note
from livefeed.pages import oembed
from livefeed.pages.addresses import absolute
from livefeed.pages.amendments import amendments_of, shortened_differences
from livefeed.pages.archive import archive_pages, archived_on, archived_pages, first_page_count
from livefeed.pages.card import coverage_card, index_card, update_card
from livefeed.pages.catalogue import CatalogueBroken
from livefeed.pages.clock import local_clock, local_date, place_of
from livefeed.pages.desk import DeskPages, device_of
from livefeed.pages.history import steps_of
from livefeed.pages.isolates import isolated
from livefeed.pages.linked_data import data_block, live_blog, update_posting
from livefeed.pages.sizes import sized
from livefeed.pages.theme import COMPILED, STATIC, THEME_STYLE, Theme, template_folder
from livefeed.pages.widget import Widget, widget_url
from livefeed.providers import player_of, provider_of
from livefeed.rubrics import named_rubrics
from livefeed.standing import Standing
from livefeed.store import Revision
from livefeed.text import direction_of_language, title_of
from livefeed.timeline import Front, SiteFront

__all__ = [
    "STATIC",
    "CatalogueBroken",
    "Pages",
    "Theme",
    "archive_pages",
    "archived_pages",
    "first_page_count",
    "template_folder",
]

FRAGMENTS = (
    1000  # remembered, some 3 kB each: a change of one update leaves the others of its page as they were
)
RUBRICS_LINKED = 6  # in the head of each page, where every feed costs each reader bytes
KEY_EVENTS_SHOWN = 6  # the rest of the list is folded away, so that a phone reaches the updates soon


class Pages:
    """Renders everything for one site.

    base_url      public address without a trailing slash
    page_size     updates on an archive page
    overlay       the newsroom's theme: see `Theme`
    offline       whether browsers keep the last seen pages
    """

    def __init__(
        self,
        *,
        base_url: str,
        site_title: str,
        site_language: str,
        page_size: int,
        overlay: Path | None = None,
        offline: bool = True,
    ) -> None:
        self.base_url = base_url
        self._site_title = site_title
        self._site_language = site_language
        self._page_size = page_size
        self._offline = offline
        self.theme = Theme(overlay)
        self._lite = False
        self._text_only: Pages | None = None
        self._environments: dict[str, Environment] = {}
        self.desk = DeskPages(self._at_desk)
        self._fragments = lru_cache(FRAGMENTS)(self._new_fragment)

    @property
    def desk_languages(self) -> dict[str, str]:
        """The languages that the desk speaks, by code, each in its own words."""
        return {
            code: Locale.parse(code).get_display_name(code) or code for code in self.theme.words.languages
        }

    def text_only(self) -> Pages:
        """The same pages for who pays for each byte: no picture, no face; links stay among such pages."""
        if self._text_only is None:
            lite = copy(self)
            lite._lite = True
            lite._environments = {}
            lite._fragments = lru_cache(FRAGMENTS)(lite._new_fragment)
            self._text_only = lite
        self._text_only.base_url = self.base_url
        return self._text_only

    # Fragments

    def update_fragment(self, update: Update, coverage: Coverage, *, plain: bool = False) -> str:
        """The `<article>` of an update, the same for page, push, embed and feed. `plain` is for feeds, whose
        readers know of pictures in one size only."""
        return self._fragment(update, coverage, plain=plain)

    def header_fragment(self, coverage: Coverage) -> str:
        """The head of a coverage: kicker, headline, standfirst, times, lead picture and summary."""
        return self._render("coverage_header.html", coverage.language, coverage=coverage)

    def frame_html(self, event: Event, coverage: Coverage) -> tuple[str | None, str]:
        """What a frame of view html carries: the update's id and fragment, or None and the header."""
        if event.update is None:
            return None, self.header_fragment(event.coverage or coverage)
        return event.update.id, self.update_fragment(event.update, coverage)

    # Readers' pages

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

    # Editors' pages

    def desk_index(self, site: SiteFront, editor: Editor, *, has_password: bool = True) -> str:
        """The coverages an editor may work on, the newest first; who has no password yet is told."""
        return self._at_desk(
            "desk_index.html",
            editor,
            coverages=[coverage for coverage in reversed(site.coverages) if not coverage.archived_at],
            archived=[coverage for coverage in reversed(site.coverages) if coverage.archived_at],
            has_password=has_password,
        )

    def desk_page(
        self,
        front: Front,
        listed: Sequence[Update],
        notes: Sequence[Note],
        editor: Editor,
        *,
        hold: float,
        breaking_hold: float,
        body_bytes: int,
        nonce: str,
        retracted_before: str | None = None,
        more_retracted: bool = False,
        parts: bool = False,
    ) -> str:
        """The composer beside the live stream, and panels of what is not published yet or was retracted
        (`listed`); `retracted_before` is set for other than the newest retracted ones, and `more_retracted`
        when there are older ones than those.

        `hold` and `breaking_hold` are the seconds in which an update can be taken back, `body_bytes` is the
        longest text; `nonce` allows the style sheets that the rich-text editor writes by itself. `parts` are
        the panels alone, for a desk that is open.
        """
        return self._at_desk(
            "desk_parts.html" if parts else "desk.html",
            editor,
            slug=front.coverage.slug,
            notes=notes,
            panel_entries=_by_status(listed),
            account=editor.account,
            hold=hold,
            breaking_hold=breaking_hold,
            body_bytes=body_bytes,
            nonce=nonce,
            retracted_before=retracted_before,
            more_retracted=more_retracted,
            **self._stream(front),
        )

    def running_part(
        self,
        front: Front,
        audience: Audience,
        editor: Editor,
        *,
        closing: datetime | None,
        standing: Standing | None,
    ) -> str:
        """How a coverage runs now, for the desk's page: who reads and what has reached them, when silence
        closes it (None while nobody is to be warned), and how its deliveries stand."""
        return self._at_desk(
            "desk_running.html",
            editor,
            slug=front.coverage.slug,
            front=front,
            coverage=front.coverage,
            audience=audience,
            closing=closing,
            standing=standing,
        )

    def coverage_form_page(
        self, coverage: Coverage, slug: str, patterns: Sequence[Coverage], editor: Editor
    ) -> str:
        """A form that begins with the fields of `coverage`: for the one at `slug`, or (empty) a new one,
        which may begin like one of `patterns`."""
        lead = coverage.lead_media if slug else None
        return self._at_desk(
            "desk_coverage.html",
            editor,
            coverage=coverage,
            slug=slug,
            patterns=patterns,
            lead=json.dumps(lead and public_media(lead, ""), ensure_ascii=False),
        )

    def history_page(
        self, coverage: Coverage, update: Update, history: Sequence[Revision], editor: Editor
    ) -> str:
        """Who did what to an update, newest first, from its history, oldest first."""
        return self._at_desk(
            "desk_history.html",
            editor,
            slug=coverage.slug,
            coverage=coverage,
            update=update,
            steps=steps_of(history),
        )

    def comparison_part(self, coverage: Coverage, saved: Revision, mine: Update, editor: Editor) -> str:
        """What the words of `mine` would change of an update as it was last `saved`."""
        stands = saved.update
        return self._at_desk(
            "desk_comparison.html",
            editor,
            coverage=coverage,
            saved=saved,
            headline=shortened_differences(stands.headline, mine.headline, stands.direction),
            text=shortened_differences(stands.text, mine.text, stands.direction),
        )

    def preview_page(self, coverage: Coverage, update: Update) -> str:
        """An update that is still being written, as readers would see it."""
        return self._render("desk_preview.html", coverage.language, coverage=coverage, update=update)

    # How it is rendered

    def _stream(self, front: Front, *, oldest_first: bool = False) -> dict[str, object]:
        updates = self._first_page(front)
        return {
            "front": front,
            "coverage": front.coverage,
            "updates": updates[::-1] if oldest_first else updates,
            "oldest_first": oldest_first,
            "pages": archive_pages(front.total, self._page_size),
        }

    def _first_page(self, front: Front) -> tuple[Update, ...]:
        return front.updates[: first_page_count(front.total, self._page_size)]

    def _fragment(
        self, update: Update, coverage: Coverage, *, copy: bool = False, plain: bool = False
    ) -> Markup:
        # Pages put in the very fragment that is pushed, so that the two can never differ, even in language.
        return self._fragments(update, coverage, copy, plain, self.base_url)

    def _new_fragment(
        self, update: Update, coverage: Coverage, copy: bool, plain: bool, _address: str
    ) -> Markup:
        values = {"update": update, "coverage": coverage, "copy": copy, "plain": plain}
        return Markup(  # noqa: S704 - it comes out of the escaping environment
            self._render("update.html", coverage.language, **values)
        )

    def _at_desk(self, template: str, editor: Editor | None, /, *, slug: str = "", **values: object) -> str:
        """A page for `editor` in the language that they chose, else the site's; `slug` is the coverage that
        it is about, in which their role may be another one."""
        language = self._site_language
        if editor is not None:
            language = editor.language or language
            role = editor.role_in(slug) or editor.role
            values |= {"editor": editor, "person_name": editor.name, "role": role}
        return self._render(template, language, slug=slug, **values)

    def _rubric_feeds(self, coverage: Coverage) -> list[tuple[str, str]]:
        """The addresses, but for the ending, and names of the feeds of its section and of its first tags."""
        named = islice(named_rubrics(coverage).items(), RUBRICS_LINKED)
        return [(f"{self.base_url}{rubric.path}", name) for rubric, name in named]

    def _render(self, template: str, language: str, /, **values: object) -> str:
        return (
            self._environment(language)
            .get_template(template)
            .render(language=language, site_url=self.base_url, **values)
        )

    def _environment(self, language: str) -> Environment:
        # One environment a catalogue, not a language: languages come from people's input and are unbounded.
        words = self.theme.words.spoken(language)
        if words not in self._environments:
            self._environments[words] = self._made(words)
        return self._environments[words]

    def _made(self, words: str) -> Environment:
        said = self.theme.words
        environment = Environment(
            loader=self.theme.templates,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=COMPILED,
            extensions=["jinja2.ext.i18n"],
        )
        environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # half the bytes of Arabic
        environment.install_gettext_translations(said.translations(words), newstyle=True)  # type: ignore[attr-defined]
        # Those that know the site's address take the context: jinja2 then leaves what they return out of the
        # compiled template, which other sites of this process share.
        environment.filters.update(
            absolute=pass_context(lambda _, address: absolute(address, self.base_url)),
            clock=local_clock,
            date=local_date,
            grouped=lambda number: f"{number:,}",
            isolated=isolated,
            rfc3339=rfc3339,
            sized=pass_context(lambda _, media, at_most=None: sized(media, self.base_url, at_most)),
        )
        environment.filters["device"] = device_of
        environment.globals.update(
            site_title=self._site_title,
            key_events_shown=KEY_EVENTS_SHOWN,
            Role=Role,
            Status=Status,
            widget_url=lambda coverage: widget_url(self.base_url, coverage.slug),
            coverage_url=lambda coverage: coverage_url(self.base_url, coverage.slug),
            rubric_feeds=self._rubric_feeds,
            lite=self._lite,
            offline=self._offline,
            frame="lite.html" if self._lite else "layout.html",
            lite_address=_lite_address,
            stay=self._stay,
            update_url=lambda update: update_url(self.base_url, update),
            fragment=self._fragment,
            direction_of_language=direction_of_language,
            place_of=lambda coverage: place_of(coverage, said.spoken(coverage.language)),
            player_of=player_of,
            provider_of=provider_of,
            says_live=self._says_live,
            says_read_also=self._says_read_also,
            static=self.theme.static_address,
            theme_style=THEME_STYLE if self.theme.has_style else "",
            title_of=lambda update: title_of(update.headline, update.text),
            forms=lambda singular, plural: json.dumps(
                said.plural_forms(words, singular, plural), ensure_ascii=False
            ),
        )
        return environment

    def _stay(self, address: str) -> str:
        return _lite_address(address) if self._lite else address

    def _says_live(self, coverage: Coverage) -> bool:
        """Whether the section label only repeats the badge beside it, if perhaps in another language."""
        said = self.theme.words.translations(coverage.language)
        return coverage.kicker == said.pgettext("coverage", "Live")

    def _says_read_also(self, label: str, *languages: str) -> bool:
        """Whether a link's label only repeats the words above the links, in one of the languages."""
        return label in {self.theme.words.translate(language)("Read also") for language in languages}


def _lite_address(address: str) -> str:
    """The address of the text-only page of the page at `address`."""
    return f"{address}{'&' if '?' in address else '?'}lite=1"


def _by_status(updates: Iterable[Update]) -> dict[Status, list[Update]]:
    found: dict[Status, list[Update]] = {status: [] for status in Status}
    for update in updates:
        found[update.status].append(update)
    return found


def _newest(front: Front | None) -> Update | None:
    return front.updates[0] if front and front.updates else None


def _activity(coverage: Coverage, newest: Update | None) -> datetime:
    moment = newest.published_at if newest else coverage.starts_at
    return moment or datetime.min.replace(tzinfo=UTC)
