"""What only the SQLite store has: one file, one server of it, and a disk that can fail."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis_server import PATIENCE
from store_desk import NOW, Desk, Heard, offsets, whole

from livefeed.events import SITE, Kind
from livefeed.model import Media, Status
from livefeed.settings import Settings
from livefeed.store import (
    Batch,
    Fact,
    FirstResult,
    Key,
    OutcomeUnknown,
    Revision,
    StoreAway,
    StoreFull,
    StoreRefused,
    open_store,
)
from livefeed.store.sqlite import SQLiteStore
from livefeed.store.sqlite.schema import STEPS, connect
from livefeed.timeline import Limits

FOLDER = Path(__file__).parent
LIMITS = Limits(20, 20)
HASTE = 1.0  # seconds that a caller waits for a slow disk; long enough for a thread to begin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "live.db"


@asynccontextmanager
async def opened(path: Path, *, serving: bool = True, **options: object) -> AsyncIterator[SQLiteStore]:
    chosen = {"write_timeout": PATIENCE, **options}
    store = SQLiteStore(path, serving=serving, **chosen)  # type: ignore[arg-type]
    await store.start()
    try:
        yield store
    finally:
        await store.aclose()


def dump(path: Path) -> list[str]:
    """Every table, row by row."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process, with this folder's desk."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{FOLDER}:{FOLDER.parent.parent}"},
    )


# which file


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///folder/", "sqlite://live.db", "sqlite:live.db"]
)
def test_a_url_without_a_file_is_refused_with_the_two_right_forms(url: str) -> None:
    with pytest.raises(StoreRefused, match=r"sqlite:///livefeed\.db.*sqlite:////var") as refused:
        open_store(Settings(store=url), serving=True)
    assert repr(url) in str(refused.value)


def test_memory_is_refused_for_it_keeps_nothing() -> None:
    with pytest.raises(StoreRefused, match="keeps nothing"):
        open_store(Settings(store="sqlite:///:memory:"), serving=True)


async def test_three_slashes_are_relative_and_four_are_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///one.db", f"sqlite:///{tmp_path}/two.db"):
        store = open_store(Settings(store=url), serving=True)
        await store.start()
        await store.aclose()
    assert {"one.db", "two.db"} <= {file.name for file in tmp_path.iterdir()}


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    for serving in (True, False):
        with pytest.raises(StoreRefused, match=r"missing/live\.db.* folder must exist"):
            await SQLiteStore(tmp_path / "missing" / "live.db", serving=serving).start()


async def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    async with opened(path) as store:
        await store.records.put("session", "s", "secret")
        assert {
            file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()
        } == dict.fromkeys(["live.db", "live.db.lock", "live.db-wal", "live.db-shm"], "0o600")


async def test_closing_leaves_one_whole_file(path: Path) -> None:
    async with opened(path) as store:
        await Desk(store).open()
    assert sorted(file.name for file in path.parent.iterdir()) == ["live.db", "live.db.lock"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_closed_store_says_so(path: Path) -> None:
    async with opened(path) as store:
        pass
    await store.aclose()
    with pytest.raises(StoreAway, match="closed"):
        await store.tops([])


# versions of the file


async def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(STEPS) + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreRefused, match=f"newer livefeed .schema {len(STEPS) + 1}; this one knows"):
        await SQLiteStore(path, serving=True).start()
    assert path.read_bytes() == before


async def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title)")
    before = path.read_bytes()
    with pytest.raises(StoreRefused, match="another program"):
        await SQLiteStore(path, serving=True).start()
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("not a database, but somebody's notes" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreRefused, match="file is not a database"):
        await SQLiteStore(path, serving=True).start()
    assert path.read_bytes() == before


async def test_each_step_of_the_ladder_is_taken_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as store:
        await Desk(store).open()
        epoch, _ = await store.tops([])
    longer = (*STEPS, ("CREATE TABLE added (x)", "INSERT INTO added VALUES (1)"))
    monkeypatch.setattr("livefeed.store.sqlite.schema.STEPS", longer)
    with pytest.raises(
        StoreRefused,
        match=rf"older livefeed .schema {len(STEPS)} of {len(STEPS) + 1}.: start `livefeed serve`",
    ):
        await SQLiteStore(path, serving=False).start()
    for _ in range(2):
        async with opened(path) as store:
            assert (await store.tops([SITE])) == (epoch, {SITE: 1})
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT x FROM added").fetchall() == [(1,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)


async def test_a_file_from_before_corrections_were_listed_lists_them(path: Path) -> None:
    async with opened(path) as store:
        desk = Desk(store)
        await desk.open()
        await desk.publish("u")
        for minute, at in enumerate((NOW, NOW + timedelta(milliseconds=7), NOW + timedelta(days=100))):
            await desk.correct("u", f"{minute}", at)
        await desk.publish("v")
        listed = await store.corrections(desk.slug, None, 10)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE corrections")
        [step] = [step for step in STEPS if step[0].startswith("CREATE TABLE corrections")]
        for statement in step:
            connection.execute(statement)
        connection.commit()
    async with opened(path) as store:
        assert await store.corrections(desk.slug, None, 10) == listed
        assert await store.corrections(desk.slug, listed[0].rank, 10) == listed[1:]
        await Desk(store).retract("u")
        assert await store.corrections(desk.slug, None, 10) == []


async def test_a_file_from_before_retractions_were_listed_lists_them(path: Path) -> None:
    async with opened(path) as store:
        desk = Desk(store)
        await desk.open()
        for id in "uvw":
            await desk.publish(id, text='"status":"retracted"')
        await desk.retract("u")
        await desk.retract("w")
        listed = await store.retracted(desk.slug, None, 10)
    assert [update.id for update in listed] == ["w", "u"]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX updates_retracted")
        connection.execute("ALTER TABLE updates DROP COLUMN retracted_order")
        [step] = [step for step in STEPS if "retracted_order" in step[0]]
        for statement in step:
            connection.execute(statement)
        connection.commit()
    async with opened(path) as store:
        assert await store.retracted(desk.slug, None, 10) == listed
        await Desk(store).restore("w")
        assert await store.retracted(desk.slug, None, 10) == listed[1:]


# one server per file

HOLD = """
import asyncio, sys
from pathlib import Path
from livefeed.store.sqlite import SQLiteStore

async def main():
    store = SQLiteStore(Path(sys.argv[1]), serving=True, write_timeout=60)
    await store.start()
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_second_server_of_a_file_is_refused_until_the_first_is_gone_however_it_ends(
    path: Path,
) -> None:
    with run(HOLD, str(path)) as first:
        assert first.stdout
        assert first.stdout.readline() == "ready\n"
        with pytest.raises(StoreRefused) as refused:
            await SQLiteStore(path, serving=True).start()
        sentence = str(refused.value)
        assert str(path) in sentence
        assert f"process {first.pid}," in sentence
        assert "stop that process" in sentence
        assert "LIVEFEED_STORE=redis://" in sentence
        first.send_signal(signal.SIGKILL)
    async with opened(path) as store:
        assert await store.check() == []


async def test_another_name_of_a_served_file_is_no_way_round(path: Path) -> None:
    other = path.with_name("other.db")
    async with opened(path):
        other.symlink_to(path)
        with pytest.raises(StoreRefused, match="already served"):
            await SQLiteStore(other, serving=True).start()


async def test_a_refused_start_leaves_the_file_free(path: Path) -> None:
    path.write_text("not a database" * 100)
    with pytest.raises(StoreRefused):
        await SQLiteStore(path, serving=True).start()
    path.unlink()
    async with opened(path) as store:
        assert await store.check() == []


async def test_commands_change_records_beside_a_server_and_both_see_it_at_once(path: Path) -> None:
    async with opened(path) as server, opened(path, serving=False) as command:
        made = await command.records.put("account", "lina", "editor")
        assert await server.records.get("account", "lina") == made
        await server.records.put("account", "lina", "chief", expected=1)
        assert (await command.records.all("account"))[0].value == "chief"
        await Desk(server).open()
        assert await command.coverage("idlib")


async def test_a_command_may_not_append_for_readers_would_not_hear_of_it(path: Path) -> None:
    async with opened(path, serving=False) as command:
        with pytest.raises(StoreRefused, match="records only"):
            await command.append(Batch())


async def test_a_command_may_make_the_file_before_any_server(path: Path) -> None:
    async with opened(path, serving=False) as command:
        await command.records.put("account", "lina", "editor")
        epoch, _ = await command.tops([])
    async with opened(path) as server:
        assert await server.records.get("account", "lina")
        assert (await server.tops([]))[0] == epoch


# a death

WRITE = """
import asyncio, sys
from pathlib import Path
from store_desk import Desk
from livefeed.store.sqlite import SQLiteStore

async def main():
    store = SQLiteStore(Path(sys.argv[1]), serving=True, write_timeout=60)
    await store.start()
    desk = Desk(store)
    await desk.open()
    for number in range(10_000):
        await desk.publish(f"u{number}", breaking=True)
        print(f"u{number}", flush=True)

asyncio.run(main())
"""


async def test_a_killed_server_loses_nothing_it_acknowledged(path: Path) -> None:
    with run(WRITE, str(path)) as writer:
        assert writer.stdout
        acknowledged = [writer.stdout.readline().strip() for _ in range(60)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
    async with opened(path) as store:
        assert await store.check() == []
        live, site = await whole(store, "live:idlib"), await whole(store, SITE)
        logged = [event.update.id for event in live if event.update]
        assert logged[: len(acknowledged)] == acknowledged
        assert len(logged) - len(acknowledged) in (0, 1), "the one in flight is whole or not there"
        assert offsets(live) == list(range(1, len(live) + 1))
        assert offsets(site) == list(range(1, len(site) + 1))
        front = await store.front("idlib", LIMITS)
        assert front
        assert front.total == len(logged) == len(live) - 1 == len(site) - 1


# a disk that fills


class Cramped(SQLiteStore):
    """Its file may not grow past `room` pages."""

    async def leave_room(self, pages: int) -> None:
        def limit(connection: sqlite3.Connection) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}").fetchall()

        await self._write(limit)


async def fill(desk: Desk) -> StoreFull:
    """Publish until there is no room."""
    for number in range(2000):
        try:
            await desk.publish(f"fill{number}", body="نص" * 4000)
        except StoreFull as refused:
            return refused
    raise AssertionError("there was room for everything")


async def test_a_full_file_refuses_a_write_without_a_trace_and_works_again_when_there_is_room(
    path: Path, heard: Heard
) -> None:
    store = Cramped(path, serving=True)
    await store.start(heard)
    try:
        desk = Desk(store)
        await desk.open()
        await store.leave_room(100)
        assert str(path) in str(await fill(desk))
        before, told = dump(path), len(heard.events)
        big = replace(desk.new("big"), status=Status.PUBLISHED, body="ن" * 100_000)
        batch = Batch(
            facts=(Fact(desk.live, Kind.PUBLISHED, big), Fact(SITE, Kind.PUBLISHED, big)),
            updates=(big,),
            revisions=(Revision(big, Kind.PUBLISHED, NOW, "lina"),),
            key=Key("big", "print"),
            subject="update:big",
        )
        with pytest.raises(StoreFull, match="no room left"):
            await store.append(batch)
        with pytest.raises(StoreFull):
            await store.records.put("autosave", "lina", "ن" * 1_000_000)
        assert dump(path) == before
        assert len(heard.events) == told
        assert await store.front(desk.slug, LIMITS), "reads go on"
        await store.leave_room(100_000)
        first, _ = await store.append(batch)
        assert await store.first_result("big") == FirstResult("print", "update:big")
        assert (await heard.until(told + 2))[told] == first
        assert offsets(await whole(store, desk.live)) == list(range(1, first.offset + 1))
        assert await store.check() == []
    finally:
        await store.aclose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of one megabyte, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_refuses_writes_and_heals_without_a_restart(
    small_disk: Path | None, tmp_path: Path
) -> None:
    folder = small_disk or tmp_path
    store = Cramped(folder / "live.db", serving=True)
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    await store.start()
    try:
        desk = Desk(store)
        await desk.open()
        if small_disk is None:
            await store.leave_room(100)
        await fill(desk)
        written = await whole(store, desk.live)
        ballast.unlink()
        if small_disk is None:
            await store.leave_room(1000)
        [event] = await desk.publish("after", body="نص" * 4000)
        assert event.offset == len(written) + 1
        assert (await whole(store, desk.live))[:-1] == written
        assert await store.check() == []
    finally:
        await store.aclose()


FAIL = """
import asyncio, resource, sys
from pathlib import Path
from store_desk import Desk, Heard, whole
from livefeed.store import OutcomeUnknown, StoreAway
from livefeed.store.sqlite import SQLiteStore
from livefeed.timeline import Limits

async def main():
    path, heard = Path(sys.argv[1]), Heard()
    store = SQLiteStore(path, serving=True, write_timeout=60)
    await store.start(heard)
    desk = Desk(store)
    await desk.open()
    await desk.publish("acknowledged")
    size = path.with_name(path.name + "-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
    try:
        await desk.publish("lost")
    except OutcomeUnknown as error:
        print("unknown:", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        await desk.publish("later")
    except StoreAway as error:
        print("away:", error)
    print("check:", *await store.check())
    print("read:", [event.update.id for event in await whole(store, desk.live) if event.update])
    print("heard:", len(heard.events), "away:", store.away)
    await store.aclose()

asyncio.run(main())
"""


async def test_after_an_input_output_error_nothing_is_written_and_reads_go_on_until_a_restart(
    path: Path,
) -> None:
    with run(FAIL, str(path)) as server:
        assert server.stdout
        unknown, away, check, read, heard = server.stdout.read().splitlines()
    assert unknown.startswith("unknown: ")
    assert "read-only since a write failed (disk I/O error): mend the disk, then restart" in unknown
    assert away == unknown.replace("unknown", "away", 1)
    assert check == unknown.replace("unknown", "check", 1)
    assert read == "read: ['acknowledged']"
    assert heard == "heard: 3 away: False"
    async with opened(path) as store:
        await Desk(store).publish("after")
        assert await store.check() == []


# a disk that is slow


class Slow(SQLiteStore):
    """Its disk answers a write only once `disk` is set; meanwhile callers have less patience."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, serving=True, write_timeout=PATIENCE)
        self.disk = threading.Event()
        self.disk.set()
        self.begun = threading.Event()

    async def _write(self, job, *announce):  # type: ignore[no-untyped-def]
        self._timeout = PATIENCE if self.disk.is_set() else HASTE
        try:
            return await super()._write(job, *announce)
        finally:
            self._timeout = PATIENCE

    def _transact(self, connection, job):  # type: ignore[no-untyped-def]
        self.begun.set()
        self.disk.wait(PATIENCE)
        return super()._transact(connection, job)


async def test_a_write_is_answered_in_time_and_one_that_ends_later_is_announced_all_the_same(
    path: Path, heard: Heard
) -> None:
    store = Slow(path)
    await store.start(heard)
    try:
        desk = Desk(store)
        await desk.open()
        store.disk.clear()
        store.begun.clear()
        with pytest.raises(OutcomeUnknown, match=f"within {HASTE} s"):
            await desk.publish("late", key=Key("late", "print"))
        assert store.begun.is_set()
        with pytest.raises(StoreAway, match="waited"):
            await desk.publish("never", key=Key("never", "print"))
        assert await store.front(desk.slug, LIMITS), "reads do not wait behind a slow write"
        store.disk.set()
        assert (await heard.until(3))[2].update.id == "late"  # type: ignore[union-attr]
        assert await store.first_result("late") == FirstResult("print", "update:late")
        [event] = await desk.publish("after")
        assert event.offset == 3, "what was not begun in time never happens"
        assert await store.update("never") is None
    finally:
        await store.aclose()


async def test_closing_waits_for_a_write_that_was_begun(path: Path) -> None:
    store = Slow(path)
    await store.start()
    desk = Desk(store)
    await desk.open()
    store.disk.clear()
    with pytest.raises(OutcomeUnknown):
        await desk.publish("late")
    closing_store = asyncio.create_task(store.aclose())
    store.disk.set()
    await closing_store
    async with opened(path) as again:
        assert await again.update("late")


async def test_a_file_that_another_process_is_writing_is_away_and_nothing_happens_later(path: Path) -> None:
    async with opened(path, write_timeout=6) as store:
        desk = Desk(store)
        await desk.open()
        with closing(connect(path, 1)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreAway, match="locked; nothing was changed"):
                await desk.publish("u")
            assert await store.front(desk.slug, LIMITS)
            other.execute("ROLLBACK")
        [event] = await desk.publish("v")
        assert event.offset == 2
        assert await store.update("u") is None


async def test_a_caller_who_gives_up_does_not_undo_what_was_begun(path: Path, heard: Heard) -> None:
    store = Slow(path)
    await store.start(heard)
    try:
        desk = Desk(store)
        await desk.open()
        store.disk.clear()
        store.begun.clear()
        writing = asyncio.create_task(desk.publish("u"))
        await asyncio.to_thread(store.begun.wait, 10)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        store.disk.set()
        assert (await heard.until(3))[2].update.id == "u"  # type: ignore[union-attr]
    finally:
        await store.aclose()


# time and threads


async def test_records_expire_by_the_clock_that_was_passed_in_and_a_wrong_clock_erases_nothing(
    path: Path,
) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    async with opened(path, clock=lambda: now[0]) as store:
        kept = await store.records.put("session", "s", "x", expires_at=now[0] + timedelta(hours=1))
        now[0] += timedelta(days=1)
        assert await store.now() == now[0]
        assert await store.records.get("session", "s") is None
        await store.records.put("session", "other", "y")
        now[0] -= timedelta(days=1)
        assert await store.records.get("session", "s") == kept
        now[0] += timedelta(days=4)
        await store.records.put("session", "other", "z")
    assert "'x'" not in "".join(dump(path)), "what expired long ago is removed"


async def test_blocking_work_has_named_threads_that_end_with_the_store(path: Path) -> None:
    def ours() -> list[str]:
        return sorted(thread.name for thread in threading.enumerate() if "livefeed" in thread.name)

    async with opened(path) as store:
        await store.tops([])
        assert ours() == ["livefeed-sqlite-reader", "livefeed-sqlite-reader", "livefeed-sqlite-writer"]
    async with asyncio.timeout(PATIENCE):
        while ours():  # noqa: ASYNC110 - a thread's last instruction tells nobody
            await asyncio.sleep(0.001)


async def test_a_commit_reaches_the_disk_before_it_is_acknowledged(path: Path) -> None:
    class Settled(SQLiteStore):
        async def pragmas(self) -> dict[str, object]:
            names = ("journal_mode", "synchronous", "secure_delete")
            return await self._write(
                lambda connection: {
                    name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names
                }
            )

    store = Settled(path, serving=True)
    await store.start()
    try:
        full = 2
        assert await store.pragmas() == {"journal_mode": "wal", "synchronous": full, "secure_delete": 1}
    finally:
        await store.aclose()


async def test_a_deleted_draft_leaves_no_byte_in_the_file(path: Path) -> None:
    secret = "very-secret-source-" * 300
    async with opened(path) as store:
        desk = Desk(store)
        await desk.open()
        await desk.draft("u", body=secret)
        await desk.delete("u")
    assert b"very-secret-source" not in path.read_bytes()


# cost


class Traced(SQLiteStore):
    """Remembers every statement."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, serving=True, write_timeout=PATIENCE)
        self.asked: set[str] = set()

    async def _read(self, job):  # type: ignore[no-untyped-def]
        return await super()._read(lambda connection: self._traced(connection, job))

    async def _write(self, job, *announce):  # type: ignore[no-untyped-def]
        return await super()._write(lambda connection: self._traced(connection, job), *announce)

    def _traced(self, connection, job):  # type: ignore[no-untyped-def]
        connection.set_trace_callback(self.asked.add)
        try:
            return job(connection)
        finally:
            connection.set_trace_callback(None)


async def test_no_question_reads_a_whole_table_however_large_it_is(path: Path) -> None:
    store = Traced(path)
    await store.start()
    try:
        await ask_everything(store)
    finally:
        await store.aclose()
    with closing(sqlite3.connect(path)) as connection:
        plans = {
            sql: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in store.asked
        }
    assert len([plan for plan in plans.values() if plan]) > 40
    costly = {
        sql: plan
        for sql, plan in plans.items()
        if any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in plan)
    }
    # The index shows every coverage, and so reads them all.
    assert list(costly.values()) == [["SCAN coverages USING INDEX sqlite_autoindex_coverages_2"]], costly


async def ask_everything(store: SQLiteStore) -> None:
    desk = Desk(store)
    await desk.open(lead_media=Media("lead", "/lead"))
    await desk.publish("u", breaking=True, key_event=True, media=(Media("m", "/m"),), key=Key("one", "print"))
    await desk.pin("u")
    await desk.correct("u", "note", NOW)
    await desk.retract("u")
    await desk.draft("d", Status.SCHEDULED, publish_at=NOW)
    await desk.delete("d")
    await store.first_result("one")
    await store.read(desk.live, 0, 10)
    await store.recent(desk.live, 10)
    await store.tops([desk.live])
    await store.begin_epoch("none")
    await store.front(desk.slug, LIMITS)
    await store.site(10)
    await store.published_before(desk.slug, None, 10)
    await store.published_before(desk.slug, 10, 10)
    await store.published_range(desk.slug, 1, 10)
    await store.unpublished(desk.slug, limit=10)
    await store.due(NOW, 10)
    await store.revisions("u")
    await store.corrections(desk.slug, None, 10)
    await store.corrections(desk.slug, (NOW, "u"), 10)
    await store.media_withdrawn("m")
    await store.records.put("lease", "courier", "x", expected=0, expires_at=NOW)
    await store.records.get("lease", "courier")
    await store.records.all("lease")
    await store.records.delete("lease", "courier")
