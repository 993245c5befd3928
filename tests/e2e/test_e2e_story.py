"""A whole story at phone width, by keyboard, with the network cut and the server killed in its middle."""

from __future__ import annotations

import time

import pytest
from e2e_browser import Visit, headlines
from e2e_site import Site
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


async def at_desk(site: Site, visit: Visit, name: str, role: str) -> Page:
    """The desk of the coverage `flood`, of an editor who logged in there."""
    visitor = await visit()
    visitor.network_may_fail = True  # refusals, a cut network, a killed server: all of them are the story
    page = await visitor.context.new_page()
    await page.goto(await site.login_link(name, role))
    await press(page.get_by_role("button", name="تسجيل الدخول").first)
    await page.wait_for_url("**/desk**")
    await page.goto(f"{site.url}/desk/flood")
    return page


async def press(button: Locator) -> None:
    """As somebody without a pointer does."""
    await button.focus()
    await button.press("Enter")


async def write(page: Page, headline: str, text: str = "") -> None:
    """Fill the form by typing, and send it."""
    await page.locator("#headline").focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.type(headline)
    if text:
        await page.locator("#body").focus()
        await page.keyboard.press("Control+End")
        await page.keyboard.type(text)
    await page.keyboard.press("Control+Enter")


async def choose(page: Page, label: str) -> None:
    """Choose one of the kinds of change."""
    await page.get_by_label(label).focus()
    await page.keyboard.press("Space")


async def test_a_newsroom_takes_a_story_from_its_first_word_to_its_end_and_loses_nothing(
    own_site: Site, visit: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    site = own_site
    await site.cover("flood", headline="السيول")
    audience = await visit()
    audience.network_may_fail = True
    reader = await audience.read(f"{site.url}/live/flood")
    first = await at_desk(site, visit, "سعاد", "editor")
    second = await at_desk(site, visit, "كمال", "chief")
    stringer = await at_desk(site, visit, "مراسل", "contributor")

    # A contributor submits; two editors open it; the slower one sees both texts and merges them by hand.
    await write(stringer, "ارتفاع منسوب النهر", "قال شهود إن الماء بلغ الجسر.")
    for page in (first, second):
        await press(page.locator(".unpublished li").get_by_role("button", name="تحرير"))
        await expect(page.locator("#headline")).to_have_value("ارتفاع منسوب النهر")
    await second.locator("#headline").focus()
    await second.keyboard.press("Control+a")
    await second.keyboard.type("منسوب النهر يرتفع مترًا")
    await press(second.locator(".buttons").get_by_role("button", name="حفظ مسودة"))
    await expect(second.locator(".unpublished li")).to_contain_text("منسوب النهر يرتفع مترًا")
    await write(first, "النهر يرتفع")
    await expect(first.locator(".clash .theirs")).to_have_text("منسوب النهر يرتفع مترًا")
    assert await headlines(reader) == []
    await write(first, "النهر يرتفع مترًا")
    await expect(reader.locator(".updates h3")).to_have_text("النهر يرتفع مترًا")

    # The network is cut, then the server killed: what was written meanwhile goes out once, in its order.
    site.gate.shut = True
    site.gate.cut()
    await write(first, "إخلاء حيّين")
    await site.kill()
    await write(first, "فتح مدرستين للنازحين")
    await expect(first.locator("desk-outbox li")).to_have_count(2)
    await site.start()
    site.gate.shut = False
    await first.evaluate("dispatchEvent(new Event('online'))")
    await expect(first.locator("desk-outbox li")).to_have_count(0)
    told = ["فتح مدرستين للنازحين", "إخلاء حيّين", "النهر يرتفع مترًا"]
    await expect(first.locator(".updates > article > header > h3")).to_have_text(told)
    assert await site.published("flood") == told

    # Breaking, asked for once.
    began = time.monotonic()
    await second.locator("#headline").focus()
    await second.keyboard.type("السد سليم")
    await second.locator("[name=breaking]").focus()
    await second.keyboard.press("Space")
    await second.keyboard.press("Control+Enter")
    await expect(second.locator("#going-out .line")).to_have_text("السد سليم")
    await second.keyboard.press("Enter")
    await expect(reader.locator(".updates .mark.breaking")).to_be_visible()
    took = time.monotonic() - began
    with capsys.disabled():
        print(
            f"\nstopwatch: a breaking line was on a reader's page {took:.2f} s after its form had the focus"
        )

    # Corrected with a note, and another one retracted for a reason.
    await press(first.locator(".updates > article").nth(3).get_by_role("button", name="تعديل"))
    await expect(first.locator("#headline")).to_have_value("النهر يرتفع مترًا")
    await choose(first, "تصحيح: كان فيه خطأ")
    await first.locator("#note").focus()
    await first.keyboard.type("كان الارتفاع مترين.")
    await write(first, "النهر يرتفع مترين")
    await expect(reader.locator(".updates .correction")).to_contain_text("كان الارتفاع مترين.")
    await press(first.locator(".updates > article").nth(2).get_by_role("button", name="سحب"))
    await first.locator("#reason").focus()
    await first.keyboard.type("لم يُخلَ إلا حيّ واحد")
    await press(first.locator("#retraction").get_by_role("button", name="سحب"))
    await expect(reader.locator(".updates > article[data-status=retracted]")).to_have_count(1)
    assert "حيّ واحد" not in await reader.content()

    # The end.
    await press(second.get_by_role("link", name="إعدادات التغطية"))
    await second.wait_for_url("**/coverage")
    await press(second.get_by_role("button", name="إنهاء التغطية"))
    await second.wait_for_url("**/desk/flood")
    await expect(reader.locator(".badge.closed").first).to_be_visible()
    assert await headlines(reader) == [
        "السد سليم",
        "فتح مدرستين للنازحين",
        "سُحب هذا التحديث",
        "النهر يرتفع مترين",
    ]
    events = await site.ask("GET", "/flood/updates?limit=100")
    assert len(events["updates"]) == 4
