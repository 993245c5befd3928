"""A newsroom's theme: its templates, static files and words over the shipped ones, as the guide says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from livefeed.model import Coverage, Position
from livefeed.pages import CatalogueBroken, Pages, Theme
from livefeed.timeline import Front

GUIDE = Path(__file__).parent.parent / "docs" / "theming.md"
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'


def files_of_the_guide() -> dict[str, str]:
    """The files that the guide tells to write, by their names."""
    text = GUIDE.read_text(encoding="utf-8")
    return dict(re.findall(r"^`theme/([^`]+)`:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def catalogue_of_the_guide() -> str:
    found = re.search(r"^```po\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def catalogue(folder: Path, language: str, text: str) -> Path:
    return write(folder, {f"locale/{language}/LC_MESSAGES/livefeed.po": text})


def pages(folder: Path | None, language: str = "ar") -> Pages:
    return Pages(
        base_url="https://live.example.org",
        site_title="الرصيف",
        site_language=language,
        page_size=20,
        overlay=folder,
    )


def live_page(folder: Path | None, language: str) -> str:
    return pages(folder).live_page(Front(Position("e", 1), Coverage("storm", "طوفان", language=language)))


def test_the_example_of_the_guide_changes_colours_face_and_mark(tmp_path: Path) -> None:
    files = files_of_the_guide()
    assert set(files) == {"static/theme.css", "static/icon.svg"}
    theme = Theme(write(tmp_path, files))
    for name in files:
        assert theme.static_file(name.removeprefix("static/")) == tmp_path / name
    html = pages(tmp_path).live_page(Front(Position("e", 1), Coverage("storm", "العاصفة")))
    assert html.index("/static/livefeed.css?v=") < html.index("/static/theme.css?v=")
    assert "theme.css" not in pages(None).live_page(Front(Position("e", 1), Coverage("storm", "العاصفة")))
    # What the example sets, our sheet goes by.
    ours = theme.static_file("livefeed.css")
    assert ours
    sheet = ours.read_text(encoding="utf-8")
    for token in re.findall(r"(--[\w-]+):", files["static/theme.css"]):
        assert f"var({token})" in sheet, token


def test_every_token_of_the_guide_is_one_and_the_sheet_has_no_other() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    told = set(re.findall(r"`(--[\w-]+)`", text))
    ours = Theme().static_file("livefeed.css")
    assert ours
    tokens = set(re.findall(r"(--[\w-]+):", ours.read_text(encoding="utf-8")))
    assert told == tokens - {"--x", "--y"}  # where a picture is cropped: each picture's own, no theme's


def test_addresses_of_static_files_change_with_any_of_the_themes(tmp_path: Path) -> None:
    plain = Theme().static_version
    write(tmp_path, {"static/theme.css": "a { color: red }"})
    first = Theme(tmp_path).static_version
    write(tmp_path, {"static/theme.css": "a { color: blue }"})
    assert len({plain, first, Theme(tmp_path).static_version}) == 3


def test_no_name_leads_out_of_the_static_folders(tmp_path: Path) -> None:
    write(tmp_path, {"static/mine.css": "", "error.html": "", "static/.hidden": ""})
    theme = Theme(tmp_path)
    assert theme.static_file("mine.css")
    for name in ("../error.html", "/etc/hostname", ".hidden", "", "fonts", "nothing.css"):
        assert theme.static_file(name) is None


def test_a_third_language_is_one_file(tmp_path: Path) -> None:
    catalogue(tmp_path, "fa", catalogue_of_the_guide())
    persian = live_page(tmp_path, "fa-IR")
    assert '<html lang="fa-IR" dir="rtl">' in persian
    assert "{n} خبر تازه" in persian
    assert pages(tmp_path).theme.words.translate("fa")("Breaking") == "فوری"
    # What the file leaves out is said in English, and without the file everything is.
    assert "Pause live updates" in persian
    assert "{n} new updates" in live_page(None, "fa-IR")


def test_the_forms_of_a_third_language_reach_the_browser_by_their_names(tmp_path: Path) -> None:
    catalogue(
        tmp_path,
        "fr",
        HEAD + '"Language: fr\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "%(n)s new update"\nmsgid_plural "%(n)s new updates"\n'
        'msgstr[0] "%(n)s nouvelle"\nmsgstr[1] "%(n)s nouvelles"\n',
    )
    words = pages(tmp_path).theme.words
    forms = words.plural_forms("fr", "%(n)s new update", "%(n)s new updates")
    assert forms == {"one": "{n} nouvelle", "other": "{n} nouvelles"}
    assert json.dumps(forms["other"]).strip('"') in live_page(tmp_path, "fr")
    # By which a browser knows that in French none is one.
    assert words.counted("fr", "%(n)s new update", "%(n)s new updates", 4) == ["0011", *forms.values()]


def test_a_newsroom_says_a_single_message_in_its_own_words(tmp_path: Path) -> None:
    catalogue(tmp_path, "ar", HEAD + '"Language: ar\\n"\n\nmsgid "Breaking"\nmsgstr "خبر عاجل"\n')
    words = pages(tmp_path).theme.words
    assert words.translate("ar")("Breaking") == "خبر عاجل"
    assert words.translate("ar")("Key event") == "حدث رئيسي"
    assert words.translate_plural("ar")("%(n)s new update", "%(n)s new updates", 2) == "تحديثان جديدان"
    assert words.translate("en")("Breaking") == "Breaking"


@pytest.mark.parametrize(
    ("language", "text", "sentence"),
    [
        ("zz", HEAD, "no language's code"),
        ("pt_BR", HEAD, "without a region"),
        ("fr", HEAD + '\nmsgid "Breaking"\nin French: "Urgent"\n', "cannot be read"),
        (
            "fr",
            HEAD + '\n#, python-format\nmsgid "Page %(number)s"\nmsgstr "Page %(nombre)s"\n',
            "cannot be used",
        ),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_refused_with_its_name(
    tmp_path: Path, language: str, text: str, sentence: str
) -> None:
    catalogue(tmp_path, language, text)
    with pytest.raises(CatalogueBroken, match=sentence) as refused:
        pages(tmp_path)
    assert "livefeed.po" in str(refused.value)
