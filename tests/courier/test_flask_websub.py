"""An independent subscriber goes the whole way with our hub: discovery, subscription, push, renewal, end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import feedparser
import pytest
from live_server import Server
from redis_server import PATIENCE

PROGRAM = Path(__file__).with_name("flask_subscriber.py")


@dataclass
class Elsewhere:
    """The other program."""

    url: str
    client: aiohttp.ClientSession

    async def do(self, what: str, **parameters: str) -> dict[str, str]:
        async with self.client.post(f"{self.url}/{what}", params=parameters) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, str] = await answer.json()
            return found

    async def told(self, count: int) -> list[list[Any]]:
        """What it was told, once it is so much; it has no way to say when."""
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.client.get(f"{self.url}/told") as answer:
                    told: list[list[Any]] = await answer.json()
                if len(told) >= count:
                    return told
                await asyncio.sleep(0.02)


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[Elsewhere]:
    # Its own interpreter: its warnings are not ours to mend.
    program = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout
    try:
        async with asyncio.timeout(PATIENCE):
            port = int(await program.stdout.readline())
        async with aiohttp.ClientSession() as client:
            yield Elsewhere(f"http://127.0.0.1:{port}", client)
    finally:
        program.kill()
        await program.wait()


def titles(body: str) -> list[str]:
    if body.startswith("{"):
        return [item["title"] for item in json.loads(body)["items"]]
    return [entry.title for entry in feedparser.parse(body).entries]


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
async def test_flask_websub_discovers_subscribes_is_pushed_to_renews_and_ends(
    server: Server, elsewhere: Elsewhere, form: str
) -> None:
    await server.open("storm", language="en")
    await server.publish("storm", headline="before")
    topic = f"{server.url}/live/storm/updates.{form}"
    found = await elsewhere.do("subscribe", page=topic)
    assert (found["hub_url"], found["topic_url"]) == (f"{server.url}/hub", topic)
    id = found["id"]
    assert await elsewhere.told(1) == [["success", id, "subscribe"]]
    (kept,) = await until(server, lambda subscriptions: len(subscriptions) == 1)
    assert kept.secret
    await server.publish("storm", headline="first")
    told = await elsewhere.told(2)
    assert [*told[1][:2], titles(told[1][2])] == ["push", id, ["first"]]

    await elsewhere.do("renew", id=id)
    assert (await elsewhere.told(3))[2] == ["success", id, "subscribe"]
    await until(server, lambda subscriptions: subscriptions[0].expires_at > kept.expires_at)
    await server.publish("storm", headline="second")
    assert titles((await elsewhere.told(4))[3][2]) == ["second"]

    await elsewhere.do("unsubscribe", id=id)
    assert (await elsewhere.told(5))[4] == ["success", id, "unsubscribe"]
    await until(server, lambda subscriptions: not subscriptions)
    assert len(await elsewhere.told(5)) == 5


async def until(server: Server, good: Callable[[list[Any]], bool]) -> list[Any]:
    """The hub's subscriptions, once they are as they should be."""
    async with asyncio.timeout(PATIENCE):
        while True:
            kept = [filed.value for filed in await server.rooms.subscriptions.subscriptions.all()]
            if good(kept):
                return kept
            await asyncio.sleep(0.02)
