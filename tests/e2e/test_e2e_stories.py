"""What was corrected, what was said of a claim and pictures, as a reader's browser shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e_browser import Visit, Visitor
from e2e_readers import Reader
from e2e_site import Site
from PIL import Image
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


@pytest.mark.one_reader
async def test_a_correction_arrives_with_its_mark_and_one_tap_shows_what_it_changed(
    site: Site, reader: Reader, visitor: Visitor
) -> None:
    slug = f"تصحيح-{reader}"  # Arabic letters in the address, too
    await site.cover(slug, language=reader.language, place="دمشق")
    id = await site.publish(slug, "قُتل 12 شخصاً", verification="unconfirmed")
    page = await visitor.read(f"{site.url}/live/{slug}")
    await site.ask(
        "POST",
        f"/{slug}/updates/{id}/corrections",
        {"note": "العدد 15", "headline": "قُتل 15 شخصاً", "verification": "confirmed"},
    )
    article = page.locator(f"#u-{id}")
    await expect(article.locator("ol.verifications li")).to_have_count(2)
    await expect(article.locator("ol.verifications li[aria-current]")).to_contain_text(
        reader.says("مؤكد", "Confirmed")
    )
    await article.locator("a.changes").click()
    await expect(page.locator(".difference del bdi")).to_have_text("12")
    await expect(page.locator(".difference ins bdi")).to_have_text("15")
    boxes = [await page.locator(f".difference {name} bdi").bounding_box() for name in ("del", "ins")]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["x"] > boxes[1]["x"], "read from the right: first what was removed"
    all_of_them = reader.says("كل تصحيحات هذه التغطية", "All corrections of this coverage")
    await page.get_by_role("link", name=all_of_them).click()
    await expect(page.locator(".corrections li .correction")).to_have_text("العدد 15")


async def test_a_browser_loads_the_size_that_it_needs(
    site: Site, slug: str, reader: Reader, visit: Visit, tmp_path: Path
) -> None:
    file = tmp_path / "wide.jpg"
    Image.effect_noise((2400, 1350), 60).convert("RGB").save(file)
    picture = await site.upload(file)
    lead = {"id": picture, "alt": "", "focus": {"x": 12, "y": 88}}
    await site.ask("PATCH", f"/{slug}", {"lead_media": lead})
    for scale, chosen in ((1, 480), (2, 960)) if reader.screen == "phone" else ((2, 1600),):
        visitor = await visit(**reader.profile, device_scale_factor=scale)
        page = await visitor.read(f"{site.url}/live/{slug}")
        shown = page.locator("#coverage-header img")
        await shown.evaluate("image => image.decode()")
        address = f"/media/{picture}-{chosen}.webp"
        assert (await shown.evaluate("image => image.currentSrc")).endswith(address)
    await page.goto(site.url)
    thumbnail = page.locator(f".coverages li:has(a[href='/live/{slug}']) img")
    await expect(thumbnail).to_have_css("object-position", "10% 90%")
