"""Passwords: which are taken, how they are kept, and how slowly they can be guessed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from livefeed.accounts import (
    Accounts,
    Hasher,
    LoginRefused,
    Logins,
    PasswordRefused,
    PasswordsBusy,
    Seen,
    TooSoon,
    Weakness,
)
from livefeed.accounts.attempts import ON_ACCOUNT, ON_ADDRESS, Tally
from livefeed.accounts.passwords import LONGEST, MOST_WAITING, SHORTEST, check_password, pieces
from livefeed.roles import Role
from livefeed.store.sqlite import SQLiteStore

GOOD, BETTER = "قهوة الصباح في دمشق", "kitchen-window-7-lemon"
NAMES = ("سامر الحكواتي", "Storm Desk")
HERE = Seen("192.0.2.7", "Firefox")


class Clock:
    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Counting(Hasher):
    """A real hasher that remembers what it was asked to compare with."""

    def __init__(self) -> None:
        super().__init__()
        self.compared: list[str | None] = []

    async def fits(self, hashed: str | None, password: str) -> bool:
        self.compared.append(hashed)
        return await super().fits(hashed, password)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "live.db", serving=True)
    await store.start()
    yield store
    await store.aclose()


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
async def logins(store: SQLiteStore, clock: Clock, hasher: Counting) -> AsyncIterator[Logins]:
    accounts = Accounts(store.records, session_idle=3600, session_lifetime=86400, now=clock)
    await accounts.people.add("Samer", Role.EDITOR)
    logins = Logins(store.records, accounts, hasher, now=clock)
    await logins.set_password("Samer", GOOD, NAMES)
    yield logins
    logins.close()


# what is taken


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2026!",
        "dr4g0nm0nk3y",  # no list has it so
        "iloveyouforever",
        "123456789012",
        "qwertyuiop12",
        "ضصثقفغعهخحجد",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "محمد123456789",
        "كلمةالمرور2026",
        "سامر الحكواتي 12",
        "سَامِر-الحكواتي-1",
        "stormdesk2026!",
        "STORM desk 12",
    ],
)
def test_what_is_easily_guessed_is_refused_without_showing_it(password: str) -> None:
    with pytest.raises(PasswordRefused, match="easily guessed") as refused:
        check_password(password, NAMES)
    assert refused.value.weakness is Weakness.GUESSABLE
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password", [GOOD, BETTER, "correct horse battery", "aB3$kQ9!zX2m", "ثلاث غيوم وباب أزرق"]
)
def test_what_few_would_guess_is_taken(password: str) -> None:
    check_password(password, NAMES)


@pytest.mark.parametrize(
    ("password", "weakness"),
    [("x7$kQ9!zX2m", Weakness.SHORT), ("كلب" * 43, Weakness.LONG), ("", Weakness.SHORT)],
)
def test_too_short_and_too_long_name_the_limit(password: str, weakness: Weakness) -> None:
    with pytest.raises(
        PasswordRefused, match=f"{SHORTEST if weakness is Weakness.SHORT else LONGEST}"
    ) as refused:
        check_password(password, ())
    assert refused.value.weakness is weakness


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=10))
def test_more_letters_never_make_a_password_of_fewer_pieces_than_its_beginning(text: str, more: str) -> None:
    assert 0 <= pieces(text, ()) <= len(text) * 18  # NFKC makes up to 18 characters of one
    assert pieces(text + more, ("storm",)) <= pieces(text, ("storm",)) + pieces(more, ()) + 1


# logging in


async def test_the_right_password_logs_in_and_is_kept_as_argon2id_alone(
    logins: Logins, store: SQLiteStore, tmp_path: Path
) -> None:
    secret, editor = await logins.log_in(" SAMER ", GOOD, HERE)
    assert (editor.name, len(secret)) == ("Samer", 43)
    (kept,) = await store.records.all("password")
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in kept.value
    assert GOOD.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


async def test_the_name_of_whose_it_is_makes_a_password_no_better(logins: Logins) -> None:
    word = "Zenobiana 7$k"
    await logins.set_password("Samer", word, ())
    with pytest.raises(PasswordRefused, match="easily guessed"):
        await logins.set_password("Zenobiana", word, ())
    with pytest.raises(PasswordRefused, match="easily guessed"):
        await logins.set_password("Samer", word, ("Zenobiana Post",))


async def test_a_password_kept_with_former_parameters_is_kept_with_todays_at_the_next_login(
    logins: Logins, store: SQLiteStore
) -> None:
    former = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    (kept,) = await store.records.all("password")
    older = json.dumps({"hashed": former, "changed_at": "2026-01-01T00:00:00Z"})
    await store.records.put("password", kept.name, older, expected=kept.version)
    for _ in range(2):
        assert await logins.log_in("Samer", GOOD, HERE)
        (kept,) = await store.records.all("password")
        assert "$m=19456,t=2,p=1$" in kept.value


async def test_another_keyboards_form_of_the_same_letters_is_the_same_password(logins: Logins) -> None:
    await logins.set_password("Samer", "caf\u00e9 \ufefb window 7", ())
    assert await logins.log_in("Samer", "cafe\u0301 \u0644\u0627 window 7", HERE)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Samer", "wrong"),
        ("Nobody", GOOD),
        ("", ""),
        ("Samer", "x" * 5000),
        ("\u202e", GOOD),
        ("Samer", "\ud800"),
    ],
)
async def test_wrong_names_and_passwords_look_the_same_and_cost_one_hash(
    logins: Logins, hasher: Counting, name: str, password: str
) -> None:
    with pytest.raises(LoginRefused, match=r"^The name or the password is wrong\.$"):
        await logins.log_in(name, password, HERE)
    assert len(hasher.compared) == 1


async def test_a_disabled_editors_password_is_wrong(logins: Logins) -> None:
    await logins._accounts.people.disable("Samer")
    with pytest.raises(LoginRefused):
        await logins.log_in("Samer", GOOD, HERE)


async def test_each_wrong_password_makes_the_next_wait_longer_for_whoever_guesses_alone(
    logins: Logins, clock: Clock
) -> None:
    waits = []
    for _ in range(8):
        try:
            await logins.log_in("Samer", "wrong", HERE)
        except TooSoon as soon:
            waits.append(soon.seconds)
            with pytest.raises(TooSoon):
                await logins.log_in("Samer", GOOD, HERE)
            clock.pass_by(soon.seconds)
            with pytest.raises(LoginRefused):
                await logins.log_in("samer", "wrong", HERE)
        except LoginRefused:
            pass
    assert waits == [1, 2, 4, 8, 16]
    assert await logins.log_in("Samer", GOOD, Seen("198.51.100.1")), "elsewhere nobody waits"
    clock.pass_by(32)
    assert await logins.log_in("Samer", GOOD, HERE)
    for _ in range(ON_ACCOUNT.free):
        with pytest.raises(LoginRefused):
            await logins.log_in("Samer", "wrong", HERE)


async def test_of_many_guesses_at_the_same_moment_only_the_free_ones_are_looked_at(
    logins: Logins, hasher: Counting
) -> None:
    async def guess(number: int) -> str:
        try:
            await logins.log_in("Samer", f"guess {number}", HERE)
        except LoginRefused:
            return "looked at"
        except TooSoon:
            return "too soon"
        return "in"

    answers = await asyncio.gather(*map(guess, range(20)))
    assert sorted(set(answers)) == ["looked at", "too soon"]
    assert len(hasher.compared) == answers.count("looked at") == ON_ACCOUNT.free


async def test_one_password_tried_on_many_accounts_is_slowed_by_address(logins: Logins) -> None:
    for number in range(ON_ADDRESS.free):
        with pytest.raises(LoginRefused):
            await logins.log_in(f"name {number}", GOOD, Seen(f"2001:db8::{number:x}"))
    with pytest.raises(TooSoon):
        await logins.log_in("Samer", GOOD, Seen("2001:db8::ffff"))
    assert await logins.log_in("Samer", GOOD, Seen("2001:db8:0:1::1"))


async def test_attempts_are_counted_in_the_store_for_every_process(
    logins: Logins, store: SQLiteStore, clock: Clock
) -> None:
    for _ in range(ON_ACCOUNT.free):
        with pytest.raises(LoginRefused):
            await logins.log_in("Samer", "wrong", HERE)
    accounts = Accounts(store.records, session_idle=3600, session_lifetime=86400, now=clock)
    elsewhere = Logins(store.records, accounts, Hasher(), now=clock)
    with pytest.raises(TooSoon):
        await elsewhere.log_in("Samer", GOOD, HERE)
    elsewhere.close()


def test_a_clock_that_is_set_back_makes_nobody_wait_longer() -> None:
    now = datetime.now(UTC)
    assert ON_ACCOUNT.wait(Tally(5, now + timedelta(days=1)), now) == 4.0
    assert ON_ACCOUNT.wait(Tally(5, now - timedelta(seconds=3)), now) == 1.0


def test_however_often_somebody_guesses_nobody_is_locked_out() -> None:
    now = datetime.now(UTC)
    assert ON_ACCOUNT.wait(Tally(10_000, now), now) == 900.0
    assert ON_ADDRESS.wait(Tally(10_000, now), now) == 30.0


async def test_who_comes_when_many_wait_is_sent_away_and_not_queued(hasher: Counting) -> None:
    results = await asyncio.gather(
        *(hasher.fits(None, "x") for _ in range(MOST_WAITING + 5)), return_exceptions=True
    )
    assert sum(isinstance(result, PasswordsBusy) for result in results) == 5
    assert results.count(False) == MOST_WAITING
    hasher.close()
