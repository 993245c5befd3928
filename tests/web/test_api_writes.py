"""The writing contract of the JSON API: who may do what, in which order things are checked, what is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from live_server import Answer, Server

from livefeed.roles import Role
from livefeed.web.api.table import WRITES

ROLES = list(Role)
UPDATES = "/api/v1/coverages/story/updates"


def one(update: dict[str, Any], *rest: str) -> str:
    """The address of an update, or of something of it."""
    return "/".join((f"/api/v1/coverages/{update['coverage']}/updates/{update['id']}", *rest))


async def kinds(server: Server, slug: str = "story") -> list[str]:
    """What readers were told of the coverage, without its opening."""
    return [event["kind"] for event in await server.events(slug)][1:]


def said(answer: Answer, status: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    return problem


# Who may


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write.method} {write.path}")
async def test_every_write_needs_a_login_and_the_role_of_its_line(server: Server, write: Any) -> None:
    await server.open()
    update = await server.publish()
    before = await server.events()
    path = write.path.format(slug="story", id=update["id"])
    nobody = await server.ask(write.method, path, role=None)
    said(nobody, 401)
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    wrong = {"Authorization": f"Bearer lf_{'x' * 43}"}
    said(await server.ask(write.method, path, role=None, headers=wrong), 401)
    for role in ROLES[: ROLES.index(write.role)]:
        # A broken body: whoever may not is told that, and nothing of the body.
        refusal = said(await server.ask(write.method, path, role=role, data=b"{"), 403)
        assert write.role in refusal["detail"]
    elsewhere = await server.token(Role.ADMIN, coverages=["other"])
    headers = {"Authorization": f"Bearer {elsewhere}"}
    answer = await server.ask(
        write.method, path, role=None, headers=headers, json={"slug": "s", "headline": "h"}
    )
    said(answer, 403)
    assert await server.events() == before


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/coverages",
        "/api/v1/coverages/story",
        UPDATES,
        f"{UPDATES}?status=draft",
        f"{UPDATES}/ID",
        f"{UPDATES}/ID/revisions",
    ],
)
async def test_every_read_of_the_api_needs_a_login_for_the_coverage(server: Server, path: str) -> None:
    await server.open()
    path = path.replace("ID", (await server.publish())["id"])
    said(await server.ask("GET", path, role=None), 401)
    for role in ROLES:
        of_the_desk = path.endswith("/revisions") and role is Role.CONTRIBUTOR
        assert (await server.ask("GET", path, role=role)).status == (403 if of_the_desk else 200)
    headers = {"Authorization": f"Bearer {await server.token(Role.ADMIN, coverages=['other'])}"}
    answer = await server.ask("GET", path, role=None, headers=headers)
    if path == "/api/v1/coverages":
        assert answer.json() == {"coverages": []}
    else:
        said(answer, 403)


async def test_a_contributor_writes_own_drafts_and_nothing_else(server: Server) -> None:
    await server.open()
    public = await server.publish()
    foreign = await server.publish(status="draft")
    for status in (None, "published", "scheduled"):
        fields = {"body": "x", "publish_at": "2099-01-01T00:00:00Z"} | ({"status": status} if status else {})
        said(await server.ask("POST", UPDATES, role=Role.CONTRIBUTOR, json=fields), 403)
    answer = await server.ask("POST", UPDATES, role=Role.CONTRIBUTOR, json={"body": "x", "status": "draft"})
    assert answer.status == 201
    own = answer.json()

    async def try_to(method: str, path: str, **fields: Any) -> Answer:
        return await server.ask(method, path, role=Role.CONTRIBUTOR, json=fields)

    assert (await try_to("PATCH", one(own), body="y")).json()["text"] == "y"
    said(await try_to("PATCH", one(own), breaking=True), 403)
    said(await try_to("PATCH", one(public), body="y"), 403)
    said(await try_to("DELETE", one(public)), 403)
    said(await try_to("PATCH", one(foreign), body="y"), 404)  # as if it were not there
    said(await server.ask("GET", one(foreign), role=Role.CONTRIBUTOR), 404)
    history = await server.ask("GET", one(own, "revisions"), role=Role.CONTRIBUTOR)
    assert [line["kind"] for line in history.json()["revisions"]] == ["drafted", "revised"]
    listed = (await server.ask("GET", f"{UPDATES}?status=unpublished", role=Role.CONTRIBUTOR)).json()
    assert [update["id"] for update in listed["updates"]] == [own["id"]]
    assert (await try_to("POST", one(own, "submission"), note="جاهز")).json()["status"] == "submitted"
    assert (await try_to("DELETE", one(own, "submission"))).json()["status"] == "draft"
    said(await try_to("POST", one(own, "publication")), 403)
    assert (await try_to("DELETE", one(own))).status == 204
    assert await kinds(server) == ["published"]


async def test_breaking_and_pins_are_the_chiefs(server: Server) -> None:
    await server.open()
    update = await server.publish()
    breaking = await server.publish(breaking=True, status="draft")
    for method, path, fields in (
        ("POST", UPDATES, {"body": "x", "breaking": True}),
        ("PATCH", one(update), {"breaking": True}),
        ("POST", one(update, "corrections"), {"note": "n", "breaking": True}),
        ("POST", one(breaking, "publication"), {}),
        ("POST", one(update, "pin"), {}),
        ("DELETE", one(update, "pin"), {}),
    ):
        said(await server.ask(method, path, role=Role.EDITOR, json=fields), 403)
    for method, path, fields in (
        ("PATCH", one(update), {"breaking": False, "body": "y"}),  # it is not, so nothing is set
        ("PATCH", one(breaking), {"breaking": True, "body": "y"}),
    ):
        assert (await server.ask(method, path, role=Role.EDITOR, json=fields)).status == 200
    assert (await server.ask("PATCH", one(update), role=Role.CHIEF, json={"breaking": True})).status == 200
    assert (await server.ask("POST", one(breaking, "publication"), role=Role.CHIEF)).status == 200


# The order of checks


async def test_checks_come_in_the_order_of_the_contract(server: Server) -> None:
    await server.open()
    update = await server.publish()
    draft = await server.publish(status="draft")
    key = {"Idempotency-Key": "once"}
    assert (await server.ask("PATCH", one(update), json={"body": "1"}, headers=key)).status == 200
    session = await server.session(Role.EDITOR)
    everything_wrong = {"Idempotency-Key": "ü\x85" * 200, "If-Match": "three"}
    broken = {"data": b"{", "headers": everything_wrong}
    said(await server.ask("PATCH", one(update), role=None, **broken), 401)
    said(await server.ask("POST", one(update, "pin"), role=Role.CONTRIBUTOR, **broken), 403)
    assert "Idempotency-Key" in said(await server.ask("PATCH", one(update), **broken), 400)["detail"]
    # The curl door and uploads keep the same order, and a body that is too long is no reason to leave it.
    for path, headers in (
        ("/live/story", {"Breaking": "perhaps"}),
        ("/api/v1/media", {"Content-Type": "text/plain"}),
        (UPDATES, {"Content-Type": "text/plain"}),
    ):
        wrong = {**headers, "Idempotency-Key": "k" * 201}
        answer = await server.ask("POST", path, data=b"x" * 400_001, headers=wrong)
        assert "Idempotency-Key" in said(answer, 400)["detail"], path
    key_reused = {**key, "If-Match": "three"}
    problem = said(await server.ask("PATCH", one(update), data=b"{", headers=key_reused), 422)
    assert problem["type"] == "idempotency-key-reused"
    at_the_desk = {"role": None, "data": b"{", "headers": session}
    said(await server.ask("PATCH", one(update), **at_the_desk), 428)
    contributor = await server.session(Role.CONTRIBUTOR)
    said(await server.ask("PATCH", one(update), role=None, data=b"{", headers=contributor), 403)
    # What only the body says of rights is looked at before the rest of it.
    for role, asked in (
        (Role.CONTRIBUTOR, {"body": 3}),
        (Role.CONTRIBUTOR, {"status": "scheduled", "publish_at": "soon"}),
        (Role.EDITOR, {"breaking": True, "body": 3}),
    ):
        assert "role" in said(await server.ask("POST", UPDATES, role=role, json=asked), 403)["detail"]
    for asked in ({"status": "draft", "body": 3}, {"status": ["draft"]}):
        said(await server.ask("POST", UPDATES, role=Role.CONTRIBUTOR, json=asked), 422)
    urgent = {"Breaking": "yes"}
    said(await server.ask("POST", "/live/story", role=Role.EDITOR, data=b"\xff", headers=urgent), 403)
    said(await server.ask("PATCH", one(update), data=b"{", headers={"If-Match": "three"}), 400)
    said(await server.ask("PATCH", one(update), data=b"{", headers={"If-Match": '"7"'}), 412)
    said(await server.ask("PATCH", one(draft), data=b"{", headers={"If-Match": '"1"'}), 415)
    json_type = {"If-Match": '"1"', "Content-Type": "application/json"}
    said(await server.ask("PATCH", one(draft), data=b"{", headers=json_type), 400)
    assert await kinds(server) == ["published", "revised"]


# Idempotency


async def test_a_repeated_key_gets_the_first_status_and_the_update_as_it_is_now(server: Server) -> None:
    await server.open()
    key = {"Idempotency-Key": "mobile-1"}
    first = await server.ask("POST", UPDATES, json={"body": "أول"}, headers=key)
    assert first.status == 201
    assert "Idempotency-Replayed" not in first.headers
    update = first.json()
    await server.ask("PATCH", one(update), json={"body": "ثان"})
    again = await server.ask("POST", UPDATES, json={"body": "أول"}, headers=key)
    assert again.status == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == '"2"'
    assert again.headers["Location"] == first.headers["Location"]
    assert (again.json()["id"], again.json()["text"]) == (update["id"], "ثان")
    assert await kinds(server) == ["published", "revised"]


async def test_a_key_with_another_body_is_refused(server: Server) -> None:
    await server.open()
    key = {"Idempotency-Key": "k"}
    await server.ask("POST", UPDATES, json={"body": "1"}, headers=key)
    problem = said(await server.ask("POST", UPDATES, json={"body": "2"}, headers=key), 422)
    assert problem["type"] == "idempotency-key-reused"
    assert problem["field"] == "Idempotency-Key"
    assert await kinds(server) == ["published"]


async def test_a_key_belongs_to_its_account_method_and_path(server: Server) -> None:
    await server.open()
    key = {"Idempotency-Key": "k"}
    update = (await server.ask("POST", UPDATES, json={"body": "1"}, headers=key)).json()
    assert (
        await server.ask("POST", UPDATES, role=Role.EDITOR, json={"body": "1"}, headers=key)
    ).status == 201
    for method, path in (
        ("PATCH", one(update)),
        ("POST", one(update, "pin")),
        ("DELETE", one(update, "pin")),
        ("POST", one(update, "retraction")),
        ("DELETE", one(update, "retraction")),
    ):
        answer = await server.ask(method, path, headers=key)
        assert answer.status == 200
        assert "Idempotency-Replayed" not in answer.headers
        again = await server.ask(method, path, headers=key)
        assert (again.status, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert await kinds(server) == [
        "published", "published", "revised", "pinned", "unpinned", "retracted", "restored",
    ]  # fmt: skip


async def test_fifty_at_once_with_one_key_publish_one_update(server: Server) -> None:
    await server.open()
    await server.token()
    headers = {"Idempotency-Key": "burst"}
    answers = await asyncio.gather(
        *(server.ask("POST", UPDATES, json={"body": "مرة"}, headers=headers) for _ in range(50))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    replayed = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers)
    assert replayed == {None: 1, "true": 49}
    assert await kinds(server) == ["published"]


async def test_a_refused_write_does_not_use_its_key_up(server: Server) -> None:
    await server.open()
    key = {"Idempotency-Key": "k"}
    said(await server.ask("POST", UPDATES, json={"body": ""}, headers=key), 422)
    assert (await server.ask("POST", UPDATES, json={"body": "now right"}, headers=key)).status == 201


async def test_a_deleted_draft_is_deleted_again_with_the_same_key(server: Server) -> None:
    await server.open()
    draft = await server.publish(status="draft")
    key = {"Idempotency-Key": "k"}
    for replayed in (None, "true"):
        answer = await server.ask("DELETE", one(draft), headers=key)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers.get("Idempotency-Replayed") == replayed
    said(await server.ask("DELETE", one(draft)), 404)


# Revisions


async def test_a_stale_revision_gets_the_current_state(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="قديم")
    await server.ask("PATCH", one(update), json={"headline": "جديد"})
    answer = await server.ask("PATCH", one(update), json={"headline": "x"}, headers={"If-Match": '"1"'})
    problem = said(answer, 412)
    assert answer.headers["ETag"] == '"2"'
    assert problem["current"]["headline"] == "جديد"
    assert problem["current"]["revision"] == 2
    for match in ('"2"', "*"):
        answer = await server.ask("PATCH", one(update), json={"headline": match}, headers={"If-Match": match})
        assert answer.json()["headline"] == match
    assert await kinds(server) == ["published", "revised", "revised", "revised"]


@pytest.mark.parametrize(
    "match", ["1", '"1', 'W/"1"', '"1", "2"', '"-1"', '"١"', '""', '"1e9"', '"9999999999"']
)
async def test_a_malformed_if_match_is_refused(server: Server, match: str) -> None:
    await server.open()
    update = await server.publish()
    said(await server.ask("PATCH", one(update), json={"body": "x"}, headers={"If-Match": match}), 400)
    assert await kinds(server) == ["published"]


async def test_a_desk_session_must_say_which_revision_it_changes(server: Server) -> None:
    await server.open()
    update = await server.publish()
    session = await server.session(Role.CHIEF)
    for write in WRITES:
        if write.on_update:
            path = write.path.format(slug="story", id=update["id"])
            said(await server.ask(write.method, path, role=None, headers=session), 428)
    for match in ('"1"', "*"):
        headers = session | {"If-Match": match}
        answer = await server.ask("PATCH", one(update), role=None, headers=headers, json={"headline": match})
        assert answer.status == 200, answer.text
    # A new update and a coverage have nothing to be overwritten.
    assert (await server.ask("POST", UPDATES, role=None, headers=session, json={"body": "x"})).status == 201


async def test_two_editors_of_one_revision_do_not_overwrite_each_other(server: Server) -> None:
    await server.open()
    update = await server.publish()
    await server.token()
    answers = await asyncio.gather(
        *(
            server.ask("PATCH", one(update), json={"body": f"{n}"}, headers={"If-Match": '"1"'})
            for n in range(10)
        )
    )
    assert Counter(answer.status for answer in answers) == {200: 1, 412: 9}
    assert await kinds(server) == ["published", "revised"]


async def test_revise_correct_retract_and_restore_count_and_pins_do_not(server: Server) -> None:
    await server.open()
    update = await server.publish()
    counted = [update["revision"]]
    for method, path, fields in (
        ("POST", one(update, "pin"), None),
        ("PATCH", one(update), {"body": "2"}),
        ("POST", one(update, "corrections"), {"note": "كان خطأ"}),
        ("DELETE", one(update, "pin"), None),
        ("POST", one(update, "retraction"), {"reason": "r", "note": "n"}),
        ("DELETE", one(update, "retraction"), None),
    ):
        answer = await server.ask(method, path, **({"json": fields} if fields else {}))
        assert answer.status in {200, 201}, answer.text
        assert answer.json()["id"] == update["id"]
        assert answer.headers["ETag"] == f'"{answer.json()["revision"]}"'
        counted.append(answer.json()["revision"])
    assert counted == [1, 1, 2, 3, 3, 4, 5]
    history = (await server.ask("GET", one(update, "revisions"))).json()["revisions"]
    assert [(line["revision"], line["kind"]) for line in history] == [
        (1, "published"),
        (2, "revised"),
        (3, "corrected"),
        (4, "retracted"),
        (5, "restored"),
    ]


# What each verb tells


async def test_a_patch_tells_revised_and_a_correction_corrected_and_nothing_else(server: Server) -> None:
    await server.open()
    update = await server.publish(body="توفي ٣", attribution="سانا")
    answer = await server.ask("POST", one(update, "corrections"), json={"note": "العدد ٤", "body": "توفي ٤"})
    assert answer.status == 201
    corrected = answer.json()
    assert corrected["text"] == "توفي ٤"
    assert corrected["attribution"] == "سانا"
    assert [line["note"] for line in corrected["corrections"]] == ["العدد ٤"]
    assert await kinds(server) == ["published", "corrected"]
    assert (await server.ask("PATCH", one(update), json={"key_event": True})).json()["key_event"] is True
    assert await kinds(server) == ["published", "corrected", "revised"]
    assert [event["update"]["revision"] for event in (await server.events())[1:]] == [1, 2, 3]


async def test_a_new_pin_replaces_the_old_in_one_step(server: Server) -> None:
    await server.open()
    first, second = await server.publish(), await server.publish()
    assert (await server.ask("POST", one(first, "pin"))).json()["pinned"] is True
    assert (await server.ask("POST", one(first, "pin"))).status == 200  # it is, so nothing is told
    assert (await server.ask("POST", one(second, "pin"))).json()["pinned"] is True
    events = (await server.events())[3:]
    assert [(event["kind"], event["update"]["id"]) for event in events] == [
        ("pinned", first["id"]),
        ("unpinned", first["id"]),
        ("pinned", second["id"]),
    ]
    assert (await server.ask("GET", one(first))).json()["pinned"] is False
    assert (await server.ask("DELETE", one(second, "pin"))).json()["pinned"] is False
    assert (await server.ask("DELETE", one(second, "pin"))).status == 200
    assert await kinds(server) == ["published", "published", "pinned", "unpinned", "pinned", "unpinned"]


async def test_the_site_is_told_of_what_is_or_was_breaking_and_of_nothing_else(server: Server) -> None:
    await server.open()
    await server.publish()
    update = await server.publish(breaking=True)
    for fields in ({"breaking": False}, {"body": "later"}):
        await server.ask("PATCH", one(update), json=fields)
    await server.ask("POST", one(update, "retraction"))
    answer = await server.ask("GET", "/changes?after=0", role=None)
    told = [(event["kind"], event.get("update", {}).get("id")) for event in answer.json()["events"]]
    assert told == [
        ("coverage", None),
        *((kind, update["id"]) for kind in ("published", "revised", "revised", "retracted")),
    ]


async def test_a_closed_coverage_takes_changes_but_no_new_updates(server: Server) -> None:
    await server.open()
    update, draft = await server.publish(), await server.publish(status="draft")
    closed = await server.ask("POST", "/api/v1/coverages/story/closure")
    assert (closed.status, closed.json()["status"]) == (200, "closed")
    assert closed.json()["ends_at"]
    assert (await server.ask("POST", "/api/v1/coverages/story/closure")).status == 200
    for method, path, fields in (
        ("POST", UPDATES, {"body": "x"}),
        ("POST", UPDATES, {"body": "x", "status": "draft"}),
        ("POST", one(draft, "publication"), {}),
        ("PATCH", "/api/v1/coverages/story", {"status": "live"}),
    ):
        assert "story" in said(await server.ask(method, path, json=fields), 409)["detail"]
    said(await server.ask("POST", "/live/story", data="x"), 409)
    for method, path, fields in (
        ("PATCH", one(update), {"body": "2"}),
        ("POST", one(update, "corrections"), {"note": "n"}),
        ("POST", one(update, "retraction"), {}),
        ("DELETE", one(update, "retraction"), {}),
    ):
        assert (await server.ask(method, path, json=fields)).status in {200, 201}
    assert await kinds(server) == [
        "published", "coverage", "revised", "corrected", "retracted", "restored",
    ]  # fmt: skip
    again = await server.ask("DELETE", "/api/v1/coverages/story/closure")
    assert (again.json()["status"], again.json()["ends_at"]) == ("live", None)
    await server.publish()


async def test_a_closed_coverage_is_archived_and_stays_what_it_was(server: Server) -> None:
    await server.open()
    update = await server.publish(breaking=True)
    place = "/api/v1/coverages/story/archive"
    assert "live" in said(await server.ask("POST", place), 409)["detail"]
    assert (await server.ask("DELETE", place)).status == 200  # it is not archived: nothing to do
    closed = (await server.ask("POST", "/api/v1/coverages/story/closure")).json()
    assert (await server.ask("POST", place, role=Role.EDITOR)).status == 403
    for _ in range(2):
        archived = await server.ask("POST", place)
        assert (archived.status, archived.json()) == (200, closed | {"position": archived.json()["position"]})

    async def listed(query: str = "") -> list[str]:
        answer = await server.ask("GET", f"/api/v1/coverages{query}")
        return [coverage["slug"] for coverage in answer.json()["coverages"]]

    assert [await listed(query) for query in ("", "?archived=yes", "?archived=no")] == [
        ["story"],
        ["story"],
        [],
    ]
    assert (await server.ask("GET", "/api/v1/coverages?archived=1")).status == 400
    index, put_away = [await server.ask("GET", page, role=None) for page in ("/", "/?archived=1")]
    assert ("/live/story" in index.text, "/live/story" in put_away.text) == (False, True)
    for page in ("/?archived=2", "/?archived=0", "/?archived=x"):
        assert (await server.ask("GET", page, role=None)).status == 404
    for address in ("", f"/updates/{update['id']}", "/breaking.rss", "/updates.atom", "/changes?after=0"):
        assert (await server.ask("GET", f"/live/story{address}", role=None)).status == 200
    said(await server.ask("POST", UPDATES, json={"body": "x"}), 409)
    assert (await server.ask("PATCH", one(update), json={"body": "2"})).status == 200
    assert await kinds(server) == ["published", "coverage", "coverage", "revised"]

    assert (await server.ask("DELETE", place)).json()["status"] == "closed"
    assert await listed("?archived=yes") == []
    await server.ask("POST", place)
    await server.ask("DELETE", "/api/v1/coverages/story/closure")
    assert await listed("?archived=yes") == []
    assert "/live/story" in (await server.ask("GET", "/", role=None)).text


async def test_reopening_what_is_not_closed_changes_nothing(server: Server) -> None:
    planned = await server.open(starts_at="2099-01-01T00:00:00Z")
    running = await server.open("other")
    for coverage in (planned, running):
        answer = await server.ask("DELETE", f"/api/v1/coverages/{coverage['slug']}/closure")
        assert (answer.status, answer.json()) == (200, coverage)
        assert len(await server.events(coverage["slug"])) == 1
    assert planned["status"] == "scheduled"


async def test_each_verb_refuses_the_states_it_does_not_fit(server: Server) -> None:
    await server.open()
    public, draft, gone = await server.publish(), await server.publish(status="draft"), await server.publish()
    await server.ask("POST", one(gone, "retraction"))
    for method, path, fields in (
        ("DELETE", one(public), None),
        ("POST", one(public, "publication"), None),
        ("POST", one(public, "publication"), {"publish_at": "2099-01-01T00:00:00Z"}),
        ("POST", one(public, "submission"), None),
        ("DELETE", one(public, "submission"), None),
        ("DELETE", one(public, "retraction"), None),
        ("POST", one(draft, "corrections"), {"note": "n"}),
        ("POST", one(draft, "retraction"), None),
        ("POST", one(draft, "pin"), None),
        ("DELETE", one(draft, "submission"), None),
        ("PATCH", one(gone), {"body": "x"}),
        ("POST", one(gone, "corrections"), {"note": "n"}),
        ("POST", one(gone, "retraction"), None),
        ("POST", one(gone, "pin"), None),
    ):
        answer = await server.ask(method, path, **({"json": fields} if fields else {}))
        assert said(answer, 409), (method, path)
    assert await kinds(server) == ["published", "published", "retracted"]


async def test_every_write_on_what_is_not_there_is_answered_404(server: Server) -> None:
    await server.open()
    await server.open("other")
    elsewhere = await server.publish("other")
    for write in WRITES:
        if "{id}" in write.path:
            for id in ("0123456789abcdef", elsewhere["id"], "%00", "%E2%80%AE", "%FF"):
                said(await server.ask(write.method, write.path.format(slug="story", id=id)), 404)
        if "{slug}" in write.path:
            path = write.path.format(slug="none", id=elsewhere["id"])
            body = {"json": {"body": "x"}} if path.endswith("/updates") else {}
            said(await server.ask(write.method, path, **body), 404)
    assert await kinds(server) == []
    assert await kinds(server, "other") == ["published"]


# Coverages


async def test_a_slug_is_taken_once(server: Server) -> None:
    await server.open("إدلب-مباشر")
    before = await server.events("إدلب-مباشر")
    answer = await server.ask("POST", "/api/v1/coverages", json={"slug": "إدلب-مباشر", "headline": "أخرى"})
    assert "إدلب-مباشر" in said(answer, 409)["detail"]
    assert await server.events("إدلب-مباشر") == before


async def test_ten_who_open_one_slug_at_once_open_it_once(server: Server) -> None:
    await server.token()
    answers = await asyncio.gather(
        *(
            server.ask("POST", "/api/v1/coverages", json={"slug": "one", "headline": f"{n}"})
            for n in range(10)
        )
    )
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 9}
    assert len(await server.events("one")) == 1


async def test_a_coverage_answers_with_every_field_and_keeps_what_is_not_changed(server: Server) -> None:
    fields = {
        "kicker": "التغطية الحية", "standfirst": "موجز", "language": "ar", "timezone": "Asia/Damascus",
        "place": "دمشق", "dateline": "إسطنبول", "byline": ["متابعات"], "section": "سوريا", "tags": ["إدلب"],
        "summary": ["نقطة"],
    }  # fmt: skip
    answer = await server.ask("POST", "/api/v1/coverages", json={"slug": "s", "headline": "h", **fields})
    assert answer.status == 201
    assert answer.headers["Location"] == f"{server.url}/api/v1/coverages/s"
    opened = answer.json()
    assert {name: opened[name] for name in fields} == fields
    assert (opened["status"], opened["direction"], opened["url"]) == ("live", "rtl", f"{server.url}/live/s")
    changed = (await server.ask("PATCH", "/api/v1/coverages/s", json={"language": "en"})).json()
    differing = {name for name in opened if opened[name] != changed[name]}
    assert differing == {"language", "direction", "position"}
    early = {"slug": "t", "headline": "h", "starts_at": "2099-01-01T00:00:00Z"}
    assert (await server.ask("POST", "/api/v1/coverages", json=early)).json()["status"] == "scheduled"


async def test_an_update_answers_with_every_field_of_the_contract(server: Server) -> None:
    await server.open(timezone="Asia/Damascus")
    update = await server.publish(
        headline="عنوان", body="**قال** المصدر", key_event=True, breaking=True, byline="لينا",
        dateline="إسطنبول ـ متابعات", place="إدلب", attribution="رويترز", verification="unconfirmed",
        related=[{"title": "خريطة", "url": "https://example.org/map", "label": "خريطة"}], tags=["إدلب", ""],
        embeds=[{"url": "https://example.org/post"}], displayed_at="2020-11-22T17:15:00+02:00",
    )  # fmt: skip
    assert set(update) == {
        "id", "coverage", "status", "revision", "position", "headline", "body", "text", "language",
        "direction", "breaking", "key_event", "pinned", "byline", "dateline", "place", "attribution",
        "verification", "media", "related", "tags", "embeds", "corrections", "retraction",
        "publish_at", "displayed_at", "published_at", "revised_at", "url",
    }  # fmt: skip
    assert update["body"] == "<p><strong>قال</strong> المصدر</p>"
    assert update["text"] == "قال المصدر"
    assert update["byline"] == ["لينا"]
    assert update["tags"] == ["إدلب"]
    assert update["displayed_at"] == "2020-11-22T15:15:00Z"
    assert update["url"] == f"{server.url}/live/story/updates/{update['id']}"
    assert (await server.events())[-1] == {
        "kind": "published", "position": update["position"], "update": update,
    }  # fmt: skip


async def test_a_new_update_keeps_an_id_of_ours_unless_it_is_taken(server: Server) -> None:
    await server.open()
    await server.open("other")
    id = "0123456789abcdef"
    assert (await server.publish(id=id))["id"] == id
    taken = (await server.publish("other", id=id))["id"]
    assert taken != id
    key = {"Idempotency-Key": "one"}
    place, posted = "/api/v1/coverages/other/updates", {"id": taken, "body": "x"}
    made = [(await server.ask("POST", place, json=posted, headers=key)).json()["id"] for _ in range(2)]
    assert made[0] == made[1] not in {id, taken}
    for wrong in ("", "0123456789ABCDEF", "0123456789abcde", "../../../../etc/x", "0123456789abcdef\n"):
        answer = await server.ask("POST", place, json={"id": wrong, "body": "x"})
        assert (answer.status, answer.json()["field"]) == (422, "id"), wrong


# Scheduling by the coverage's clocks


async def test_a_local_time_is_read_on_the_clocks_of_the_coverage(server: Server) -> None:
    await server.open(timezone="Europe/Istanbul")
    body = {"headline": "موعد", "publish_local": "2030-11-23T17:15"}
    made = (await server.ask("POST", UPDATES, json=body)).json()
    assert (made["status"], made["publish_at"]) == ("scheduled", "2030-11-23T14:15:00Z")
    later = {"publish_local": "2030-11-24T00:05"}
    moved = (await server.ask("PATCH", one(made), json=later)).json()
    assert (moved["status"], moved["publish_at"]) == ("scheduled", "2030-11-23T21:05:00Z")
    cleared = (await server.ask("PATCH", one(made), json={"publish_at": None})).json()
    assert (cleared["status"], cleared["publish_at"]) == ("draft", None)
    again = (await server.ask("POST", one(made, "publication"), json=later)).json()
    assert (again["status"], again["publish_at"]) == ("scheduled", moved["publish_at"])


async def test_a_contributor_proposes_a_time_that_the_draft_keeps(server: Server) -> None:
    await server.open(timezone="Europe/Istanbul")
    body = {"headline": "اقتراح", "publish_local": "2030-11-23T17:15"}
    said(await server.ask("POST", UPDATES, json=body, role=Role.CONTRIBUTOR), 403)
    draft = (
        await server.ask("POST", UPDATES, json={**body, "status": "draft"}, role=Role.CONTRIBUTOR)
    ).json()
    assert (draft["status"], draft["publish_at"]) == ("draft", "2030-11-23T14:15:00Z")


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2030-03-31T02:30", None),  # the clocks go from 2 to 3
        ("2030-10-27T02:30", "2030-10-27T00:30:00Z"),  # it is 2:30 twice: the first
        ("2030-07-01T12:00Z", None),
        ("2030-07-01", None),
        ("9999-01-01T00:00", None),
        ("2001-07-01T12:00", None),
    ],
)
async def test_a_local_time_that_never_comes_or_comes_twice(
    server: Server, local: str, moment: str | None
) -> None:
    await server.open(timezone="Europe/Berlin")
    answer = await server.ask("POST", UPDATES, json={"headline": "h", "publish_local": local})
    if moment:
        assert answer.json()["publish_at"] == moment
    else:
        assert said(answer, 422)["field"] in {"publish_local", "publish_at"}


async def test_only_one_of_the_two_ways_to_say_a_time_is_taken(server: Server) -> None:
    await server.open()
    body = {"headline": "h", "publish_local": "2030-07-01T12:00", "publish_at": "2030-07-01T12:00:00Z"}
    assert said(await server.ask("POST", UPDATES, json=body), 422)["field"] == "publish_local"
