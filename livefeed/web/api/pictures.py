"""Pictures come in as multipart uploads and get an id, by which updates and coverages use them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from livefeed.model import Focus
from livefeed.roles import Role
from livefeed.web.answers import Problem, Unfit
from livefeed.web.api.answers import written_answer
from livefeed.web.guard import Scope, caller_of, needs
from livefeed.web.intake import in_time, key_name_of, key_of
from livefeed.web.packed import NAME, PLAIN, encoding_of
from livefeed.web.rooms import rooms_of

FOCUS = ("focus_x", "focus_y")
LONGEST_NUMBER = 30  # bytes; what is longer is cut, and then no number from 0 to 100

routes = web.RouteTableDef()


@routes.post("/api/v1/media")
@needs(Role.CONTRIBUTOR, Scope.OWN)
async def upload_picture(request: web.Request) -> web.Response:
    """Take in a picture (multipart, field `file`, perhaps with `focus_x` and `focus_y`): decoded, stripped of
    metadata, named by its content."""
    caller = await caller_of(request)
    key_name_of(request)
    rooms = rooms_of(request)
    if request.content_type != "multipart/form-data":
        raise Problem(415, f"The body is {request.content_type}; send multipart/form-data with a field file.")
    if encoding_of(request) != PLAIN:
        raise Unfit(
            NAME, encoding_of(request), PLAIN, "A picture is packed already; send it as it is.", status=415
        )
    async with in_time(60.0):
        upload, fields = await _parts_of(request, rooms.settings.media_bytes)
    key = key_of(request, caller, upload, fields)
    focus = _focus(fields)
    written = await rooms.newsroom.first_result(key)
    if written is None:
        picture = await rooms.media.add(upload)
        media = picture.media(focus)
        written = await rooms.newsroom.keep_picture(media, by=caller.editor, key=key)
    return written_answer(request, 201, written)


async def _parts_of(request: web.Request, limit: int) -> tuple[bytes, dict[str, str]]:
    """The bytes of the multipart field `file`, and the texts of the focus's fields. Raises `Problem` 413
    above the limit, 422 without a file."""
    upload: bytes | None = None
    fields: dict[str, str] = {}
    try:
        reader = await request.multipart()
        async for part in reader:
            if isinstance(part, BodyPartReader) and part.name == "file" and upload is None:
                upload = await _part(part, limit)
            elif isinstance(part, BodyPartReader) and part.name in FOCUS:
                text = await part.read_chunk(65536)
                fields[part.name] = text[:LONGEST_NUMBER].decode(errors="replace")
    except (ValueError, BadHttpMessage) as reason:
        raise Problem(400, f"The multipart body is broken: {str(reason)[:200]}") from None
    if upload is None:
        raise Unfit("file", "", "a picture", "The multipart body has no field file.")
    return upload, fields


def _focus(fields: Mapping[str, str]) -> Focus | None:
    """The focus that an upload names. Raises `Problem` 422 for half of one, or numbers beyond 0 to 100."""
    if not fields:
        return None
    for name in FOCUS:
        if (
            re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,20})?", fields.get(name, "")) is None
            or float(fields[name]) > 100
        ):
            value = fields.get(name, "missing")
            sentence = (
                f"{name} is {value!r}; focus_x and focus_y are numbers from 0 to 100, and come together."
            )
            raise Unfit(name, value, "0 to 100", sentence)
    return Focus(float(fields["focus_x"]), float(fields["focus_y"]))


async def _part(part: BodyPartReader, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := await part.read_chunk(65536):
        size += len(piece)
        if size > limit:
            raise Problem(
                413,
                f"The picture has over {limit} bytes, the limit.",
                field="file",
                reason="bytes",
                limit=limit,
            )
        pieces.append(piece)
    return b"".join(pieces)
