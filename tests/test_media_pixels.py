"""Pictures rebuilt from their pixels: nothing else of an upload is left."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from livefeed.media import pixels
from livefeed.media.picture import MOST_SIZED, WIDTHS, sizes_of
from livefeed.media.pixels import Rebuilt, TooManyPixels

LIMIT = 25_000_000
MARK = b"GEHEIM-QUELLE-4711"
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


def rebuild(upload: bytes, format: str, limit: int) -> Rebuilt:
    """The picture alone."""
    [made] = pixels.rebuild(upload, format, limit)
    return made


def scene(mode: str = "RGB", size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Four quarters of different colours, so that turning and mirroring show."""
    picture = Image.new("RGB", size, "red")
    width, height = size
    picture.paste("lime", (width // 2, 0, width, height // 2))
    picture.paste("blue", (0, height // 2, width // 2, height))
    picture.paste("white", (width // 2, height // 2, width, height))
    return picture.convert(mode)


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def decoded(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x010E] = tags[0x013B] = MARK.decode()  # description, artist
    tags[0x0112] = orientation
    tags.get_ifd(0x8769)[0x927C] = MARK  # maker note
    gps = tags.get_ifd(0x8825)
    gps.update({1: "N", 2: (33.0, 30.0, 47.0), 3: "E", 4: (36.0, 17.0, 31.0), 29: MARK.decode()})
    return tags


def planted(format: str) -> bytes:
    """A picture with the mark in every place this format has for words, and after its end."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MARK + b"</x:xmpmeta>"
    match format:
        case "JPEG":
            photoshop = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x17\x1c\x02\x78\0\x12" + MARK + b"\0"
            iptc = b"\xff\xed" + struct.pack(">H", len(photoshop) + 2) + photoshop
            content = encoded(
                scene(), "JPEG", exif=exif(), xmp=xmp, comment=MARK, icc_profile=marked_profile()
            )
            content = content[:2] + iptc + content[2:]
        case "PNG":
            notes = PngImagePlugin.PngInfo()
            notes.add_text("Comment", MARK.decode())
            notes.add_text("Author", MARK.decode(), zip=True)
            notes.add_itxt("XML:com.adobe.xmp", xmp.decode())
            notes.add(b"prIv", MARK)
            content = encoded(scene(), "PNG", exif=exif(), pnginfo=notes, icc_profile=marked_profile())
        case "GIF":
            palette = scene("P")
            palette.putpalette((palette.getpalette() or [])[:36] + list(MARK * 3))
            content = encoded(palette, "GIF", comment=MARK, xmp=xmp, optimize=False)
            assert content.count(MARK) >= 3
        case _:
            content = encoded(scene(), "WEBP", exif=exif(), xmp=xmp, icc_profile=marked_profile())
    assert MARK in content
    return content + b"PK\x03\x04<script>" + MARK


def marked_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"sRGB built-in", MARK[:13]).replace(
        "sRGB built-in".encode("utf-16-be"), MARK + MARK[:8]
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_promising(width: int, height: int, rows: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    content = zlib.compress(rows, 9) if rows else b"not even deflated"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def webp_promising(kind: bytes, content: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("format", FORMATS)
def test_no_word_planted_in_a_picture_survives(format: str) -> None:
    rebuilt = rebuild(planted(format), format, LIMIT)
    for trace in (
        MARK,
        MARK[:8],
        b"Exif",
        b"xmpmeta",
        b"8BIM",
        b"ICC",
        b"eXIf",
        b"tEXt",
        b"<script",
        b"PK\x03\x04",
    ):
        assert trace not in rebuilt.content
    picture = decoded(rebuilt.content)
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    } | {
        *("loop", "background", "timestamp", "duration")  # what Pillow says of every WebP
    }


@pytest.mark.parametrize("format", FORMATS)
def test_the_picture_itself_stays_what_it_was(format: str) -> None:
    rebuilt = rebuild(planted(format), format, LIMIT)
    assert (rebuilt.width, rebuilt.height) == (48, 32)
    assert rebuilt.format == ("PNG" if format == "GIF" else format)
    picture = decoded(rebuilt.content)
    assert (picture.format, picture.size) == (rebuilt.format, (48, 32))
    expected = decoded(planted(format)).convert("RGB")
    for spot in ((8, 8), (40, 8), (8, 24), (40, 24)):
        assert picture.convert("RGB").getpixel(spot) == pytest.approx(expected.getpixel(spot), abs=12)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_upload_gives_the_same_bytes(format: str) -> None:
    assert rebuild(planted(format), format, LIMIT) == rebuild(planted(format), format, LIMIT)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_was_held(orientation: int) -> None:
    upload = encoded(scene(), "PNG", exif=exif(orientation))
    upright = ImageOps.exif_transpose(decoded(upload))
    rebuilt = rebuild(upload, "PNG", LIMIT)
    assert (rebuilt.width, rebuilt.height) == ((48, 32) if orientation < 5 else (32, 48))
    assert decoded(rebuilt.content).tobytes() == upright.tobytes()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_a_damaged_exif_block_costs_the_turn_and_not_the_picture() -> None:
    upload = encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(40))
    assert rebuild(upload, "JPEG", LIMIT).width == 48


def test_of_an_animation_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    for format in ("GIF", "PNG", "WEBP"):
        upload = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=50)
        picture = decoded(rebuild(upload, format, LIMIT).content)
        assert getattr(picture, "n_frames", 1) == 1
        assert picture.convert("RGB").getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=6)


def test_of_a_telephones_double_picture_the_first_is_kept() -> None:
    upload = encoded(scene(), "MPO", save_all=True, append_images=[scene().rotate(180)])
    rebuilt = rebuild(upload, "JPEG", LIMIT)
    assert decoded(rebuilt.content).format == "JPEG"
    assert len(rebuilt.content) < len(upload)


def test_a_print_picture_in_cmyk_becomes_rgb() -> None:
    picture = decoded(rebuild(encoded(scene("CMYK"), "JPEG"), "JPEG", LIMIT).content)
    assert picture.mode == "RGB"
    assert picture.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=12)
    assert picture.getpixel((40, 24)) == pytest.approx((255, 255, 255), abs=4)


def test_a_palette_with_a_transparent_entry_keeps_its_transparency() -> None:
    palette = Image.new("P", (10, 10), 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(1, (5, 0, 10, 10))
    for format in ("PNG", "GIF"):
        picture = decoded(rebuild(encoded(palette, format, transparency=0), format, LIMIT).content)
        assert picture.mode == "RGBA"
        assert picture.getpixel((8, 5)) == (0, 0, 255, 255)
        assert picture.getpixel((2, 5)) == (0, 0, 0, 0)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_what_was_erased_to_transparency_is_gone(format: str) -> None:
    face = Image.new("RGBA", (16, 16), (201, 147, 99, 0))
    face.paste((0, 0, 0, 255), (0, 0, 16, 8))
    upload = encoded(face, format, **({"lossless": True, "exact": True} if format == "WEBP" else {}))
    assert decoded(upload).getpixel((8, 12)) == (201, 147, 99, 0)
    picture = decoded(rebuild(upload, format, LIMIT).content)
    channels = [channel.getpixel((8, 12)) for channel in picture.split()]
    assert channels == [0, 0, 0, 0]


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped() -> None:
    grey = Image.frombytes("I;16", (2, 1), struct.pack("<HH", 0x4000, 0xC000))
    assert decoded(rebuild(encoded(grey, "PNG"), "PNG", LIMIT).content).tobytes() == bytes([0x40, 0xC0])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    rebuilt = rebuild(encoded(scene(mode), "PNG"), "PNG", LIMIT)
    assert decoded(rebuilt.content).convert("L").getpixel((40, 24)) == 255


def test_a_profile_is_applied_before_it_is_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The red primary of sRGB swapped with the green one: whoever ignores the profile shows red, not lime.
    swapped = srgb.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
    red = Image.new("RGB", (8, 8), "red")
    applied = decoded(rebuild(encoded(red, "PNG", icc_profile=swapped), "PNG", LIMIT).content)
    assert applied.getpixel((4, 4)) == pytest.approx((0, 255, 0), abs=8)
    for useless in (lab, b"no profile at all"):
        content = rebuild(encoded(red, "PNG", icc_profile=useless), "PNG", LIMIT).content
        assert decoded(content).getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("format", "upload", "size"),
    [
        ("PNG", png_promising(10_000, 10_000), (10_000, 10_000)),
        (
            "JPEG",
            b"\xff\xd8\xff\xc0\0\x11\x08\x27\x10\x27\x10\x03\1\x11\0\2\x11\1\3\x11\1\xff\xda\0\x0c\x03\1\0\2\x11\3\x11\0\x3f\0",
            (10_000, 10_000),
        ),
        ("GIF", b"GIF89a\x10\x27\x10\x27\0\0\0,\0\0\0\0\x10\x27\x10\x27\0\x02\x02L\x01\0;", (10_000, 10_000)),
        ("WEBP", webp_promising(b"VP8X", bytes(4) + b"\x0f\x27\0\x0f\x27\0"), (10_000, 10_000)),
        (
            "WEBP",
            webp_promising(b"VP8L", b"\x2f" + struct.pack("<I", 9_999 | 9_999 << 14) + bytes(8)),
            (10_000, 10_000),
        ),
        ("WEBP", webp_promising(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x10\x27\x10\x27" + bytes(8)), (10_000, 10_000)),
    ],
    ids=["png", "jpeg", "gif", "webp-extended", "webp-lossless", "webp-lossy"],
)
def test_a_hundred_megapixels_are_refused_by_the_header_alone(
    format: str, upload: bytes, size: tuple[int, int]
) -> None:
    with pytest.raises(TooManyPixels) as refusal:
        rebuild(upload, format, LIMIT)
    assert (refusal.value.width, refusal.value.height) == size


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {}, {"exif": exif()}], ids=["lossless", "lossy", "extended"]
)
def test_the_size_read_from_a_webp_header_is_the_pictures(options: dict[str, Any]) -> None:
    upload = encoded(scene(size=(130, 70)), "WEBP", **options)
    assert rebuild(upload, "WEBP", 130 * 70).width == 130
    with pytest.raises(TooManyPixels) as refusal:
        rebuild(upload, "WEBP", 130 * 70 - 1)
    assert (refusal.value.width, refusal.value.height) == (130, 70)


def test_a_picture_of_exactly_the_limit_is_taken() -> None:
    assert rebuild(encoded(scene(), "PNG"), "PNG", 48 * 32).height == 32
    with pytest.raises(TooManyPixels):
        rebuild(encoded(scene(), "PNG"), "PNG", 48 * 32 - 1)


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_cut_short_is_an_error_wherever_it_is_cut(format: str) -> None:
    upload = encoded(scene(size=(120, 90)), format)
    for part in (0.02, 0.3, 0.6, 0.9):
        with pytest.raises(Exception, match=r"."):
            rebuild(upload[: int(len(upload) * part)], format, LIMIT)


def test_a_decoder_other_than_the_one_named_is_not_tried() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        rebuild(encoded(scene(), "TIFF"), "PNG", LIMIT)


# sizes


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_no_size_is_wider_than_the_picture_or_larger_than_allowed(
    width: int, height: int, format: str
) -> None:
    sizes = sizes_of(format, width, height)
    assert all(WIDTHS[0] <= size <= min(width, WIDTHS[-1]) for _, size in sizes)
    assert all(size * round(height * size / width) <= MOST_SIZED for _, size in sizes)
    assert (format, width) not in sizes


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (479, 9), (480, 9), (481, 1), (960, 30), (1600, 70), (1601, 1)],
)
def test_the_sizes_that_are_made_are_those_that_were_agreed_on(width: int, height: int, format: str) -> None:
    upload = encoded(Image.new("RGB", (width, height), "red"), format)
    first, *sizes = pixels.rebuild(upload, format, LIMIT, WIDTHS)
    assert (first.format, first.width, first.height) == (format, width, height)
    assert [(size.format, size.width) for size in sizes] == sizes_of(format, width, height)
    for size in sizes:
        with Image.open(BytesIO(size.content)) as shown:
            assert (shown.format, shown.size) == (size.format, (size.width, size.height))
        assert abs(size.height - height * size.width / width) <= 1.5


def test_a_wide_picture_is_kept_in_three_widths_and_a_small_one_as_it_is() -> None:
    both = [(format, width) for width in (1600, 960, 480) for format in ("JPEG", "WEBP")]
    assert sizes_of("JPEG", 4000, 3000) == both
    assert sizes_of("JPEG", 1200, 900) == [("WEBP", 1200), *both[2:]]
    assert sizes_of("WEBP", 1200, 900) == [("WEBP", 960), ("WEBP", 480)]
    assert sizes_of("PNG", 479, 300) == []
    assert sizes_of("JPEG", 480, 12_500) == [("WEBP", 480)]
    assert sizes_of("JPEG", 480, 12_501) == []
    assert pixels._MOST_SIZED == MOST_SIZED


def test_every_size_stands_upright_in_its_colours_without_a_word_of_the_upload() -> None:
    picture = Image.new("RGB", (1000, 600), "red")
    picture.paste((0, 0, 255), (0, 0, 500, 600))
    upload = encoded(picture, "JPEG", exif=exif(6), comment=MARK)
    first, *sizes = pixels.rebuild(upload, "JPEG", LIMIT, WIDTHS)
    assert (first.width, first.height) == (600, 1000)
    assert [(size.width, size.height) for size in sizes] == [(600, 1000), (480, 800), (480, 800)]
    for size in (first, *sizes):
        assert MARK not in size.content
        shown = decoded(size.content).convert("RGB")
        assert shown.getpixel((size.width // 2, 20))[2] > 200, "blue is above"  # type: ignore[index]
        assert shown.getpixel((size.width // 2, size.height - 20))[0] > 200, "red is below"  # type: ignore[index]


def test_a_drawing_keeps_its_edges_and_a_photograph_its_smallness() -> None:
    drawing = Image.new("RGB", (600, 400), "white")
    drawing.paste("black", (100, 100, 300, 300))
    made = pixels.rebuild(encoded(drawing, "PNG"), "PNG", LIMIT, WIDTHS)
    webp = next(size for size in made if size.format == "WEBP" and size.width == 600)
    assert decoded(webp.content).convert("RGB").tobytes() == drawing.tobytes()
    noise = Image.effect_noise((600, 400), 80).convert("RGB")
    made = pixels.rebuild(encoded(noise, "PNG"), "PNG", LIMIT, WIDTHS)
    webp = next(size for size in made if size.format == "WEBP" and size.width == 600)
    assert len(webp.content) < len(made[0].content) / 2


def test_what_cannot_be_seen_is_in_no_size() -> None:
    face = Image.new("RGBA", (600, 400), (10, 200, 30, 0))
    for size in pixels.rebuild(encoded(face, "PNG"), "PNG", LIMIT, WIDTHS)[1:]:
        assert set(decoded(size.content).convert("RGBA").tobytes()) == {0}
