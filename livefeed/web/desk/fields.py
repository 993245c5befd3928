"""The fields of a form that a page of the desk posts."""

from __future__ import annotations

from urllib.parse import parse_qs

from aiohttp import web

from livefeed.accounts import AccountRefused
from livefeed.roles import Role
from livefeed.web.answers import Problem, Unfit
from livefeed.web.intake import body_of

FORM_BYTES = 65_536  # many ticked coverages


class Fields:
    """What was filled in; the first of several of one name counts, but for `all`."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every value of that name."""
        return self._fields.get(name, [])

    def role(self) -> Role:
        """The chosen role. Raises `Problem` 422."""
        return _role(self["role"], "role")

    def roles(self) -> dict[str, Role]:
        """The chosen roles in single coverages; a line with one of both alone says nothing. Raises `Problem`
        422."""
        lines = zip(self.all("role_coverage"), self.all("role_there"), strict=False)
        return {slug: _role(role, "role_there") for slug, role in lines if slug and role}

    def coverages(self) -> list[str] | None:
        """The ticked coverages, None for all. Raises `Nothing`."""
        if self["reach"] != "some":
            return None
        chosen = self.all("coverage")
        if not chosen:
            raise NothingChosen("Choose at least one coverage, or all.")
        return chosen


def _role(chosen: str, field: str) -> Role:
    try:
        return Role(chosen)
    except ValueError:
        raise Unfit(field, chosen, f"one of {', '.join(Role)}") from None


class NothingChosen(AccountRefused):
    """Some coverages were meant, and none is ticked."""


async def fields_of(request: web.Request, limit: int = FORM_BYTES) -> Fields:
    """The fields of a posted form of at most `limit` bytes. Not `request.post()`: nobody may have logged in
    yet, and no form here needs a multipart parser. Raises `Problem` 413, 400."""
    body = (await body_of(request, limit)).decode(errors="replace")
    try:
        return Fields(parse_qs(body, keep_blank_values=True, max_num_fields=2000))
    except ValueError as reason:
        raise Problem(400, f"The body is not a form: {str(reason)[:200]}") from None
