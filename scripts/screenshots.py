"""Takes the pictures of docs/screenshots/ from the demo's contents: `make screenshots`.

Starts `livefeed demo` in a folder of its own, on a free port, opens its pages in Debian's Chromium and writes
each picture of `shots.py` as a small PNG.
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
from pathlib import Path
from typing import Literal

from aiohttp import web
from PIL import Image, ImageOps
from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright
from shots import ARABIC, MARGIN, SHOTS, Demo, Seat, Shot

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
LARGEST = 250_000  # bytes of a picture: a README must open on a poor line too
COLLEAGUE = "Nell Ashdown"
FLAT = 24  # colours of paper, panels and lines
START_TIMEOUT = 120.0
STOP_TIMEOUT = 15.0
NEVER = "86400"  # seconds until the demo's next update: the pictures show the coverages as they begin
PAGE_TIMEOUT = 30_000.0  # milliseconds
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars")

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


async def main() -> None:
    """Take every picture of `SHOTS`."""
    # The kind without windows sets letters wider apart than any reader sees them.
    chromium = os.environ.get("LIVEFEED_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing: install it with 'sudo apt-get install chromium fonts-noto-core'.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        async with demo(browser) as running:
            for shot in SHOTS:
                if not wanted or shot.name in wanted:
                    size = await take(browser, running, shot)
                    print(f"{shot.name}.png  {size // 1000} kB")
        await browser.close()


@contextlib.asynccontextmanager
async def demo(browser: Browser) -> AsyncIterator[Demo]:
    """A running demonstration whose editors are at their desks."""
    with tempfile.TemporaryDirectory(prefix="livefeed-") as folder:
        environment = {**os.environ, "LIVEFEED_SITE_TITLE": "مرسى الأخبار", "LIVEFEED_DRAIN_WINDOW": "0"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "livefeed", "demo", "--port", "0", "--every", NEVER),
            stdout=asyncio.subprocess.PIPE,
            cwd=folder,
            env=environment,
        )
        try:
            login = await asyncio.wait_for(_login_link(process), START_TIMEOUT)
            site = login.partition("/desk/")[0]

            async def command(*arguments: str) -> str:
                beside = {
                    **environment,
                    "LIVEFEED_STORE": "sqlite:///livefeed-demo.db",
                    "LIVEFEED_BASE_URL": site,
                }
                return await _printed(*arguments, folder=folder, environment=beside)

            invited = await command("editor", "add", COLLEAGUE, "--role", "admin")
            yield Demo(
                site,
                Seat(await _log_in(browser, login, "ar"), await command("token", "add", "demo")),
                Seat(await _log_in(browser, invited, "en"), await command("token", "add", COLLEAGUE)),
            )
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)


async def take(browser: Browser, running: Demo, shot: Shot) -> int:
    """Take one picture; its size in bytes."""
    seat = (running.english if shot.english else running.arabic) if shot.path.startswith("/desk/") else None
    context = await _window(browser, shot, seat if shot.path != "/desk/login" else None)
    page = await context.new_page()
    # Pictures that load lazily too; a text-only page has none, and its held request never rests.
    rest: Literal["load", "networkidle"] = "load" if "lite=1" in shot.path else "networkidle"
    if shot.embedded:
        await _embed(page, running.site, shot)
    else:
        await page.goto(running.site + shot.path, wait_until=rest)
        await page.reload(wait_until=rest)  # a face that came late is left for the next visit
    if shot.follow:
        await page.goto(await page.locator(shot.follow).first.evaluate("link => link.href"))
    await page.evaluate("() => document.fonts.ready")
    if shot.act:
        await shot.act(page, shot, running)
    if shot.printed:
        await page.emulate_media(media="print")
    if shot.at:
        await page.eval_on_selector(shot.at, "element => element.scrollIntoView()")
    if shot.lost:
        await context.set_offline(True)
        await page.locator(".lost").wait_for()
    picture = small(await page.screenshot(), MARGIN if shot.printed else 0)
    await page.goto("about:blank")  # before its routes end, or what is unsent would be sent then
    await context.close()
    if len(picture) > LARGEST:
        sys.exit(f"{shot.name}.png has {len(picture)} bytes; at most {LARGEST} are allowed.")
    (FOLDER / f"{shot.name}.png").write_bytes(picture)
    return len(picture)


async def _window(browser: Browser, shot: Shot, seat: Seat | None) -> BrowserContext:
    width, height, scale = shot.window
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        locale="ar",
        timezone_id="Asia/Damascus",
        storage_state=seat and seat.state,
    )
    context.set_default_timeout(PAGE_TIMEOUT)
    # What one picture leaves unsent is no business of the next one's.
    await context.route("**/autosaves/*", lambda route: route.fulfill(status=204))
    return context


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


def small(png: bytes, margin: int) -> bytes:
    """The picture within a white margin, without metadata and, if it is too large, in 256 colours."""
    with Image.open(io.BytesIO(png)) as picture:
        colours = ImageOps.expand(picture.convert("RGB"), margin, "white")
    whole = _written(colours)
    return whole if len(whole) <= LARGEST else _written(_with_palette(colours))


def _with_palette(picture: Image.Image) -> Image.Image:
    """`picture` with 256 colours: the most frequent ones as they are, for paper and panels stay untinted;
    the others by coverage, which keeps rare links blue, and dithered, or a sunset falls into bands."""
    colours = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)[:FLAT]
    others = picture.quantize(256 - FLAT, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in colours for part in colour] + others)
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


async def _printed(*arguments: str, folder: str, environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livefeed", *arguments),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env=environment,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), START_TIMEOUT)
    if process.returncode:
        sys.exit(f"livefeed {arguments[0]} ended with {process.returncode}.")
    return printed.decode().strip()


async def _log_in(browser: Browser, login: str, language: str) -> StorageState:
    """Log in once, and choose the language of the desk; the cookie."""
    context = await browser.new_context()
    context.set_default_timeout(PAGE_TIMEOUT)
    page = await context.new_page()
    await page.goto(login)
    await page.click("form[action='/desk/login'] button")
    await page.wait_for_url("**/desk")
    await page.goto(f"{login.partition('/desk/')[0]}/desk/account")
    await page.select_option("#language", language)
    await page.click("form[action='/desk/account/language'] button")
    await page.wait_for_url("**/desk/account*")
    state = await context.storage_state()
    await context.close()
    return state


if __name__ == "__main__":
    asyncio.run(main())
