"""What the pictures of docs/screenshots/ show: a line for each, and what is done on its page first."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, StorageState

PHONE = (390, 844, 2.0)
SMALL = (390, 844, 1.0)  # a dark picture of finer dots would be too large
DESKTOP = (1280, 1000, 1.0)
TALL = (1280, 1480, 1.0)
SHORT = (1280, 820, 1.0)
MARGIN = 57  # 15 mm
SHEET = (794 - 2 * MARGIN, 1123 - 2 * MARGIN, 1.0)  # A4 at 96 dots to the inch, within its margins

CORRECTED = "article:has(.correction) a[href$='/history']"
ARABIC = "/live/harbour-talks"
ENGLISH = "/live/riverside-tram"


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
    english: bool = False  # of the desk: at that of the editor who has it in English
    act: Act | None = None  # what is done on it first


@dataclass(frozen=True, slots=True)
class Seat:
    """An editor at the desk: the cookie of a login, and a token for what they do from elsewhere."""

    state: StorageState
    token: str


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demonstration: its address, and its editors, who read Arabic and English."""

    site: str
    arabic: Seat
    english: Seat


async def compose(page: Page, shot: Shot, _: Demo) -> None:
    """Write an update with a picture, and leave it unsent."""
    words = UNSENT["en" if shot.english else "ar"]
    await page.locator("#headline").fill(words[0])
    await page.locator("#body").click()
    await page.keyboard.type(words[1])
    await page.locator("#picture-file").set_input_files(PICTURE)
    line = page.locator("desk-pictures li")
    await line.locator("img[src]").wait_for()
    for name, text in zip(("alt", "caption", "credit"), words[2:], strict=True):
        await line.locator(f"[name={name}]").fill(text)
    await page.evaluate("document.activeElement.blur()")


async def ask_breaking(page: Page, shot: Shot, _: Demo) -> None:
    """Be asked whether what was written shall go out as breaking."""
    await page.locator("#headline").fill(UNSENT["en" if shot.english else "ar"][0])
    await page.locator("[name=breaking]").check()
    await page.locator("#headline").press("Control+Enter")
    await page.locator("#going-out[open] .line").wait_for()


async def clash(page: Page, shot: Shot, demo: Demo) -> None:
    """Save an update that a colleague has saved meanwhile."""
    language = "en" if shot.english else "ar"
    update = page.locator(".updates > article:not([data-pinned])").first
    mine, theirs, source = CLASHING[language]
    await update.locator("[data-action=edit]").click()
    await page.wait_for_function("document.querySelector('#headline').value")
    colleague = demo.arabic if shot.english else demo.english
    slug, id = shot.path.rpartition("/")[2], await update.get_attribute("data-id")
    saved = await page.request.patch(
        f"{demo.site}/api/v1/coverages/{slug}/updates/{id}",
        data={"headline": theirs, "attribution": source},
        headers={"Authorization": f"Bearer {colleague.token}"},
    )
    if not saved.ok:
        sys.exit(f"The colleague's text was not taken: {await saved.text()}")
    await page.locator("[name=change][value=typo]").check()
    await page.locator("#headline").fill(mine)
    await page.locator("#headline").press("Control+Enter")
    await page.locator("desk-merge:visible").wait_for()


async def unfold(page: Page, shot: Shot, _: Demo) -> None:
    """Open what is folded there."""
    await page.locator(f"{shot.at} > summary, {shot.at} details > summary").first.click()


Act = Callable[[Page, Shot, Demo], Awaitable[None]]
UNSENT = {
    "ar": (
        "دخول أول سفينة حبوب إلى الميناء",
        "رست ناقلة الحبوب «سنابل» عند الرصيف الشرقي، وبدأ تفريغ 18,500 طن من القمح.",
        "سفينة شحن قرب رافعات الميناء عند الغروب",
        "الناقلة «سنابل» قبيل دخولها",
        "رويدا الحلبي",
    ),
    "en": (
        "Evening trams run every six minutes",
        "The operator adds two trams until midnight, because the queues at Lanthorn Quay have not shortened.",
        "The quay at sunset, with a tram stop behind it",
        "Lanthorn Quay on Friday evening",
        "Idris Cope",
    ),
}
CLASHING = {
    "ar": ("مصادر ملاحية: أول سفينة حبوب تدخل الليلة", "أول سفينة حبوب تدخل الميناء فجراً", "هيئة الموانئ"),
    "en": (
        "More than 31,500 journeys counted so far",
        "Nearly 32,000 journeys counted",
        "Riverside Light Rail",
    ),
}
PICTURE = Path(__file__).parent.parent / "livefeed" / "demo" / "lead.jpg"
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
    Shot("desk-login", "/desk/login", PHONE),
    Shot("desk-people", "/desk/people", SHORT),
    Shot("desk-administration-en-dark", "/desk/administration", SHORT, dark=True, english=True),
    Shot("desk-coverage-en", "/desk/riverside-tram/coverage", SHORT, english=True),
    Shot("desk-history", "/desk/harbour-talks", SHORT, follow=CORRECTED),
    Shot(
        "desk-history-en-phone-dark", "/desk/riverside-tram", PHONE, dark=True, english=True, follow=CORRECTED
    ),
    Shot("desk-running", "/desk/harbour-talks", PHONE, at="desk-audience", act=unfold),
    Shot(
        "desk-panels-en-dark",
        "/desk/riverside-tram",
        DESKTOP,
        dark=True,
        english=True,
        at="#panel-retracted",
        act=unfold,
    ),
    Shot("desk-merge", "/desk/harbour-talks", DESKTOP, act=clash),
    Shot(
        "desk-merge-en-phone-dark",
        "/desk/riverside-tram",
        PHONE,
        dark=True,
        english=True,
        at="desk-merge",
        act=clash,
    ),
    Shot("desk", "/desk/harbour-talks", TALL, act=compose),
    Shot("desk-phone-dark", "/desk/harbour-talks", SMALL, dark=True, at="desk-composer", act=compose),
    Shot("desk-en-phone", "/desk/riverside-tram", SMALL, english=True, at="desk-pictures", act=compose),
    Shot("desk-breaking", "/desk/harbour-talks", PHONE, act=ask_breaking),
    Shot("desk-breaking-en-dark", "/desk/riverside-tram", SHORT, dark=True, english=True, act=ask_breaking),
)
