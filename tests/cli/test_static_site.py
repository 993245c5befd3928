"""Which addresses become which files, and links that lead to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.cli.static_site import (
    addresses_in,
    addresses_in_sheet,
    as_file,
    file_of,
    public_address,
)

SITE = "https://news.example/sub"


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/?archived=2", "archived-2.html"),
        ("/live/storm", "live/storm/index.html"),
        ("/live/%D8%B9%D8%A7%D8%B5%D9%81%D8%A9", "live/عاصفة/index.html"),
        ("/live/storm?page=12", "live/storm/page-12.html"),
        ("/live/storm/updates/u1", "live/storm/updates/u1.html"),
        ("/live/storm/updates/u1/corrections", "live/storm/updates/u1/corrections.html"),
        ("/live/storm/corrections", "live/storm/corrections.html"),
        ("/live/storm/corrections?before=16-u1", "live/storm/corrections-16-u1.html"),
        ("/live/storm/updates.atom", "live/storm/updates.atom"),
        ("/?lite=1", None),
        ("/live/storm?lite=1", None),
        ("/live/storm/updates/u1?lite=1", None),
        ("/live/storm/corrections?lite=1", None),
        ("/feeds/breaking.rss", "feeds/breaking.rss"),
        ("/static/livefeed.css?v=1", "static/livefeed.css"),
        ("/static/fonts/a.woff2", "static/fonts/a.woff2"),
        ("/media/ab12.jpg", "media/ab12.jpg"),
        ("/media/ab12-480.webp", "media/ab12-480.webp"),
        ("/desk", None),
        ("/api/v1/coverages", None),
        ("/live/storm/ws", None),
        ("/live/storm?page=0", None),
        ("/live/storm?utm=1", None),
        ("/?x=1", None),
        ("/static/../../x.css", None),
        ("/static/%2e%2e/%2e%2e/x.css", None),
        ("/media/a%2F..%2F..%2Fx.jpg", None),
        ("/media/a%5Cx.jpg", None),
        ("/static//x.css", None),
    ],
)
def test_an_address_is_one_file_or_none(address: str, file: str | None) -> None:
    assert file_of(address) == file


PAGE = f"""<!doctype html>
<link rel="canonical" href="{SITE}/live/storm">
<link rel="stylesheet" href="/static/livefeed.css?v=1">
<script src="/static/first-paint.js?v=1"></script>
<script type="module" src="/static/live-coverage.js?v=1"></script>
<script type="application/ld+json">{{"url": "{SITE}/live/storm"}}</script>
<a href="#main">skip</a> <a href="{SITE}/">front</a> <a href="/live/storm?page=1">older</a>
<a class="permalink" href="{SITE}/live/storm/updates/u1#x">17:15</a> <img src="{SITE}/media/a.jpg" alt="">
<a href="/desk">desk</a> <a href="https://other.example/live/storm?a=1&amp;b=2">other</a>
<a href="//other.example/x">other</a> <a href="{SITE}ly.example/">not ours</a>
<p>In words: href="/live/storm" &lt;a href="/live/storm"&gt;</p>
"""
FILES = {
    "index.html",
    "live/storm/index.html",
    "live/storm/page-1.html",
    "live/storm/updates/u1.html",
    "static/livefeed.css",
    "media/a.jpg",
}


def test_a_pages_own_addresses_are_found() -> None:
    assert [address for address in addresses_in(PAGE, SITE) if file_of(address)] == [
        "/live/storm",
        "/static/livefeed.css?v=1",
        "/",
        "/live/storm?page=1",
        "/live/storm/updates/u1",
        "/media/a.jpg",
    ]
    assert public_address(f'<link rel="canonical" href="{SITE}/">') == SITE


def test_links_lead_to_files_where_there_are_files_and_to_the_site_where_not() -> None:
    page = as_file(PAGE, "live/storm/updates/u1.html", SITE, FILES)
    assert f'<link rel="canonical" href="{SITE}/live/storm">' in page
    assert 'href="../../../static/livefeed.css"' in page
    assert '<a href="#main">' in page
    assert '<a href="../../../index.html">front' in page
    assert '<a href="../page-1.html">older' in page
    assert 'href="u1.html#x"' in page
    assert 'src="../../../media/a.jpg"' in page
    assert f'<a href="{SITE}/desk">' in page
    assert '<a href="https://other.example/live/storm?a=1&amp;b=2">' in page
    assert '<a href="//other.example/x">' in page
    assert f'<a href="{SITE}ly.example/">' in page
    assert 'In words: href="/live/storm" &lt;a href="/live/storm"&gt;' in page
    assert "src=" not in page.replace('src="../../../media/a.jpg"', "")
    assert "application/ld+json" in page
    assert f'<img src="{SITE}/media/a.jpg"' in as_file(PAGE, "index.html", SITE, FILES - {"media/a.jpg"})


def test_the_files_of_a_style_sheet_are_found() -> None:
    sheet = '@font-face { src: url("fonts/a.woff2") } b { background: url(../media/x.png), url(data:x) }'
    assert list(addresses_in_sheet(sheet, "/static/livefeed.css?v=1")) == [
        "/static/fonts/a.woff2",
        "/media/x.png",
    ]


@given(st.text(max_size=60))
def test_no_address_leads_out_of_the_folder(path: str) -> None:
    try:
        name = file_of("/" + path)
    except ValueError:  # brackets in what looks like a host
        return
    assert name is None or not (name.startswith("/") or ".." in name.split("/"))


def test_every_size_of_a_picture_is_copied_and_named_where_it_is() -> None:
    sizes = f"{SITE}/media/a-480.webp 480w, {SITE}/media/a.webp 900w"
    image = f'<img src="{SITE}/media/a.jpg" srcset="/media/a-480.jpg 480w">'
    page = f'<picture><source srcset="{sizes}">{image}</picture>'
    copied = ["/media/a-480.webp", "/media/a.webp", "/media/a.jpg", "/media/a-480.jpg"]
    assert list(addresses_in(page, SITE)) == copied
    files = {address[1:] for address in copied}
    led = as_file(page, "live/storm/index.html", SITE, files)
    assert 'srcset="../../media/a-480.webp 480w, ../../media/a.webp 900w"' in led
    assert 'srcset="../../media/a-480.jpg 480w"' in led
    assert SITE not in led
