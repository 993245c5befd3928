"""The newsroom under a store that is slow, away, or shared with others who are faster."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from live_server import Server, running
from redis_server import PATIENCE

from livefeed.events import Event
from livefeed.roles import Role
from livefeed.settings import Settings
from livefeed.store import Batch, Conflict, StoreAway
from livefeed.store.sqlite import SQLiteStore

UPDATES = "/api/v1/coverages/story/updates"


class Shaky(SQLiteStore):
    """Commits and then keeps silent, is away, or loses races, as a test tells it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, serving=True, write_timeout=PATIENCE)
        self.silent = False
        self.lost = False
        self.races = 0

    async def append(self, batch: Batch) -> tuple[Event, ...]:
        if self.lost:
            raise StoreAway("the store is away")
        if self.races and batch.expected:
            self.races -= 1
            raise Conflict(batch.expected[0].subject)
        events = await super().append(batch)
        if self.silent:
            await asyncio.Event().wait()
        return events


@pytest.fixture
def shaky(tmp_path: Path) -> Shaky:
    return Shaky(tmp_path / "livefeed.db")


@pytest.fixture
async def server(make_settings: Callable[..., Settings], shaky: Shaky) -> Any:
    async with running(make_settings(), shaky) as started:
        await started.open()
        yield started


async def kinds(server: Server) -> list[str]:
    return [event["kind"] for event in await server.events()][1:]


@pytest.mark.parametrize("door", [UPDATES, "/live/story"])
async def test_an_unknown_outcome_is_told_in_time_and_the_same_key_finds_it_out(
    server: Server, shaky: Shaky, door: str
) -> None:
    await server.token()
    settings = server.rooms.settings
    body: dict[str, Any] = {"json": {"body": "مرة"}} if door == UPDATES else {"data": "مرة"}
    key = {"Idempotency-Key": "k"}
    shaky.silent = True
    server.rooms.settings = settings.model_copy(update={"write_timeout": 0.5})
    answer = await server.ask("POST", door, headers=key, **body)  # without that limit it would never come
    server.rooms.settings = settings
    assert (answer.status, answer.json()["type"]) == (503, "outcome-unknown")
    assert int(answer.headers["Retry-After"]) > 0
    shaky.silent = False
    again = await server.ask("POST", door, headers=key, **body)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["text"] == "مرة"
    assert await kinds(server) == ["published"], "done once"


async def test_a_store_that_is_away_refuses_writes_and_says_when_to_come_back(
    server: Server, shaky: Shaky
) -> None:
    update = await server.publish()
    shaky.lost = True
    path = f"{UPDATES}/{update['id']}"
    for method, where, body in (
        ("POST", UPDATES, {"json": {"body": "x"}}),
        ("POST", "/live/story", {"data": "x"}),
        ("PATCH", path, {"json": {"body": "x"}}),
        ("POST", f"{path}/retraction", {}),
        ("POST", f"{path}/pin", {}),
    ):
        answer = await server.ask(method, where, headers={"Idempotency-Key": "k"}, **body)
        assert (answer.status, answer.json()["type"]) == (503, "store-away")
        assert answer.headers["Retry-After"]
    assert (await server.ask("GET", "/live/story", role=None)).status == 200
    shaky.lost = False
    again = await server.ask("PATCH", path, headers={"Idempotency-Key": "k"}, json={"body": "x"})
    assert again.status == 200
    assert await kinds(server) == ["published", "revised"]


async def test_a_lost_race_is_decided_anew_on_what_there_is_then(server: Server, shaky: Shaky) -> None:
    update = await server.publish()
    shaky.races = 2
    assert (await server.ask("PATCH", f"{UPDATES}/{update['id']}", json={"body": "y"})).status == 200
    shaky.races = 100
    answer = await server.ask("PATCH", f"{UPDATES}/{update['id']}", json={"body": "z"})
    assert answer.status == 409
    assert "Try once more" in answer.json()["detail"]
    assert await kinds(server) == ["published", "revised"]


async def test_of_many_pins_at_once_one_stays(server: Server) -> None:
    updates = [await server.publish() for _ in range(5)]
    answers = await asyncio.gather(
        *(server.ask("POST", f"{UPDATES}/{update['id']}/pin") for update in updates)
    )
    assert {answer.status for answer in answers} <= {200, 409}
    shown = [(await server.ask("GET", f"{UPDATES}/{update['id']}")).json() for update in updates]
    assert [update["pinned"] for update in shown].count(True) == 1
    told = Counter(await kinds(server))
    assert told["pinned"] == told["unpinned"] + 1


async def test_a_retraction_and_revisions_at_once_never_bring_the_text_back(server: Server) -> None:
    update = await server.publish(body="SECRET")
    path = f"{UPDATES}/{update['id']}"
    revisions = [server.ask("PATCH", path, json={"body": f"SECRET {number}"}) for number in range(8)]
    answers = await asyncio.gather(*revisions[:4], server.ask("POST", f"{path}/retraction"), *revisions[4:])
    assert answers[4].status == 200
    assert {answer.status for answer in answers} <= {200, 409}
    for where in ("/live/story/changes?after=0", "/live/story", "/live/story/updates.json"):
        assert "SECRET" not in (await server.ask("GET", where, role=None)).text


async def test_what_the_desk_says_to_a_contributor_ends_when_the_update_goes_out(server: Server) -> None:
    draft = await server.publish(status="submitted")
    path, store = f"{UPDATES}/{draft['id']}", server.rooms.store
    await server.ask("DELETE", f"{path}/submission", role=Role.EDITOR, json={"note": "who says so?"})
    await server.ask("PATCH", path, json={"headline": "mended"})
    waiting = await store.update(draft["id"])
    assert waiting
    assert waiting.remark
    assert (waiting.remark.text, waiting.remark.by.partition("-")[0]) == ("who says so?", "editor")
    await server.ask("POST", f"{path}/submission")
    again = await store.update(draft["id"])
    assert again
    assert again.remark is None
    await server.ask("DELETE", f"{path}/submission", json={"note": "and when?"})
    await server.ask("POST", f"{path}/publication")
    assert "and when?" not in str(await store.update(draft["id"]))
    assert "and when?" not in str(await server.events())


async def test_a_contributors_submission_is_published_by_an_editor_under_the_contributors_name(
    server: Server,
) -> None:
    fields = {"body": "تقرير", "status": "submitted", "byline": "لينا"}
    draft = (await server.ask("POST", UPDATES, role=Role.CONTRIBUTOR, json=fields)).json()
    path = f"{UPDATES}/{draft['id']}"
    assert (await server.ask("POST", f"{path}/publication", role=Role.EDITOR)).json()["byline"] == ["لينا"]
    assert (await server.ask("PATCH", path, role=Role.CONTRIBUTOR, json={"body": "x"})).status == 403
    history = (await server.ask("GET", f"{path}/revisions")).json()["revisions"]
    assert [line["by"].partition("-")[0] for line in history] == ["contributor", "editor"]
    assert await kinds(server) == ["published"]


async def test_a_chief_of_single_coverages_opens_those_and_no_others(server: Server) -> None:
    accounts = server.rooms.accounts
    await accounts.people.add("Nell", Role.CONTRIBUTOR, roles={"story": Role.CHIEF, "planned": Role.CHIEF})
    headers = {"Authorization": f"Bearer {await accounts.tokens.add('Nell')}"}
    for slug, status in (("other", 403), ("planned", 201)):
        fields = {"slug": slug, "headline": "عنوان"}
        answer = await server.ask("POST", "/api/v1/coverages", role=None, headers=headers, json=fields)
        assert answer.status == status, answer.text
        seen = await server.ask("GET", f"/live/{slug}", role=None)
        assert seen.status == (200 if status == 201 else 404)
