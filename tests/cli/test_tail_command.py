"""Following a coverage in the terminal, through a crash of the server."""

import json
import signal

from conftest import Newsroom
from livefeed_command import Command, send
from redis_server import free_port


def test_what_is_posted_appears_and_a_killed_server_costs_nothing(command: Command) -> None:
    port = str(free_port())
    with command.serve(LIVEFEED_PORT=port) as server:
        command.done("editor", "add", "Rana", "--role", "chief")
        token = command.done("token", "add", "Rana").strip()
        url = server.url
        send(f"{url}/api/v1/coverages", token, {"slug": "storm", "headline": "Storm"})
        updates = f"{url}/api/v1/coverages/storm/updates"
        send(updates, token, {"headline": "قبل"})
        tail = command.start("tail", "storm", "--from-start", LIVEFEED_URL=url)
        with tail:
            tail.expect("COVERAGE  Storm")
            tail.expect("قبل")
            send(updates, token, {"headline": "عاجل الآن", "breaking": True})
            assert tail.expect("عاجل الآن")
            server.end(signal.SIGKILL)
            with command.serve(LIVEFEED_PORT=port):
                send(updates, token, {"headline": "بعد"})
                tail.expect("بعد")
                assert tail.end(signal.SIGINT) == 130
            assert [line.split("  ")[-1] for line in tail.lines] == [
                "Storm (live)\n", "قبل\n", "عاجل الآن\n", "بعد\n",
            ]  # fmt: skip
            assert "BREAKING" in tail.lines[2]
            assert "connected again" in tail.errors()
            assert "Traceback" not in tail.errors()


def test_json_prints_frames_and_their_positions_resume(newsroom: Newsroom) -> None:
    newsroom.open("frames")
    newsroom.post("frames", headline="one")
    with newsroom.command.start("tail", "frames", "--json", "--after", "0") as tail:
        first = json.loads(tail.expect('"published"').string)
        assert json.loads(tail.lines[0])["kind"] == "hello"
    newsroom.post("frames", headline="two")
    with newsroom.command.start("tail", "frames", "--json", "--after", first["position"]) as tail:
        assert json.loads(tail.expect('"published"').string)["update"]["headline"] == "two"
        assert json.loads(tail.lines[0]) == {"kind": "hello", "position": first["position"]}


def test_without_a_place_to_begin_it_shows_what_comes(newsroom: Newsroom) -> None:
    newsroom.open("fresh")
    newsroom.post("fresh", headline="old")
    with newsroom.command.start("tail", "fresh", "--json") as tail:
        tail.expect('"hello"')
        newsroom.post("fresh", headline="new")
        assert json.loads(tail.expect('"published"').string)["update"]["headline"] == "new"


def test_a_worthless_position_is_said(newsroom: Newsroom) -> None:
    newsroom.open("worthless")
    with newsroom.command.start("tail", "worthless", "--after", "gone-7") as tail:
        while "not in the log any more" not in tail.errors():
            assert tail.process.poll() is None


def test_what_cannot_be_followed_is_a_sentence(newsroom: Newsroom) -> None:
    command = newsroom.command
    assert "There is no coverage 'nowhere'" in command.refused("tail", "nowhere")
    said = command.refused("tail", "x", LIVEFEED_URL="http://127.0.0.1:1")
    assert "http://127.0.0.1:1 cannot be reached" in said
    assert "--after" in command.refused("tail", "x", "--from-start", "--after", "e-1", code=2)
