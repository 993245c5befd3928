"""What editors read, what readers get to see of it, and what nobody but the desk ever does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from live_server import Server, running

from livefeed.roles import Role
from livefeed.settings import Settings

UPDATES = "/api/v1/coverages/story/updates"
FORMS = ("rss", "atom", "json")


async def public_bytes(server: Server, ids: list[str]) -> dict[str, str]:
    """Everything that anybody can get of the coverage, by address."""
    paths = [
        "/", "/live/story", "/live/story?page=1", "/robots.txt", "/metrics", "/readyz", "/api/docs",
        "/sitemap.xml", "/news-sitemap.xml",
        "/live/story/changes", "/changes",
        *(f"/live/story/changes?after=0&view={view}" for view in ("json", "html")),
        *(f"/changes?after=0&view={view}" for view in ("json", "html")),
        *(f"/feeds/breaking.{form}" for form in FORMS),
        *(f"/live/story/{kind}.{form}" for kind in ("breaking", "updates") for form in FORMS),
        *(f"/live/story/updates/{id}" for id in ids),
    ]  # fmt: skip
    answers = {path: await server.ask("GET", path, role=None) for path in paths}
    return {path: answer.text + str(answer.headers) for path, answer in answers.items()}


async def test_pages_of_the_list_join_without_a_gap_or_a_double(server: Server) -> None:
    await server.open()
    ids = [(await server.publish(headline=str(number)))["id"] for number in range(7)]
    seen: list[str] = []
    query = "limit=3"
    for _ in range(3):
        page = (await server.ask("GET", f"{UPDATES}?{query}")).json()
        seen += [update["id"] for update in page["updates"]]
        query = f"limit=3&before={page['before']}"
    assert seen == ids[::-1]
    assert (page["more"], page["before"]) == (False, None)
    # The id of an update is a cursor too, also when a change has moved its position.
    assert (await server.ask("PATCH", f"{UPDATES}/{ids[3]}", json={"headline": "new"})).status == 200
    page = (await server.ask("GET", f"{UPDATES}?limit=2&before={ids[3]}")).json()
    assert [update["id"] for update in page["updates"]] == [ids[2], ids[1]]
    draft = await server.publish(status="draft")
    for wrong in ("gone", draft["id"]):
        refused = await server.ask("GET", f"{UPDATES}?before={wrong}")
        assert (refused.status, refused.json()["field"]) == (400, "before")


async def test_a_contributor_reads_own_unpublished_updates_and_nobody_elses(server: Server) -> None:
    await server.open()
    theirs = {
        status: await server.publish(headline=f"theirs {status}", status=status)
        for status in ("draft", "submitted")
    }
    theirs["scheduled"] = await server.publish(headline="theirs scheduled", publish_at="2099-01-01T00:00:00Z")
    own = await server.ask(
        "POST", UPDATES, role=Role.CONTRIBUTOR, json={"headline": "own", "status": "draft"}
    )
    for role, seen in ((Role.CONTRIBUTOR, 1), (Role.EDITOR, 4)):
        listed = (await server.ask("GET", f"{UPDATES}?status=unpublished", role=role)).json()["updates"]
        assert len(listed) == seen
        desk = (await server.ask("GET", "/desk/story", role=role)).text
        assert [f"theirs {status}" in desk for status in theirs] == [role is Role.EDITOR] * 3
        for update in theirs.values():
            status = 200 if role is Role.EDITOR else 404
            for path in ("", "/revisions"):
                asked = await server.ask("GET", f"{UPDATES}/{update['id']}{path}", role=role)
                assert asked.status == status
            page = await server.ask("GET", f"/desk/story/updates/{update['id']}/history", role=role)
            assert page.status == status
    assert own.json()["headline"] in (await server.ask("GET", "/desk/story", role=Role.CONTRIBUTOR)).text


async def test_pages_of_the_unpublished_join_without_a_gap_or_a_double(server: Server) -> None:
    await server.open()
    ids = [(await server.publish(headline=str(number), status="draft"))["id"] for number in range(7)]
    seen: list[str] = []
    query = "status=unpublished&limit=3"
    for _ in range(3):
        page = (await server.ask("GET", f"{UPDATES}?{query}")).json()
        seen += [update["id"] for update in page["updates"]]
        query = f"status=unpublished&limit=3&before={page['before']}"
    assert seen == ids[::-1]
    assert (page["more"], page["before"]) == (False, None)
    refused = await server.ask("GET", f"{UPDATES}?status=draft&before=gone")
    assert refused.status == 400
    assert "before is 'gone'; the id of an update in this list is taken." in refused.json()["detail"]


async def test_each_status_has_its_list(server: Server) -> None:
    await server.open()
    made = {
        status: (await server.publish(status=status, **extra))["id"]
        for status, extra in (
            ("draft", {}),
            ("submitted", {}),
            ("scheduled", {"publish_at": "2099-01-01T00:00:00Z"}),
            ("published", {}),
        )
    }
    for status, id in made.items():
        listed = (await server.ask("GET", f"{UPDATES}?status={status}")).json()["updates"]
        assert [(update["id"], update["status"]) for update in listed] == [(id, status)]
    everything = (await server.ask("GET", f"{UPDATES}?status=unpublished")).json()["updates"]
    assert {update["id"] for update in everything} == set(made.values()) - {made["published"]}


async def test_coverages_are_listed_the_last_opened_first_and_only_granted_ones(server: Server) -> None:
    for slug in ("a", "b", "c"):
        await server.open(slug)
    listed = (await server.ask("GET", "/api/v1/coverages")).json()["coverages"]
    assert [coverage["slug"] for coverage in listed] == ["c", "b", "a"]
    headers = {"Authorization": f"Bearer {await server.token(Role.EDITOR, coverages=['b'])}"}
    answer = await server.ask("GET", "/api/v1/coverages", role=None, headers=headers)
    assert [coverage["slug"] for coverage in answer.json()["coverages"]] == ["b"]


async def test_what_is_not_published_is_in_no_public_byte(server: Server) -> None:
    await server.open()
    await server.publish(headline="عام", breaking=True)
    secret = "SECRET-DRAFT"
    fields = {"headline": secret, "body": secret, "byline": secret, "attribution": secret, "breaking": True}
    drafts = [
        (await server.publish(status=status, **fields, **extra))
        for status, extra in (
            ("draft", {}),
            ("submitted", {}),
            ("scheduled", {"publish_at": "2099-01-01T00:00:00Z"}),
        )
    ]
    path = f"{UPDATES}/{drafts[0]['id']}"
    await server.ask("PATCH", path, json={"body": f"{secret} again"})
    await server.ask("POST", f"{path}/submission", json={"note": secret})
    await server.ask("DELETE", f"{path}/submission", json={"note": secret})
    ids = [draft["id"] for draft in drafts]
    shown = await public_bytes(server, ids)
    for address, content in shown.items():
        assert secret not in content, address
        assert not [id for id in ids if id in content and id not in address], address
    for id in ids:
        assert (await server.ask("GET", f"/live/story/updates/{id}", role=None)).status == 404
    await server.ask("DELETE", path)
    assert secret not in str(await public_bytes(server, ids))


@pytest.mark.parametrize("tail_events", [500, 1])
async def test_a_retraction_empties_everything_and_its_reason_is_never_public(
    make_settings: Callable[..., Settings], tail_events: int
) -> None:
    # With a tail of one event the replay comes from the log, else from memory.
    async with running(make_settings(tail_events=tail_events)) as server:
        await server.open()
        name, reason = "NAMED-SOURCE", "SOURCE-IN-DANGER"
        before = await server.publish(headline="قبل")
        update = await server.publish(
            headline=name, body=name, byline=name, attribution=name, place=name, dateline=name, tags=[name],
            breaking=True, key_event=True, related=[{"title": name, "url": f"https://example.org/{name}"}],
            embeds=[{"url": f"https://example.org/{name}", "title": name}],
        )  # fmt: skip
        path = f"{UPDATES}/{update['id']}"
        await server.ask("PATCH", path, json={"headline": f"{name} 2"})
        await server.ask("POST", f"{path}/corrections", json={"note": f"{name} 3"})
        await server.ask("POST", f"{path}/pin")
        assert name in str(await public_bytes(server, [update["id"]]))  # caches are warm
        told = await server.events()
        note = "سحبت غرفة التحرير هذا التحديث"
        answer = await server.ask("POST", f"{path}/retraction", json={"reason": reason, "note": note})
        assert answer.status == 200
        stub = answer.json()
        assert (stub["status"], stub["retraction"]["note"], stub["revision"]) == ("retracted", note, 4)
        assert reason not in answer.text
        shown = await public_bytes(server, [update["id"]])
        for address, content in shown.items():
            assert name not in content, address
            assert reason not in content, address
        assert note in shown[f"/live/story/updates/{update['id']}"]
        assert note in shown["/live/story/updates.atom"]
        replay = await server.events()
        assert [event["position"] for event in replay[: len(told)]] == [event["position"] for event in told]
        assert replay[1]["update"]["headline"] == before["headline"]
        emptied = [event for event in replay if event.get("update", {}).get("id") == update["id"]]
        assert len(emptied) == 5
        for event in emptied:
            assert event["update"]["status"] == "retracted"
            assert event["update"]["retraction"]["note"] == note
            assert not any(
                event["update"][field] for field in ("headline", "body", "text", "byline", "media")
            )
        history = (await server.ask("GET", f"{path}/revisions")).json()["revisions"]
        assert history[-1]["reason"] == reason
        assert (await server.ask("GET", "/api/v1/coverages/story")).json()["slug"] == "story"


async def test_undoing_a_retraction_brings_back_all_but_the_pin(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="عنوان", body="نص", breaking=True, byline="لينا")
    path = f"{UPDATES}/{update['id']}"
    corrected = (await server.ask("POST", f"{path}/corrections", json={"note": "n"})).json()
    await server.ask("POST", f"{path}/pin")
    await server.ask("POST", f"{path}/retraction", json={"reason": "r", "note": "n"})
    restored = (await server.ask("DELETE", f"{path}/retraction")).json()
    changing = {"revision", "revised_at", "position"}
    differing = {name for name in corrected if corrected[name] != restored[name]}
    assert differing == changing
    assert restored["revision"] == corrected["revision"] + 2
    shown = await public_bytes(server, [update["id"]])
    for address in ("/live/story", "/live/story/updates.rss", "/feeds/breaking.json", "/live/story?page=1"):
        assert "عنوان" in shown[address], address
    again = await server.ask("POST", f"{path}/retraction", json={})
    assert again.status == 200
    assert "عنوان" not in str(await public_bytes(server, [update["id"]]))


async def test_a_permalink_knows_its_coverage(server: Server) -> None:
    await server.open()
    await server.open("other")
    update = await server.publish()
    assert (await server.ask("GET", f"/live/story/updates/{update['id']}", role=None)).status == 200
    assert (await server.ask("GET", f"/live/other/updates/{update['id']}", role=None)).status == 404


async def test_an_update_says_its_revision_in_the_etag_and_nothing_may_be_cached(server: Server) -> None:
    await server.open()
    update = await server.publish()
    answer = await server.ask("GET", f"{UPDATES}/{update['id']}")
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == ('"1"', "no-store")
    assert answer.json() == update


async def test_a_revision_shows_who_did_what_and_when(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="١")
    path = f"{UPDATES}/{update['id']}"
    await server.ask(
        "POST", f"{path}/corrections", json={"headline": "٢", "note": "كان خطأ"}, role=Role.EDITOR
    )
    lines: list[dict[str, Any]] = (await server.ask("GET", f"{path}/revisions")).json()["revisions"]
    assert [(line["kind"], line["note"], line["update"]["headline"]) for line in lines] == [
        ("published", "", "١"),
        ("corrected", "كان خطأ", "٢"),
    ]
    assert lines[0]["by"].startswith("admin")
    assert lines[1]["by"].startswith("editor")
    assert lines[0]["at"] < lines[1]["at"]


async def test_retracted_updates_are_listed_alone_and_in_pages_in_the_api_and_on_the_desk(
    server: Server,
) -> None:
    await server.open()
    ids = [(await server.publish(headline=f"h{number}"))["id"] for number in range(23)]
    for id in ids[:22]:
        assert (await server.ask("POST", f"{UPDATES}/{id}/retraction", json={})).status == 200
    newest_first = ids[21::-1]
    path, listed = f"{UPDATES}?status=retracted&limit=9", []
    while path:
        found = (await server.ask("GET", path)).json()
        listed += [update["id"] for update in found["updates"]]
        path = found["more"] and f"{UPDATES}?status=retracted&limit=9&before={found['before']}"
    assert listed == newest_first

    headers = await server.session(Role.EDITOR)
    pages, path = [], "/desk/story"
    for _ in range(2):
        html = (await server.ask("GET", path, role=None, headers=headers)).text
        panel = html.partition('id="panel-retracted"')[2].partition("</details>")[0]
        pages.append(re.findall(r'<li data-id="([\w-]+)"', panel))
        assert panel.count('data-action="restore"') == len(pages[-1])
        older = re.search(r'href="([^"#]+)#panel-retracted" rel="next"', panel)
        path = older[1] if older else ""
        assert ("data-older" in panel, "20+" in panel) == ((False, True) if path else (True, False))
    assert [pages[0], pages[1], path] == [newest_first[:20], newest_first[20:], ""]
    for wrong in ("x", "-1", "٣"):
        assert (await server.ask("GET", f"/desk/story?retracted={wrong}", headers=headers)).status == 400
