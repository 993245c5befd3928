"""A new update begins with what its writer signed the last one with."""

from __future__ import annotations

import html
import json
from typing import Any

from live_server import Server


async def test_the_signature_is_that_of_the_last_update_that_one_wrote_here_and_signed(
    server: Server,
) -> None:
    for slug in ("story", "other"):
        await server.open(slug)
    editor, other = await server.session("editor"), await server.session("chief")

    async def write(slug: str, session: dict[str, str] = editor, **fields: Any) -> str:
        path = f"/api/v1/coverages/{slug}/updates"
        form = {"headline": "خبر", **fields}
        answer = await server.ask("POST", path, json=form, role=None, headers=session)
        assert answer.status == 201
        return f"{path}/{answer.json()['id']}"

    async def signature(slug: str, session: dict[str, str] = editor) -> Any:
        page = await server.ask("GET", f"/desk/{slug}", role=None, headers=session)
        return json.loads(html.unescape(page.text.partition("data-signature='")[2].partition("'")[0]))

    nothing = {"byline": [], "dateline": "", "place": ""}
    assert await signature("story") == nothing
    first = {"byline": ['R. "O\'Neil"', "متابعات"], "dateline": "إسطنبول", "place": "دمشق"}
    await write("story", **first)
    assert await signature("story") == first

    # What a program posts without a byline, what others write, and what is gone again say nothing.
    await write("story")
    await write("story", other, byline=["Somebody else"])
    seen = editor | {"If-Match": '"1"'}
    gone = await write("story", byline=["Gone"], status="draft")
    assert (await server.ask("DELETE", gone, role=None, headers=seen)).status == 204
    wrong = f"{await write('story', byline=['Wrong'])}/retraction"
    reason = {"reason": "wrong"}
    assert (await server.ask("POST", wrong, json=reason, role=None, headers=seen)).status == 200
    assert await signature("story") == first
    assert await signature("story", other) == {**nothing, "byline": ["Somebody else"]}
    assert await signature("other") == {**nothing, "byline": first["byline"]}

    # Another story changes nothing here; who takes their name away does not get it back.
    await write("other", byline=["R. O."], dateline="Beirut", place="بيروت")
    assert await signature("story") == first
    await write("story", byline=[], dateline="حلب")
    assert await signature("story") == {**nothing, "dateline": "حلب"}
