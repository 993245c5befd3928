"""Login codes and sessions, on every store there is."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from accounts_place import IDLE, LIFETIME, Clock, Place, log_in, process, role_in
from redis_server import PATIENCE

from livefeed.accounts import (
    AccountRefused,
    Accounts,
    Seen,
)
from livefeed.roles import Editor, Role


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
