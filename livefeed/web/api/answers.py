"""How the API answers: JSON documents with the headers of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from livefeed.events import public_coverage, public_media, public_update
from livefeed.model import Coverage, Media
from livefeed.newsroom import Written
from livefeed.web.rooms import rooms_of


def written_answer(request: web.Request, status: int, written: Written) -> web.Response:
    """What a write led to, with the headers of the contract; 204 when it is gone."""
    base_url = rooms_of(request).base_url
    state = written.state
    headers = {"Idempotency-Replayed": "true"} if written.replayed else {}
    if state is None:
        return web.Response(status=204, headers=headers)
    if isinstance(state, Media):
        return json_answer(public_media(state, base_url), status, headers)
    if isinstance(state, Coverage):
        document = public_coverage(state, base_url)
        place = f"{base_url}/api/v1/coverages/{quote(state.slug)}"
    else:
        document = public_update(state, base_url)
        place = f"{base_url}/api/v1/coverages/{quote(state.coverage)}/updates/{state.id}"
        headers["ETag"] = f'"{state.revision}"'
    if status == 201:
        headers["Location"] = place
    return json_answer(document, status, headers)


def json_answer(
    document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON document that no cache may keep."""
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return web.json_response(document, status=status, headers=headers, dumps=_dumps)


def _dumps(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)
