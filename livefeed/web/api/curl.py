"""The curl door: the raw body is the text, headers or query parameters name the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.errors import MessageError
from email.header import decode_header, make_header

from aiohttp import web

from livefeed.forms import UpdateForm
from livefeed.model import Status
from livefeed.newsroom import permit_addition
from livefeed.roles import Role
from livefeed.web.answers import Unfit
from livefeed.web.api.answers import written_answer
from livefeed.web.guard import needs
from livefeed.web.intake import key_of, lengths_of, received, validated
from livefeed.web.rooms import rooms_of

FIELDS = {
    "headline": "Headline",
    "breaking": "Breaking",
    "key_event": "Key-Event",
    "byline": "Byline",
    "dateline": "Dateline",
    "attribution": "Attribution",
    "displayed_at": "At",
}
YES, NO = frozenset({"yes", "true", "1", "on"}), frozenset({"no", "false", "0", "off"})

routes = web.RouteTableDef()


@routes.post("/live/{slug}")
@needs(Role.EDITOR)
async def curl_door(request: web.Request) -> web.Response:
    """Publish the raw body as an update; headers or query parameters name the rest."""
    slug = request.match_info["slug"]
    rooms = rooms_of(request)
    async with received(request) as (caller, body):
        texts = _texts_of(request)
        key = key_of(request, caller, body, {name: json.dumps(sent) for name, sent in texts.items()})
        written = await rooms.newsroom.first_result(key)
        if written is None:
            fields = _fields(texts)
            permit_addition(caller.editor, slug, Status.PUBLISHED, breaking=fields.get("breaking") is True)
            form = validated(UpdateForm, {"body": _text_of(body), **fields}, lengths_of(rooms.settings))
            written = await rooms.newsroom.add(slug, form, by=caller.editor, key=key)
        return written_answer(request, 201, written)


def _texts_of(request: web.Request) -> dict[str, list[str]]:
    """What was sent of each field, as text: in headers, else in the query."""
    texts = {}
    for name, header in FIELDS.items():
        sent = request.headers.getall(header, []) or [
            text for key, text in request.query.items() if key.lower().replace("_", "-") == header.lower()
        ]
        if sent:
            texts[name] = [_header_text(text) for text in sent]
    return texts


def _fields(texts: Mapping[str, list[str]]) -> dict[str, object]:
    """The fields of the form. Raises `Unfit` 422 for a flag that is neither yes nor no."""
    fields: dict[str, object] = {}
    for name, sent in texts.items():
        if name in {"breaking", "key_event"}:
            word = sent[0].strip().lower()
            if word not in YES | NO:
                header = FIELDS[name]
                raise Unfit(header, word, "yes or no")
            fields[name] = word in YES
        else:
            fields[name] = sent if name == "byline" else sent[0]
    return fields


def _header_text(text: str) -> str:
    """A header's text: UTF-8 as curl sends it, or RFC 2047 words. aiohttp hands bytes over as surrogates."""
    try:
        plain = text.encode(errors="surrogateescape").decode()
    except UnicodeError:
        plain = text.encode(errors="surrogateescape").decode("latin-1")
    if "=?" not in plain:
        return plain
    try:
        return str(make_header(decode_header(plain))) or plain
    except (MessageError, LookupError, ValueError):
        return plain  # it only looks like an encoded word


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as reason:
        wrong = f"{body[reason.start]:#04x}"
        sentence = f"The body is not UTF-8: byte {reason.start} is {wrong}."
        raise Unfit("body", wrong, "UTF-8", sentence, status=400) from None
