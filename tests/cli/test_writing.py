"""Opening and posting from the command line."""

import json

import pytest
from conftest import Newsroom
from livefeed_command import Command, events, fetch, send
from redis_server import free_port


def published(newsroom: Newsroom, slug: str) -> list[dict[str, object]]:
    return [event["update"] for event in events(newsroom.url, slug) if event["kind"] == "published"]


def test_a_coverage_is_opened_and_updates_are_posted_with_every_field(newsroom: Newsroom) -> None:
    command = newsroom.command
    arguments = ("--kicker", "التغطية الحية", "--timezone", "Asia/Damascus", "--place", "دمشق")
    page = command.done("open", "العاصفة-ريم", "العاصفة «ريم»", *arguments).strip()
    assert page.startswith(f"{newsroom.url}/live/")
    assert "العاصفة «ريم»" in fetch(page)[1]

    permalink = command.done(
        *("post", "العاصفة-ريم", "أُعيد فتح **الميناء**.", "--headline", "الميناء مفتوح", "--breaking"),
        *("--key-event", "--byline", "رنا", "--byline", "سامر", "--dateline", "إسطنبول"),
        *("--attribution", "سلطة الميناء", "--at", "2026-01-02T03:04:05Z"),
    ).strip()
    assert "الميناء مفتوح" in fetch(permalink)[1]
    _, answer = fetch(f"{newsroom.url}{page.removeprefix(newsroom.url)}/changes?after=0")
    update = json.loads(answer)["events"][-1]["update"]
    assert update["body"].strip() == "<p>أُعيد فتح <strong>الميناء</strong>.</p>"
    assert (update["breaking"], update["key_event"]) == (True, True)
    assert update["byline"] == ["رنا", "سامر"]
    assert (update["dateline"], update["attribution"]) == ("إسطنبول", "سلطة الميناء")
    assert update["displayed_at"].startswith("2026-01-02T03:04:05")
    assert update["url"] == permalink


@pytest.mark.parametrize("arguments", [("-",), ()])
def test_a_text_may_be_piped_in(newsroom: Newsroom, arguments: tuple[str, ...]) -> None:
    slug = f"piped-{len(arguments)}"
    newsroom.open(slug)
    ended = newsroom.command.run("post", slug, *arguments, stdin="سطر أول\n\nسطر ثانٍ\n".encode())
    assert ended.returncode == 0
    (update,) = published(newsroom, slug)
    assert update["text"] == "سطر أول\n\nسطر ثانٍ"


def test_a_key_is_never_written_under_twice(newsroom: Newsroom) -> None:
    command = newsroom.command
    newsroom.open("keyed")
    first = command.done("post", "keyed", "Once.", "--key", "k1")
    assert command.done("post", "keyed", "Once.", "--key", "k1") == first
    assert len(published(newsroom, "keyed")) == 1
    assert "Idempotency-Key" in command.refused("post", "keyed", "Another.", "--key", "k1")


def test_the_servers_refusals_are_printed_as_it_says_them(newsroom: Newsroom) -> None:
    command = newsroom.command
    newsroom.open("taken")
    assert "already" in command.refused("open", "taken", "Taken")
    assert "There is no coverage 'nowhere'" in command.refused("post", "nowhere", "x")
    assert "timezone" in command.refused("open", "zone", "Zone", "--timezone", "Mars/Base")
    assert "displayed_at" in command.refused("post", "taken", "x", "--at", "yesterday")
    assert "token add" in command.refused("post", "taken", "x", LIVEFEED_TOKEN="lf_" + "x" * 43)
    assert published(newsroom, "taken") == []


def test_what_cannot_be_sent_is_refused_before_anything_is_sent(command: Command) -> None:
    assert "LIVEFEED_TOKEN is empty" in command.refused("post", "x", "text")
    assert "LIVEFEED_TOKEN holds" in command.refused("post", "x", "text", LIVEFEED_TOKEN="a\nb")
    said = command.refused("post", "x", "text", LIVEFEED_TOKEN="t", LIVEFEED_URL="ftp://example.org")
    assert "'ftp://example.org'" in said
    assert "TEXT" in command.refused("post", "x", code=2)
    said = command.refused("post", "x", "-", stdin=b"caf\xe9", code=2)
    assert "0xe9 at position 3" in said


def test_a_post_waits_for_a_server_that_is_just_starting_and_lands_once(command: Command) -> None:
    port = str(free_port())
    with command.serve(LIVEFEED_PORT=port) as server:
        command.done("editor", "add", "Rana", "--role", "chief")
        token = command.done("token", "add", "Rana").strip()
        command.environment |= {"LIVEFEED_URL": server.url, "LIVEFEED_TOKEN": token}
        send(f"{server.url}/api/v1/coverages", token, {"slug": "storm", "headline": "Storm"})
        server.end()
    with command.start("post", "storm", "After the restart.") as post:
        # It says so once it was refused for the first time.
        while "Trying for 30 seconds" not in post.errors():
            assert post.process.poll() is None
        with command.serve(LIVEFEED_PORT=port) as server:
            assert post.expect("http://(.*)")[0].startswith(server.url)
            assert post.wait() == 0
            kinds = [event["kind"] for event in events(server.url, "storm")]
            assert kinds == ["coverage", "published"]
