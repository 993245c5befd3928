"""People and their keys, on every store there is."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis_server import PATIENCE, RedisServer, binaries, patient

from livefeed.accounts import (
    Account,
    AccountExists,
    AccountRefused,
    Accounts,
    AccountUnknown,
    Seen,
    Token,
)
from livefeed.accounts.account import check_narrowing, fold
from livefeed.accounts.recent import Recent
from livefeed.model import Editor, Role
from livefeed.settings import Settings
from livefeed.store import Record, Records, StoreFull, open_store

IDLE, LIFETIME = 3600.0, 86400.0


class Clock:
    """A clock that moves when told to. It begins now, because stores judge expiry by their own."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Watched:
    """Real records that count what is asked of them, and fail or are interrupted when told to."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.gets = 0
        self.puts = 0
        self.full = False
        self.before_put: asyncio.Future[None] | None = None
        self.putting = asyncio.Event()

    async def get(self, kind: str, name: str) -> Record | None:
        self.gets += 1
        return await self.records.get(kind, name)

    async def put(
        self,
        kind: str,
        name: str,
        value: str,
        *,
        expected: int | None = None,
        expires_at: datetime | None = None,
    ) -> Record:
        self.puts += 1
        if self.full:
            raise StoreFull("there is no room left")
        if self.before_put:
            self.putting.set()
            await self.before_put
        return await self.records.put(kind, name, value, expected=expected, expires_at=expires_at)

    async def delete(self, kind: str, name: str, *, expected: int | None = None) -> bool:
        return await self.records.delete(kind, name, expected=expected)

    async def all(self, kind: str) -> list[Record]:
        return await self.records.all(kind)


@dataclass
class Place:
    """A store's records, and the folder where all of it lies on disk."""

    records: Watched
    folder: Path

    def dump(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[RedisServer, Path]]]:
    started = {}
    try:
        for name, binary in binaries().items():
            folder = tmp_path_factory.mktemp(name)
            started[name] = RedisServer(folder, binary).start(), folder
        yield started
    finally:
        for server, _ in started.values():
            server.stop()


@pytest.fixture(params=["sqlite", *binaries()])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, servers: dict[str, tuple[RedisServer, Path]]
) -> AsyncIterator[Place]:
    if request.param == "sqlite":
        url, folder = f"sqlite:///{tmp_path / 'live.db'}", tmp_path
    else:
        server, folder = servers[request.param]
        url = server.url
        with server.client() as client:
            client.flushall()
    store = open_store(patient(Settings(store=url)), serving=True)
    await store.start()
    yield Place(Watched(store.records), folder)
    await store.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def process(place: Place, clock: Clock) -> Accounts:
    """The accounts as one more process sees them."""
    return Accounts(place.records, session_idle=IDLE, session_lifetime=LIFETIME, now=clock)


@pytest.fixture
def accounts(place: Place, clock: Clock) -> Accounts:
    return process(place, clock)


async def log_in(accounts: Accounts, name: str) -> str:
    """A new session's secret."""
    redeemed = await accounts.sessions.redeem(await accounts.sessions.login_code(name))
    assert redeemed
    return redeemed[0]


async def role_in(accounts: Accounts, secret: str) -> Role | None:
    session = await accounts.sessions.find(secret)
    return session.editor.role if session else None


# people


async def test_an_added_editor_is_found_under_the_cleaned_name_in_any_case(
    accounts: Accounts, clock: Clock
) -> None:
    added = await accounts.people.add("  Rana \n Khoury\u202e ", Role.CHIEF)
    assert (added.name, added.role, added.coverages, added.disabled) == (
        "Rana Khoury",
        Role.CHIEF,
        None,
        False,
    )
    assert timedelta(0) <= clock.at - added.created_at < timedelta(milliseconds=1)
    assert await accounts.people.find("rana KHOURY") == added
    assert await accounts.people.find("rana") is None


async def test_every_editor_is_listed_and_has_an_id_of_their_own(accounts: Accounts) -> None:
    await accounts.people.add("Zaid", Role.EDITOR)
    await accounts.people.add("سارة", Role.ADMIN)
    await accounts.people.add("amal", Role.CONTRIBUTOR)
    listed = await accounts.people.all()
    assert [account.name for account in listed] == ["amal", "Zaid", "سارة"]
    assert len({account.id for account in listed}) == 3


@pytest.mark.parametrize("same", ["Sara", "SARA", " sara ", "Sa\u200fra", "\uff33ara"])
async def test_a_name_that_looks_like_another_editors_is_refused(accounts: Accounts, same: str) -> None:
    first = await accounts.people.add("sara", Role.EDITOR)
    with pytest.raises(AccountExists, match="There is an editor named"):
        await accounts.people.add(same, Role.ADMIN)
    assert await accounts.people.all() == [first]


async def test_of_twenty_who_add_the_same_name_at_once_one_succeeds(accounts: Accounts) -> None:
    tried = await asyncio.gather(
        *(accounts.people.add("Sara", Role.EDITOR) for _ in range(20)), return_exceptions=True
    )
    added = [account for account in tried if isinstance(account, Account)]
    assert len(added) == 1
    assert sum(isinstance(error, AccountExists) for error in tried) == 19
    assert await accounts.people.find("sara") == added[0]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "shows nothing; it needs 1 to 80"),
        (" \n\u200f\u202e", "shows nothing"),
        ("x" * 81, "has 81 characters; at most 80"),
    ],
)
async def test_a_name_of_no_or_too_many_characters_is_refused_with_the_limit(
    accounts: Accounts, name: str, sentence: str
) -> None:
    with pytest.raises(AccountRefused, match=sentence):
        await accounts.people.add(name, Role.EDITOR)
    assert await accounts.people.all() == []


async def test_a_name_of_eighty_characters_is_taken(accounts: Accounts) -> None:
    assert (await accounts.people.add("س" * 80, Role.EDITOR)).name == "س" * 80


@given(st.text(max_size=100))
def test_a_cleaned_name_is_kept_under_the_same_name_as_what_was_typed(name: str) -> None:
    assert fold(f" {name}\n") == fold(name)
    assert "\n" not in fold(name)


async def test_changes_of_one_account_at_the_same_time_are_all_kept(
    place: Place, clock: Clock, accounts: Accounts
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    elsewhere = process(place, clock)
    await asyncio.gather(
        *(accounts.people.set_role("sara", Role.CHIEF) for _ in range(5)), elsewhere.people.disable("Sara")
    )
    sara = await accounts.people.find("Sara")
    assert sara
    assert (sara.role, sara.disabled) == (Role.CHIEF, True)


async def test_an_unknown_editor_is_named_in_the_error(accounts: Accounts) -> None:
    for act in (
        accounts.people.set_role("nobody", Role.CHIEF),
        accounts.people.disable("nobody"),
        accounts.sessions.login_code("nobody"),
        accounts.tokens.add("nobody"),
        accounts.tokens.of_editor("nobody"),
    ):
        with pytest.raises(AccountUnknown, match="no editor named 'nobody'"):
            await act


# login codes


async def test_a_login_code_opens_a_session_of_its_editor(accounts: Accounts, clock: Clock) -> None:
    sara = await accounts.people.add("Sara", Role.CHIEF)
    redeemed = await accounts.sessions.redeem(await accounts.sessions.login_code("sara"))
    assert redeemed
    secret, editor = redeemed
    assert editor == Editor(sara.id, "Sara", Role.CHIEF, None)
    session = await accounts.sessions.find(secret)
    assert session
    assert (session.editor, session.created_at) == (editor, clock.at)


async def test_a_login_code_works_once(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code = await accounts.sessions.login_code("Sara")
    assert await accounts.sessions.redeem(code)
    assert await accounts.sessions.redeem(code) is None


async def test_of_twenty_who_redeem_a_code_at_once_in_two_processes_one_gets_a_session(
    place: Place, clock: Clock, accounts: Accounts
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code = await accounts.sessions.login_code("Sara")
    elsewhere = process(place, clock)
    tried = await asyncio.gather(*(one.sessions.redeem(code) for one in [accounts, elsewhere] * 10))
    assert sum(redeemed is not None for redeemed in tried) == 1
    assert len(await place.records.all("session")) == 1


async def test_a_login_code_expires(accounts: Accounts, clock: Clock) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    first, second = (
        await accounts.sessions.login_code("Sara", 60),
        await accounts.sessions.login_code("Sara", 60),
    )
    clock.pass_by(59)
    assert await accounts.sessions.redeem(first)
    clock.pass_by(1)
    assert await accounts.sessions.redeem(second) is None


async def test_each_login_gets_a_new_secret(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    assert await log_in(accounts, "Sara") != await log_in(accounts, "Sara")


async def test_a_disabled_editor_can_neither_get_nor_redeem_a_code(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code = await accounts.sessions.login_code("Sara")
    await accounts.people.disable("Sara")
    assert await accounts.sessions.redeem(code) is None
    with pytest.raises(AccountRefused, match="account of 'Sara' is disabled"):
        await accounts.sessions.login_code("Sara")


@pytest.mark.parametrize(
    "junk", ["", "lf_", "x" * 15, "A" * 43, "lf_" + "A" * 43, "\udcff" * 43, "é" * 43, "a" * 10**6]
)
async def test_what_was_never_handed_out_opens_nothing(accounts: Accounts, junk: str) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    await log_in(accounts, "Sara")
    await accounts.tokens.add("Sara")
    assert await accounts.sessions.redeem(junk) is None
    assert await accounts.sessions.find(junk) is None
    assert await accounts.tokens.acting(junk) is None
    await accounts.sessions.end(junk)


async def test_one_kind_of_secret_does_not_do_for_another(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code, secret, token = (
        await accounts.sessions.login_code("Sara"),
        await log_in(accounts, "Sara"),
        await accounts.tokens.add("Sara"),
    )
    assert await accounts.sessions.find(code) is None
    assert await accounts.sessions.find(token) is None
    assert await accounts.sessions.redeem(secret) is None
    assert await accounts.sessions.redeem(token) is None
    assert await accounts.tokens.acting(secret) is None
    assert await accounts.tokens.acting(code) is None


# sessions


async def test_a_session_ends_after_its_idle_time(accounts: Accounts, clock: Clock) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    clock.pass_by(IDLE)
    assert await accounts.sessions.find(secret) is None


async def test_a_session_in_use_lasts_until_its_lifetime_ends(accounts: Accounts, clock: Clock) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    for _ in range(int(LIFETIME / IDLE * 2) - 1):
        clock.pass_by(IDLE / 2)
        assert await accounts.sessions.find(secret)
    clock.pass_by(IDLE / 2)
    assert await accounts.sessions.find(secret) is None


async def test_a_session_is_written_at_most_once_a_minute(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    before = place.records.puts
    for _ in range(180):
        clock.pass_by(1)
        assert await accounts.sessions.find(secret)
    assert place.records.puts - before == 3


async def test_a_short_idle_time_still_counts_from_the_last_use(place: Place, clock: Clock) -> None:
    accounts = Accounts(place.records, session_idle=20, session_lifetime=LIFETIME, now=clock)
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    for _ in range(20):
        clock.pass_by(15)
        assert await accounts.sessions.find(secret)


async def test_a_session_goes_on_while_its_use_cannot_be_written(
    place: Place, accounts: Accounts, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    place.records.full = True
    clock.pass_by(120)
    assert await accounts.sessions.find(secret)
    assert "A use of Sara's session could not be noted: there is no room left" in caplog.text
    assert secret not in caplog.text


async def test_a_session_ended_while_its_use_is_noted_stays_ended(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    clock.pass_by(120)
    place.records.before_put = asyncio.get_running_loop().create_future()
    asked = asyncio.create_task(accounts.sessions.find(secret))
    await asyncio.wait_for(place.records.putting.wait(), PATIENCE)
    await process(place, clock).sessions.end(secret)
    place.records.before_put.set_result(None)
    assert await asked is None
    assert await place.records.all("session") == []


async def test_two_processes_that_note_a_use_at_once_both_find_the_session(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    clock.pass_by(120)
    found = await asyncio.gather(*(process(place, clock).sessions.find(secret) for _ in range(10)))
    assert all(found)


async def test_logging_out_ends_that_session_only(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    here, there = await log_in(accounts, "Sara"), await log_in(accounts, "Sara")
    assert await accounts.sessions.find(here)
    await accounts.sessions.end(here)
    await accounts.sessions.end(here)
    assert await accounts.sessions.find(here) is None
    assert await accounts.sessions.find(there)


async def test_logging_out_everywhere_ends_one_accounts_sessions(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    await accounts.people.add("Zaid", Role.EDITOR)
    hers = [await log_in(accounts, "Sara") for _ in range(3)]
    his = await log_in(accounts, "Zaid")
    assert await accounts.sessions.find(hers[0])
    assert await accounts.sessions.end_all("SARA") == 3
    assert [await accounts.sessions.find(secret) for secret in hers] == [None] * 3
    assert await accounts.sessions.find(his)
    assert await accounts.sessions.end_all("nobody") == 0


async def test_sessions_are_listed_and_ended_one_by_one(accounts: Accounts, clock: Clock) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code = await accounts.sessions.login_code("Sara")
    by_link = await accounts.sessions.redeem(code, Seen("192.0.2.7", " Firefox\n"))
    clock.pass_by(60)
    later = await accounts.sessions.begin("sara", Seen("2001:db8::1", "x" * 1000))
    assert by_link
    assert later
    newest, oldest = await accounts.sessions.of_editor("Sara")
    assert oldest.seen == Seen("192.0.2.7", "Firefox", by_link=True)
    assert (newest.seen.address, len(newest.seen.agent), newest.seen.by_link) == ("2001:db8::1", 300, False)
    assert newest.created_at - oldest.created_at == timedelta(seconds=60)
    assert await accounts.sessions.end_all("Sara", only=newest.id) == 1
    assert await accounts.sessions.find(later[0]) is None
    third = await accounts.sessions.begin("Sara", Seen())
    assert third
    assert await accounts.sessions.end_all("Sara", but=oldest.id) == 1
    assert await accounts.sessions.find(by_link[0])
    clock.pass_by(IDLE)
    assert await accounts.sessions.of_editor("Sara") == []
    await accounts.people.disable("Sara")
    assert await accounts.sessions.begin("Sara", Seen()) is None


async def test_a_session_from_before_addresses_were_kept_still_counts(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret = await log_in(accounts, "Sara")
    (record,) = await place.records.all("session")
    old = json.loads(record.value)
    del old["seen"]
    await place.records.put("session", record.name, json.dumps(old))
    found = await process(place, clock).sessions.find(secret)
    assert found
    assert found.seen == Seen()


async def test_grants_narrow_an_editor_but_never_an_admin(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.CHIEF, ["storm", "flood", "storm"])
    account = await accounts.people.known("Sara")
    assert account.coverages == ("storm", "flood")
    session = await accounts.sessions.find(await log_in(accounts, "Sara"))
    assert session
    assert session.editor.may(Role.CHIEF, "storm")
    assert not session.editor.may(Role.CONTRIBUTOR, "fire")
    assert (await accounts.people.set_coverages("Sara", None)).coverages is None
    for refused in (
        accounts.people.set_grants("Sara", Role.ADMIN, ["storm"]),
        accounts.people.add("Zaid", Role.ADMIN, ["storm"]),
        accounts.people.set_coverages("Sara", []),
        accounts.people.set_coverages("Sara", ["Not A Slug"]),
    ):
        with pytest.raises(AccountRefused):
            await refused
    assert (await accounts.people.known("Sara")).coverages is None
    await accounts.people.set_coverages("Sara", ["storm"])
    with pytest.raises(AccountRefused, match="cannot be narrowed"):
        await accounts.people.set_role("Sara", Role.ADMIN)


async def test_a_role_in_one_coverage_counts_there_at_once_and_is_taken_back(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.CONTRIBUTOR, ["flood"], {"storm": Role.CHIEF})
    secret = await log_in(accounts, "Sara")

    async def held() -> list[Role | None]:
        session = await accounts.sessions.find(secret)
        assert session
        return [session.editor.role_in(slug) for slug in ("storm", "flood", "fire")]

    assert await held() == [Role.CHIEF, Role.CONTRIBUTOR, None]
    assert (await accounts.people.known("Sara")).grants == "contributor flood storm=chief"
    lesser = await accounts.tokens.acting(await accounts.tokens.add("Sara", role=Role.EDITOR))
    assert lesser
    assert [lesser.role_in(slug) for slug in ("storm", "flood")] == [Role.EDITOR, Role.CONTRIBUTOR]
    await accounts.people.set_role_in("Sara", "fire", Role.EDITOR)
    assert await held() == [Role.CHIEF, Role.CONTRIBUTOR, Role.EDITOR]
    await accounts.people.set_role_in("Sara", "storm", None)
    assert await held() == [None, Role.CONTRIBUTOR, Role.EDITOR]
    token = await accounts.tokens.acting(
        await accounts.tokens.add("Sara", role=Role.EDITOR, coverages=["fire"])
    )
    assert token
    assert [token.role_in(slug) for slug in ("flood", "fire")] == [None, Role.EDITOR]
    for refused in (
        accounts.people.set_role_in("Sara", "fire", Role.ADMIN),
        accounts.people.set_role_in("Sara", "Not A Slug", Role.EDITOR),
        accounts.people.set_role("Sara", Role.ADMIN),
        accounts.people.add("Zaid", Role.ADMIN, None, {"fire": Role.EDITOR}),
        accounts.people.set_grants("Sara", Role.EDITOR, None, {f"c{n}": Role.CHIEF for n in range(101)}),
        accounts.tokens.add("Sara", role=Role.CHIEF),
        accounts.tokens.add("Sara", coverages=["storm"]),
    ):
        with pytest.raises(AccountRefused):
            await refused
    assert await held() == [None, Role.CONTRIBUTOR, Role.EDITOR]


async def test_the_use_of_a_token_is_noted_at_most_once_a_minute(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    token = await accounts.tokens.add("Sara")
    assert (await accounts.tokens.of_editor("Sara"))[0].used_at is None
    puts = place.records.puts
    for _ in range(40):
        assert await accounts.tokens.acting(token)
        clock.pass_by(2)
    assert place.records.puts - puts == 2
    (kept,) = await accounts.tokens.of_editor("Sara")
    assert kept.used_at
    assert timedelta(0) < clock() - kept.used_at < timedelta(seconds=30)
    place.records.full = True
    clock.pass_by(100)
    assert await accounts.tokens.acting(token), "a full disk stops nobody"


async def test_a_changed_role_counts_in_open_sessions_at_once_and_elsewhere_within_a_second(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.CHIEF)
    secret = await log_in(accounts, "Sara")
    elsewhere = process(place, clock)
    assert await role_in(accounts, secret) == await role_in(elsewhere, secret) == Role.CHIEF
    await accounts.people.set_role("Sara", Role.CONTRIBUTOR)
    assert await role_in(accounts, secret) == Role.CONTRIBUTOR
    clock.pass_by(1)
    assert await role_in(elsewhere, secret) == Role.CONTRIBUTOR


async def test_disabling_stops_sessions_and_tokens_at_once_and_elsewhere_within_a_second(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.CHIEF)
    secret, token = await log_in(accounts, "Sara"), await accounts.tokens.add("Sara")
    elsewhere = process(place, clock)
    for one in (accounts, elsewhere):
        assert await one.sessions.find(secret)
        assert await one.tokens.acting(token)
    await accounts.people.disable("Sara")
    assert await accounts.sessions.find(secret) is None
    assert await accounts.tokens.acting(token) is None
    clock.pass_by(1)
    assert await elsewhere.sessions.find(secret) is None
    assert await elsewhere.tokens.acting(token) is None


async def test_a_thousand_requests_in_a_second_read_the_store_twice(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    secret, token = await log_in(accounts, "Sara"), await accounts.tokens.add("Sara")
    for ask in (accounts.sessions.find, accounts.tokens.acting):
        before = place.records.gets
        for _ in range(1000):
            assert await ask(secret if ask == accounts.sessions.find else token)
            clock.pass_by(0.0009)
        assert place.records.gets - before == 2  # the key and the account


# tokens


async def test_a_token_acts_as_its_editor(accounts: Accounts) -> None:
    sara = await accounts.people.add("Sara", Role.CHIEF)
    assert await accounts.tokens.acting(await accounts.tokens.add("SARA")) == Editor(
        sara.id, "Sara", Role.CHIEF
    )


async def test_a_token_has_the_shape_that_secret_scanners_look_for(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    tokens = {await accounts.tokens.add("Sara") for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"lf_[A-Za-z0-9_-]{43}", token) for token in tokens)


async def test_a_token_is_narrowed_to_a_role_and_to_coverages(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.ADMIN)
    token = await accounts.tokens.add("Sara", role=Role.EDITOR, coverages=["زلزال", "floods", "floods"])
    editor = await accounts.tokens.acting(token)
    assert editor
    assert (editor.role, editor.coverages) == (Role.EDITOR, frozenset({"زلزال", "floods"}))
    assert editor.may(Role.EDITOR, "floods")
    assert not editor.may(Role.CHIEF, "floods")
    assert not editor.may(Role.EDITOR, "elections")
    assert not editor.may(Role.CONTRIBUTOR)


@pytest.mark.parametrize(
    ("role", "coverages", "label", "sentence"),
    [
        (Role.CHIEF, None, "", "with the role chief would do more than Sara, whose role is editor"),
        (None, [], "", "for no coverage could do nothing"),
        (None, ["floods", "Not A Slug"], "", "coverages: The slug 'Not A Slug' contains"),
        (None, None, "x" * 81, "label .* has 81 characters; at most 80"),
    ],
)
async def test_a_token_that_is_wider_or_malformed_is_refused_and_not_kept(
    accounts: Accounts, role: Role | None, coverages: list[str] | None, label: str, sentence: str
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    with pytest.raises(AccountRefused, match=sentence):
        await accounts.tokens.add("Sara", role=role, coverages=coverages, label=label)
    assert await accounts.tokens.of_editor("Sara") == []


async def test_a_disabled_editor_gets_no_token(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    await accounts.people.disable("Sara")
    with pytest.raises(AccountRefused, match="disabled"):
        await accounts.tokens.add("Sara")


async def test_a_token_loses_what_its_editor_loses_and_gains_no_more_than_it_had(accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.CHIEF)
    whole, narrow = await accounts.tokens.add("Sara"), await accounts.tokens.add("Sara", role=Role.EDITOR)
    roles = {}
    for role in (Role.CONTRIBUTOR, Role.ADMIN):
        await accounts.people.set_role("Sara", role)
        acting = [await accounts.tokens.acting(token) for token in (whole, narrow)]
        roles[role] = [editor.role for editor in acting if editor]
    assert roles == {
        Role.CONTRIBUTOR: [Role.CONTRIBUTOR, Role.CONTRIBUTOR],
        Role.ADMIN: [Role.ADMIN, Role.EDITOR],
    }


_ROLES = st.sampled_from(Role)
_SLUGS = st.none() | st.frozensets(st.sampled_from(["a", "b", "c"]))


@given(
    role=_ROLES,
    coverages=_SLUGS,
    token_role=st.none() | _ROLES,
    token_coverages=_SLUGS,
    roles=st.dictionaries(st.sampled_from(["a", "b"]), _ROLES),
    asked=_ROLES,
    slug=st.sampled_from(["a", "b", "c", None]),
)
def test_a_token_may_what_both_it_and_its_editor_may(
    *,
    role: Role,
    coverages: frozenset[str] | None,
    token_role: Role | None,
    token_coverages: frozenset[str] | None,
    roles: dict[str, Role],
    asked: Role,
    slug: str | None,
) -> None:
    editor = Editor("id", "Sara", role, coverages, frozenset(roles.items()))
    kept = None if token_coverages is None else tuple(token_coverages)
    narrowed = Token("id", "sara", token_role, kept, "", datetime.now(UTC)).narrowed(editor)
    alone = Editor("id", "Sara", token_role or Role.ADMIN, token_coverages)
    assert narrowed.may(asked, slug) == (editor.may(asked, slug) and alone.may(asked, slug))


def test_the_token_of_an_editor_of_some_coverages_is_refused_for_others() -> None:
    account = Account("id", "Sara", Role.EDITOR, ("floods",), datetime.now(UTC))
    check_narrowing(account, None, ["floods"])
    with pytest.raises(AccountRefused, match=r"coverage 'fires' would do more than Sara, .* floods only"):
        check_narrowing(account, None, ["floods", "fires"])


async def test_tokens_are_listed_by_age_without_their_secrets(accounts: Accounts, clock: Clock) -> None:
    await accounts.people.add("Sara", Role.CHIEF)
    await accounts.people.add("Zaid", Role.CHIEF)
    secrets = []
    for label in ("one", "two", "three"):
        secrets.append(await accounts.tokens.add("Sara", label=f" {label}\n", role=Role.EDITOR))
        clock.pass_by(1)
    await accounts.tokens.add("Zaid")
    listed = await accounts.tokens.of_editor("SARA")
    assert [token.label for token in listed] == ["one", "two", "three"]
    assert {(token.role, token.coverages) for token in listed} == {(Role.EDITOR, None)}
    assert not any(secret[3:] in repr(listed) for secret in secrets)


async def test_a_revoked_token_stops_at_once_and_elsewhere_within_a_second(
    place: Place, accounts: Accounts, clock: Clock
) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    first, second = await accounts.tokens.add("Sara"), await accounts.tokens.add("Sara")
    elsewhere = process(place, clock)
    assert await accounts.tokens.acting(first)
    assert await elsewhere.tokens.acting(first)
    (revoked,) = [t for t in await accounts.tokens.of_editor("Sara") if _digest(first).startswith(t.id)]
    assert await accounts.tokens.revoke(revoked.id)
    assert await accounts.tokens.acting(first) is None
    clock.pass_by(1)
    assert await elsewhere.tokens.acting(first) is None
    assert await elsewhere.tokens.acting(second)
    assert not await accounts.tokens.revoke(revoked.id)
    assert not await accounts.tokens.revoke("")


# what is kept


async def test_what_lies_on_disk_lets_nobody_in(place: Place, accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code = await accounts.sessions.login_code("Sara")
    secrets = [code, await log_in(accounts, "Sara"), await accounts.tokens.add("Sara")]
    dump = place.dump()
    for secret in secrets:
        assert _digest(secret).encode() in dump  # the dump is of the right place
        assert secret.removeprefix("lf_").encode() not in dump
        for one in (accounts.sessions.redeem, accounts.sessions.find, accounts.tokens.acting):
            assert await one(_digest(secret)) is None
    assert await accounts.tokens.acting("lf_" + _digest(secrets[2])) is None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# what was read a moment ago


async def test_recent_answers_are_bounded_and_the_stalest_goes_first(clock: Clock) -> None:
    recent = Recent[int](clock, capacity=3)
    reads: list[int] = []

    async def ask(number: int) -> int:
        async def read() -> int:
            reads.append(number)
            return number

        return await recent.get(str(number), read)

    assert [await ask(number) for number in (1, 2, 3, 4, 4, 3, 2, 1)] == [1, 2, 3, 4, 4, 3, 2, 1]
    assert reads == [1, 2, 3, 4, 1]


async def test_an_answer_is_not_believed_longer_when_the_clock_is_set_back(clock: Clock) -> None:
    recent = Recent[str](clock)

    async def first() -> str:
        return "first"

    async def second() -> str:
        return "second"

    assert await recent.get("key", first) == "first"
    assert await recent.get("key", second) == "first"
    clock.pass_by(-3600)
    assert await recent.get("key", second) == "second"


async def test_an_answer_is_as_old_as_the_beginning_of_its_reading(clock: Clock) -> None:
    recent = Recent[str](clock)

    async def slow() -> str:
        clock.pass_by(1)
        return "slow"

    async def quick() -> str:
        return "quick"

    assert await recent.get("key", slow) == "slow"
    assert await recent.get("key", quick) == "quick"


async def test_a_failed_reading_is_not_an_answer(clock: Clock) -> None:
    recent = Recent[str](clock)

    async def failing() -> str:
        raise StoreFull("there is no room left")

    async def working() -> str:
        return "answer"

    with pytest.raises(StoreFull):
        await recent.get("key", failing)
    assert await recent.get("key", working) == "answer"
