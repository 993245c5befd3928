"""Files become updates, once, against a running server."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from conftest import Newsroom
from livefeed_command import Command, events, fetch, send
from redis_server import free_port
from test_exporting import lines, picture
from test_feedfile import ATOM, RSS, bomb


@pytest.fixture(scope="module")
def untouched(newsroom: Newsroom) -> str:
    """A coverage that nothing is imported into."""
    newsroom.open("untouched")
    return "untouched"


def exported(newsroom: Newsroom, slug: str) -> list[dict[str, Any]]:
    """The updates of a coverage as the command has them."""
    return lines(newsroom.command.done("export", slug))[1:]


def shown(update: dict[str, Any]) -> dict[str, Any]:
    """What of an update moves from one coverage to another."""
    own = {"id", "coverage", "position", "published_at", "revised_at", "url", "revision", "status", "pinned"}
    return {name: value for name, value in update.items() if name not in own}


def test_an_exported_coverage_is_imported_as_it_was_and_again_changes_nothing(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.open("source")
    newsroom.open("target")
    red = picture(newsroom, "red")
    newsroom.post("source", headline="الأول", body="نص **مهم**", language="ar", byline=["رنا"], breaking=True)
    newsroom.post(
        "source",
        body="A [link](https://example.org/).",
        media=[{"id": red["id"], "alt": "red", "caption": "Red", "credit": "N. A."}],
        related=[{"title": "Before", "url": "https://example.org/", "label": "map"}],
        tags=["port"],
        verification="unconfirmed",
        key_event=True,
        displayed_at="2024-01-02T03:04:05Z",
    )
    newsroom.post("source", headline="Not yet", status="draft")
    file = tmp_path / "source.jsonl"
    newsroom.command.done("export", "source", str(file))

    done = newsroom.command.done("import", "target", str(file), "--publish")
    assert done == "3 new (2 published, 1 drafts), 0 known, 0 refused.\n"
    before, after = exported(newsroom, "source"), exported(newsroom, "target")
    assert [shown(update) for update in after[:2]] == [shown(update) for update in before[:2]]
    assert [update["status"] for update in after] == ["published", "published", "draft"]
    assert {update["id"] for update in after}.isdisjoint(update["id"] for update in before), "they are taken"

    told = len(events(newsroom.url, "target"))
    done = newsroom.command.done("import", "target", str(file), "--publish")
    assert done == "0 new (0 published, 0 drafts), 3 known, 0 refused.\n"
    assert exported(newsroom, "target") == after
    assert len(events(newsroom.url, "target")) == told


def test_pictures_move_to_another_server_with_their_folder(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.open("pictures")
    red = picture(newsroom, "green")
    newsroom.post("pictures", headline="Red", media=[{"id": red["id"], "alt": "red"}])
    file, folder = tmp_path / "pictures.jsonl", tmp_path / "pictures"
    newsroom.command.done("export", "pictures", str(file), "--media", str(folder))
    there = tmp_path / "there"
    there.mkdir()
    other = Command(there)
    with other.serve() as server:
        second = Newsroom(other, server)
        second.open("moved")
        refused = other.call("import", "moved", str(file), "--publish")
        assert refused.returncode == 1
        assert "0 new" in refused.stdout
        assert f"There is no picture '{red['id']}'" in refused.stderr
        assert "--media" in refused.stderr

        for _ in range(2):
            other.done("import", "moved", str(file), "--publish", "--media", str(folder))
        (update,) = exported(second, "moved")
        (original,) = exported(newsroom, "pictures")
        assert update["id"] == original["id"], "feed readers of both know it for the same"
        assert update["media"][0]["alt"] == "red"
        assert update["media"][0]["url"].startswith(server.url)
        assert fetch(f"{server.url}/live/moved")[1].count(update["media"][0]["url"]) > 0

        (folder / f"{red['url'].rpartition('/')[2]}").unlink()
        second.open("lost")
        said = other.call("import", "lost", str(file), "--media", str(folder))
        assert (said.returncode, exported(second, "lost")) == (1, [])
        assert "cannot be read: No such file" in said.stderr


def test_a_feed_of_another_livefeed_server_brings_its_ids_and_no_correction_twice(command: Command) -> None:
    id = "0123456789abcdef"
    item = {"id": f"tag:livefeed.invalid,2026:updates/{id}", "title": "One", "content_html": "<p>one</p>"}
    correction = {"id": f"{item['id']}/corrections/1", "title": "Correction: two", "content_text": "two"}
    stub = {"id": f"{item['id'][:-1]}0", "title": "Withdrawn", "tags": ["retraction"], "content_text": "x"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [stub, correction, item]}
    with command.serve() as server:
        newsroom = Newsroom(command, server)
        newsroom.open("moved")
        for said in ("1 new (1 published", "0 new (0 published, 0 drafts), 1 known"):
            ended = command.call("import", "moved", "-", "--publish", stdin=json.dumps(feed).encode())
            assert (ended.returncode, ended.stdout.startswith(said)) == (0, True), ended.stdout
            assert "1 correction notes are not imported" in ended.stderr
            assert "1 retracted at their source" in ended.stderr
        items = json.loads(fetch(f"{server.url}/live/moved/updates.json")[1])["items"]
        assert [each["id"] for each in items] == [item["id"]]
        newsroom.open("again")
        assert command.done("import", "again", "-", stdin=json.dumps(feed).encode()).startswith("1 new")
        (taken,) = exported(newsroom, "again")
        assert (taken["headline"], taken["id"] != id) == ("One", True)


def test_a_feeds_items_are_drafts_oldest_first_with_their_original_times(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.open("agency")
    file = tmp_path / "agency.rss"
    file.write_bytes(RSS.format(encoding="windows-1256").encode("windows-1256"))
    ended = newsroom.command.call("import", "agency", str(file))
    assert ended.stdout == "2 new (0 published, 2 drafts), 0 known, 0 refused.\n"
    assert "1 pictures and other files are not fetched" in ended.stderr
    first, second = exported(newsroom, "agency")
    assert (first["status"], first["text"], first["displayed_at"]) == (
        "draft",
        "Plain words.",
        "2024-01-01T10:00:00Z",
    )
    assert (second["headline"], second["language"], second["direction"]) == (
        "الثاني & الأخير",
        "ar-SY",
        "rtl",
    )
    assert second["body"] == "<p>نص <b>كامل</b></p>"


def test_a_livefeed_servers_own_feeds_come_back_as_they_were(newsroom: Newsroom) -> None:
    newsroom.open("fed")
    newsroom.post("fed", headline="One", body="Once **upon**.", byline=["Nell"], tags=["port"])
    newsroom.post("fed", headline="Two", body="Twice.", key_event=True)
    for form in ("rss", "atom", "json"):
        newsroom.open(f"from-{form}")
        feed = fetch(f"{newsroom.url}/live/fed/updates.{form}")[1].encode()
        done = newsroom.command.done("import", f"from-{form}", "-", "--publish", stdin=feed)
        assert done.startswith("2 new (2 published")
        one, two = exported(newsroom, f"from-{form}")
        original = exported(newsroom, "fed")
        assert [one["headline"], two["headline"]] == ["One", "Two"]
        assert one["displayed_at"][:19] == original[0]["published_at"][:19]
        assert "Once upon." in one["text"]
        assert one["byline"] == ["Nell"]
        assert "port" in one["tags"]
        again = newsroom.command.done("import", f"from-{form}", "-", "--publish", stdin=feed)
        assert again.startswith("0 new (0 published, 0 drafts), 2 known")


def test_what_changed_at_its_source_or_was_retracted_there_is_left_and_said(newsroom: Newsroom) -> None:
    newsroom.open("changing")
    item = {"id": "https://example.org/1", "headline": "First words"}
    note = [{"at": "2024-01-01T00:00:00Z", "note": "x"}]
    content = "\n".join(
        json.dumps(line) for line in ({**item, "corrections": note}, {"id": "r", "status": "retracted"})
    )
    ended = newsroom.command.call("import", "changing", "-", stdin=content.encode())
    assert ended.stdout.startswith("1 new (0 published, 1 drafts), 0 known")
    assert "1 correction notes are not imported" in ended.stderr
    assert "1 retracted at their source" in ended.stderr

    ended = newsroom.command.call(
        "import", "changing", "-", stdin=json.dumps({**item, "headline": "Other words"}).encode()
    )
    assert ended.stdout.startswith("0 new (0 published, 0 drafts), 1 known, 0 refused.")
    assert "1 of the known ones are not what was imported first" in ended.stderr
    (update,) = exported(newsroom, "changing")
    assert update["headline"] == "First words"


def test_an_item_that_the_server_refuses_is_named_and_the_others_are_written(newsroom: Newsroom) -> None:
    newsroom.open("partly")
    wrong = {"id": "long", "headline": "x" * 2000}
    content = "\n".join(map(json.dumps, ({"id": "a", "headline": "A"}, wrong, {"id": "b", "headline": "B"})))
    ended = newsroom.command.call("import", "partly", "-", stdin=content.encode())
    assert ended.returncode == 1
    assert ended.stdout == "2 new (0 published, 2 drafts), 0 known, 1 refused.\n"
    assert "'long' is refused: " in ended.stderr
    assert "the limit is 300" in ended.stderr
    assert [update["headline"] for update in exported(newsroom, "partly")] == ["A", "B"]


def test_breaking_takes_the_role_or_is_left_out(newsroom: Newsroom) -> None:
    command = newsroom.command
    newsroom.open("urgent")
    command.done("editor", "add", "Samer", "--role", "editor")
    token = command.done("token", "add", "Samer").strip()
    ended = command.call("import", "urgent", "-", stdin=ATOM, LIVEFEED_TOKEN=token)
    assert ended.returncode == 1
    assert "may not set breaking: that takes the role chief" in ended.stderr
    assert exported(newsroom, "urgent") == []
    command.done("import", "urgent", "-", "--no-breaking", stdin=ATOM, LIVEFEED_TOKEN=token)
    (update,) = exported(newsroom, "urgent")
    assert (update["headline"], update["breaking"]) == ("A bold step", False)


def test_who_may_not_publish_is_told_once(newsroom: Newsroom) -> None:
    command = newsroom.command
    newsroom.open("forbidden")
    command.done("editor", "add", "Huda", "--role", "contributor")
    token = command.done("token", "add", "Huda").strip()
    feed = RSS.format(encoding="utf-8").encode()
    said = command.refused("import", "forbidden", "-", "--publish", stdin=feed, LIVEFEED_TOKEN=token)
    assert said.count("Huda has the role contributor") == 1
    assert "Up to there: 0 new" in said
    assert command.done("import", "forbidden", "-", stdin=feed, LIVEFEED_TOKEN=token).startswith("2 new")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Standard input is empty"),
        (b"plain words", "Standard input is not JSON Lines, RSS, Atom or JSON Feed."),
        (b"<rss><channel><item>", "Standard input is broken XML"),
        (bomb("><title>&a9;</title>"), "Standard input declares XML entities of its own"),
        (b"<!DOCTYPE html><html><p>hello", "Standard input is an HTML page, not a feed"),
        (b"<rss>" + b" " * 100_000_000, "Standard input has over 16,000,000 bytes, the limit for a feed."),
        (
            b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b" " * 16_000_000,
            "has over 16,000,000",
        ),
        (
            b'{"version": "https://jsonfeed.org/version/1.1", "items": [',
            "Standard input is a broken JSON Feed: Expecting value",
        ),
        (b'{"headline": "fine"}\n{"headline": "caf\xe9"}', "Standard input line 2 is not UTF-8: byte 0xe9"),
        (b'{"headline": "fine"}\n{"headline": "cut of', "Standard input line 2 is no JSON"),
        ('{"headline": "x"}'.encode("utf-16"), "Standard input line 1 is not UTF-8"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_file_that_cannot_be_read_changes_nothing(
    newsroom: Newsroom, untouched: str, content: bytes, said: str
) -> None:
    stderr = newsroom.command.refused("import", untouched, "-", "--publish", stdin=content)
    assert said in stderr
    assert stderr.count("\n") == 1
    assert exported(newsroom, untouched) == []


def test_where_nothing_can_be_imported_is_said_before_anything_is(newsroom: Newsroom, tmp_path: Path) -> None:
    command = newsroom.command
    assert "No such file" in command.refused("import", "x", str(tmp_path / "absent.rss"))
    assert "Is a directory" in command.refused("import", "x", str(tmp_path))
    line = b'{"headline": "x"}'
    assert "There is no coverage 'nowhere'" in command.refused("import", "nowhere", "-", stdin=line)
    assert "LIVEFEED_TOKEN is empty" in command.refused("import", "x", "-", stdin=line, LIVEFEED_TOKEN="")
    newsroom.open("over")
    send(f"{newsroom.url}/api/v1/coverages/over/closure", newsroom.token, {})
    assert "is closed and takes no new updates" in command.refused("import", "over", "-", stdin=line)


def test_a_draft_that_was_deleted_here_does_not_come_back(newsroom: Newsroom) -> None:
    newsroom.open("deleted")
    line = b'{"id": "1", "headline": "Not wanted"}'
    newsroom.command.done("import", "deleted", "-", stdin=line)
    (draft,) = exported(newsroom, "deleted")
    request = urllib.request.Request(
        f"{newsroom.url}/api/v1/coverages/deleted/updates/{draft['id']}",
        headers={"Authorization": f"Bearer {newsroom.token}"},
        method="DELETE",
    )
    with urllib.request.urlopen(request, timeout=60):
        pass
    assert newsroom.command.done("import", "deleted", "-", stdin=line).startswith(
        "0 new (0 published, 0 drafts), 1 known"
    )
    assert exported(newsroom, "deleted") == []


def test_an_import_cut_off_goes_on_where_it_was(newsroom: Newsroom) -> None:
    newsroom.open("resumed")
    all_lines = [json.dumps({"id": str(number), "headline": str(number)}) for number in range(6)]
    newsroom.command.done("import", "resumed", "-", "--publish", stdin="\n".join(all_lines[:4]).encode())
    done = newsroom.command.done("import", "resumed", "-", "--publish", stdin="\n".join(all_lines).encode())
    assert done == "2 new (2 published, 0 drafts), 4 known, 0 refused.\n"
    assert [update["headline"] for update in exported(newsroom, "resumed")] == [str(n) for n in range(6)]


def test_a_server_killed_during_an_import_and_started_again_has_each_item_once(command: Command) -> None:
    port = str(free_port())
    number = 300
    headlines = [f"{item}" for item in range(number)]
    file = command.folder / "many.jsonl"
    file.write_text("\n".join(json.dumps({"id": f"m{item}", "headline": item}) for item in headlines))
    with command.serve(LIVEFEED_PORT=port) as server:
        newsroom = Newsroom(command, server)
        newsroom.open("many")
        importing = command.start("import", "many", str(file), "--publish")
        while len(events(server.url, "many")) < 20:
            assert importing.process.poll() is None
        server.end(signal.SIGKILL)
    with importing, command.serve(LIVEFEED_PORT=port) as server:
        assert importing.wait() == 0
        (summary,) = importing.lines
        # The item that was being written may have been on disk already: then its repetition found it there.
        new, known = (int(re.search(rf"(\d+) {word}", summary)[1]) for word in ("new", "known"))  # type: ignore[index]
        assert (new + known, known <= 1) == (number, True)
        found = events(server.url, "many")
        assert [event["update"]["headline"] for event in found if event["kind"] == "published"] == headlines


def test_a_coverage_that_was_archived_is_so_again_where_it_is_imported_if_that_is_asked_for(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    def archived() -> set[str]:
        path, authorization = "/api/v1/coverages?archived=yes", f"Bearer {newsroom.token}"
        _, text = fetch(newsroom.url + path, Authorization=authorization)
        return {coverage["slug"] for coverage in json.loads(text)["coverages"]}

    for slug in ("ended", "moved-here", "moved-open"):
        newsroom.open(slug)
    newsroom.post("ended", headline="Over")
    ended, file = f"{newsroom.url}/api/v1/coverages/ended", tmp_path / "ended.jsonl"
    newsroom.command.done("export", "ended", str(file))
    assert lines(file.read_text())[0]["archived"] is False
    send(f"{ended}/closure", newsroom.token, {})
    send(f"{ended}/archive", newsroom.token, {})
    newsroom.command.done("export", "ended", str(file))
    assert lines(file.read_text())[0]["archived"] is True

    newsroom.command.done("import", "moved-open", str(file), "--publish")
    assert archived() == {"ended"}
    for expected in ("1 new (1 published, 0 drafts), 0 known", "0 new (0 published, 0 drafts), 1 known"):
        done = newsroom.command.done("import", "moved-here", str(file), "--publish", "--ended")
        assert done == f"{expected}, 0 refused.\n"
        assert archived() == {"ended", "moved-here"}
