"""Takes the pictures of docs/screenshots/ from the demo's contents: `make screenshots`.

Starts `livefeed demo` in a folder of its own, on a free port, opens its pages in Debian's Chromium and writes
each picture as a small PNG.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
LARGEST = 250_000  # bytes of a picture: a README must open on a poor line too
START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
NEVER = "86400"  # seconds until the demo's next update: the pictures show the coverages as they begin
PAGE_TIMEOUT = 10_000.0  # milliseconds
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars")

PHONE = (390, 844, 2.0)
SMALL = (390, 844, 1.0)  # a dark picture of finer dots would be too large
DESKTOP = (1280, 1000, 1.0)
TALL = (1280, 1480, 1.0)
SHORT = (1280, 820, 1.0)
SHEET = (794, 1123, 1.0)  # A4 at 96 dots to the inch

ARABIC = "/live/harbour-talks"
ENGLISH = "/live/riverside-tram"
# The page of somebody who embeds a coverage: a plain one, in letters and colours of its own.
HOST_PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 17px/1.7 "Noto Serif", "Noto Naskh Arabic", serif; }}
body {{ max-width: 44rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.5rem; line-height: 1.4; margin: 0 0 .5rem; text-wrap: balance; }}
p {{ margin: 0 0 1rem; }}
</style>
<h1>{title}</h1><p>{text}</p>
<script async src="{site}/embed.js"></script>
<livefeed-coverage slug="{slug}" limit="3"></livefeed-coverage>"""
HOST_WORDS = {
    "ar": (
        "ماذا يعني اتفاق المرفأ؟",
        "ننقل في هذه الصفحة آخر ما ينشره زملاؤنا عن المحادثات، ونعود إليها في عدد الغد.",
    ),
    "en": (
        "What the tram means for us",
        "Our own report is in tomorrow’s issue; until then, here is the coverage.",
    ),
}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its name, the page's path, the window (width, height, pixels to the dot)."""

    name: str
    path: str
    window: tuple[int, int, float]
    dark: bool = False
    at: str | None = None  # what to scroll to; the top if left out
    printed: bool = False
    lost: bool = False  # the network, after it was loaded
    embedded: bool = False  # in the page of somebody else
    follow: str | None = None  # the link on it that leads to what is shown


# A picture is a line here, and a line in docs/screenshots.md.
SHOTS = (
    Shot("live-ar", ARABIC, TALL),
    Shot("live-ar-desktop-dark", ARABIC, DESKTOP, dark=True, at="#updates"),
    Shot("live-ar-phone", ARABIC, PHONE),
    Shot("live-ar-phone-updates", ARABIC, PHONE, at="#updates"),
    Shot("live-ar-dark", ARABIC, PHONE, dark=True, at=".updates > [data-breaking]"),
    Shot("live-en", ENGLISH, DESKTOP),
    Shot("live-en-desktop-dark", ENGLISH, DESKTOP, dark=True),
    Shot("live-en-phone", ENGLISH, PHONE),
    Shot("live-en-phone-dark", ENGLISH, PHONE, dark=True, at="#updates"),
    Shot("index", "/", SHORT),
    Shot("index-phone-dark", "/", SMALL, dark=True),
    Shot("lite", f"{ARABIC}?lite=1", PHONE),
    Shot("lite-dark", f"{ENGLISH}?lite=1", PHONE, dark=True),
    Shot("lite-desktop", f"{ARABIC}?lite=1", SHORT),
    Shot("embed-ar", ARABIC, SHORT, embedded=True),
    Shot("embed-en-phone-dark", ENGLISH, SMALL, dark=True, embedded=True),
    Shot("offline-ar", ARABIC, PHONE, at="#updates", lost=True),
    Shot("offline-en-dark", ENGLISH, DESKTOP, dark=True, at="#updates", lost=True),
    Shot("corrections-ar", ARABIC, PHONE, follow="a.changes"),
    Shot("corrections-en-dark", f"{ENGLISH}/corrections", SHORT, dark=True),
    Shot("error", "/live/nothing", PHONE),
    Shot("print", ARABIC, SHEET, printed=True),
    Shot("desk", "/desk/harbour-talks", DESKTOP),
)


async def main() -> None:
    """Take every picture of `SHOTS`."""
    chromium = os.environ.get("LIVEFEED_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing: install it with 'sudo apt-get install chromium fonts-noto-core'.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with demo() as login, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        site = login.partition("/desk/")[0]
        for shot in SHOTS:
            size = await take(browser, site, login, shot)
            print(f"{shot.name}.png  {size // 1000} kB")
        await browser.close()


@contextlib.asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """A running demo; its one-time login link."""
    with tempfile.TemporaryDirectory(prefix="livefeed-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "livefeed", "demo", "--port", "0", "--every", NEVER),
            stdout=asyncio.subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "LIVEFEED_SITE_TITLE": "مرسى الأخبار", "LIVEFEED_DRAIN_WINDOW": "0"},
        )
        try:
            yield await asyncio.wait_for(_login_link(process), START_TIMEOUT)
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)


async def take(browser: Browser, site: str, login: str, shot: Shot) -> int:
    """Take one picture; its size in bytes."""
    width, height, scale = shot.window
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        locale="ar",
        timezone_id="Asia/Damascus",
    )
    context.set_default_timeout(PAGE_TIMEOUT)
    page = await context.new_page()
    if shot.path.startswith("/desk"):
        await _log_in(page, login)
    # Pictures that load lazily too; a text-only page has none, and its held request never rests.
    if shot.embedded:
        await _embed(page, site, shot)
    else:
        await page.goto(site + shot.path, wait_until="load" if "lite=1" in shot.path else "networkidle")
    if shot.follow:
        await page.goto(str(await page.locator(shot.follow).first.get_attribute("href")))
    await page.evaluate("() => document.fonts.ready")
    if shot.printed:
        await page.emulate_media(media="print")
    if shot.at:
        await page.eval_on_selector(shot.at, "element => element.scrollIntoView()")
    if shot.lost:
        await context.set_offline(True)
        await page.locator(".lost").wait_for()
    picture = small(await page.screenshot())
    await context.close()
    if len(picture) > LARGEST:
        sys.exit(f"{shot.name}.png has {len(picture)} bytes; at most {LARGEST} are allowed.")
    (FOLDER / f"{shot.name}.png").write_bytes(picture)
    return len(picture)


async def _embed(page: Page, site: str, shot: Shot) -> None:
    """Open a page of another site that shows the coverage."""
    language = "ar" if shot.path == ARABIC else "en"
    title, text = HOST_WORDS[language]
    html = HOST_PAGE.format(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=title,
        text=text,
        site=site,
        slug=shot.path.rpartition("/")[2],
    )
    host = web.Application()
    host.router.add_get("/", lambda _: _answer(html))
    runner = web.AppRunner(host, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/", wait_until="networkidle")
    await runner.cleanup()
    await page.frame_locator("livefeed-coverage iframe").locator(".updates").wait_for()


async def _answer(html: str) -> web.Response:
    return web.Response(text=html, content_type="text/html")


def small(png: bytes) -> bytes:
    """The same picture without metadata and, if it is too large otherwise, with 256 colours."""
    with Image.open(io.BytesIO(png)) as picture:
        colours = picture.convert("RGB")
    whole = _written(colours)
    return whole if len(whole) <= LARGEST else _written(_with_palette(colours))


def _with_palette(picture: Image.Image) -> Image.Image:
    """`picture` with 256 colours: by coverage, which keeps paper white and rare links blue, and dithered, or
    a sunset falls into bands."""
    palette = picture.quantize(256, Image.Quantize.MAXCOVERAGE)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _written(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


async def _login_link(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    async for line in process.stdout:
        if found := re.search(r"http\S+/desk/login\?code=\S+", line.decode()):
            return found.group()
    sys.exit("The demo ended before it printed its addresses.")


async def _log_in(page: Page, login: str) -> None:
    await page.goto(login)
    await page.click("form[action='/desk/login'] button")
    await page.wait_for_url("**/desk")


if __name__ == "__main__":
    asyncio.run(main())
