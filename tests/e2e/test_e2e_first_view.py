"""What a first view takes from a slow line: everything but the pictures, as it comes over the network."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from e2e_browser import Visit
from e2e_site import Site
from playwright.async_api import Route

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

MOST = 120 * 1024  # bytes
UPDATES = 39  # as many as a first page ever has
WORDS = {
    "ar": "أعلنت الإدارة المحلية في المدينة عن إغلاق الطرق المؤدية إلى الميناء بعد ارتفاع الأمواج وقال "
    "مراسلنا إن فرق الدفاع المدني تواصل البحث عن المفقودين وسط ظروف صعبة «جداً» منذ 17:15 مساء 2020",
    "en": "The council said that every road to the harbour was closed after waves rose above the wall, while "
    "crews went on looking for two missing sailors in “very hard” weather since 17:15 on 22 November",
}


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(entry => entry.value)))
    .observe({ type: "layout-shift", buffered: true });
"""
PAINTED = "new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A site with pages of the size that newsrooms have."""
    started = Site(tmp_path_factory.mktemp("whole"), LIVEFEED_PAGE_SIZE="20", LIVEFEED_OFFLINE="true")
    try:
        await started.open()
        yield started
    finally:
        await started.close()


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_first_view_takes_at_most_120_kilobytes_without_pictures(
    language: str, whole: Site, visit: Visit
) -> None:
    draw = random.Random(7)  # not one text many times, which compresses to nothing
    words = WORDS[language].split()
    await whole.cover(language, language=language, headline=" ".join(words[:7]))
    for start in range(0, UPDATES, 13):
        await asyncio.gather(
            *(
                whole.publish(
                    language,
                    " ".join(draw.choices(words, k=8)),
                    body=f"{' '.join(draw.choices(words, k=60))} **{draw.choice(words)}**",
                    key_event=number % 8 == 0,
                )
                for number in range(start, start + 13)
            )
        )
    visitor = await visit()
    page = await visitor.context.new_page()
    line = await visitor.context.new_cdp_session(page)
    names: dict[str, str] = {}
    taken: dict[str, int] = {}
    line.on("Network.responseReceived", lambda event: names.update({event["requestId"]: _name(event)}))
    line.on(
        "Network.loadingFinished",
        lambda event: taken.update({names[event["requestId"]]: event["encodedDataLength"]}),
    )
    await line.send("Network.enable")
    await page.goto(f"{whole.url}/live/{language}", wait_until="networkidle")
    await page.evaluate("document.fonts.ready")
    assert await page.locator(".updates > article").count() == UPDATES
    pictures = [name for name in taken if name.endswith((".svg", ".jpg", ".png", ".webp"))]
    weight = {name: size for name, size in taken.items() if name not in pictures}
    fonts = {name for name in weight if name.endswith(".woff2")}
    scripts = ("arabic", "latin") if language == "ar" else ("latin",)
    assert fonts == {f"livefeed-sans-{script}-{heavy}.woff2" for script in scripts for heavy in (400, 700)}
    assert {language, "livefeed.css", "live-coverage.js", "connection.js"} <= weight.keys()
    assert sum(weight.values()) <= MOST, weight


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_face_that_comes_late_moves_nothing(language: str, whole: Site, visit: Visit) -> None:
    """The text stands in one of the reader's own by then; ours would change the height of its lines."""
    await whole.cover(f"late-{language}", language=language, headline=WORDS[language][:60])
    for number in range(5):
        await whole.publish(f"late-{language}", WORDS[language][:70], body=f"{WORDS[language]} {number}")
    visitor = await visit()
    page = await visitor.context.new_page()
    asked, answered = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await answered.wait()
        await route.continue_()

    await page.route("**/*.woff2", late)
    await page.add_init_script(SHIFTS)
    await page.goto(f"{whole.url}/live/late-{language}", wait_until="domcontentloaded")
    await asked.wait()
    await page.evaluate(PAINTED)
    answered.set()
    await page.evaluate("document.fonts.ready")
    await page.evaluate(PAINTED)
    assert await page.evaluate("window.shifts") == []


def _name(event: dict[str, dict[str, str]]) -> str:
    return event["response"]["url"].rpartition("/")[2].partition("?")[0]
