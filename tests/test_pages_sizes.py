"""Pictures on pages: the browser chooses among sizes that there are; feeds get one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.media.picture import Picture, size_name, sizes_of
from livefeed.model import Coverage, Focus, Media, Status, Update
from livefeed.pages import STATIC, Pages
from livefeed.pages.sizes import Sized, sized

SITE = "https://live.example.org"
WIDE = Media("ab", "/media/ab.jpg", "ميناء", width=4000, height=3000, widths=(480, 960, 1600))
COVERAGE = Coverage("storm", "العاصفة", lead_media=WIDE)
UPDATE = Update(
    "u", "storm", Status.PUBLISHED, media=(WIDE,), published_at=datetime(2020, 11, 22, tzinfo=UTC), order=1
)


@pytest.fixture
def pages() -> Pages:
    return Pages(base_url=SITE, site_title="ل", site_language="ar", page_size=20)


def images(html: str) -> list[dict[str, str]]:
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)
    return [dict(element.attrib) for element in root.iter() if element.tag in ("img", "source")]


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_every_address_that_a_page_names_is_of_a_file_that_is_kept(
    width: int, height: int, format: str
) -> None:
    kept = sizes_of(format, width, height)
    widths = {size for _, size in kept} | ({width} if kept and width <= 1600 else set())
    picture = Picture.of(b"x", format=format, width=width, height=height, widths=tuple(sorted(widths)))
    names = {picture.name} | {size_name(picture.id, size, kind) for kind, size in kept}
    media = Media(picture.id, f"/media/{picture.name}", width=width, height=height, widths=picture.widths)
    shown = sized(media, SITE)
    named = [shown.url] + [part.split(" ")[0] for part in f"{shown.own}, {shown.webp}".split(", ") if part]
    assert {address.removeprefix(f"{SITE}/media/") for address in named} <= names
    assert shown.width <= 1600 or not kept
    assert abs(shown.height * width - height * shown.width) <= width


def test_a_wide_picture_is_offered_in_its_sizes_and_shown_no_wider_than_any_column() -> None:
    stem = f"{SITE}/media/ab"
    assert sized(WIDE, SITE) == Sized(
        f"{stem}-1600.jpg",
        1600,
        1200,
        f"{stem}-480.jpg 480w, {stem}-960.jpg 960w, {stem}-1600.jpg 1600w",
        f"{stem}-480.webp 480w, {stem}-960.webp 960w, {stem}-1600.webp 1600w",
    )


def test_a_picture_from_before_there_were_sizes_is_shown_as_it_is(pages: Pages) -> None:
    old = replace(WIDE, widths=())
    [image] = images(pages.update_fragment(replace(UPDATE, media=(old,)), COVERAGE))
    assert (image["src"], image["width"], image["height"]) == (f"{SITE}/media/ab.jpg", "4000", "3000")
    assert "srcset" not in image


def test_pictures_wait_until_they_are_near_but_the_lead_comes_first(pages: Pages) -> None:
    source, image = images(pages.update_fragment(UPDATE, COVERAGE))
    assert source["type"] == "image/webp"
    assert (image["loading"], "fetchpriority" in image) == ("lazy", False)
    assert (image["width"], image["height"], image["alt"]) == ("1600", "1200", "ميناء")
    assert image["sizes"] == source["sizes"]
    _, lead = images(pages.header_fragment(COVERAGE))
    assert ("loading" in lead, lead["fetchpriority"]) == (False, "high")


def test_a_feed_gets_one_size_of_a_picture(pages: Pages) -> None:
    fragment = pages.update_fragment(
        replace(UPDATE, media=(replace(WIDE, focus=Focus(1, 2)),)), COVERAGE, plain=True
    )
    [image] = images(fragment)
    assert image == {
        "src": f"{SITE}/media/ab-1600.jpg",
        "alt": "ميناء",
        "width": "1600",
        "height": "1200",
        "loading": "lazy",
        "decoding": "async",
    }


@given(st.floats(0, 100), st.floats(0, 100))
def test_every_focus_has_a_rule_near_it(x: float, y: float) -> None:
    focus = sized(replace(WIDE, focus=Focus(x, y)), SITE).focus
    assert focus
    sheet = (STATIC / "livefeed.css").read_text(encoding="utf-8")
    for axis, wanted, found in (("x", x, focus[0]), ("y", y, focus[1])):
        assert abs(wanted - found) <= 5
        assert f'[data-focus-{axis}="{found}"] {{ --{axis}: {found}%; }}' in sheet


def test_a_focus_goes_with_the_picture_into_the_page(pages: Pages) -> None:
    update = replace(UPDATE, media=(replace(WIDE, focus=Focus(18.4, 75.1)),))
    _, image = images(pages.update_fragment(update, COVERAGE))
    assert (image["data-focus-x"], image["data-focus-y"]) == ("20", "80")


def test_a_shared_link_shows_a_size_that_is_light_enough_for_everybody(pages: Pages) -> None:
    page = pages.permalink_page(COVERAGE, UPDATE)
    for said in (
        f'og:image" content="{SITE}/media/ab-960.jpg"',
        'og:image:width" content="960"',
        'og:image:height" content="720"',
        f'twitter:image" content="{SITE}/media/ab-960.jpg"',
    ):
        assert said in page
    narrow = replace(WIDE, width=300, height=200, widths=())
    assert sized(narrow, SITE, 1200).url == f"{SITE}/media/ab.jpg"
    assert sized(replace(WIDE, widths=(1600,)), SITE, 1200).width == 1600
