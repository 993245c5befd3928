"""A site copied into a folder, whole or not at all."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from conftest import Newsroom
from livefeed_command import fetch, send
from test_exporting import picture


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_copy_has_pages_permalinks_feeds_pictures_and_styles(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.open("copied")
    shown = picture(newsroom, "yellow")
    update = newsroom.post("copied", headline="Shown", media=[{"id": shown["id"], "alt": "yellow"}])
    folder = tmp_path / "copy"
    newsroom.command.done("export", "--site", str(folder))
    media = f"media/{shown['url'].rpartition('/')[2]}"
    found = names(folder)
    assert {
        "index.html",
        "live/copied/index.html",
        f"live/copied/updates/{update['id']}.html",
        *(
            f"live/copied/{kind}.{form}"
            for kind in ("updates", "breaking")
            for form in ("rss", "atom", "json")
        ),
        *(f"feeds/breaking.{form}" for form in ("rss", "atom", "json")),
        "static/livefeed.css",
        "static/fonts/livefeed-sans-arabic-400.woff2",
        media,
    } <= found
    with urllib.request.urlopen(shown["url"], timeout=60) as response:
        assert (folder / media).read_bytes() == response.read()
    feed = fetch(f"{newsroom.url}/live/copied/updates.atom")[1]
    assert (folder / "live/copied/updates.atom").read_text() == feed
    assert list(tmp_path.iterdir()) == [folder]


def test_another_copy_replaces_the_former_and_what_was_retracted_is_gone(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.open("regretted")
    shown = picture(newsroom, "purple")
    update = newsroom.post("regretted", headline="A named source", media=[{"id": shown["id"]}])
    folder = tmp_path / "copy"
    folder.mkdir()  # an empty one may be there
    newsroom.command.done("export", "--site", str(folder))
    media = f"media/{shown['url'].rpartition('/')[2]}"
    assert media in names(folder)
    path = f"{newsroom.url}/api/v1/coverages/regretted/updates/{update['id']}/retraction"
    send(path, newsroom.token, {})
    newsroom.command.done("export", "--site", str(folder))
    assert media not in names(folder)
    for name in names(folder):
        if name.endswith((".html", ".atom", ".rss", ".json")):
            assert "A named source" not in (folder / name).read_text()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_with_other_files_and_a_former_copy_survive_a_failure(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("years of work")
    assert "holds other files" in newsroom.command.refused("export", "--site", str(own))
    assert names(own) == {"thesis.txt"}
    (tmp_path / "file").write_text("x")
    assert "is not a folder" in newsroom.command.refused("export", "--site", str(tmp_path / "file"))
    assert "cannot be written" in newsroom.command.refused("export", "--site", str(tmp_path / "file" / "x"))

    copy = tmp_path / "copy"
    newsroom.command.done("export", "--site", str(copy))
    before = names(copy)
    nowhere = f"{newsroom.url}/static"
    assert "has no front page" in newsroom.command.refused(
        "export", "--site", str(copy), LIVEFEED_URL=nowhere
    )
    assert names(copy) == before
    assert {path.name for path in tmp_path.iterdir()} == {"own", "file", "copy"}


def test_one_coverage_and_the_whole_site_are_two_commands(newsroom: Newsroom) -> None:
    newsroom.command.refused("export", code=2)
    newsroom.command.refused("export", "storm", "--site", "x", code=2)
    newsroom.command.refused("export", "--site", "x", "--media", "y", code=2)
