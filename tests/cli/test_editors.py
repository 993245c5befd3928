"""Editors by the command line, beside a running server."""

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from livefeed_command import Command
from redis_server import free_port

LINK = re.compile(r"(http://localhost:\d+)/desk/login\?code=([\w-]{20,})\n")


def log_in(url: str, code: str) -> int:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = urllib.parse.urlencode({"code": code}).encode()
    request = urllib.request.Request(f"{url}/desk/login", data=form, headers={"Origin": url})
    try:
        with browser.open(request, timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_the_printed_link_logs_in_on_the_running_server_once(command: Command) -> None:
    command.environment["LIVEFEED_PORT"] = str(free_port())
    with command.serve(LIVEFEED_PORT=command.environment["LIVEFEED_PORT"]) as server:
        link = LINK.fullmatch(command.done("editor", "add", "رنا الحكواتي", "--role", "chief"))
        assert link
        assert link[1] == server.url
        assert log_in(server.url, link[2]) == 200
        assert log_in(server.url, link[2]) == 403
        again = LINK.fullmatch(command.done("editor", "link", "رنا الحكواتي"))
        assert again
        assert log_in(server.url, again[2]) == 200


def test_editors_are_listed_with_their_roles_and_no_name_is_taken_twice(command: Command) -> None:
    command.done("editor", "add", "Rana", "--role", "chief")
    command.done("editor", "add", "سامر")
    assert command.done("editor", "list").splitlines() == ["chief        Rana", "editor       سامر"]
    assert "an editor named 'RANA'" in command.refused("editor", "add", "RANA")


def test_another_role_and_the_end_of_an_account_count_at_once(command: Command) -> None:
    command.done("editor", "add", "Rana")
    assert command.done("editor", "role", "Rana", "chief").strip() == "Rana has the role chief now."
    command.done("editor", "disable", "Rana")
    assert command.done("editor", "list").strip() == "chief        Rana  disabled"
    assert "Rana" in command.refused("token", "add", "Rana")
    assert "no editor named 'Nobody'" in command.refused("editor", "disable", "Nobody")


def test_grants_are_given_at_the_beginning_and_later(command: Command) -> None:
    command.done("editor", "add", "Rana", "--role", "chief", "--coverage", "storm", "--coverage", "flood")
    assert command.done("editor", "list").strip() == "chief        Rana  only storm, flood"
    assert command.done("editor", "grant", "Rana", "--coverage", "fire").strip() == "Rana may touch fire now."
    assert "cannot be narrowed" in command.refused("editor", "role", "Rana", "admin")
    assert "all coverages" in command.done("editor", "grant", "Rana", "--everywhere")
    assert command.done("editor", "list").strip() == "chief        Rana"
    assert "either --coverage or --everywhere" in command.refused("editor", "grant", "Rana", code=2)
    assert "cannot be narrowed" in command.refused(
        "editor", "add", "Sami", "--role", "admin", "--coverage", "x"
    )


def test_a_role_in_one_coverage_is_given_and_taken_back(command: Command) -> None:
    command.done("editor", "add", "Rana", "--role", "contributor")
    said = command.done("editor", "role", "Rana", "chief", "--coverage", "storm").strip()
    assert said == "Rana has the role chief in storm now."
    assert command.done("editor", "list").strip() == "contributor  Rana  chief in storm"
    assert "nobody is one in a single" in command.refused(
        "editor", "role", "Rana", "admin", "--coverage", "x"
    )
    command.done("editor", "role", "Rana", "--coverage", "storm")
    assert command.done("editor", "list").strip() == "contributor  Rana"
    assert "give a role" in command.refused("editor", "role", "Rana", code=2)


def test_an_account_that_was_disabled_can_come_back(command: Command) -> None:
    command.done("editor", "add", "Rana")
    command.done("editor", "disable", "Rana")
    assert command.done("editor", "enable", "Rana").strip() == "Rana may log in again."
    assert command.done("editor", "list").strip() == "editor       Rana"
    assert command.done("editor", "logout", "Rana").strip() == "Rana is logged out; 0 sessions ended."
    assert "no editor named 'Nobody'" in command.refused("editor", "logout", "Nobody")


def test_the_public_address_is_in_the_link(command: Command) -> None:
    link = command.done("editor", "add", "Rana", LIVEFEED_BASE_URL="https://live.example.org/")
    assert link.startswith("https://live.example.org/desk/login?code=")


def test_what_cannot_be_is_refused_with_a_sentence(command: Command) -> None:
    assert "no editor named 'Nobody'" in command.refused("editor", "link", "Nobody")
    assert "1 to 80 characters" in command.refused("editor", "add", " ")
    assert "--role" in command.refused("editor", "add", "Rana", "--role", "king", code=2)
    assert command.done("editor", "list") == ""


def test_a_store_that_is_away_is_a_sentence(command: Command) -> None:
    said = command.refused("editor", "list", LIVEFEED_STORE="redis://127.0.0.1:1/0")
    assert said.startswith("livefeed: The store cannot be reached")
    assert len(said.splitlines()) == 1
