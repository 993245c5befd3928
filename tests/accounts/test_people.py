"""Acts on people, on every store there is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from accounts_place import Clock, Place, process
from hypothesis import given
from hypothesis import strategies as st

from livefeed.accounts import (
    Account,
    AccountExists,
    AccountRefused,
    Accounts,
    AccountUnknown,
)
from livefeed.accounts.account import fold
from livefeed.roles import Role


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
