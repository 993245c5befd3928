"""The shelf: what is taken, what is refused and how, and what is on disk afterwards."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from redis_server import PATIENCE
from test_media_pixels import FORMATS, MARK, decoded, encoded, exif, planted, png_promising, scene

from livefeed.media import MediaAway, MediaBusy, MediaFull, MediaRefused, MediaShelf, Picture, Reason, files
from livefeed.media.decoder import Decoder
from livefeed.media.shelf import away

BYTES = 2_000_000
PIXELS = 25_000_000


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[MediaShelf]:
    shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS)
    await shelf.start()
    yield shelf
    await shelf.aclose()


def kept(tmp_path: Path) -> list[Path]:
    """Every file under the folder, unfinished ones too."""
    return sorted(path for path in (tmp_path / "media").rglob("*") if path.is_file())


def workers() -> list[int]:
    """The ids of this process's decoders."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and b"media/pixels.py" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


async def worker() -> int:
    """The id of the decoder, as soon as there is one."""
    async with asyncio.timeout(PATIENCE):
        while not (found := workers()):  # noqa: ASYNC110 - nothing is set when a process appears
            await asyncio.sleep(0)
    return found[0]


async def refusal(shelf: MediaShelf, upload: bytes) -> MediaRefused:
    with pytest.raises(MediaRefused) as caught:
        await shelf.add(upload)
    assert caught.value.field == "file"
    return caught.value


async def test_a_picture_is_kept_under_the_hash_of_its_bytes(shelf: MediaShelf, tmp_path: Path) -> None:
    picture = await shelf.add(encoded(scene(), "PNG"))
    path = shelf.path_of(picture.name)
    assert path is not None
    content = path.read_bytes()
    assert picture == Picture(picture.id, f"{picture.id}.png", "image/png", 48, 32, len(content))
    assert picture.id == hashlib.sha256(content).hexdigest()[:32]
    assert path == tmp_path / "media" / picture.id[:2] / picture.name
    assert decoded(content).tobytes() == scene().tobytes()


@pytest.mark.parametrize("format", FORMATS)
async def test_no_word_planted_in_an_upload_reaches_the_disk(
    shelf: MediaShelf, tmp_path: Path, format: str
) -> None:
    picture = await shelf.add(planted(format))
    expected = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".png", "WEBP": ".webp"}[format]
    assert [path.name for path in kept(tmp_path)] == [picture.name]
    assert picture.name.endswith(expected)
    assert MARK not in kept(tmp_path)[0].read_bytes()


async def test_the_same_upload_is_one_file_however_often_it_comes(shelf: MediaShelf, tmp_path: Path) -> None:
    upload = encoded(scene(), "JPEG", exif=exif())
    first = await shelf.add(upload)
    written = kept(tmp_path)[0].stat()
    assert await shelf.add(upload) == first
    assert [path.name for path in kept(tmp_path)] == [first.name]
    assert kept(tmp_path)[0].stat().st_ino == written.st_ino


async def test_a_damaged_file_is_mended_by_uploading_it_again(shelf: MediaShelf, tmp_path: Path) -> None:
    picture = await shelf.add(encoded(scene(), "PNG"))
    kept(tmp_path)[0].write_bytes(b"half")
    await shelf.add(encoded(scene(), "PNG"))
    assert kept(tmp_path)[0].stat().st_size == picture.size


async def test_a_file_does_not_tell_when_it_was_uploaded_and_others_may_read_it(
    shelf: MediaShelf, tmp_path: Path
) -> None:
    await shelf.add(encoded(scene(), "PNG"))
    status = kept(tmp_path)[0].stat()
    assert status.st_mtime == 0
    assert stat.S_IMODE(status.st_mode) == 0o644


async def test_width_and_height_are_those_of_the_upright_picture(shelf: MediaShelf) -> None:
    picture = await shelf.add(encoded(scene(), "JPEG", exif=exif(orientation=6)))
    assert (picture.width, picture.height) == (32, 48)


async def test_uploads_at_once_are_decoded_one_after_the_other(shelf: MediaShelf, tmp_path: Path) -> None:
    uploads = [encoded(Image.new("RGB", (10 + number, 10)), "PNG") for number in range(5)]
    adding = asyncio.gather(*(shelf.add(upload) for upload in uploads))
    most = 0
    while not adding.done():
        most = max(most, len(workers()))
        await asyncio.sleep(0)
    assert most == 1
    assert [picture.width for picture in await adding] == [10, 11, 12, 13, 14]
    assert len(kept(tmp_path)) == 5


@pytest.mark.parametrize(
    ("upload", "kind"),
    [
        ("هذا نصّ وليس صورة".encode(), "no picture"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
        (b"<!DOCTYPE html><title>x</title>", "HTML"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC or AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42", "a film"),
        (encoded(scene(), "TIFF"), "TIFF"),
        (encoded(scene(), "BMP"), "BMP"),
        (encoded(scene(), "PDF"), "PDF"),
        (b"\n" + encoded(scene(), "PNG"), "no picture"),
    ],
    ids=["text", "svg", "html", "heic", "film", "tiff", "bmp", "pdf", "not-at-the-start"],
)
async def test_what_is_no_picture_of_ours_is_refused_without_starting_a_decoder(
    shelf: MediaShelf, tmp_path: Path, upload: bytes, kind: str
) -> None:
    adding = asyncio.create_task(shelf.add(upload))
    await asyncio.sleep(0)
    assert adding.done()  # within one step of the loop: no process, no thread
    error = adding.exception()
    assert isinstance(error, MediaRefused)
    assert (error.reason, error.value, error.limit) == (Reason.FORMAT, kind, "JPEG, PNG, GIF, WebP")
    assert str(error) == f"The file looks like {kind}; pictures are taken as JPEG, PNG, GIF or WebP."
    assert kept(tmp_path) == []


async def test_an_empty_file_is_refused(shelf: MediaShelf) -> None:
    error = await refusal(shelf, b"")
    assert (error.reason, error.limit) == (Reason.EMPTY, 1)


async def test_too_many_bytes_are_refused_with_both_numbers(shelf: MediaShelf) -> None:
    error = await refusal(shelf, encoded(scene(), "PNG").ljust(BYTES + 1, b"\0"))
    assert (error.reason, error.value, error.limit) == (Reason.BYTES, BYTES + 1, BYTES)
    assert str(error) == "The file has 2,000,001 bytes; at most 2,000,000 are taken."


async def test_an_upload_of_exactly_the_limit_is_taken(shelf: MediaShelf) -> None:
    picture = await shelf.add(encoded(scene(), "PNG").ljust(BYTES, b"\0"))
    assert picture.size < 2_000


async def test_a_bomb_of_ten_kilobytes_is_refused_with_its_pixels(shelf: MediaShelf, tmp_path: Path) -> None:
    bomb = png_promising(9_400, 9_400, rows=bytes((9_400 // 8 + 1) * 9_400))
    assert len(bomb) < 12_000
    error = await refusal(shelf, bomb)
    assert (error.reason, error.value, error.limit) == (Reason.PIXELS, 9_400 * 9_400, PIXELS)
    assert str(error) == "The picture has 9,400 x 9,400 = 88,360,000 pixels; at most 25,000,000 are taken."
    assert kept(tmp_path) == []


@pytest.mark.parametrize("format", FORMATS)
async def test_a_picture_cut_short_is_refused(shelf: MediaShelf, tmp_path: Path, format: str) -> None:
    upload = encoded(scene(size=(120, 90)), format)
    error = await refusal(shelf, upload[: len(upload) // 2])
    assert error.reason is Reason.BROKEN
    assert kept(tmp_path) == []


async def test_a_picture_that_is_also_a_page_is_only_a_picture_afterwards(
    shelf: MediaShelf, tmp_path: Path
) -> None:
    page = b"<script>alert(1)</script>"
    picture = await shelf.add(encoded(scene("P"), "GIF", comment=b"*/=1;" + page) + page)
    assert picture.type == "image/png"
    assert page not in kept(tmp_path)[0].read_bytes()


async def test_the_largest_picture_allowed_fits_into_the_decoders_memory(shelf: MediaShelf) -> None:
    upload = encoded(Image.new("CMYK", (5_000, 5_000), (0, 90, 200, 10)), "JPEG")
    picture = await shelf.add(upload)
    assert picture.width * picture.height == PIXELS


async def test_a_picture_that_needs_more_memory_than_there_is_is_refused(tmp_path: Path) -> None:
    memory = 128 << 20
    shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS, worker_memory=memory)
    error = await refusal(shelf, encoded(Image.new("RGB", (5_000, 5_000)), "PNG"))
    assert (error.reason, error.limit) == (Reason.MEMORY, memory)
    assert "134,217,728 bytes of memory" in str(error)
    assert (await shelf.add(encoded(scene(), "PNG"))).width == 48
    await shelf.aclose()


async def test_a_decoder_killed_in_the_middle_costs_its_own_upload_alone(shelf: MediaShelf) -> None:
    first = asyncio.create_task(shelf.add(encoded(scene(), "PNG")))
    second = asyncio.create_task(shelf.add(encoded(scene(), "JPEG")))
    os.kill(await worker(), signal.SIGKILL)
    with pytest.raises(MediaRefused, match="ended with signal 9") as caught:
        await first
    assert caught.value.reason is Reason.FATAL
    assert (await second).type == "image/jpeg"
    assert workers() == []


async def test_a_decoder_that_hangs_is_ended_at_the_limit(tmp_path: Path) -> None:
    shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS, timeout=1.0)
    adding = asyncio.create_task(shelf.add(encoded(scene(), "PNG")))
    os.kill(await worker(), signal.SIGSTOP)
    with pytest.raises(MediaRefused, match="longer than the limit of 1 seconds") as caught:
        await adding
    assert (caught.value.reason, caught.value.limit) == (Reason.SLOW, 1.0)
    assert workers() == []
    await shelf.aclose()


async def test_an_uploader_who_leaves_takes_the_decoder_along(shelf: MediaShelf, tmp_path: Path) -> None:
    adding = asyncio.create_task(shelf.add(encoded(scene(), "PNG")))
    os.kill(await worker(), signal.SIGSTOP)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert workers() == []
    assert kept(tmp_path) == []
    assert (await shelf.add(encoded(scene(), "PNG"))).width == 48


async def test_more_uploads_than_may_wait_are_told_so(tmp_path: Path) -> None:
    shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS, max_waiting=2)
    waiting = [asyncio.create_task(shelf.add(encoded(scene(), "PNG"))) for _ in range(2)]
    await worker()
    with pytest.raises(MediaBusy, match=r"2 uploads are waiting, which is the limit \(2\)"):
        await shelf.add(encoded(scene(), "PNG"))
    await asyncio.gather(*waiting)
    assert (await shelf.add(encoded(scene(), "PNG"))).width == 48
    await shelf.aclose()


async def test_closing_ends_the_upload_under_way_and_those_waiting(tmp_path: Path) -> None:
    shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS)
    adding = [asyncio.create_task(shelf.add(encoded(scene(), "PNG"))) for _ in range(3)]
    os.kill(await worker(), signal.SIGSTOP)
    async with asyncio.timeout(15):  # of the 20 that it would have been waited for
        await shelf.aclose()
    for outcome in await asyncio.gather(*adding, return_exceptions=True):
        assert isinstance(outcome, MediaAway)
        assert "shutting down" in str(outcome)
    assert workers() == []
    with pytest.raises(MediaAway, match="shutting down"):
        await shelf.add(encoded(scene(), "PNG"))
    await shelf.aclose()


async def test_a_server_without_uploads_starts_no_process_and_loads_no_decoder(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib; from livefeed.media import MediaShelf\n"
        "async def main():\n"
        "    shelf = MediaShelf(pathlib.Path(sys.argv[1]), max_bytes=1, max_pixels=1)\n"
        "    await shelf.start(); await shelf.aclose()\n"
        "asyncio.run(main())\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('PIL', 'aiohttp')]\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-c", program, tmp_path / "media"], check=True, env=environment, timeout=30
    )


async def test_the_decoder_sees_no_secret_of_the_server(
    shelf: MediaShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEFEED_SECRET", "nobody-may-know")
    adding = asyncio.create_task(shelf.add(encoded(scene(), "PNG")))
    process = await worker()
    environment = Path(f"/proc/{process}/environ").read_bytes()
    await adding
    assert b"PYTHONPATH=" in environment
    assert b"nobody-may-know" not in environment


async def test_a_decoder_that_cannot_run_is_not_the_pictures_fault(
    shelf: MediaShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(MediaAway, match="decoder could not be started: No such file"):
        await shelf.add(encoded(scene(), "PNG"))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense",
        b"PNG 1 1 8\n<script>",
        b"SVG 1 1 4\n<svg>",
        b"GIF 1 1 6\nGIF89a",
        b"JPEG 1 1 3\n\xff\xd8\xff" * 2,  # a size that such a picture has not
        b"JPEG 900 9 3\n\xff\xd8\xff",  # one that lacks its sizes
        b"JPEG 1 1 9\n\xff\xd8\xff",
        b"JPEG 1 1 3\n\xff\xd8\xff<script>",
    ],
)
def test_an_answer_that_no_honest_decoder_gives_is_refused(answer: bytes) -> None:
    with pytest.raises(MediaRefused) as caught:
        Decoder(PIXELS, 1 << 30, 20).judged(0, answer)
    assert caught.value.reason is Reason.FATAL


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "../media",
        "ab/../../etc/passwd",
        "a" * 32,
        "a" * 31 + ".jpg",
        "A" * 32 + ".jpg",
        "a" * 32 + ".svg",
        "a" * 32 + ".jpg\n",
        "a" * 32 + ".jpg/",
        "\u0661" * 32 + ".jpg",
        ".livefeed-media",
        "a" * 32 + "-48.jpg",
        "a" * 32 + "-04800.jpg",
        "a" * 32 + "-480-960.jpg",
        "a" * 32 + "-480.gif",
        "a" * 32 + ".gif",
        "/" + "a" * 32 + ".jpg",
    ],
)
def test_a_name_that_is_not_ours_has_no_path(tmp_path: Path, name: str) -> None:
    shelf = MediaShelf(tmp_path, max_bytes=BYTES, max_pixels=PIXELS)
    assert shelf.path_of(name) is None
    assert shelf.path_of("a" * 32 + ".jpg") == tmp_path / "aa" / ("a" * 32 + ".jpg")


def test_a_full_disk_leaves_nothing_behind_and_is_called_full(tmp_path: Path) -> None:
    # The process's own limit on file sizes makes write(2) fail in the middle of a file, as a full disk does.
    program = (
        "import asyncio, pathlib, resource, sys; from livefeed.media import MediaFull, MediaShelf\n"
        "async def main():\n"
        "    shelf = MediaShelf(pathlib.Path(sys.argv[1]), max_bytes=10**7, max_pixels=10**7)\n"
        "    await shelf.start()\n"
        "    upload = sys.stdin.buffer.read()\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        "    try:\n"
        "        await shelf.add(upload)\n"
        "    except MediaFull as full:\n"
        "        print(full)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    print([path.name for path in pathlib.Path(sys.argv[1]).rglob('*') if path.is_file()])\n"
        "    print((await shelf.add(upload)).width)\n"
        "    await shelf.aclose()\n"
        "asyncio.run(main())\n"
    )
    noise = Image.frombytes("L", (100, 100), os.urandom(10_000))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path / "media"],
        input=encoded(noise, "PNG"),
        capture_output=True,
        check=True,
        env=environment,
        timeout=60,
    )
    assert ended.stderr == b""
    sentence, left, width = ended.stdout.decode().splitlines()
    assert sentence.startswith(f"There is no room for the picture in {tmp_path / 'media'}: ")
    assert left == "[]"
    assert width == "100"


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, MediaFull), (errno.EDQUOT, MediaFull), (errno.EIO, MediaAway)]
)
def test_a_failure_of_the_disk_is_told_apart_from_a_lack_of_room(number: int, kind: type[MediaAway]) -> None:
    error = away(OSError(number, os.strerror(number)), Path("media"))
    assert type(error) is kind
    assert os.strerror(number) in str(error)


async def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("taken")
    shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS)
    with pytest.raises(MediaAway, match="could not be kept"):
        await shelf.start()
    assert not await shelf.writable()
    with pytest.raises(MediaAway, match="could not be kept"):
        await shelf.add(encoded(scene(), "PNG"))
    with pytest.raises(MediaAway, match="could not be kept"):
        shelf.marker()
    await shelf.aclose()


async def test_a_folder_that_works_is_writable_and_stays_as_it_was(shelf: MediaShelf, tmp_path: Path) -> None:
    assert await shelf.writable()
    assert kept(tmp_path) == []


def test_what_killed_writers_left_is_removed_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    files.sweep(tmp_path, 0.0)
    part = tmp_path / ".incoming" / "x.part"
    part.write_bytes(b"half")
    written = part.stat().st_ctime
    files.sweep(tmp_path, written + 3_500)
    assert part.exists()
    files.sweep(tmp_path, written + 3_700)
    assert not part.exists()


def test_all_who_share_a_folder_read_the_same_marker(tmp_path: Path) -> None:
    marks: list[str] = []
    together = threading.Barrier(8)

    def ask() -> None:
        shelf = MediaShelf(tmp_path / "media", max_bytes=BYTES, max_pixels=PIXELS)
        together.wait(timeout=60)
        marks.append(shelf.marker())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(marks) == 8
    assert len(set(marks)) == 1
    assert [path.name for path in kept(tmp_path)] == [".livefeed-media"]
    other = MediaShelf(tmp_path / "other", max_bytes=BYTES, max_pixels=PIXELS)
    assert other.marker() != marks[0]


def test_a_marker_that_is_no_id_is_reported_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / ".livefeed-media").write_text("someone's notes")
    shelf = MediaShelf(tmp_path, max_bytes=BYTES, max_pixels=PIXELS)
    with pytest.raises(MediaAway, match='"someone\'s notes", where 32 hexadecimal digits are expected'):
        shelf.marker()
    assert (tmp_path / ".livefeed-media").read_text() == "someone's notes"
