"""Without a network: the last seen page is there, says from when it is, and catches up afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from e2e_browser import Visitor, headlines
from e2e_readers import Reader
from e2e_site import Site
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const { url } of await (await caches.open(name)).keys()) found.push(url);
  return found;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def keeping(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A site whose pages are kept by browsers, which is what it does if not told otherwise."""
    started = Site(tmp_path_factory.mktemp("keeping"), LIVEFEED_OFFLINE="true")
    try:
        await started.open()
        yield started
    finally:
        await started.close()


# The paths of what the page loaded that is kept of it.
LOADED = """() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)
  .filter(path => path.startsWith('/static/'))"""


async def has_kept(page: Page, *paths: str) -> list[str]:
    """Wait until the browser has kept all that; everything it has."""
    await page.wait_for_function(
        f"async paths => {{ const urls = await ({KEPT})();"
        " return paths.every(path => urls.some(url => new URL(url).pathname === path)); }",
        arg=list(paths),
    )
    return [urlsplit(url).path for url in await page.evaluate(KEPT)]


async def test_the_last_seen_page_is_there_without_a_network_and_catches_up_after_it(
    reader: Reader, keeping: Site, visitor: Visitor
) -> None:
    slug = f"kept-{reader}"
    await keeping.cover(slug, language=reader.language)
    await keeping.publish(slug, "قبل")
    page = await visitor.read(f"{keeping.url}/live/{slug}")
    loaded = await page.evaluate(LOADED)
    assert {"/static/livefeed.css", "/static/live-coverage.js", "/static/connection.js"} <= set(loaded)
    await has_kept(page, f"/live/{slug}", *loaded)
    saved = page.locator("#saved")
    await expect(saved).to_have_count(0)
    visitor.network_may_fail = True
    await visitor.context.set_offline(True)
    await page.reload()
    words = "لا اتصال. هذه الصفحة كما رأيتها آخر مرة", "No connection. This is the page as you last saw it"
    await expect(saved).to_contain_text(reader.says(*words))
    await expect(saved).to_contain_text("2")  # a time, in Western digits
    assert await headlines(page) == ["قبل"]
    sheet = "() => getComputedStyle(document.querySelector('.site')).borderTopStyle"
    assert await page.evaluate(sheet) == "solid"
    await keeping.publish(slug, "أثناء")
    await visitor.context.set_offline(False)
    await expect(page.locator(".updates > article:first-of-type h3")).to_have_text("أثناء")
    await expect(saved).to_have_count(0)
    await page.reload()
    assert await headlines(page) == ["أثناء", "قبل"]
    await expect(saved).to_have_count(0)


async def test_while_there_is_a_network_the_page_is_never_the_kept_one(
    keeping: Site, visitor: Visitor
) -> None:
    await keeping.cover("fresh")
    first = await keeping.publish("fresh", "الأول")
    page = await visitor.read(f"{keeping.url}/live/fresh")
    await has_kept(page, "/live/fresh")
    address = f"{keeping.url}/live/fresh/updates/{first}"
    await page.goto(address)
    await has_kept(page, f"/live/fresh/updates/{first}")
    await keeping.ask("PATCH", f"/fresh/updates/{first}", {"headline": "الأول معدلاً"})
    await page.goto(address)
    await expect(page.locator("article h3")).to_have_text("الأول معدلاً")
    await expect(page.locator("#saved")).to_have_count(0)


async def test_only_pages_for_readers_are_kept_and_few_of_them(keeping: Site, visitor: Visitor) -> None:
    await keeping.cover("few")
    ids = [await keeping.publish("few", f"خبر {number}") for number in range(12)]
    page = await visitor.read(f"{keeping.url}/live/few")
    await has_kept(page, "/live/few")
    for path in ("/desk/login", "/live/few/updates.rss", "/embed/few", "/live/few?lite=1", "/api/docs"):
        await page.context.request.get(f"{keeping.url}{path}")
        if not path.endswith("rss"):
            await page.goto(f"{keeping.url}{path}")
    for id in ids:
        await page.goto(f"{keeping.url}/live/few/updates/{id}")
    kept = await has_kept(page, f"/live/few/updates/{ids[-1]}")
    pages = [path for path in kept if not path.startswith("/static/")]
    assert len(pages) == 10
    assert all(path.startswith("/live/few/updates/") and not path.endswith("rss") for path in pages)
    assert not any(path.startswith(("/static/desk", "/static/trix", "/static/api")) for path in kept)


async def test_where_it_was_switched_off_browsers_forget_what_they_kept(
    tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    site = Site(tmp_path_factory.mktemp("forgetting"), LIVEFEED_OFFLINE="true")
    try:
        await site.open()
        await site.cover("gone")
        page = await visitor.read(f"{site.url}/live/gone")
        await has_kept(page, "/live/gone")
        visitor.network_may_fail = True
        await site.stop()
        site.settings["LIVEFEED_OFFLINE"] = "false"
        await site.start()
        await page.goto(f"{site.url}/live/gone")
        await page.wait_for_function(
            "async () => !(await navigator.serviceWorker.getRegistration()) && !(await caches.keys()).length"
        )
    finally:
        await site.close()
