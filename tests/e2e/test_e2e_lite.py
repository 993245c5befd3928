"""The text-only page: follows by asking, spends nothing on pictures and faces."""

from __future__ import annotations

import re

import pytest
from e2e_browser import Visitor, headlines
from e2e_readers import Reader
from e2e_site import Site
from e2e_story import LEAD
from playwright.async_api import Page, Route, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

LONG = "\n\n".join(["فقرة طويلة من الخبر تملأ الشاشة حتى لا يبقى القارئ في أعلاها."] * 30)


async def at_top(page: Page, text: str) -> None:
    await expect(page.locator(".updates > article").first.locator("h3")).to_have_text(text)


@pytest.mark.one_reader
async def test_a_text_only_page_follows_and_asks_for_text_alone(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    picture = await site.upload(LEAD)
    media = [{"id": picture, "alt": "ميناء", "caption": "رصيف الميناء"}]
    await site.ask("PATCH", f"/{slug}", {"lead_media": media[0]})
    older = await site.publish(slug, "خبر أقدم", key_event=True)
    old = await site.publish(slug, "خبر قديم", key_event=True, media=media, body=LONG)
    page = await visitor.context.new_page()
    await page.goto(f"{site.url}/live/{slug}?lite=1")
    await expect(page.locator(".key-events li")).to_have_count(2)

    # At the top a new one comes at once, with its picture as words and its link among text-only pages.
    await site.publish(slug, "خبر جديد", media=media, body=LONG)
    await at_top(page, "خبر جديد")
    figure = page.locator(".updates > article").first.locator("figure")
    await expect(figure).to_have_text(reader.says("[صورة] رصيف الميناء", "[Picture] رصيف الميناء"))
    link = page.locator(".updates > article").first.locator(".permalink")
    assert (await link.get_attribute("href") or "").endswith("?lite=1")

    # Further down it waits behind the button, which counts as the language does.
    await page.locator(".updates > article").nth(1).scroll_into_view_if_needed()
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    before = await page.evaluate("scrollY")
    button = page.locator("#lite button")
    await site.publish(slug, "ينتظر أولاً")
    await expect(button).to_have_text(reader.says("تحديث واحد جديد", "1 new update"))
    await site.publish(slug, "ينتظر ثانياً")
    await expect(button).to_have_text(reader.says("تحديثان جديدان", "2 new updates"))
    assert await page.evaluate("scrollY") == before
    assert await headlines(page) == ["خبر جديد", "خبر قديم", "خبر أقدم"]
    await button.click()
    told = ["ينتظر ثانياً", "ينتظر أولاً", "خبر جديد", "خبر قديم", "خبر أقدم"]
    assert await headlines(page) == told
    await expect(button).to_be_hidden()
    await expect(page.locator(".updates > article").first).to_be_focused()

    # A retraction empties the update, and takes its line from the key events but not the focus from its
    # reader; a close changes the badge.
    await page.locator(f"#k-{old} a").focus()
    await site.ask("POST", f"/{slug}/updates/{old}/retraction", {"reason": "خطأ"})
    retracted = reader.says("سُحب هذا التحديث", "This update was retracted")
    await expect(page.locator(f"#u-{old} h3")).to_have_text(retracted)
    await expect(page.locator(".key-events li")).to_have_count(1)
    await expect(page.locator(".key-events")).to_be_focused()
    await site.ask("PATCH", f"/{slug}/updates/{older}", {"key_event": False})
    await expect(page.locator(".key-events")).to_be_hidden()
    await expect(page.locator(".updates")).to_be_focused()
    await site.ask("POST", f"/{slug}/closure")
    ended = reader.says("انتهت التغطية", "Coverage ended")
    await expect(page.locator("#coverage-header .badge")).to_have_text(ended)

    kinds = {re.sub(r"\?.*", "", address.removeprefix(site.url)) for address in visitor.asked}
    asked = {f"/live/{slug}", f"/live/{slug}/changes", "/static/lite.css", "/static/lite.js"}
    assert {kind for kind in kinds if not kind.startswith("data:")} == asked


async def test_a_text_only_page_with_a_worthless_position_takes_the_page_anew(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("lite-old")
    await site.publish("lite-old", "خبر")
    page = await visitor.context.new_page()
    served = 0

    async def of_another_life(route: Route) -> None:
        nonlocal served
        served += 1
        answer = await route.fetch()
        text = await answer.text()
        if served == 1:  # as a cache has it that has slept
            text = re.sub(r'data-position="[^"]*"', 'data-position="other-1"', text).replace("خبر", "قديم")
        await route.fulfill(response=answer, body=text)

    await page.route("**/live/lite-old?lite=1", of_another_life)
    await page.goto(f"{site.url}/live/lite-old?lite=1")
    await at_top(page, "خبر")
    await site.publish("lite-old", "خبر بعده")
    await at_top(page, "خبر بعده")
    assert served == 2
