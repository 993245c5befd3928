"""People and their keys: accounts, passwords, one-time login codes, desk sessions, API tokens.

Theory of operation
    Everything is a record of the store. An account is kept under its name, folded so that names which
    differ in case or invisibly are one; that record alone says what its owner may do. Login codes, sessions
    and tokens are kept under the SHA-256 of a secret that only their holder has, and name the account they
    speak for. Whoever shows a secret is looked up by its hash and the account is read again, so a changed
    role and a disabled account count at once; what was read is believed for at most a second (`RECENT`),
    because a program that posts a thousand times a second must not ask the store as often. A password is
    what people choose, and is therefore kept as a slow hash, judged before it is taken, and guessed at ever
    more slowly (`passwords`, `attempts`).

    `Accounts` holds them as `people`, `sessions` (with the codes that begin them) and `tokens`; `Logins` has
    the passwords.

Invariants
    - No record holds what would log anybody in.
    - A login code opens one session, however many ask at the same time.
    - A token never does more than its editor may do now.
    - An ended session stays ended: it is touched only by compare-and-set, which does not bring it back.
"""

from livefeed.accounts.account import (
    Account,
    AccountExists,
    AccountRefused,
    AccountUnknown,
    Seen,
    Session,
    Token,
)
from livefeed.accounts.attempts import TooSoon
from livefeed.accounts.logins import LoginRefused, Logins
from livefeed.accounts.passwords import Hasher, PasswordRefused, PasswordsBusy, Weakness
from livefeed.accounts.recent import RECENT
from livefeed.accounts.register import Accounts

__all__ = [
    "RECENT",
    "Account",
    "AccountExists",
    "AccountRefused",
    "AccountUnknown",
    "Accounts",
    "Hasher",
    "LoginRefused",
    "Logins",
    "PasswordRefused",
    "PasswordsBusy",
    "Seen",
    "Session",
    "Token",
    "TooSoon",
    "Weakness",
]
