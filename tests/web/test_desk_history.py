"""The history of an update is the desk's alone."""

from __future__ import annotations

from live_server import Server

from livefeed.model import Role


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
