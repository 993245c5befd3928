"""The audit log through the doors: every write is in it, no text is, and only admins read it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from live_server import Server, running
from test_guard import code_of

from livefeed.audit import Search
from livefeed.roles import Role
from livefeed.store import Batch

UPDATES = "/api/v1/coverages/story/updates"


async def acts(server: Server, query: str = "") -> list[dict[str, Any]]:
    """A page of the log, newest first."""
    answer = await server.ask("GET", f"/api/v1/audit?{query}")
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["acts"]
    return found


async def test_the_log_tells_who_did_what_from_where(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="ميناء", breaking=True)
    place = f"{UPDATES}/{update['id']}"
    for method, address, body in (
        ("PATCH", place, {"headline": "مرفأ", "breaking": False}),
        ("POST", f"{place}/corrections", {"note": "كان «ميناء»", "body": "نص"}),
        ("POST", f"{place}/pin", None),
        ("DELETE", f"{place}/pin", None),
        ("POST", f"{place}/retraction", {"reason": "المصدر تراجع", "note": "سُحب"}),
        ("DELETE", f"{place}/retraction", None),
        ("POST", "/api/v1/coverages/story/closure", None),
        ("POST", "/api/v1/coverages/story/archive", None),
        ("DELETE", "/api/v1/coverages/story/archive", None),
        ("DELETE", "/api/v1/coverages/story/closure", None),
    ):
        answer = await server.ask(
            method, address, json=body, headers={"Idempotency-Key": f"{method}{address}"}
        )
        assert answer.status in {200, 201}, answer.text
    told = list(reversed(await acts(server)))
    assert [(act["deed"], act["revision"]) for act in told] == [
        ("open", 0),
        ("publish", 1),
        ("revise", 2),
        ("correct", 3),
        ("pin", 3),
        ("unpin", 3),
        ("retract", 4),
        ("restore", 5),
        ("close", 0),
        ("archive", 0),
        ("unarchive", 0),
        ("reopen", 0),
    ]
    assert [act["number"] for act in told] == list(range(1, 13))
    assert {act["coverage"] for act in told} == {"story"}
    assert {act["subject"] for act in told} == {"coverage:story", f"update:{update['id']}"}
    assert {(act["by"], act["role"], act["address"]) for act in told} == {("admin-[]", "admin", "127.0.0.1")}
    assert told[2]["changed"] == ["breaking:no", "headline"]
    assert told[6]["detail"] == "المصدر تراجع"


async def test_what_was_retracted_or_deleted_is_not_in_the_log(server: Server) -> None:
    await server.open()
    secret = "اسم المصدر"
    fields = {"headline": secret, "body": secret, "byline": [secret], "tags": [secret]}
    update = await server.publish(**fields)
    draft = await server.publish(status="draft", **fields)
    place = f"{UPDATES}/{update['id']}"
    await server.ask("PATCH", place, json=fields | {"attribution": secret})
    await server.ask("POST", f"{place}/corrections", json={"note": f"حُذف {secret}", "body": "x"})
    await server.ask("POST", f"{place}/retraction", json={"reason": "طلب", "note": "سُحب"})
    await server.ask("DELETE", f"{UPDATES}/{draft['id']}")
    file = await server.ask("GET", "/api/v1/audit?format=jsonl")
    assert [json.loads(line)["deed"] for line in file.text.splitlines()] == [
        "open",
        "publish",
        "draft",
        "revise",
        "correct",
        "retract",
        "delete",
    ]
    assert secret not in file.text


async def test_what_changes_nothing_is_not_told(server: Server) -> None:
    await server.open()
    key = {"Idempotency-Key": "once"}
    for _ in range(2):
        assert (await server.ask("POST", UPDATES, json={"body": "x"}, headers=key)).status == 201
    update = (await server.ask("GET", UPDATES)).json()["updates"][0]
    for _ in range(2):
        assert (await server.ask("POST", f"{UPDATES}/{update['id']}/pin")).status == 200
    for refused in (
        server.ask("POST", UPDATES, json={"body": ""}),
        server.ask("POST", UPDATES, json={"body": "y"}, role=Role.CONTRIBUTOR),
        server.ask("POST", UPDATES, json={"body": "y"}, role=None),
        server.ask("PATCH", f"{UPDATES}/{update['id']}", json={"body": "y"}, headers={"If-Match": '"9"'}),
    ):
        assert (await refused).status >= 400
    assert [act["deed"] for act in await acts(server)] == ["pin", "publish", "open"]


async def test_a_release_is_the_servers_own_deed(make_settings: Any) -> None:
    async with running(make_settings(release_interval=0.02)) as server:
        await server.open()
        now = await server.rooms.store.now()
        await server.publish(status="scheduled", publish_at=f"{now.replace(year=now.year + 1).isoformat()}")
        (update,) = (await server.ask("GET", f"{UPDATES}?status=scheduled")).json()["updates"]
        stored = await server.rooms.store.update(update["id"])
        assert stored
        due = replace(stored, publish_at=now - timedelta(seconds=1))
        await server.rooms.store.append(Batch(updates=(due,)))
        await server.rooms.newsroom.release_due()
        told = await acts(server)
        assert (told[0]["deed"], told[0]["by"], told[0]["account"], told[0]["address"]) == (
            "release",
            "",
            "",
            "",
        )


async def test_logins_pictures_and_webhooks_are_told(server: Server) -> None:
    ours = {"Origin": server.url}
    answer = await server.ask(
        "POST", "/desk/login", role=None, headers=ours, data={"code": await code_of(server)}
    )
    cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    assert (await server.ask("POST", "/desk/logout", role=None, headers=ours | cookie)).status == 303
    hook = {"url": "https://hooks.example.org/in?secret=1"}
    made = (await server.ask("POST", "/api/v1/webhooks", json=hook)).json()
    assert (await server.ask("POST", f"/api/v1/webhooks/{made['id']}/replay", json={})).status == 202
    assert (await server.ask("DELETE", f"/api/v1/webhooks/{made['id']}")).status == 204
    told = list(reversed(await acts(server)))
    assert [act["deed"] for act in told] == [
        "log-in",
        "log-out",
        "add-webhook",
        "replay-webhook",
        "delete-webhook",
    ]
    assert {act["by"] for act in told[:2]} == {"lina"}
    assert {act["detail"] for act in told[2:]} == {"hooks.example.org"}


async def test_a_proxys_word_counts_only_where_it_is_trusted(make_settings: Any) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}
    for role, proxies, address in (
        (Role.CHIEF, (), "127.0.0.1"),
        (Role.ADMIN, ("127.0.0.0/8",), "198.51.100.1"),
    ):
        async with running(make_settings(proxies=proxies)) as server:
            body = {"slug": role, "headline": "x"}
            answer = await server.ask("POST", "/api/v1/coverages", json=body, headers=forwarded, role=role)
            assert answer.status == 201
            (entry,) = await server.rooms.store.acts(Search(coverage=role), limit=5)
            assert entry.act.address == address


async def test_only_an_admin_reads_the_log(server: Server) -> None:
    for role, status in ((None, 401), (Role.CONTRIBUTOR, 403), (Role.CHIEF, 403), (Role.ADMIN, 200)):
        assert (await server.ask("GET", "/api/v1/audit", role=role)).status == status


async def test_pages_and_files_have_all_of_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for slug in ("one", "two"):
        await server.open(slug)
        for _ in range(3):
            await server.publish(slug)
    first = (await server.ask("GET", "/api/v1/audit?limit=5")).json()
    assert first["more"]
    rest = (await server.ask("GET", f"/api/v1/audit?before={first['acts'][-1]['number']}")).json()
    assert not rest["more"]
    numbers = [act["number"] for act in first["acts"] + rest["acts"]]
    assert numbers == list(range(8, 0, -1))
    assert [act["number"] for act in await acts(server, "coverage=one")] == [4, 3, 2, 1]
    assert await acts(server, "coverage=one&by=nobody") == []
    assert [act["number"] for act in await acts(server, "after=6")] == [7, 8]
    lines = (await server.ask("GET", "/api/v1/audit?format=jsonl&after=4&coverage=two")).text.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [5, 6, 7, 8]
    table = await server.ask("GET", "/api/v1/audit?format=csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(table.text.splitlines()))
    assert [row["deed"] for row in rows] == ["open", *["publish"] * 3] * 2
    monkeypatch.setattr("livefeed.web.api.audit.PORTION", 3)  # of a log that is read at several times
    for form, head in (("csv", 1), ("jsonl", 0)):
        file = (await server.ask("GET", f"/api/v1/audit?format={form}")).text
        assert len(file.splitlines()) == 8 + head
        assert [len(set(file.splitlines()))] == [8 + head], "nothing twice"
    monkeypatch.setattr("livefeed.web.api.audit.MOST", 3)
    assert len(await acts(server, "limit=8")) == 3


async def test_a_malformed_question_is_refused(server: Server) -> None:
    for query, field in (
        ("before=x", "before"),
        ("before=0", "before"),
        ("limit=-1", "limit"),
        ("after=1&before=3", "after"),
        ("format=xml", "format"),
    ):
        answer = await server.ask("GET", f"/api/v1/audit?{query}")
        assert (answer.status, answer.json()["field"]) == (400, field)
