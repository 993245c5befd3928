"""The newsroom's snippets, for who writes."""

from __future__ import annotations

from aiohttp import web

from livefeed.events import rfc3339
from livefeed.roles import Role
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import Scope, caller_of, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/api/v1/snippets")
@needs(Role.CONTRIBUTOR, Scope.OWN)
async def list_snippets(request: web.Request) -> web.Response:
    """Texts that are used again and again, by name."""
    await caller_of(request)
    return json_answer(
        {
            "snippets": [
                {
                    "id": snippet.id,
                    "name": snippet.name,
                    "text": snippet.text,
                    "html": snippet.html,
                    "direction": snippet.direction,
                    "by": snippet.by,
                    "at": rfc3339(snippet.at),
                }
                for snippet in await rooms_of(request).snippets.all()
            ]
        }
    )
