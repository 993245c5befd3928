"""Who acts, and what each may do: values alone, asked by doors and verbs alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each role includes the former."""

    CONTRIBUTOR = "contributor"  # own unpublished updates
    EDITOR = "editor"  # publish, schedule, revise, correct, retract
    CHIEF = "chief"  # set or clear breaking, pin, coverages and their closure
    ADMIN = "admin"  # accounts and tokens

    def includes(self, other: Role) -> bool:
        """True when this role may do all that `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)

    def lesser(self, other: Role) -> Role:
        """The one of the two that may do less."""
        return other if self.includes(other) else self


@dataclass(frozen=True, slots=True)
class Editor:
    """Who acts. `coverages` None means every one; a token may be narrowed to some. `roles` are those in
    single coverages, which count there instead of `role` and `coverages`. `address` is where they act from,
    for the audit log alone; `language` is that of their desk, empty for the site's."""

    account: str
    name: str
    role: Role
    coverages: frozenset[str] | None = None
    roles: frozenset[tuple[str, Role]] = frozenset()
    address: str = field(default="", compare=False)
    language: str = field(default="", compare=False)

    @property
    def highest(self) -> Role:
        """The highest role that they have anywhere."""
        return max([self.role, *(role for _, role in self.roles)], key=list(Role).index)

    def role_in(self, slug: str) -> Role | None:
        """The role in one coverage; None without access to it."""
        for coverage, role in self.roles:
            if coverage == slug:
                return role
        return self.role if self.coverages is None or slug in self.coverages else None

    def may(self, role: Role, slug: str | None = None) -> bool:
        """True when this person may do what `role` may, in the coverage `slug` (None: on the whole site)."""
        if slug is None:
            return self.coverages is None and self.role.includes(role)
        held = self.role_in(slug)
        return held is not None and held.includes(role)
