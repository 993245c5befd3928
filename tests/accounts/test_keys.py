"""What is kept of secrets."""

from __future__ import annotations

from accounts_place import Place, digest, log_in

from livefeed.accounts import (
    Accounts,
)
from livefeed.roles import Role


async def test_what_lies_on_disk_lets_nobody_in(place: Place, accounts: Accounts) -> None:
    await accounts.people.add("Sara", Role.EDITOR)
    code = await accounts.sessions.login_code("Sara")
    secrets = [code, await log_in(accounts, "Sara"), await accounts.tokens.add("Sara")]
    dump = place.dump()
    for secret in secrets:
        assert digest(secret).encode() in dump  # the dump is of the right place
        assert secret.removeprefix("lf_").encode() not in dump
        for one in (accounts.sessions.redeem, accounts.sessions.find, accounts.tokens.acting):
            assert await one(digest(secret)) is None
    assert await accounts.tokens.acting("lf_" + digest(secrets[2])) is None
