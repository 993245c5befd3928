"""Pictures: what is taken in, what is refused, and what of them readers see."""

from __future__ import annotations

import json
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from live_server import Answer, Server, running
from PIL import Image

from livefeed.media import MediaFull, MediaShelf, Picture
from livefeed.roles import Role

MEDIA = "/api/v1/media"


def picture(width: int = 40, height: int = 30, color: str = "red", format: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), color).save(file, format)
    return file.getvalue()


def declared(width: int, height: int) -> bytes:
    """A small PNG file that says it is of this size; its pixels are compressed zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    pixels = b"".join(rows.compress(bytes(width + 1)) for _ in range(height)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def upload(
    server: Server,
    content: bytes,
    *,
    field: str = "file",
    fields: dict[str, str] | None = None,
    **options: Any,
) -> Answer:
    form = aiohttp.FormData()
    form.add_field(field, content, filename="IMG_2020 مصدر.png", content_type="image/png")
    for name, value in (fields or {}).items():
        form.add_field(name, value)
    return await server.ask("POST", MEDIA, data=form, **options)


async def files(server: Server) -> list[str]:
    return sorted(
        path.name for path in server.rooms.settings.media.iterdir() if not path.name.startswith(".")
    )


async def test_an_upload_gets_an_id_and_its_size_and_every_role_may(server: Server) -> None:
    for role in Role:
        answer = await upload(server, picture(), role=role)
        assert answer.status == 201
        media = answer.json()
        assert set(media) == {
            *("id", "url", "alt", "caption", "credit", "width", "height", "widths", "focus")
        }
        assert (media["width"], media["height"]) == (40, 30)
        shown = await server.client.get(media["url"])
        assert shown.status == 200
        assert Image.open(BytesIO(await shown.read())).size == (40, 30)
    assert (await upload(server, picture(), role=None)).status == 401


async def test_the_same_picture_is_the_same_and_a_repeated_key_finds_it(server: Server) -> None:
    key = {"Idempotency-Key": "k"}
    first = await upload(server, picture(), headers=key)
    again = await upload(server, picture(), headers=key)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json() == first.json() == (await upload(server, picture())).json()
    other = await upload(server, picture(color="blue"), headers=key)
    assert (other.status, other.json()["type"]) == (422, "idempotency-key-reused")


async def test_an_update_and_a_coverage_use_it_by_id_and_say_what_it_shows(server: Server) -> None:
    media = (await upload(server, picture())).json()
    used = {"id": media["id"], "alt": "دخان", "caption": "مركز المدينة", "credit": "إنترنت"}
    coverage = await server.open(lead_media=used)
    assert coverage["lead_media"] == media | used
    update = await server.publish(media=[used], body="")
    assert update["media"] == [media | used]
    feed = json.loads((await server.ask("GET", "/live/story/updates.json", role=None)).body)
    shown = await server.client.get(media["url"])
    (attachment,) = feed["items"][0]["attachments"]
    assert attachment["size_in_bytes"] == len(await shown.read())
    assert attachment["mime_type"] == shown.headers["Content-Type"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"not an image at all", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"%PDF-1.7", 415),
        (picture(format="BMP"), 415),
        (picture()[:60], 422),
        (picture()[:20] + b"\0" * 100, 422),
        (b"\x89PNG\r\n\x1a\n", 422),
        (declared(10_000, 10_000), 422),  # 100 megapixels
        (declared(60_000, 1_000)[:200_000], 422),
    ],
    ids=["nothing", "text", "svg", "pdf", "bmp", "cut", "broken", "signature", "100-megapixels", "bomb"],
)
async def test_what_is_no_picture_we_take_is_refused_and_leaves_nothing(
    server: Server, content: bytes, status: int
) -> None:
    answer = await upload(server, content)
    assert answer.status == status, answer.text
    assert answer.json()["detail"]
    assert await files(server) == []


async def test_too_many_pixels_or_bytes_are_told_the_limit(make_settings: Any) -> None:
    async with running(make_settings(media_pixels=1000, media_bytes=5000)) as server:
        answer = await upload(server, picture(40, 30))
        assert answer.status == 422
        assert answer.json()["limit"] == "1000"
        assert "1,200" in answer.json()["detail"]
        answer = await upload(server, b"x" * 5001)
        assert answer.status == 413
        assert answer.json()["limit"] == 5000
        assert await files(server) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (picture(), "image/png", 415),
        (b"{}", "application/json", 415),
        (b"", "", 415),
        (b"", "multipart/form-data", 400),
        (b"", "multipart/form-data; boundary=b", 400),
        (b"junk", "multipart/form-data; boundary=b", 400),
        (b"--b\r\nno header\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", 400),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 422),
        (
            b"--b\r\nContent-Disposition: form-data; name=file\r\nContent-Type: multipart/mixed; boundary=c"
            b"\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            422,
        ),
    ],
    ids=str,
)
async def test_a_body_that_is_no_upload_is_refused(
    server: Server, body: bytes, content_type: str, status: int
) -> None:
    answer = await server.ask("POST", MEDIA, data=body, headers={"Content-Type": content_type})
    assert answer.status == status, answer.text
    assert answer.json()["status"] == status
    assert await files(server) == []


async def test_another_field_is_not_the_file(server: Server) -> None:
    answer = await upload(server, picture(), field="image")
    assert answer.status == 422
    assert answer.json()["field"] == "file"


async def test_a_retraction_takes_the_picture_back_and_its_undoing_gives_it_back(server: Server) -> None:
    await server.open()
    media = (await upload(server, picture())).json()
    update = await server.publish(media=[{"id": media["id"]}])
    path = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
    address = media["url"].removeprefix(server.url)
    for method, status in (("POST", 404), ("DELETE", 200)):
        await server.ask(method, path)
        assert (await server.ask("GET", address, role=None)).status == status
    second = await server.publish(media=[{"id": media["id"]}])
    await server.ask("POST", path)
    assert (await server.ask("GET", address, role=None)).status == 200, "another update shows it"
    await server.ask("POST", path.replace(update["id"], second["id"]))
    assert (await server.ask("GET", address, role=None)).status == 404


class Full(MediaShelf):
    """A shelf on a disk without room."""

    async def add(self, upload: bytes) -> Picture:
        raise MediaFull("There is no room for the picture in /srv/media: No space left on device.")


async def test_a_shelf_without_room_or_out_of_order_says_so_and_nothing_of_the_folder(server: Server) -> None:
    await server.token()
    shelf = server.rooms.media
    server.rooms.media = Full(Path("/srv/media"), max_bytes=1000, max_pixels=1000)
    full = await upload(server, picture(), headers={"Idempotency-Key": "k"})
    assert full.status == 507
    server.rooms.media = shelf
    folder = server.rooms.settings.media
    moved = folder.rename(folder.with_name("moved"))
    folder.write_text("no folder")
    away = await upload(server, picture(), headers={"Idempotency-Key": "k"})
    assert away.status == 503
    assert away.headers["Retry-After"]
    for answer in (full, away):
        assert "/" not in answer.json()["detail"]
        assert str(folder) not in answer.text
    folder.unlink()
    moved.rename(folder)
    again = await upload(server, picture(), headers={"Idempotency-Key": "k"})
    assert again.status == 201, "neither refusal used the key up"
    assert "Idempotency-Replayed" not in again.headers


async def addresses(server: Server, path: str) -> set[str]:
    """Every picture that a page names, in `src`, `srcset` or a feed."""
    text = (await server.ask("GET", path, role=None)).text
    return set(re.findall(rf"{server.url}/media/[0-9a-f-]+\.\w+", text))


async def statuses(server: Server, named: set[str]) -> set[int]:
    found = set()
    for address in named:
        async with server.client.get(address) as answer:
            found.add(answer.status)
    return found


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
async def test_every_picture_that_a_page_or_feed_names_is_there_until_its_update_is_retracted(
    server: Server, format: str
) -> None:
    lead = (await upload(server, picture(500, 20, "blue", format))).json()
    shown = (await upload(server, picture(1700, 30, "red", format))).json()
    assert (lead["widths"], shown["widths"]) == ([480, 500], [480, 960, 1600])
    await server.open(lead_media={"id": lead["id"]})
    update = await server.publish(media=[{"id": shown["id"]}])
    assert update["media"][0]["widths"] == [480, 960, 1600]
    named = await addresses(server, "/live/story")
    assert len([address for address in named if shown["id"] in address]) == (4 if format == "WEBP" else 7)
    paths = (
        "/",
        f"/live/story/updates/{update['id']}",
        "/live/story/updates.atom",
        "/live/story/updates.json",
    )
    for path in paths:
        named |= await addresses(server, path)
    assert await statuses(server, named) == {200}

    of_update = {address for address in named if shown["id"] in address}
    other = await server.publish(media=[{"id": shown["id"]}])
    await retract(server, update)
    assert await statuses(server, of_update) == {200}, "another update shows it"
    await retract(server, other)
    assert await statuses(server, of_update) == {404}
    assert await statuses(server, named - of_update) == {200}
    assert not await addresses(server, "/live/story") & of_update


async def retract(server: Server, update: dict[str, Any]) -> None:
    path = f"/api/v1/coverages/story/updates/{update['id']}/retraction"
    assert (await server.ask("POST", path, json={"reason": "r", "note": "n"})).status == 200


async def test_a_focus_comes_with_the_upload_and_each_use_may_have_its_own(server: Server) -> None:
    answer = await upload(server, picture(), fields={"focus_x": "20", "focus_y": "75.5"})
    assert answer.json()["focus"] == {"x": 20, "y": 75.5}
    used = {"id": answer.json()["id"]}
    coverage = await server.open(lead_media=used)
    assert coverage["lead_media"]["focus"] == {"x": 20, "y": 75.5}
    own = await server.publish(media=[used | {"focus": {"x": 0, "y": 100}}])
    assert own["media"][0]["focus"] == {"x": 0, "y": 100}
    none = await server.publish(media=[used | {"focus": None}])
    assert none["media"][0]["focus"] is None
    page = await server.ask("GET", "/", role=None)
    assert 'data-focus-x="20" data-focus-y="80"' in page.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"focus_x": "20"}, "focus_y"),
        ({"focus_y": "20"}, "focus_x"),
        ({"focus_x": "-1", "focus_y": "20"}, "focus_x"),
        ({"focus_x": "5", "focus_y": "100.1"}, "focus_y"),
        ({"focus_x": "nan", "focus_y": "20"}, "focus_x"),
        ({"focus_x": "٢٠", "focus_y": "20"}, "focus_x"),
        ({"focus_x": "1" * 5000, "focus_y": "20"}, "focus_x"),
    ],
)
async def test_a_focus_outside_of_the_picture_is_refused(
    server: Server, fields: dict[str, str], field: str
) -> None:
    answer = await upload(server, picture(), fields=fields)
    assert (answer.status, answer.json()["field"]) == (422, field)
    assert "0 to 100" in answer.json()["detail"]
    assert await files(server) == []


async def test_a_focus_of_a_use_outside_of_the_picture_is_refused(server: Server) -> None:
    used = {"id": (await upload(server, picture())).json()["id"]}
    await server.open()
    for focus, field in (({"x": 101, "y": 1}, "media[0].focus.x"), ({"x": 1}, "media[0].focus.y")):
        answer = await server.ask(
            "POST", "/api/v1/coverages/story/updates", json={"body": "x", "media": [used | {"focus": focus}]}
        )
        assert (answer.status, answer.json()["field"]) == (422, field)


async def test_a_picture_that_an_older_version_took_in_still_serves(server: Server) -> None:
    media = (await upload(server, picture())).json()
    path = media["url"].removeprefix(server.url)
    await server.rooms.store.records.put("media", media["id"], json.dumps([path, 40, 30]))
    coverage = await server.open(lead_media={"id": media["id"]})
    assert coverage["lead_media"] == media
    assert await statuses(server, await addresses(server, "/live/story")) == {200}


@pytest.mark.parametrize("later", [[], [[480], [50, 40]], [[480], None, 7]])
async def test_a_picture_that_an_older_version_kept_is_known(server: Server, later: list[Any]) -> None:
    await server.rooms.store.records.put("media", "m1", json.dumps(["/media/m1.jpg", 40, 30, *later]))
    picture = await server.rooms.newsroom.picture("m1")
    assert picture is not None
    assert (picture.width, picture.height, picture.size) == (40, 30, 7 if later[2:] else 0)
    assert picture.widths == ((480,) if later else ())
    assert (picture.focus is not None) == (len(later) == 2)
