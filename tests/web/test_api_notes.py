"""Handover notes and claims to verify: kept once, ticked off by one, logged without their text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from live_server import Server

from livefeed.store import Conflict

PLACE = "/api/v1/coverages/story/notes"


async def add(server: Server, text: str, kind: str = "note", role: str = "editor") -> Any:
    answer = await server.ask("POST", PLACE, json={"kind": kind, "text": text}, role=role)
    assert answer.status == 201, answer.text
    return answer.json()


async def listed(server: Server) -> list[tuple[str, str]]:
    found = (await server.ask("GET", PLACE, role="contributor")).json()["notes"]
    return [(note["text"], note["state"]) for note in found]


async def test_notes_are_ticked_off_and_claims_decided_by_name_and_time(server: Server) -> None:
    await server.open()
    before = await server.events()
    note = await add(server, "المناوبة من الثامنة", role="contributor")
    claim = await add(server, "أُغلق المعبر؟", "claim")
    assert (note["state"], note["by"], note["state_by"]) == ("open", "contributor-[]", "")
    path = f"{PLACE}/{claim['id']}"
    denied = (await server.ask("PATCH", path, json={"state": "denied"}, role="chief")).json()
    assert (denied["state"], denied["state_by"], denied["revision"]) == ("denied", "chief-[]", 2)
    assert denied["state_at"] >= denied["at"]
    assert await listed(server) == [("المناوبة من الثامنة", "open"), ("أُغلق المعبر؟", "denied")]
    assert (await server.ask("DELETE", path)).status == 204
    assert (await server.ask("DELETE", path)).status == 204
    assert await listed(server) == [("المناوبة من الثامنة", "open")]
    assert await server.events() == before


async def test_the_audit_log_tells_of_notes_without_their_text(server: Server) -> None:
    await server.open()
    claim = await add(server, "اسم المصدر السري", "claim")
    path = f"{PLACE}/{claim['id']}"
    await server.ask("PATCH", path, json={"state": "confirmed"}, role="chief")
    await server.ask("DELETE", path, role="chief")
    audit = await server.ask("GET", "/api/v1/audit?coverage=story")
    told = [
        (act["deed"], act["by"]) for act in audit.json()["acts"] if act["subject"] == f"note:{claim['id']}"
    ]
    assert told == [("remove-claim", "chief-[]"), ("confirm-claim", "chief-[]"), ("add-claim", "editor-[]")]
    assert "السري" not in audit.text


async def test_open_notes_come_first_and_the_newest_of_each(server: Server) -> None:
    await server.open()
    added = [await add(server, f"{number}", "claim") for number in range(6)]
    for note in added[1::2]:
        done = await server.ask("PATCH", f"{PLACE}/{note['id']}", json={"state": "confirmed"})
        assert done.status == 200
    notes = (await server.ask("GET", PLACE)).json()["notes"]
    assert [note["state"] for note in notes] == ["open"] * 3 + ["confirmed"] * 3
    for half in (notes[:3], notes[3:]):
        times = [note["at"] for note in half]
        assert times == sorted(times, reverse=True)


async def test_a_decision_is_taken_back_and_told_and_one_that_was_taken_is_none(server: Server) -> None:
    await server.open()
    for kind, state, deeds in (
        ("note", "done", ["add-note", "finish-note", "reopen-note"]),
        ("claim", "denied", ["add-claim", "deny-claim", "reopen-claim"]),
    ):
        note = await add(server, "x", kind)
        path = f"{PLACE}/{note['id']}"
        for asked, revision in ((state, 2), (state, 2), ("open", 3), ("open", 3)):
            ticked = (await server.ask("PATCH", path, json={"state": asked})).json()
            assert (ticked["state"], ticked["revision"]) == (asked, revision)
        acts = (await server.ask("GET", "/api/v1/audit?after=1")).json()["acts"]
        assert [act["deed"] for act in acts if act["subject"] == f"note:{note['id']}"] == deeds


async def test_notes_are_those_of_one_coverage_and_bounded(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livefeed.notes.MOST_NOTES", 2)
    await server.open()
    await server.open("other")
    first = await add(server, "هنا")
    elsewhere = "/api/v1/coverages/other/notes"
    assert (await server.ask("GET", elsewhere)).json() == {"notes": []}
    patch = await server.ask("PATCH", f"{elsewhere}/{first['id']}", json={"state": "done"})
    assert patch.status == 404
    headers = {"Idempotency-Key": "second"}
    for status in (201, 201):  # the repetition of one that is kept is no new one
        second = await server.ask("POST", PLACE, json={"text": "ثانية"}, headers=headers)
        assert second.status == status
    third = await server.ask("POST", PLACE, json={"text": "ثالثة"})
    assert (third.status, "2 notes" in third.json()["detail"]) == (409, True)
    assert (await server.ask("POST", elsewhere, json={"text": "هناك"})).status == 201
    assert (await server.ask("DELETE", f"{PLACE}/{first['id']}")).status == 204
    assert (await server.ask("POST", PLACE, json={"text": "ثالثة"})).status == 201


async def test_what_somebody_decided_meanwhile_is_not_removed(server: Server) -> None:
    await server.open()
    id = (await add(server, "من قال؟", "claim"))["id"]
    seen = await server.rooms.notes.one("story", id)
    assert seen
    await server.ask("PATCH", f"{PLACE}/{id}", json={"state": "denied"})
    with pytest.raises(Conflict):
        await server.rooms.notes.remove("story", seen)


async def test_of_two_who_decide_on_the_same_claim_one_is_told_so(server: Server) -> None:
    await server.open()
    claim = await add(server, "من قال؟", "claim")
    path = f"{PLACE}/{claim['id']}"
    answers = await asyncio.gather(
        *(
            server.ask("PATCH", path, json={"state": state}, headers={"If-Match": '"1"'})
            for state in ("confirmed", "denied")
        )
    )
    won, lost = sorted(answers, key=lambda answer: answer.status)
    assert (won.status, lost.status) == (200, 412)
    assert lost.json()["current"] == won.json()
    stale = await server.ask("DELETE", path, headers={"If-Match": '"1"'})
    assert (stale.status, stale.headers["ETag"]) == (412, '"2"')
    blind = await server.ask("PATCH", path, json={"state": "open"}, role=None, headers=await server.session())
    assert blind.status == 428


async def test_a_repeated_key_keeps_one_note_and_another_body_is_refused(server: Server) -> None:
    await server.open()
    headers = {"Idempotency-Key": "k"}
    bodies = [{"text": "مرة"}] * 3
    answers = await asyncio.gather(
        *(server.ask("POST", PLACE, json=body, headers=headers) for body in bodies)
    )
    assert {answer.status for answer in answers} == {201}
    assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [False, True, True]
    assert await listed(server) == [("مرة", "open")]
    told = (await server.ask("GET", "/api/v1/audit")).json()["acts"]
    assert [act["deed"] for act in told] == ["add-note", "open"]
    assert (await server.ask("POST", PLACE, json={"text": "غيرها"}, headers=headers)).status == 422


async def test_a_contributor_changes_own_notes_only(server: Server) -> None:
    await server.open()
    own, foreign = await add(server, "لي", role="contributor"), await add(server, "لغيري")
    for method, body in (("PATCH", {"state": "done"}), ("DELETE", None)):
        for note, allowed in ((own, True), (foreign, False)):
            answer = await server.ask(method, f"{PLACE}/{note['id']}", json=body, role="contributor")
            assert (answer.status == 403) is not allowed, answer.text


@pytest.mark.parametrize(
    ("request_line", "body", "status", "field"),
    [
        ("POST ", {"text": " \u0000 "}, 422, "text"),
        ("POST ", {"text": "ا" * 2001}, 422, "text"),
        ("POST ", {"text": "x", "kind": "rumour"}, 422, "kind"),
        ("PATCH /{id}", {"state": "denied"}, 422, "state"),  # of a note
        ("PATCH /{id}", {"state": "gone"}, 422, "state"),
        ("PATCH /none", {"state": "done"}, 404, None),
    ],
)
async def test_what_cannot_be_a_note_is_refused_by_name(
    server: Server, request_line: str, body: object, status: int, field: str | None
) -> None:
    await server.open()
    note = await add(server, "ملاحظة")
    method, _, rest = request_line.partition(" ")
    answer = await server.ask(method, PLACE + rest.format(**note), json=body)
    assert (answer.status, answer.json().get("field")) == (status, field)
    assert await listed(server) == [("ملاحظة", "open")]
