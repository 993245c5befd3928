"""The words of pages and feeds, from gettext catalogues: those in `livefeed/locale` and a newsroom's own.

The .po files are read as they are: no compiled form has to be built, shipped or kept in step. Ours are read
for the first page; a newsroom's at the start, which a broken one refuses. A newsroom's catalogue adds a
language, or says single messages of ours in other words; what it leaves out is said in our words of that
language, then in English. A language without a catalogue gets the English words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

LOCALE_FOLDER = Path(__file__).parent.parent / "locale"
FALLBACK = "en"
CATALOGUE = Path("LC_MESSAGES") / "livefeed.po"
# Every plural category of every language of CLDR has a member here, and a greater number has the form of its
# last two digits after 100, up to a million: but in Cornish, which counts whole thousands otherwise.
PLURAL_SEARCH = range(200)


class CatalogueBroken(Exception):
    """A newsroom's catalogue cannot be used; the sentence names the file and what is wrong."""


class Catalogues:
    """The catalogues of one site.

    folder   a newsroom's own, as `livefeed/locale` is: `fa/LC_MESSAGES/livefeed.po`. Raises
             `CatalogueBroken` when one of them cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        own = catalogues_in(folder) if folder else ()
        self._own = {language: _compiled(_checked(language, path)) for language, path in own}
        self._languages = self._own.keys() | dict(catalogues_in(LOCALE_FOLDER)).keys()

    @property
    def languages(self) -> list[str]:
        """The languages that have a catalogue."""
        return sorted(self._languages)

    def spoken(self, language: str) -> str:
        """The catalogue's language for a BCP 47 language: `ar` for `ar-SY`, English where there is none."""
        primary = language.replace("_", "-").partition("-")[0].lower()
        return primary if primary in self._languages else FALLBACK

    def translations(self, language: str) -> Translations:
        """The catalogue that speaks `language`: its own, or the English one."""
        return self._translations[self.spoken(language)]

    def translate(self, language: str) -> Callable[[str], str]:
        """The gettext function of a BCP 47 language."""
        return self.translations(language).gettext

    def translate_plural(self, language: str) -> Callable[[str, str, int], str]:
        """The ngettext function of a BCP 47 language."""
        return self.translations(language).ngettext

    def plural_forms(self, language: str, singular: str, plural: str) -> dict[str, str]:
        """Every form of a counted message by its CLDR category.

        The number stands as `{n}`, because it is put in by the script.
        """
        counted = self.translate_plural(language)
        forms: dict[str, str] = {}
        for number, category in enumerate(self._categories(language)):
            forms.setdefault(category, counted(singular, plural, number).replace("%(n)s", "{n}"))
        return forms

    def counted(
        self, language: str, singular: str, plural: str, numbers: int = PLURAL_SEARCH.stop
    ) -> list[str]:
        """A counted message for `static/counted.js`, to which the browser's own plural rules are too dear.

        First, a digit for each of the `numbers` from 0 on, which of the forms it has; then the forms.
        """
        forms = self.plural_forms(language, singular, plural)
        place = {category: str(number) for number, category in enumerate(forms)}
        return [
            "".join(place[category] for category in self._categories(language)[:numbers]),
            *forms.values(),
        ]

    def ages(self, *languages: str) -> dict[str, list[list[str]]]:
        """By language how scripts say that something was not a day ago: in minutes, and in hours."""
        return {language: [self._minutes(language), self._hours(language)] for language in languages}

    def _minutes(self, language: str) -> list[str]:
        which, *forms = self.counted(language, "%(n)s minute ago", "%(n)s minutes ago", 60)
        now = str(self.translations(language).pgettext("how long ago", "now"))
        return [f"{len(forms)}{which[1:]}", *forms, now]

    def _hours(self, language: str) -> list[str]:
        return self.counted(language, "%(n)s hour ago", "%(n)s hours ago", 24)

    def _categories(self, language: str) -> list[str]:
        return [Locale.parse(self.spoken(language)).plural_form(number) for number in PLURAL_SEARCH]

    @cached_property
    def _translations(self) -> Mapping[str, Translations]:
        shipped = _shipped()
        english = self._own.get(FALLBACK, shipped[FALLBACK])
        for language, translations in self._own.items():
            translations.add_fallback(shipped.get(language, english))
        return {**shipped, **self._own}


def catalogues_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """The languages of a folder of catalogues, with their files."""
    for path in sorted(folder.glob(f"*/{CATALOGUE}")):
        yield path.parent.parent.name, path


@cache
def _shipped() -> Mapping[str, Translations]:
    """Ours, once for all sites of a process. Whether they are whole is for the tests, not for each start."""
    shipped = {language: _compiled(_read(path)) for language, path in catalogues_in(LOCALE_FOLDER)}
    for language in shipped.keys() - {FALLBACK}:
        shipped[language].add_fallback(shipped[FALLBACK])
    return shipped


def _checked(language: str, path: Path) -> Catalog:
    try:
        Locale.parse(language)
        catalogue = _read(path)
    except (UnknownLocaleError, ValueError):
        raise CatalogueBroken(f"{path} is for {language!r}, which is no language's code.") from None
    except (PoFileError, UnicodeDecodeError, OSError) as broken:
        raise CatalogueBroken(f"{path} cannot be read: {broken}.") from None
    if not language.isalpha():
        raise CatalogueBroken(f"{path} is for {language!r}; a catalogue is for a language, without a region.")
    if wrong := [str(error) for message in catalogue for error in message.check(catalogue)]:
        raise CatalogueBroken(f"{path} cannot be used: {wrong[0]}.")
    return catalogue


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _compiled(catalogue: Catalog) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
