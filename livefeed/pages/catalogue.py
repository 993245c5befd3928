"""The words of pages and feeds, from gettext catalogues: those in `livefeed/locale` and a newsroom's own.

The .po files are read as they are: no compiled form has to be built, shipped or kept in step. A newsroom's
catalogue adds a language, or says single messages of ours in other words; what it leaves out is said in our
words of that language, then in English. A language without a catalogue gets the English words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

LOCALE_FOLDER = Path(__file__).parent.parent / "locale"
FALLBACK = "en"
CATALOGUE = Path("LC_MESSAGES") / "livefeed.po"
PLURAL_SEARCH = range(201)  # every CLDR plural category of every language has a member below 201


class CatalogueBroken(Exception):
    """A newsroom's catalogue cannot be used; the sentence names the file and what is wrong."""


class Catalogues:
    """The catalogues of one site.

    folder   a newsroom's own, as `livefeed/locale` is: `fa/LC_MESSAGES/livefeed.po`. Raises
             `CatalogueBroken` when one of them cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._translations: dict[str, Translations] = {}
        for base in [LOCALE_FOLDER] + ([folder] if folder else []):
            for language, path in catalogues_in(base):
                self._add(language, path)
        for language, translations in self._translations.items():
            if language != FALLBACK:
                translations.add_fallback(self._translations[FALLBACK])

    @property
    def languages(self) -> list[str]:
        """The languages that have a catalogue."""
        return sorted(self._translations)

    def spoken(self, language: str) -> str:
        """The catalogue's language for a BCP 47 language: `ar` for `ar-SY`, English where there is none."""
        primary = language.replace("_", "-").partition("-")[0].lower()
        return primary if primary in self._translations else FALLBACK

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
        """Every form of a counted message by its CLDR category, for `Intl.PluralRules` in the browser.

        The number stands as `{n}`, because it is put in by the script.
        """
        counted = self.translate_plural(language)
        rule = Locale.parse(self.spoken(language)).plural_form
        forms: dict[str, str] = {}
        for number in PLURAL_SEARCH:
            forms.setdefault(rule(number), counted(singular, plural, number).replace("%(n)s", "{n}"))
        return forms

    def _add(self, language: str, path: Path) -> None:
        translations = _read(language, path)
        former = self._translations.get(language)
        if former is not None:
            translations.add_fallback(former)
        self._translations[language] = translations


def catalogues_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """The languages of a folder of catalogues, with their files."""
    for path in sorted(folder.glob(f"*/{CATALOGUE}")):
        yield path.parent.parent.name, path


def _read(language: str, path: Path) -> Translations:
    try:
        Locale.parse(language)
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (UnknownLocaleError, ValueError):
        raise CatalogueBroken(f"{path} is for {language!r}, which is no language's code.") from None
    except (PoFileError, UnicodeDecodeError, OSError) as broken:
        raise CatalogueBroken(f"{path} cannot be read: {broken}.") from None
    if not language.isalpha():
        raise CatalogueBroken(f"{path} is for {language!r}; a catalogue is for a language, without a region.")
    if wrong := [str(error) for message in catalogue for error in message.check(catalogue)]:
        raise CatalogueBroken(f"{path} cannot be used: {wrong[0]}.")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
