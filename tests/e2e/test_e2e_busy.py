"""A busy story on a weak phone: the page stays small and right however much arrives."""

from __future__ import annotations

import asyncio

import pytest
from e2e_browser import Visitor, headlines
from e2e_site import PAGE_SIZE, Site
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

MOST = 100  # articles
ARTICLES = ".updates > article"
WATCH = """
window.most = 0;
addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
  window.most = Math.max(window.most, document.querySelectorAll('.updates > article').length);
}).observe(document.querySelector('.updates'), { childList: true }));
"""


async def burst(site: Site, slug: str, count: int) -> None:
    """Updates from several desks at once, and a last one after them."""
    for start in range(0, count, 30):
        numbers = range(start, min(count, start + 30))
        await asyncio.gather(*(site.publish(slug, f"خبر {n}", body="نص الخبر. " * 40) for n in numbers))
    await site.publish(slug, f"آخر {count}")


async def leads_on(site: Site, slug: str, page: Page) -> None:
    """The page shows the newest of the log without a hole, and its link leads to the next older one."""
    shown = await page.locator(ARTICLES).evaluate_all("all => all.map(one => one.dataset.id)")
    assert len(shown) <= MOST
    await page.locator("nav.pages a[rel=prev]").click()
    await expect(page.locator(ARTICLES)).to_have_count(len(shown) + PAGE_SIZE)
    listed = await site.ask("GET", f"/{slug}/updates?limit=1000")
    ids = [update["id"] for update in listed["updates"]][: len(shown) + PAGE_SIZE]
    assert await page.locator(ARTICLES).evaluate_all("all => all.map(one => one.dataset.id)") == ids


async def test_the_page_stays_within_a_hundred_updates_while_hundreds_arrive(
    site: Site, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(WATCH)
    await site.cover("busy")
    await site.publish("busy", "أول")
    page = await visitor.read(f"{site.url}/live/busy")
    await burst(site, "busy", 130)
    await expect(page.locator(f"{ARTICLES} h3").first).to_have_text("آخر 130", timeout=60_000)
    assert MOST - PAGE_SIZE < await page.evaluate("window.most") <= MOST
    await leads_on(site, "busy", page)


async def test_hundreds_behind_the_button_come_out_as_the_newest_hundred(
    site: Site, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(WATCH)
    await site.cover("behind")
    for number in range(4):
        await site.publish("behind", f"أول {number}", body="نص طويل للقراءة. " * 60)
    page = await visitor.read(f"{site.url}/live/behind")
    await page.evaluate("() => scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    await burst(site, "behind", 120)
    button = page.locator("new-updates button")
    await expect(button).to_have_text("121 تحديثاً جديداً", timeout=60_000)
    assert await page.locator(ARTICLES).count() == 4
    await button.click()
    assert (await headlines(page))[0] == "آخر 120"
    await expect(page.locator(ARTICLES).first).to_be_focused()
    await leads_on(site, "behind", page)
