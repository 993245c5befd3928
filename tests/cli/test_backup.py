"""A copy of the store and the pictures, beside a running server, and what becomes of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from conftest import Newsroom
from livefeed_command import Command, events, fetch


def test_a_backup_beside_a_server_is_served_as_it_was_and_tells_readers_to_reload(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.open("kept")
    update = newsroom.post("kept", body="Before the backup.")
    media = newsroom.command.folder / "media"
    media.mkdir(exist_ok=True)
    (media / "picture.webp").write_bytes(b"pixels")
    folder = tmp_path / "backup"
    assert newsroom.command.done("backup", str(folder)) == ""
    newsroom.post("kept", body="After the backup.")
    assert (folder / "media" / "picture.webp").read_bytes() == b"pixels"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "livefeed.db").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["livefeed.db", "media"]
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    with Command(folder).serve() as restored:
        texts = [event["update"]["text"] for event in events(restored.url, "kept") if "update" in event]
        assert texts == ["Before the backup."]
        # Whoever is ahead of it is not given other updates under positions that they know.
        held = update["position"]
        _, answer = fetch(f"{restored.url}/live/kept/changes?after={held}")
        assert json.loads(answer)["reload"] is True


def test_a_backup_is_all_or_nothing_and_overwrites_nothing(command: Command, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for folder, settings, sentence in (
        (there, {}, "is there already"),
        (tmp_path / "new", {}, "there is no livefeed.db"),
        (tmp_path / "new", {"LIVEFEED_STORE": "redis://user:hidden@127.0.0.1:1/0"}, "append-only files"),
        (tmp_path / "none" / "new", {}, "cannot be written"),
    ):
        done = command.call("backup", str(folder), **settings)
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in done.stderr
        assert "hidden" not in done.stderr
    other = tmp_path / "other.db"
    other.write_bytes(b"no database, and longer than the head of one" * 10)
    done = command.call("backup", str(tmp_path / "new"), LIVEFEED_STORE=f"sqlite:///{other}")
    assert done.returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.db", "there"]
    assert list(there.iterdir()) == []
