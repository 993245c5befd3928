"""The demo's feeds over HTTP, as strangers to the code read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import feedparser
from feed_checks import atom_faults, json_faults, rss_faults
from live_server import Server

from livefeed.demo import Player, admit, read_coming, read_stories

CHECKS: dict[str, Callable[[bytes], list[str]]] = {
    "rss": rss_faults,
    "atom": atom_faults,
    "json": json_faults,
}


async def body(server: Server, path: str) -> bytes:
    answer = await server.ask("GET", path, role=None)
    assert answer.status == 200, answer.text
    return answer.body


def items(form: str, document: bytes) -> list[str]:
    """The addresses of the updates in a feed, without those of corrections."""
    if form == "json":
        urls = [item["url"] for item in json.loads(document)["items"]]
    else:
        read = feedparser.parse(document)
        assert not read.bozo, read.bozo_exception
        assert read.version == {"rss": "rss20", "atom": "atom10"}[form]
        urls = [entry.link for entry in read.entries]
    return [url for url in urls if "#correction-" not in url]


async def test_every_feed_of_the_demo_is_valid_and_holds_exactly_what_its_address_says(
    server: Server,
) -> None:
    player = Player(server.rooms, (await admit(server.rooms.accounts)).editor)
    stories = read_stories()
    for story in stories:
        await player.tell(story)
    for number, telling in enumerate(read_coming()[:6]):
        await player._publish(stories[0].slug, f"more:{number}", telling)
    everything: dict[str, Any] = {}
    for story in stories:
        states = {}
        for event in await server.events(story.slug):
            if "update" in event:
                states[event["update"]["id"]] = event["update"]
        published = list(states.values())
        everything |= states
        for form, faults in CHECKS.items():
            updates = await body(server, f"/live/{story.slug}/updates.{form}")
            breaking = await body(server, f"/live/{story.slug}/breaking.{form}")
            assert faults(updates) == faults(breaking) == []
            newest = [update["url"] for update in reversed(published)][:50]
            assert items(form, updates) == newest
            assert set(items(form, breaking)) == {u["url"] for u in published if u["breaking"]}
    for form, faults in CHECKS.items():
        site = await body(server, f"/feeds/breaking.{form}")
        assert faults(site) == []
        assert set(items(form, site)) == {u["url"] for u in everything.values() if u["breaking"]}
