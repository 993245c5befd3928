"""The admins' page of every coverage."""

from __future__ import annotations

import re

from live_server import Server


async def test_every_coverage_is_listed_with_its_times_and_who_reads_it(server: Server) -> None:
    for slug in ("storm", "flood", "vote"):
        await server.open(slug, headline=f"تغطية {slug}", timezone="Asia/Damascus", place="دمشق")
    for resource in ("closure", "archive"):
        await server.ask("POST", f"/api/v1/coverages/flood/{resource}")
    await server.ask("PATCH", "/api/v1/coverages/vote", json={"status": "scheduled"})
    async with server.client.ws_connect(f"{server.url}/live/storm/ws") as reader:
        await reader.receive_json()
        html = (await server.ask("GET", "/desk/coverages")).text
    vote, flood, storm = re.findall(r"<li>\s*<p><span class=\"badge (.*?)</li>", html, re.S)
    assert (vote[:9], flood[:6], storm[:4]) == ("scheduled", "closed", "live")
    for slug, line in (("vote", vote), ("flood", flood), ("storm", storm)):
        for page in (
            f"/desk/{slug}",
            f"/desk/{slug}/coverage",
            f"/live/{slug}",
            f"/desk/audit?coverage={slug}",
        ):
            assert f'href="{page}"' in line
    assert "صفحة مفتوحة واحدة" in storm
    assert ["مؤرشفة" in line for line in (vote, flood, storm)] == [False, True, False]
    assert ["مفتوحة" in line for line in (vote, flood)] == [False, False]
