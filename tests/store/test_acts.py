"""The audit log on every store: committed with what it tells of, in order, and only ever added to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis_server import RedisServer
from store_desk import Desk

from livefeed.audit import Act, Search
from livefeed.store import Batch, Conflict, Expected, Key, KeyUsed, Store
from livefeed.store.redis import RedisStore
from livefeed.store.sqlite import SQLiteStore
from livefeed.store.sqlite.schema import STEPS, connect

ANY = Search()
FULL = Act(
    "revise",
    "update:u1",
    by="لينا",
    account="a1",
    role="editor",
    address="2001:db8::1",
    coverage="idlib",
    revision=3,
    changed=("body", "headline"),
    detail="سطر\nثانٍ",
)


def numbered(deed: str, number: int) -> Act:
    """Acts of three people in two coverages and none."""
    return Act(deed, f"update:{number}", by=f"p{number % 3}", coverage=("", "idlib", "damascus")[number % 2])


async def numbers(store: Store, search: Search = ANY, **bounds: int) -> list[int]:
    return [entry.number for entry in await store.acts(search, **{"limit": 100, **bounds})]


async def test_an_act_is_kept_whole_with_the_stores_time(store: Store) -> None:
    before = await store.now() - timedelta(seconds=2)
    await store.note(FULL)
    await store.note(Act("log-in", "account:a1"))
    second, first = await store.acts(ANY, limit=10)
    assert (first.number, first.act) == (1, FULL)
    assert (second.number, second.act) == (2, Act("log-in", "account:a1"))
    assert before <= first.at <= second.at <= datetime.now(UTC) + timedelta(seconds=2)
    assert first.at.tzinfo is not None


async def test_an_act_is_committed_with_its_batch_and_refused_with_it(store: Store) -> None:
    key = Key("scope", "print")
    batch = Batch(acts=(FULL, numbered("pin", 1)), key=key, subject="update:u1")
    await store.append(batch)
    assert await numbers(store) == [2, 1]
    with pytest.raises(KeyUsed):
        await store.append(batch)
    with pytest.raises(Conflict):
        await store.append(Batch(acts=(FULL,), expected=(Expected("update:u1", 7),)))
    assert await numbers(store) == [2, 1], "what was refused, or done before, is not told again"


async def test_acts_are_paged_from_both_ends_and_found_by_person_and_coverage(store: Store) -> None:
    for number in range(1, 13):
        await store.note(numbered("revise", number))
    assert await numbers(store, limit=5) == [12, 11, 10, 9, 8]
    assert await numbers(store, before=8, limit=5) == [7, 6, 5, 4, 3]
    assert await numbers(store, before=3) == [2, 1]
    assert await numbers(store, before=1) == []
    assert await numbers(store, after=0, limit=4) == [1, 2, 3, 4]
    assert await numbers(store, after=10) == [11, 12]
    assert await numbers(store, after=12) == []
    idlib = Search(coverage="idlib")
    assert await numbers(store, idlib) == [11, 9, 7, 5, 3, 1]
    assert await numbers(store, idlib, before=9, limit=2) == [7, 5]
    assert await numbers(store, idlib, after=5, limit=2) == [7, 9]
    assert await numbers(store, Search(by="p0")) == [12, 9, 6, 3]
    both = Search(coverage="idlib", by="p0")
    assert await numbers(store, both) == [9, 3]
    # What is picked from an index is looked for until there is enough, or no more.
    assert await numbers(store, both, limit=1) == [9]
    assert await numbers(store, both, before=9, limit=1) == [3]
    assert await numbers(store, both, after=3, limit=1) == [9]
    assert await numbers(store, Search(by="nobody")) == []


async def test_the_log_outlives_the_store(unopened: object) -> None:
    assert callable(unopened)
    for count in (1, 2):
        store: Store = unopened()
        await store.start()
        await store.note(FULL)
        assert len(await store.acts(ANY, limit=10)) == count
        await store.aclose()


async def test_a_table_of_acts_refuses_to_be_changed(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "live.db", serving=True)
    await store.start()
    for number in range(3):
        await store.note(numbered("pin", number))
    await store.aclose()
    with closing(connect(tmp_path / "live.db", 1.0)) as connection:
        rows = connection.execute("SELECT * FROM acts").fetchall()
        for statement in (
            "UPDATE acts SET by = 'nobody'",
            "DELETE FROM acts WHERE number = 2",
            "INSERT OR REPLACE INTO acts VALUES (2, 0, '', '', '{}')",
            "INSERT INTO acts VALUES (0, 0, '', '', '{}')",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
                connection.execute(statement)
        assert connection.execute("SELECT * FROM acts").fetchall() == rows


async def test_a_file_from_before_the_audit_log_gets_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "live.db"
    with monkeypatch.context() as before:
        before.setattr("livefeed.store.sqlite.schema.STEPS", STEPS[:1])
        store = SQLiteStore(path, serving=True)
        await store.start()
        await store.records.put("kind", "name", "kept")
        await store.aclose()
    store = SQLiteStore(path, serving=True)
    await store.start()
    assert await store.acts(ANY, limit=10) == []
    await store.note(FULL)
    desk = Desk(store)
    await desk.open()
    assert await numbers(store) == [1]
    assert await store.records.get("kind", "name")
    await store.aclose()


async def test_a_command_beside_the_server_notes_too(tmp_path: Path) -> None:
    serving, beside = (SQLiteStore(tmp_path / "live.db", serving=way) for way in (True, False))
    await serving.start()
    await beside.start()
    await beside.note(FULL)
    assert await numbers(serving) == [1]
    await beside.aclose()
    await serving.aclose()


async def test_a_lost_reply_does_not_double_an_act(server: RedisServer) -> None:
    from livefeed.settings import Settings
    from livefeed.store.redis import plan
    from livefeed.store.redis.scripts import script

    store = RedisStore.from_settings(Settings(store=server.url))
    await store.start()
    for _ in range(2):  # as `Primary.write` repeats it
        await store._primary.evaluate(script("note"), "attempt", *plan.note_arguments(FULL))
    assert await numbers(store) == [1]
    await store.aclose()
