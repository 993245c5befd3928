"""How everything is rendered: the environment of templates, and the fragments that pages share."""

from __future__ import annotations

import json
from copy import copy
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Self

from babel import Locale
from jinja2 import Environment, StrictUndefined, pass_context
from markupsafe import Markup

from livefeed.events import Event, coverage_url, rfc3339, update_url
from livefeed.model import Coverage, Status, Update
from livefeed.pages.addresses import absolute
from livefeed.pages.archive import archive_pages, first_page_count
from livefeed.pages.clock import local_clock, local_date, place_of, zones
from livefeed.pages.desk import DeskPages, device_of
from livefeed.pages.isolates import isolated
from livefeed.pages.sizes import sized
from livefeed.pages.theme import COMPILED, THEME_STYLE, Theme
from livefeed.pages.widget import widget_url
from livefeed.providers import player_of, provider_of
from livefeed.roles import Editor, Role
from livefeed.rubrics import named_rubrics
from livefeed.text import direction_of_language, title_of
from livefeed.timeline import Front

FRAGMENTS = (
    1000  # remembered, some 3 kB each: a change of one update leaves the others of its page as they were
)
RUBRICS_LINKED = 6  # in the head of each page, where every feed costs each reader bytes
KEY_EVENTS_SHOWN = 6  # the rest of the list is folded away, so that a phone reaches the updates soon


class Rendering:
    """What all pages of one site are rendered with.

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
        self._text_only: Self | None = None
        self._environments: dict[str, Environment] = {}
        self.desk = DeskPages(self._at_desk, lambda: self.desk_languages)
        self._fragments = lru_cache(FRAGMENTS)(self._new_fragment)

    @property
    def desk_languages(self) -> dict[str, str]:
        """The languages that the desk speaks, by code, each in its own words."""
        return {
            code: Locale.parse(code).get_display_name(code) or code for code in self.theme.words.languages
        }

    def text_only(self) -> Self:
        """The same pages for who pays for each byte: no picture, no face; links stay among such pages."""
        if self._text_only is None:
            lite = copy(self)
            lite._lite = True
            lite._environments = {}
            lite._fragments = lru_cache(FRAGMENTS)(lite._new_fragment)
            self._text_only = lite
        self._text_only.base_url = self.base_url
        return self._text_only

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

    def _at_desk(
        self, template: str, editor: Editor | None, spoken: str = "", /, *, slug: str = "", **values: object
    ) -> str:
        """A page for `editor` in the language that they chose, else in `spoken`, else in the site's; `slug`
        is the coverage that it is about, in which their role may be another one."""
        language = spoken or self._site_language
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
        environment.install_gettext_translations(said.translations(words), newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
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
            zones=lambda: zones(words),
            forms=cache(lambda singular, plural: _written(said.counted(words, singular, plural))),
            # A coverage's page speaks one language; that of what is breaking has articles in any.
            ages=cache(lambda of_all=False: _written(said.ages(*(said.languages if of_all else [words])))),
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


def _written(message: object) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
