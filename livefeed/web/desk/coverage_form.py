"""Opening a coverage, perhaps like an earlier one, and changing, closing or reopening one.

A plain form that needs no script. Sent twice it is done once, for it has a key; what is refused is shown at
its field, with what was typed.
"""

from __future__ import annotations

import json
import re
import secrets
from urllib.parse import quote

from aiohttp import web

from livefeed.forms import CoverageChanges
from livefeed.model import Coverage
from livefeed.newsroom import Refused
from livefeed.pages import Refusal
from livefeed.roles import Editor, Role
from livefeed.store import Key, StoreError
from livefeed.text import clean_line, free_slug
from livefeed.web.answers import Problem, problem_of
from livefeed.web.desk.coverage_fields import (
    Overtaken,
    Texts,
    changes_of,
    opening_of,
    seen_again,
    seen_of,
    texts_like,
    texts_of,
    typed_texts,
)
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.desk.fields import Fields, fields_of
from livefeed.web.guard import Caller, Scope, needs
from livefeed.web.intake import WriteBudget, lengths_of, named_key
from livefeed.web.rooms import rooms_of

MOST_PATTERNS = 8
PERCENT_ENCODED = 3  # bytes of a form for one of what was typed

routes = web.RouteTableDef()


@routes.get("/desk/new")
@needs(Role.CHIEF, Scope.SITE)
async def open_form(request: web.Request) -> web.Response:
    """A form for a coverage to open; `like` names the one whose fields it begins with. Of `headline` it
    proposes an address that no coverage has: what scripts ask for while the headline is typed."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    like = request.query.get("like")
    if like is not None:
        pattern = await rooms.newsroom.coverage(like)
    else:
        pattern = Coverage("", "", language=rooms.settings.site_language)
    headline = clean_line(request.query.get("headline", ""))
    proposed = free_slug(headline, await rooms.fronts.known()) if headline else ""
    texts = texts_like(pattern) | {"headline": headline, "slug": proposed}
    return await _new(request, caller.editor, texts, key=_fresh_key())


@routes.post("/desk/new")
@needs(Role.CHIEF, Scope.SITE)
async def open_coverage(request: web.Request) -> web.Response:
    """Open the coverage that was described, and go to its desk."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    fields = await _filled(request)
    texts = typed_texts(fields)
    key = _key(request, caller, fields, texts)
    try:
        async with WriteBudget(request).spent():
            opened = await rooms.newsroom.first_result(key)
            if opened is None:
                proposed = free_slug(clean_line(texts["headline"]), await rooms.fronts.known())
                form = opening_of(texts | {"slug": texts["slug"] or proposed}, lengths_of(rooms.settings))
                opened = await rooms.newsroom.open(form, by=caller.editor, key=key)
    except (Problem, Refused, StoreError) as reason:
        refusal = _refusal(problem_of(request, reason))
        return await _new(request, caller.editor, texts, key=_next_key(fields, refusal), refusal=refusal)
    slug = opened.state.slug if isinstance(opened.state, Coverage) else ""  # without one, to the list of all
    raise web.HTTPSeeOther(f"/desk/{quote(slug)}".rstrip("/"))


@routes.get("/desk/{slug}/coverage")
@needs(Role.CHIEF)
async def change_form(request: web.Request) -> web.Response:
    """The fields of a coverage, and how it is closed or reopened."""
    caller = await at_the_desk(request)
    coverage = await rooms_of(request).newsroom.coverage(request.match_info["slug"])
    texts = texts_of(coverage)
    return _one(request, caller.editor, coverage, texts, seen_of(texts), key=_fresh_key())


@routes.post("/desk/{slug}/coverage")
@needs(Role.CHIEF)
async def change_coverage(request: web.Request) -> web.Response:
    """Keep what was changed, then do what the pressed button says (`deed`), and go to its desk."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    coverage = await rooms.newsroom.coverage(request.match_info["slug"])
    fields = await _filled(request)
    texts, deed = typed_texts(fields), fields["deed"]
    try:
        form = changes_of(texts, fields["seen"], texts_of(coverage), lengths_of(rooms.settings))
        if deed == "begin":
            form = CoverageChanges.model_validate({**form.model_dump(exclude_unset=True), "status": "live"})
        if form.model_fields_set:
            key = _key(request, caller, fields, texts, f" change {deed}")
            async with WriteBudget(request).spent():
                await rooms.newsroom.change(coverage.slug, form, by=caller.editor, key=key)
        verb = {
            "close": rooms.newsroom.close,
            "reopen": rooms.newsroom.reopen,
            "archive": rooms.newsroom.archive,
            "unarchive": rooms.newsroom.unarchive,
        }.get(deed)
        if verb is not None:
            async with WriteBudget(request).spent():
                key = _key(request, caller, fields, texts, f" {deed}")
                await verb(coverage.slug, by=caller.editor, key=key)
    except (Problem, Refused, StoreError) as reason:
        refusal = _refusal(problem_of(request, reason))
        seen = seen_again(fields["seen"], reason) if isinstance(reason, Overtaken) else fields["seen"]
        fresh = _next_key(fields, refusal)
        return _one(request, caller.editor, coverage, texts, seen, key=fresh, refusal=refusal)
    raise web.HTTPSeeOther(f"/desk/{quote(coverage.slug)}")


async def _filled(request: web.Request) -> Fields:
    return await fields_of(request, PERCENT_ENCODED * rooms_of(request).settings.request_bytes)


def _fresh_key() -> str:
    return secrets.token_urlsafe(18)


def _key(request: web.Request, caller: Caller, fields: Fields, texts: Texts, deed: str = "") -> Key:
    name = f"{fields['key'] or _fresh_key()}{deed}"
    return named_key(request, caller, name, json.dumps(texts).encode())


def _next_key(fields: Fields, refusal: Refusal) -> str:
    """Nobody knows what became of a write that was not answered: the next attempt is the same one."""
    return fields["key"] if refusal.status == 503 else _fresh_key()


def _refusal(problem: Problem) -> Refusal:
    members = problem.members
    limit = members.get("limit")
    return Refusal(
        problem.status,
        problem.type,
        field=re.split(r"[.\[]", members.get("field", ""))[0],
        empty=members.get("value") == "",
        most=limit if isinstance(limit, int) else None,
        stands=problem.stands if isinstance(problem, Overtaken) else "",
    )


async def _new(
    request: web.Request, editor: Editor, texts: Texts, *, key: str, refusal: Refusal | None = None
) -> web.Response:
    rooms = rooms_of(request)
    newest_first = (await rooms.fronts.site()).coverages[::-1]
    html = rooms.pages.coverage_form_page(
        None, texts, editor, key=key, patterns=newest_first[:MOST_PATTERNS], refusal=refusal
    )
    return page(html, refusal.status if refusal else 200)


def _one(
    request: web.Request,
    editor: Editor,
    coverage: Coverage,
    texts: Texts,
    seen: str,
    *,
    key: str,
    refusal: Refusal | None = None,
) -> web.Response:
    html = rooms_of(request).pages.coverage_form_page(
        coverage, texts, editor, key=key, seen=seen, refusal=refusal
    )
    return page(html, refusal.status if refusal else 200)
