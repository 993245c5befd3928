"""The newsroom's snippets: kept on the desk, read by the composer."""

from __future__ import annotations

import html
from typing import Any

import pytest
import pytest_asyncio
from desk_browser import Browser, arrived, deeds
from live_server import Server

from livefeed.audit import Search
from livefeed.roles import Role
from livefeed.snippets import MOST_SNIPPETS, NAME_LIMIT, TEXT_LIMIT


@pytest_asyncio.fixture
async def editor(server: Server) -> Browser:
    return await arrived(server, "Mona", Role.EDITOR)


async def listed(server: Server) -> list[dict[str, Any]]:
    answer = await server.ask("GET", "/api/v1/snippets", role=Role.CONTRIBUTOR)
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.json()["snippets"]
    return found


async def test_a_snippet_is_kept_changed_and_removed_and_the_log_has_its_name_alone(
    server: Server, editor: Browser
) -> None:
    fields = {"key": "k", "name": " هاتف الطوارئ ", "text": "اتصلوا على **112** <script>alert(1)</script>"}
    for _ in range(2):  # a form that is sent twice makes one
        answer = await editor.post("/desk/snippets", fields)
        assert answer.headers["Location"] == "/desk/snippets?done=kept"
    (snippet,) = await listed(server)
    assert (snippet["name"], snippet["direction"], snippet["by"]) == ("هاتف الطوارئ", "rtl", "Mona")
    assert "<strong>112</strong>" in snippet["html"]
    assert "<script" not in snippet["html"]
    assert "اتصلوا على **112** &lt;script&gt;" in (await editor.get("/desk/snippets")).text

    place = f"/desk/snippets/{snippet['id']}"
    changed = {"version": "1", "name": "Hotline", "text": "Call 112."}
    assert (await editor.post(f"{place}/change", changed)).status == 303
    (snippet,) = await listed(server)
    assert (snippet["name"], snippet["direction"], snippet["html"]) == (
        "Hotline",
        "ltr",
        "<p>Call 112.</p>",
    )
    assert (await editor.get(f"{place}/removal")).status == 405, "nothing is removed by following a link"
    assert (await editor.post(f"{place}/removal")).headers["Location"] == "/desk/snippets?done=gone"
    assert await listed(server) == []
    for path in ("change", "removal"):
        assert (await editor.post(f"{place}/{path}", changed)).status == 404
    told = [entry.act for entry in await server.rooms.store.acts(Search(), limit=100, after=0)]
    ours = [act for act in told if act.deed.endswith("-snippet")]
    assert [act.deed for act in ours] == ["add-snippet", "change-snippet", "remove-snippet"]
    assert ours[0].detail == "هاتف الطوارئ"
    assert not [act for act in told if "112" in repr(act)]


async def test_of_two_who_change_a_snippet_the_later_is_shown_both_texts(
    server: Server, editor: Browser
) -> None:
    await editor.post("/desk/snippets", {"name": "Hotline", "text": "Call 110."})
    (snippet,) = await listed(server)
    place = f"/desk/snippets/{snippet['id']}/change"
    assert (await editor.post(place, {"version": "1", "name": "Hotline", "text": "Call 112."})).status == 303
    late = await editor.post(place, {"version": "1", "name": "Hotline", "text": "Call 999."})
    assert late.status == 422
    assert ">Call 112.</p>" in late.text
    assert ">Call 999.</textarea>" in late.text
    assert 'name="version" value="2"' in late.text
    assert (await listed(server))[0]["text"] == "Call 112."


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("", "x", "يحتاج النص الجاهز إلى اسم."),
        (" \u200f\n", "x", "يحتاج النص الجاهز إلى اسم."),
        ("n" * (NAME_LIMIT + 1), "x", "الاسم أطول من 80 حرفاً."),
        ("n", "  \n ", "يحتاج النص الجاهز إلى نص يظهر منه شيء."),
        ("n", "---", "يحتاج النص الجاهز إلى نص يظهر منه شيء."),
        ("n", "x" * (TEXT_LIMIT + 1), "النص أطول من 5,000 حرف."),
        ("n", "> " * 2000 + "x", "في النص اقتباسات أو قوائم أو أقواس متداخلة أكثر مما يُسمح به."),
        ("HOTLINE", "x", "يوجد نص جاهز بهذا الاسم."),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_the_reason_and_stays_in_the_form(
    server: Server, editor: Browser, name: str, text: str, sentence: str
) -> None:
    await editor.post("/desk/snippets", {"name": "Hotline", "text": "Call 112."})
    answer = await editor.post("/desk/snippets", {"name": name, "text": text})
    assert answer.status == 422
    assert sentence in answer.text
    assert html.escape(text.strip()[:20]) in answer.text
    assert len(await listed(server)) == 1


async def test_there_are_at_most_as_many_as_the_limit_says(server: Server, editor: Browser) -> None:
    for number in range(MOST_SNIPPETS):
        await server.rooms.store.records.put(
            "snippet",
            f"s{number}",
            '{"name":"'
            + str(number)
            + '","text":"x","html":"x","direction":"ltr","by":"","at":"2026-11-23T00:00:00Z"}',
        )
    answer = await editor.post("/desk/snippets", {"name": "one more", "text": "x"})
    assert (answer.status, "بلغت النصوص الجاهزة حدها الأقصى" in answer.text) == (422, True)
    changed = {"version": "1", "name": "7", "text": "y"}
    assert (await editor.post("/desk/snippets/s7/change", changed)).status == 303


async def test_a_contributor_uses_snippets_and_does_not_change_them(server: Server) -> None:
    contributor = await arrived(server, "Suha", Role.CONTRIBUTOR)
    assert (await contributor.get("/desk/snippets")).status == 403
    assert (await contributor.post("/desk/snippets", {"name": "n", "text": "x"})).status == 403
    assert await listed(server) == []
    assert "add-snippet" not in await deeds(server)
