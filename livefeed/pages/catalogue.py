"""The words of pages and feeds, from the gettext catalogues in `livefeed/locale`.

The .po files are read as they are: no compiled form has to be built, shipped or kept in step.
A language without a catalogue gets the English words, never a half-translated page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LOCALE_FOLDER = Path(__file__).parent.parent / "locale"
FALLBACK = "en"
PLURAL_SEARCH = range(201)  # every CLDR plural category of every language has a member below 201


def translate(language: str) -> Callable[[str], str]:
    """The gettext function of a BCP 47 language."""
    return translations(language).gettext


def translate_plural(language: str) -> Callable[[str, str, int], str]:
    """The ngettext function of a BCP 47 language."""
    return translations(language).ngettext


@cache
def translations(language: str) -> Translations:
    """The catalogue that speaks `language`: its own, or the English one."""
    path = LOCALE_FOLDER / spoken(language) / "LC_MESSAGES" / "livefeed.po"
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


def plural_forms(language: str, singular: str, plural: str) -> dict[str, str]:
    """Every form of a counted message by its CLDR category, for `Intl.PluralRules` in the browser.

    The number stands as `{n}`, because it is put in by the script.
    """
    counted = translate_plural(language)
    rule = Locale.parse(spoken(language)).plural_form
    forms: dict[str, str] = {}
    for number in PLURAL_SEARCH:
        forms.setdefault(rule(number), counted(singular, plural, number).replace("%(n)s", "{n}"))
    return forms


def spoken(language: str) -> str:
    """The catalogue's language for a BCP 47 language: `ar` for `ar-SY`, English where there is none."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return primary if primary.isalpha() and (LOCALE_FOLDER / primary).is_dir() else FALLBACK
