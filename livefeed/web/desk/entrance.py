"""What every page of the desk begins and ends with: who is there, and the page no cache may keep."""

from __future__ import annotations

from aiohttp import web

from livefeed.web.answers import Problem
from livefeed.web.guard import Caller, caller_of

HTML = "text/html"


async def at_the_desk(request: web.Request) -> Caller:
    """Who is at the desk, if the rule of the route lets them; people without a session are sent to the login
    page. Raises `Problem` 403."""
    try:
        return await caller_of(request)
    except Problem as problem:
        if problem.status == 401:
            raise web.HTTPSeeOther("/desk/login") from None
        raise


def page(html: str, status: int = 200) -> web.Response:
    """A page of the desk as an answer."""
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=html, status=status, content_type=HTML, headers=headers)
