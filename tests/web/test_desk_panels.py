"""An open desk asks for its panels alone."""

from __future__ import annotations

import re

from live_server import Server


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
