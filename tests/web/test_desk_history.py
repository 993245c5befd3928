"""The history of an update is the desk's alone."""

from __future__ import annotations

import re

from live_server import Server

from livefeed.roles import Role


async def test_an_editor_sees_who_did_what_and_why_word_by_word(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="المصابون 4")
    path = f"/api/v1/coverages/story/updates/{update['id']}"
    await server.ask("POST", f"{path}/corrections", json={"headline": "المصابون 5", "note": "كان الرقم 4"})
    await server.ask("POST", f"{path}/retraction", json={"reason": "مصدر واحد"})
    session = await server.session(Role.EDITOR)
    page = f"/desk/story/updates/{update['id']}/history"
    answer = await server.ask("GET", page, role=None, headers=session)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    for part in ("كان الرقم 4", "مصدر واحد", "<del>", "<ins>", "admin-[]", "revision=2"):
        assert part in answer.text


async def test_a_contributor_does_not_see_what_a_colleague_retracted(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="سرّي")
    session = await server.session(Role.CONTRIBUTOR)
    page = f"/desk/story/updates/{update['id']}/history"
    answer = await server.ask("GET", page, role=None, headers=session)
    assert answer.status == 403
    assert "سرّي" not in answer.text
    assert (await server.ask("GET", page, role=None)).headers["Location"] == "/desk/login"


async def test_a_comparison_shows_what_a_form_would_change_and_keeps_nothing(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="المصابون 6", body="قال **أحمد** إنهم ستة.")
    place = f"/desk/story/updates/{update['id']}"
    form = {"headline": "المصابون خمسة", "body": "<p>قال أحمد إنهم ستة.</p>", "format": "html"}
    answer = await server.ask("POST", f"{place}/comparison", json=form)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    headline, _, body = answer.text.partition('data-difference="body"')
    assert re.search(r"<del>.*>6<.*</del>.*<ins>.*>خمسة<.*</ins>", headline)
    assert "<del>" not in body
    assert "الكلمات واحدة" in body
    assert (await server.ask("GET", f"{place}/history")).text.count('class="made"') == 1
    refused = await server.ask("POST", f"{place}/comparison", json=form, role="contributor")
    assert (refused.status, "own updates" in refused.text) == (403, True)
