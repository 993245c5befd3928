"""API tokens, on every store there is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from accounts_place import Clock, Place, digest, process
from hypothesis import given
from hypothesis import strategies as st

from livefeed.accounts import (
    Account,
    AccountRefused,
    Accounts,
    Token,
)
from livefeed.accounts.account import check_narrowing
from livefeed.roles import Editor, Role


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
    (revoked,) = [t for t in await accounts.tokens.of_editor("Sara") if digest(first).startswith(t.id)]
    assert await accounts.tokens.revoke(revoked.id)
    assert await accounts.tokens.acting(first) is None
    clock.pass_by(1)
    assert await elsewhere.tokens.acting(first) is None
    assert await elsewhere.tokens.acting(second)
    assert not await accounts.tokens.revoke(revoked.id)
    assert not await accounts.tokens.revoke("")
