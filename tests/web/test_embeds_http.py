"""Embeds of an update: handed in, told, framed only by known providers, withdrawn with their pictures."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
from live_server import Server
from PIL import Image

from livefeed.providers import FRAME_ORIGINS

POST = "https://t.me/marsa_news/7"


async def uploaded(server: Server) -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    form = aiohttp.FormData()
    form.add_field("file", file.getvalue(), filename="x.png", content_type="image/png")
    answer = await server.ask("POST", "/api/v1/media", data=form)
    assert answer.status == 201, answer.text
    picture: dict[str, Any] = answer.json()
    return picture


async def test_an_embed_is_told_with_its_preview(server: Server) -> None:
    await server.open()
    picture = await uploaded(server)
    told = {"url": POST, "title": "بيان", "author": "المرسى", "text": "نص البيان"}
    await server.publish(embeds=[{**told, "picture": {"id": picture["id"], "alt": "صورة"}}, {"url": POST}])
    (event,) = (event for event in await server.events() if event["kind"] == "published")
    first, second = event["update"]["embeds"]
    assert first == {**told, "provider": "Telegram", "picture": {**picture, "alt": "صورة"}}
    assert first["picture"]["url"].startswith(server.url)
    assert second == {
        **{"url": POST, "title": "", "provider": "Telegram"},
        **{"author": "", "text": "", "picture": None},
    }


async def test_an_unknown_picture_of_an_embed_is_refused_by_name(server: Server) -> None:
    await server.open()
    embeds = [{"url": POST}, {"url": POST, "picture": {"id": "nothing"}}]
    answer = await server.ask("POST", "/api/v1/coverages/story/updates", json={"embeds": embeds})
    assert (answer.status, answer.json()["field"]) == (422, "embeds[1].picture.id")


async def test_a_retraction_withdraws_the_picture_of_a_preview(server: Server) -> None:
    await server.open()
    picture = await uploaded(server)
    path = picture["url"].removeprefix(server.url)
    update = await server.publish(embeds=[{"url": POST, "picture": {"id": picture["id"]}}])
    assert (await server.ask("GET", path, role=None)).status == 200
    place = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
    assert (await server.ask("POST", place, json={"reason": "خطأ"})).status == 200
    assert (await server.ask("GET", path, role=None)).status == 404
    for event in await server.events():
        assert not event.get("update", {}).get("embeds")


async def test_pages_may_frame_known_providers_alone(server: Server) -> None:
    await server.open()
    for page in ("/live/story", "/embed/story"):
        policy = (await server.ask("GET", page, role=None)).headers["Content-Security-Policy"]
        (rule,) = (part for part in policy.split("; ") if part.startswith("frame-src"))
        assert rule.split()[1:] == list(FRAME_ORIGINS)


async def test_feeds_have_a_link_and_a_preview_and_no_frame(server: Server) -> None:
    await server.open()
    await server.publish(embeds=[{"url": POST, "title": "بيان المرسى"}])
    for form in ("rss", "atom", "json"):
        feed = (await server.ask("GET", f"/live/story/updates.{form}", role=None)).text
        assert POST in feed
        assert "بيان المرسى" in feed
        assert "iframe" not in feed
        assert "<button" not in feed.replace("&lt;", "<")
