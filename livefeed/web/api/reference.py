"""The API's description as a document for programs and a page for people; both are public.

The page is rendered here from the same document: a viewer's script bundle would be a megabyte to vendor and
would need inline styles, which the site's policy forbids.
"""

from __future__ import annotations

import json

from aiohttp import web

from livefeed.web.api.openapi import openapi_document
from livefeed.web.documents import respond
from livefeed.web.intake import lengths_of
from livefeed.web.rooms import rooms_of

CACHING = "public, max-age=300"

routes = web.RouteTableDef()


@routes.get("/api/v1/openapi.json")
async def document(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 document."""
    rooms = rooms_of(request)

    def render() -> bytes:
        described = openapi_document(rooms.base_url, lengths_of(rooms.settings))
        return json.dumps(described, ensure_ascii=False).encode()

    made = await rooms.documents.get("openapi", rooms.base_url, render)
    headers = {"Access-Control-Allow-Origin": "*"}  # other sites' API browsers may read it
    return respond(request, made, content_type="application/json", cache_control=CACHING, headers=headers)


@routes.get("/api/docs")
async def page(request: web.Request) -> web.Response:
    """The same for people."""
    rooms = rooms_of(request)

    def render() -> bytes:
        described = openapi_document(rooms.base_url, lengths_of(rooms.settings))
        return rooms.pages.api_page(described).encode()

    made = await rooms.documents.get("api-docs", rooms.base_url, render)
    return respond(request, made, content_type="text/html; charset=utf-8", cache_control=CACHING)
