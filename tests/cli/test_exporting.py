"""Coverages as JSON Lines, against a running server."""

from __future__ import annotations

import io
import json
import urllib.request
from pathlib import Path
from typing import Any

from conftest import Newsroom
from livefeed_command import Command, send
from PIL import Image


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def picture(newsroom: Newsroom, colour: str) -> dict[str, Any]:
    """An uploaded picture of one colour."""
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(drawn, "PNG")
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="p.png"\r\n\r\n' + drawn.getvalue()
    request = urllib.request.Request(
        f"{newsroom.url}/api/v1/media",
        data=body + b"\r\n--x--\r\n",
        headers={
            "Authorization": f"Bearer {newsroom.token}",
            "Content-Type": "multipart/form-data; boundary=x",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        uploaded: dict[str, Any] = json.loads(response.read())
        return uploaded


def test_an_export_has_the_coverage_then_every_update_with_its_state_oldest_first(newsroom: Newsroom) -> None:
    newsroom.open("whole")
    first = newsroom.post("whole", headline="First", body="One.")
    gone = newsroom.post("whole", headline="Wrong", body="Never happened.")
    wrong = newsroom.post("whole", headline="Typo")
    draft = newsroom.post("whole", headline="Draft", status="draft")
    later = newsroom.post("whole", headline="Later", status="scheduled", publish_at="2099-01-01T00:00:00Z")
    path = f"{newsroom.url}/api/v1/coverages/whole/updates"
    send(f"{path}/{gone['id']}/retraction", newsroom.token, {"note": "It was not so."})
    send(f"{path}/{wrong['id']}/corrections", newsroom.token, {"note": "A letter.", "headline": "Type"})

    coverage, *updates = lines(newsroom.command.done("export", "whole"))
    assert (coverage["slug"], coverage["status"]) == ("whole", "live")
    assert [(update["id"], update["status"]) for update in updates] == [
        (first["id"], "published"),
        (gone["id"], "retracted"),
        (wrong["id"], "published"),
        (draft["id"], "draft"),
        (later["id"], "scheduled"),
    ]
    assert (updates[0]["body"], updates[0]["format"]) == ("<p>One.</p>", "html")
    assert updates[1]["retraction"]["note"] == "It was not so."
    assert updates[1]["headline"] == ""
    assert [note["note"] for note in updates[2]["corrections"]] == ["A letter."]


def test_an_export_longer_than_the_servers_lists_is_complete(newsroom: Newsroom) -> None:
    newsroom.open("long")
    published = [newsroom.post("long", headline=str(number))["id"] for number in range(203)]
    drafts = [newsroom.post("long", headline=str(number), status="draft")["id"] for number in range(203)]
    _, *updates = lines(newsroom.command.done("export", "long"))
    assert [update["id"] for update in updates] == published + drafts


def test_a_contributor_exports_what_readers_see_and_own_drafts(newsroom: Newsroom) -> None:
    newsroom.open("shared")
    newsroom.post("shared", headline="Public")
    newsroom.post("shared", headline="The chief's", status="draft")
    newsroom.command.done("editor", "add", "Samer", "--role", "contributor")
    token = newsroom.command.done("token", "add", "Samer").strip()
    send(f"{newsroom.url}/api/v1/coverages/shared/updates", token, {"headline": "Own", "status": "draft"})
    _, *updates = lines(newsroom.command.done("export", "shared", LIVEFEED_TOKEN=token))
    assert [update["headline"] for update in updates] == ["Public", "Own"]


def test_pictures_are_kept_once_under_the_names_that_the_lines_have(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.open("pictured")
    red, blue = picture(newsroom, "red"), picture(newsroom, "blue")
    newsroom.post("pictured", headline="Red", media=[{"id": red["id"], "alt": "red"}])
    newsroom.post("pictured", headline="Both", media=[{"id": red["id"]}, {"id": blue["id"]}])
    folder, file = tmp_path / "pictures", tmp_path / "out" / "pictured.jsonl"
    newsroom.command.done("export", "pictured", str(file), "--media", str(folder))
    urls = {media["url"] for line in lines(file.read_text())[1:] for media in line["media"]}
    assert {url.rpartition("/")[2] for url in urls} == {kept.name for kept in folder.iterdir()}
    assert len(urls) == 2
    for url in urls:
        with urllib.request.urlopen(url, timeout=60) as response:
            assert (folder / url.rpartition("/")[2]).read_bytes() == response.read()

    before = {kept.name: kept.stat().st_mtime_ns for kept in folder.iterdir()}
    newsroom.command.done("export", "pictured", str(file), "--media", str(folder))
    assert {kept.name: kept.stat().st_mtime_ns for kept in folder.iterdir()} == before


def test_a_file_is_replaced_whole_or_not_at_all(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.open("replaced")
    newsroom.post("replaced", headline="New")
    file = tmp_path / "replaced.jsonl"
    file.write_text("former")
    newsroom.command.refused("export", "nowhere", str(file))
    newsroom.command.refused("export", "replaced", str(file), LIVEFEED_TOKEN="lf_" + "x" * 43)
    assert file.read_text() == "former"
    newsroom.command.done("export", "replaced", str(file))
    assert len(lines(file.read_text())) == 2
    assert [left.name for left in tmp_path.iterdir()] == ["replaced.jsonl"]


def test_where_nothing_can_be_written_is_said_and_nothing_is_left(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.open("unwritten")
    (tmp_path / "file").write_text("x")
    assert "cannot be written" in newsroom.command.refused(
        "export", "unwritten", str(tmp_path / "file" / "x")
    )
    assert "is not a file" in newsroom.command.refused("export", "unwritten", str(tmp_path))
    assert "is not a file" in newsroom.command.refused("export", "unwritten", "/dev/null")
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_an_export_without_token_server_or_coverage_says_so(newsroom: Newsroom, tmp_path: Path) -> None:
    command = newsroom.command
    assert "LIVEFEED_TOKEN is empty" in command.refused("export", "x", LIVEFEED_TOKEN="")
    assert "There is no coverage 'nowhere'" in command.refused("export", "nowhere")
    assert "token add" in command.refused("export", "x", LIVEFEED_TOKEN="lf_" + "x" * 43)
    assert "LIVEFEED_URL" in Command(tmp_path).refused("export", "x", LIVEFEED_TOKEN="t", LIVEFEED_URL="x:y")
