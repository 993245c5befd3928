"""Every page that there is, by the rules of accessibility: light and dark, Arabic and English."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from e2e_browser import Visit
from e2e_pages import every_page
from e2e_readers import DESKTOP
from e2e_story import Told
from playwright.async_api import Page

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

ALL_RULES = {"resultTypes": ["violations"], "preload": False}
DARK = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # all that it changes
# Everything unfolded; of the API's 100 sections, which are made alike, a few: all take half a minute.
UNFOLD = """() => {
  for (const one of document.querySelectorAll('details')) one.open = true;
  document.querySelectorAll('.reference section').forEach((one, at) => { if (at > 3) one.remove(); });
}"""


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_no_page_breaks_a_rule_of_accessibility_in_light_or_dark(
    language: str, told: Told, english: Told, visit: Visit
) -> None:
    told = told if language == "ar" else english
    visitor = await visit(viewport=DESKTOP)
    visitor.network_may_fail = True  # pages that are not there are among them
    page = await visitor.context.new_page()
    broken = {}
    for path in await every_page(page, told, language):
        if (path, language) != ("/api/docs", "ar"):  # which is in English everywhere
            await page.goto(told.site.url + path)
            broken |= {f"{path}, {scheme}": said for scheme, said in await _violations(page)}
    assert broken == {}


async def _violations(page: Page) -> list[tuple[str, str]]:
    """What axe says of the page, with all of it unfolded, by scheme."""
    await page.evaluate(UNFOLD)
    await page.evaluate(Axe().axe_script)  # once, where Axe's own `run` does it for each scheme
    said = []
    for scheme, options in (("light", ALL_RULES), ("dark", ALL_RULES | DARK)):
        await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        result = AxeResults(await page.evaluate("options => axe.run(options)", options))
        if result.violations_count:
            said.append((scheme, result.generate_report()))
    return said
