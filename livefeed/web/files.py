"""The static files of pages: ours and the theme's, those of text compressed."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from livefeed.pages import STATIC
from livefeed.web.answers import Problem
from livefeed.web.documents import respond
from livefeed.web.repeats import repeatable
from livefeed.web.rooms import rooms_of

# What is behind an address with our version, or a font's, never changes. Another version is that of a process
# before or after an upgrade: a cache that kept our file under it would break pages for a year. What modules
# import has no version, and an old module beside a new page is a page that nobody has tested: both are asked
# for again each time.
FIXED = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
TEXTS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

# What a script says to people, and how it is set out, is a fifth of it on a reader's line. This much needs no
# parser: a remark at the end of a line could only be part of a text, and then the text's end would follow.
FOR_PEOPLE = re.compile(rb"^[ \t]*//[^\n]*\n|^[ \t]+|^\n|(?<=[;,{})])[ \t]+//[^'\"`/\n]*$", re.MULTILINE)

routes = web.RouteTableDef()


@routes.get("/static/{name:.+}")
@repeatable
async def static_file(request: web.Request) -> web.StreamResponse:
    """A style sheet, script, font or picture of the pages."""
    rooms = rooms_of(request)
    name = request.match_info["name"]
    path = rooms.pages.theme.static_file(name)
    if path is None:
        raise Problem(404, "There is no such file.")
    font = path.suffix == ".woff2"
    ours = request.query.get("v") == rooms.pages.theme.static_version
    caching = FIXED if font or ours else ASKED_AGAIN
    text_type = TEXTS.get(path.suffix)
    if text_type is None:
        headers = {"Cache-Control": caching}
        if font:
            headers["Content-Type"] = "font/woff2"  # not every machine's table of types has it
        return web.FileResponse(path, headers=headers)
    document = await rooms.documents.get(
        f"static {name}", rooms.pages.theme.static_version, lambda: _served(path)
    )
    return respond(request, document, content_type=text_type, cache_control=caching)


@routes.get("/sw.js")
@repeatable
async def service_worker(request: web.Request) -> web.Response:
    """What keeps the last seen pages in browsers, or takes that back. At the root, for it sees only what is
    below its own address; another one with any change of the static files."""
    rooms = rooms_of(request)
    theme = rooms.pages.theme
    name = "service-worker.js" if rooms.settings.offline else "no-service-worker.js"
    version = theme.static_version

    def made() -> bytes:
        return f'const VERSION = "{version}";\n'.encode() + _served(STATIC / name)

    document = await rooms.documents.get("service worker", version, made)
    return respond(request, document, content_type=TEXTS[".js"], cache_control=ASKED_AGAIN)


def _served(path: Path) -> bytes:
    content = path.read_bytes()
    # A theme's scripts go as they are, and so does one with a text over several lines: all of it may matter.
    plain = all(line.count(b"`") % 2 == 0 for line in content.splitlines())
    ours = path.suffix == ".js" and path.is_relative_to(STATIC)
    return FOR_PEOPLE.sub(b"", content) if ours and plain else content
