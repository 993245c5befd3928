"""Accounts, sessions and tokens as values, and the rules that need no store."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from livefeed.roles import Editor, Role
from livefeed.text import TextRefused, check_slug, clean_line

NAME_LIMIT = 80
"""Characters of an editor's name and of a token's label."""

MOST_ROLES = 100
"""Roles of one account in single coverages."""


class AccountRefused(ValueError):
    """What was asked for cannot be; the message is a sentence with the value and the limit."""


class AccountExists(AccountRefused):
    """Another editor has that name, or one that looks the same."""


class AccountUnknown(AccountRefused):
    """There is no editor of that name."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the newsroom. `coverages` None means every one; `roles` are those in single coverages,
    instead of `role`; `language` is that of their desk, empty for the site's. A disabled account can do
    nothing."""

    id: str
    name: str
    role: Role
    coverages: tuple[str, ...] | None
    created_at: datetime
    disabled: bool = False
    roles: tuple[tuple[str, Role], ...] = ()
    language: str = ""

    @property
    def grants(self) -> str:
        """What it may do where, as the audit log has it: `editor storm flood=chief`."""
        single = (f"{slug}={role}" for slug, role in self.roles)
        return " ".join((self.role, *(self.coverages or ()), *single))

    def editor(self) -> Editor | None:
        """The person as they act in a session; None when disabled."""
        if self.disabled:
            return None
        coverages = None if self.coverages is None else frozenset(self.coverages)
        roles = frozenset(self.roles)
        return Editor(self.id, self.name, self.role, coverages, roles, language=self.language)


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without its secret. `editor` is a folded name; `role` and `coverages` None: whatever the
    editor may do."""

    id: str
    editor: str
    role: Role | None
    coverages: tuple[str, ...] | None
    label: str
    created_at: datetime
    used_at: datetime | None = None  # the last use that was noted; once a minute is enough

    def narrowed(self, editor: Editor) -> Editor:
        """What is left of `editor` through this token: the lesser role, the coverages both may touch.

        It is worked out at each use, because the editor may have lost a role since the token was made.
        """
        most = self.role or Role.ADMIN
        coverages, roles = editor.coverages, editor.roles
        if self.coverages is not None:
            own = frozenset(self.coverages)
            coverages = own if coverages is None else own & coverages
            roles = frozenset((slug, role) for slug, role in roles if slug in own)
        roles = frozenset((slug, role.lesser(most)) for slug, role in roles)
        return Editor(editor.account, editor.name, editor.role.lesser(most), coverages, roles)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of whoever logs in: the address, what the browser calls itself, and whether it was by a
    one-time link."""

    address: str = ""
    agent: str = ""
    by_link: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A logged-in editor's use of the desk. `id` tells a person's sessions apart and lets nobody in."""

    editor: Editor
    created_at: datetime
    used_at: datetime
    id: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session as the store has it: the folded name of whose it is, and when it was last noted as used."""

    editor: str
    created_at: datetime
    used_at: datetime
    seen: Seen = Seen()

    def expires_at(self, idle: float, lifetime: float) -> datetime:
        """The end by disuse or by age, both in seconds, whichever comes first."""
        return min(self.used_at + timedelta(seconds=idle), self.created_at + timedelta(seconds=lifetime))


@dataclass(frozen=True, slots=True)
class LoginCode:
    """Whom a one-time code lets in, by folded name, and until when."""

    editor: str
    expires_at: datetime


def fold(name: str) -> str:
    """The name under which an account is kept; two names with the same one cannot both be taken.

    Case, compatibility forms (Arabic's presentation forms, full-width letters) and invisible format
    characters do not count, or somebody could be mistaken for a colleague.
    """
    visible = "".join(letter for letter in clean_line(name) if unicodedata.category(letter) != "Cf")
    # Folding case can undo a normal form, and normalising can bring a capital back: hence on both sides.
    return clean_line(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold()))


def check_name(name: str) -> str:
    """The cleaned name. Raises `AccountRefused` when nothing visible or too much is left."""
    cleaned = clean_line(name)
    if not fold(cleaned):
        raise AccountRefused(
            f"The name {name[:NAME_LIMIT]!r} shows nothing; it needs 1 to {NAME_LIMIT} characters."
        )
    return _short(cleaned, "name")


def check_label(label: str) -> str:
    """The cleaned label of a token; may be empty. Raises `AccountRefused`."""
    return _short(clean_line(label), "label")


def check_grants(role: Role, coverages: Sequence[str] | None) -> tuple[str, ...] | None:
    """The coverages that an account of `role` may touch, each once; None is all. Raises `AccountRefused`."""
    if coverages is None:
        return None
    if role is Role.ADMIN:
        raise AccountRefused(
            "An admin has people and keys of the whole site in hand and cannot be narrowed to coverages: "
            "choose another role, or all coverages."
        )
    if not coverages:
        raise AccountRefused("An editor of no coverage could do nothing: name at least one, or all.")
    for slug in coverages:
        _check_coverage("editor", slug)
    return tuple(dict.fromkeys(coverages))


def check_roles(role: Role, roles: Mapping[str, Role]) -> tuple[tuple[str, Role], ...]:
    """The roles in single coverages of an account whose role is `role`. Raises `AccountRefused`."""
    if roles and Role.ADMIN in (role, *roles.values()):
        raise AccountRefused(
            "An admin has people and keys of the whole site in hand: nobody is one in a single coverage, and "
            "an admin has no other role in one."
        )
    if len(roles) > MOST_ROLES:
        raise AccountRefused(f"There are {len(roles)} roles in single coverages; at most {MOST_ROLES} fit.")
    for slug in roles:
        _check_coverage("editor", slug)
    return tuple(sorted(roles.items()))


def check_narrowing(account: Account, role: Role | None, coverages: Sequence[str] | None) -> None:
    """Raise `AccountRefused` when a token with `role` and `coverages` would do more than its editor may."""
    highest = max([account.role, *(held for _, held in account.roles)], key=list(Role).index)
    if role is not None and not highest.includes(role):
        raise AccountRefused(
            f"A token with the role {role} would do more than {account.name}, whose role is {highest}: "
            "a token may only narrow it."
        )
    if coverages is None:
        return
    if not coverages:
        # Never read as "all": an emptied list of coverages must not widen a token to the whole site.
        raise AccountRefused(
            "A token for no coverage could do nothing: name at least one, or none to mean all."
        )
    for slug in coverages:
        _check_coverage("token", slug)
        reached = {*(account.coverages or ()), *(slug for slug, _ in account.roles)}
        if account.coverages is not None and slug not in reached:
            raise AccountRefused(
                f"A token for the coverage {slug!r} would do more than {account.name}, who may touch "
                f"{', '.join(sorted(reached)) or 'none'} only."
            )


def _check_coverage(what: str, slug: str) -> None:
    try:
        check_slug(slug)
    except TextRefused as refused:
        raise AccountRefused(f"The {what}'s coverages: {refused}") from refused


def _short(line: str, what: str) -> str:
    if len(line) > NAME_LIMIT:
        raise AccountRefused(
            f"The {what} {line[:NAME_LIMIT]!r}… has {len(line)} characters; at most {NAME_LIMIT} are allowed."
        )
    return line
