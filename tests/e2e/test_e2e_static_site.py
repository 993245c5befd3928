"""A copied site in a browser, opened from the disk with the server gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e_browser import Visitor, headlines
from e2e_site import PAGE_SIZE, Site
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

LEAD = Path(__file__).parents[2] / "livefeed" / "demo" / "lead.jpg"


async def test_a_copied_site_opens_from_the_disk_without_a_complaint(
    own_site: Site, visitor: Visitor, tmp_path: Path
) -> None:
    picture = await own_site.upload(LEAD)
    await own_site.cover("العاصفة-ريم", language="ar", lead_media={"id": picture, "alt": "الميناء"})
    for number in range(3 * PAGE_SIZE):
        await own_site.publish("العاصفة-ريم", f"خبر {number}", media=[{"id": picture, "alt": "الميناء"}])
    folder = tmp_path / "copy of the site"
    await own_site.command("export", "--site", str(folder), "--url", own_site.url)
    await own_site.stop()

    page = await visitor.context.new_page()
    await page.goto((folder / "index.html").as_uri())
    await page.get_by_role("link", name="التغطية الحية للعاصفة").click()
    await page.evaluate("document.fonts.ready")
    assert await page.evaluate("[...document.fonts].some(font => font.status === 'loaded')")
    assert await page.evaluate("document.styleSheets.length") > 0
    image = page.locator("#coverage-header img")
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    seen = await headlines(page)
    while await page.locator("a[rel=prev]").count():
        await page.locator("a[rel=prev]").click()
        await page.wait_for_load_state()
        seen += await headlines(page)
    assert seen == [f"خبر {number}" for number in reversed(range(3 * PAGE_SIZE))]

    await page.locator(".updates > article a.permalink").first.click()
    await expect(page.locator(".updates > article")).to_have_count(1)
    await page.get_by_role("link", name="كل تحديثات هذه التغطية").click()
    await expect(page.locator("#coverage-header h1")).to_have_text("التغطية الحية للعاصفة")
    await page.locator(".site-title a").click()
    await expect(page.locator(".coverages")).to_have_count(1)
    assert visitor.origins == {"file://"}
