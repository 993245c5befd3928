"""The demonstration: what it prints really works, and starting it again doubles nothing."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from livefeed_command import Command, Running, events, fetch
from redis_server import PATIENCE, free_port

from livefeed.demo import Player, admit, read_coming, read_stories
from livefeed.demo.story import Telling
from livefeed.newsroom import NotNow
from livefeed.tasks import cancel

SLUGS = ("harbour-talks", "ufuq-summit", "riverside-tram")
NEVER = "100000"  # seconds to the next update


def start(folder: Path, every: str = NEVER, **settings: str) -> Running:
    """A demo that has printed everything."""
    settings.setdefault("LIVEFEED_PORT", "0")
    demo = Command(folder, **settings).start("demo", "--every", every)
    demo.expect("curl")
    demo.url = re.findall(r"Index +(\S+)/\n", "".join(demo.lines))[0]
    return demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One demo for all tests that only look at it."""
    with start(tmp_path_factory.mktemp("demo")) as running:
        yield running


def printed(demo: Running) -> str:
    return "".join(demo.lines)


def headlines(url: str) -> list[str]:
    found = [event["update"]["headline"] for event in events(url, SLUGS[0]) if event["kind"] == "published"]
    return [headline for headline in found if headline]  # a retracted one is empty


def test_every_printed_address_answers(demo: Running) -> None:
    addresses = re.findall(r"^  [A-Z].* (http://\S+)$", printed(demo), re.MULTILINE)
    assert len(addresses) == 6
    for address in addresses:
        assert fetch(address)[0] == 200, address
    assert re.search(r"/desk/login\?code=[\w-]{20,}", printed(demo))


def test_the_index_shows_three_coverages_the_arabic_one_first(demo: Running) -> None:
    _, page = fetch(demo.url + "/")
    places = [page.index(f"/live/{slug}") for slug in SLUGS]
    assert min(places) == places[0]


def test_the_printed_curl_line_posts_a_breaking_update(demo: Running) -> None:
    line = re.findall(r"^  (curl .*)$", printed(demo), re.MULTILINE)[0]
    posted = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=PATIENCE)
    update = json.loads(posted.stdout)
    assert update["coverage"] == SLUGS[0]
    assert update["breaking"] is True
    assert update["headline"] == "رسالة من الزائر"
    assert update["text"] == "كتبتُ هذا التحديث من الطرفية."
    assert fetch(update["url"])[0] == 200


def test_the_arabic_coverage_is_told_as_a_newsroom_would(demo: Running) -> None:
    told = events(demo.url, SLUGS[0])
    kinds = [event["kind"] for event in told]
    assert kinds.count("published") >= 25
    assert {"corrected", "retracted", "pinned"} <= set(kinds)
    lead = told[0]["coverage"]["lead_media"]
    assert lead["caption"]
    assert lead["credit"]
    picture = subprocess.run(["curl", "-sf", lead["url"]], capture_output=True, check=True, timeout=PATIENCE)
    assert picture.stdout.startswith(b"\xff\xd8")
    seeded = [event["update"] for event in told if event["kind"] == "published"][:25]
    shown = [update["displayed_at"] for update in seeded]
    assert shown == sorted(shown)
    assert shown[-1] < seeded[0]["published_at"]  # as if it had been told over hours


def test_started_again_it_doubles_nothing_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with start(tmp_path) as first:
        before = {slug: len(events(first.url, slug)) for slug in SLUGS}
        seeded = len(headlines(first.url))
        token = re.findall(r"lf_[\w-]{43}", printed(first))[0]
        first.end()
    for _ in range(2):
        with start(tmp_path, every="0.05") as going_on:
            count = len(headlines(going_on.url))
            while len(headlines(going_on.url)) < count + 2:
                assert going_on.process.poll() is None
            going_on.end()
    with start(tmp_path) as last:
        after = {slug: len(events(last.url, slug)) for slug in SLUGS}
        assert after[SLUGS[1]] == before[SLUGS[1]]
        assert after[SLUGS[2]] == before[SLUGS[2]]
        coming = headlines(last.url)[seeded:]
        assert len(coming) >= 4
        assert coming == [telling.fields["headline"] for telling in read_coming()][: len(coming)]
        # A run's token does not outlive the next start.
        status, _ = fetch(f"{last.url}/api/v1/coverages", Authorization=f"Bearer {token}")
        assert status == 401


def test_it_keeps_apart_from_a_real_site_unless_a_store_is_named(tmp_path: Path) -> None:
    port = str(free_port())
    settings = {"LIVEFEED_STORE": "sqlite:///mine.db", "LIVEFEED_MEDIA": "mine", "LIVEFEED_PORT": port}
    with start(tmp_path, **settings) as demo:
        assert demo.url == f"http://localhost:{port}"
        assert {"mine.db", "mine"} <= {path.name for path in tmp_path.iterdir()}
        assert not (tmp_path / "livefeed-demo.db").exists()
        said = Command(tmp_path).refused("demo", LIVEFEED_STORE="sqlite:///mine.db", LIVEFEED_PORT="0")
        assert "already served" in said
        assert demo.end() == 0


def test_a_demo_of_several_processes_is_refused(tmp_path: Path) -> None:
    assert "LIVEFEED_WORKERS is 2" in Command(tmp_path).refused("demo", LIVEFEED_WORKERS="2")


async def test_what_a_visitor_changed_stays_changed(server: Any) -> None:
    rooms = server.rooms
    tickets = await admit(rooms.accounts)
    player = Player(rooms, tickets.editor)
    story = read_stories()[0]
    await player.tell(story)
    position = (await rooms.store.recent(f"live:{story.slug}", 1)).position
    answer = await server.ask("POST", f"/api/v1/coverages/{story.slug}/closure")
    assert answer.status == 200
    await player.tell(story)
    page = await rooms.store.recent(f"live:{story.slug}", 1)
    assert page.top == position.offset + 1


class Watched(Player):
    """A player that tells what became of each attempt to publish."""

    def __init__(self, rooms: Any, editor: Any) -> None:
        super().__init__(rooms, editor)
        self.attempts: asyncio.Queue[str] = asyncio.Queue()

    async def _publish(self, slug: str, name: str, telling: Telling) -> None:
        try:
            await super()._publish(slug, name, telling)
        except NotNow:
            self.attempts.put_nowait("refused")
            raise
        self.attempts.put_nowait(str(telling.fields["headline"]))

    async def next_told(self) -> str:
        """The next headline that was published."""
        async with asyncio.timeout(PATIENCE):
            while (attempt := await self.attempts.get()) == "refused":
                pass
        return attempt


async def test_an_update_that_could_not_be_published_comes_later(server: Any) -> None:
    rooms = server.rooms
    player = Watched(rooms, (await admit(rooms.accounts)).editor)
    coming = read_coming()[:3]
    headlines = [telling.fields["headline"] for telling in coming]
    await server.open("story")
    await server.ask("POST", "/api/v1/coverages/story/closure")
    playing = asyncio.create_task(player.go_on("story", coming, 0.001))
    try:
        assert await player.attempts.get() == "refused"
        await server.ask("DELETE", "/api/v1/coverages/story/closure")
        # From the first, and when all are told from the first again.
        assert [await player.next_told() for _ in range(5)] == [*headlines, *headlines[:2]]
    finally:
        await cancel([playing])
