"""An open desk asks for its panels alone."""

from __future__ import annotations

import re

from live_server import Answer, Server

from livefeed import metrics


async def test_the_panels_alone_are_those_of_the_page_at_a_fraction_of_its_size(server: Server) -> None:
    await server.open()
    await server.publish(headline="منشور")
    draft = {"headline": "مسودة", "status": "draft"}
    await server.ask("POST", "/api/v1/coverages/story/updates", json=draft)
    note = {"kind": "claim", "text": "أُغلق المعبر؟"}
    await server.ask("POST", "/api/v1/coverages/story/notes", json=note)
    page = (await server.ask("GET", "/desk/story")).text
    parts = (await server.ask("GET", "/desk/story?part=panels")).text
    assert re.findall('data-part="([a-z-]+)"', parts) == ["panel-links", "panels", "panel-notes"]
    for part in re.findall(
        r'<(?:nav|div|ul)[^>]* data-part="panel.*?</(?:nav|ul|details>\s*</div)>', parts, re.S
    ):
        assert part in page
    for words in ("مسودة", "أُغلق المعبر؟"):
        assert words in parts
    assert "desk-composer" not in parts
    assert len(parts) < len(page) / 3


def renders() -> float:
    """How often panels were rendered."""
    return metrics.RENDERS.labels("desk-panels")._value.get()


async def panels(server: Server, role: str, tag: str = "") -> Answer:
    headers = {"If-None-Match": tag} if tag else {}
    return await server.ask("GET", "/desk/story?part=panels", role=role, headers=headers)


async def test_panels_are_rendered_once_for_all_who_see_the_same_and_sent_once_to_each(
    server: Server,
) -> None:
    await server.open()
    api = "/api/v1/coverages/story"
    mine = {"headline": "مسودتي", "status": "draft"}
    await server.ask("POST", f"{api}/updates", json=mine, role="contributor")
    draft = (await server.ask("POST", f"{api}/updates", json={"headline": "مسودة", "status": "draft"})).json()
    before = renders()
    first = await panels(server, "editor")
    assert (first.status, first.headers["Cache-Control"]) == (200, "no-store")
    async with server.client.get(
        f"{server.url}/desk/story?part=panels", headers=await server.session("editor")
    ) as another:
        assert await another.read() == first.body
    assert (await panels(server, "editor", first.headers["ETag"])).status == 304
    assert renders() == before + 1

    own = await panels(server, "contributor")
    assert "مسودتي" in own.text
    assert draft["id"] not in own.text
    assert renders() == before + 2

    for method, path, body in (
        ("PATCH", f"/updates/{draft['id']}", {"headline": "أخرى"}),
        ("POST", "/notes", {"kind": "note", "text": "ملاحظة"}),
        ("POST", "/updates", {"headline": "منشور"}),
        ("PATCH", "", {"timezone": "Asia/Damascus"}),
        ("DELETE", f"/updates/{draft['id']}", None),
    ):
        tag = (await panels(server, "editor")).headers["ETag"]
        assert (await server.ask(method, api + path, json=body)).status < 300
        changed = await panels(server, "editor", tag)
        assert changed.status == 200, (method, path)
    assert draft["id"] not in changed.text
