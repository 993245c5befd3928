"""Pictures come in as multipart uploads and get an id, by which updates and coverages use them."""

from __future__ import annotations

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from livefeed.model import Media, Role
from livefeed.web.answers import Problem
from livefeed.web.api.answers import written_answer
from livefeed.web.guard import Scope, caller_of, needs
from livefeed.web.intake import in_time, key_name_of, key_of
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.post("/api/v1/media")
@needs(Role.CONTRIBUTOR, Scope.OWN)
async def upload_picture(request: web.Request) -> web.Response:
    """Take in a picture (multipart, field `file`): decoded, stripped of metadata, named by its content."""
    caller = await caller_of(request)
    key_name_of(request)
    rooms = rooms_of(request)
    if request.content_type != "multipart/form-data":
        raise Problem(415, f"The body is {request.content_type}; send multipart/form-data with a field file.")
    async with in_time(60.0):
        upload = await _file_of(request, rooms.settings.media_bytes)
    key = key_of(request, caller, upload)
    written = await rooms.newsroom.first_result(key)
    if written is None:
        picture = await rooms.media.add(upload)
        media = Media(picture.id, f"/media/{picture.name}", width=picture.width, height=picture.height)
        written = await rooms.newsroom.keep_picture(media, by=caller.editor, key=key)
    return written_answer(request, 201, written)


async def _file_of(request: web.Request, limit: int) -> bytes:
    """The bytes of the multipart field `file`. Raises `Problem` 413 above the limit, 422 without it."""
    try:
        reader = await request.multipart()
        async for part in reader:
            if isinstance(part, BodyPartReader) and part.name == "file":
                return await _part(part, limit)
    except (ValueError, BadHttpMessage) as reason:
        raise Problem(400, f"The multipart body is broken: {str(reason)[:200]}") from None
    raise Problem(422, "The multipart body has no field file.", field="file")


async def _part(part: BodyPartReader, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := await part.read_chunk(65536):
        size += len(piece)
        if size > limit:
            raise Problem(413, f"The picture has over {limit} bytes, the limit.", field="file", limit=limit)
        pieces.append(piece)
    return b"".join(pieces)
