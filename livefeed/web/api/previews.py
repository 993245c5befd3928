"""Previews of other sites' pages, for embeds and links to related stories."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from livefeed.events import public_media
from livefeed.forms import PreviewForm
from livefeed.model import Media
from livefeed.previews import Preview, TooMany, Unreadable
from livefeed.roles import Role
from livefeed.web.answers import Problem, Unfit
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import Scope, caller_of, needs
from livefeed.web.intake import body_of, key_of, lengths_of, parsed
from livefeed.web.rooms import Rooms, rooms_of

routes = web.RouteTableDef()


@routes.post("/api/v1/previews")
@needs(Role.CONTRIBUTOR, Scope.OWN)
async def look_at(request: web.Request) -> web.Response:
    """Read the page at an address; its picture is copied into our media."""
    rooms = rooms_of(request)
    caller = await caller_of(request)
    body = await body_of(request, rooms.settings.request_bytes)
    key = key_of(request, caller, body)
    form = parsed(request, body, PreviewForm, lengths_of(rooms.settings))
    try:
        preview = await rooms.previews.read(form.url, account=caller.editor.account)
    except TooMany as reason:
        raise Problem(429, str(reason), headers={"Retry-After": str(reason.wait)}) from None
    except Unreadable as reason:
        status = 422 if reason.refused else 502
        raise Unfit("url", form.url, "the address of a public page", str(reason), status=status) from None
    media = None
    if preview.picture is not None:
        picture = preview.picture
        media = picture.media()
        await rooms.newsroom.keep_picture(media, by=caller.editor, key=key)
    return json_answer(_document(rooms, preview, media))


def _document(rooms: Rooms, preview: Preview, media: Media | None) -> dict[str, Any]:
    used = {"id": media.id, "alt": "", "caption": "", "credit": ""} if media else None
    return {
        "embed": {
            "url": preview.url,
            "title": preview.title,
            "provider": preview.provider,
            "author": preview.author,
            "text": preview.text,
            "picture": used,
        },
        "related": {"title": preview.title, "url": preview.url, "label": ""},
        "picture": public_media(media, rooms.base_url) if media else None,
    }
