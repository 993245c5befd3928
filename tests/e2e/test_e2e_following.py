"""Following a coverage: what a reader reads stays where it is, and everything else finds its place."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from e2e_browser import Visit, Visitor, headlines
from e2e_readers import Reader
from e2e_site import PAGE_SIZE, Site
from playwright.async_api import Route, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

TEXT = "نقلت الإذاعة عن مسؤول في الميناء أن الحركة ستعود صباح غد. " * 12
ARTICLES = ".updates > article"
NEWEST = f"{ARTICLES}:first-of-type h3"
WITHOUT_ANCHORING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { overflow-anchor: none !important }');
  document.adoptedStyleSheets.push(sheet);
}"""
TURNED_AWAY = """Object.defineProperty(Document.prototype, 'hidden', { get: () => Boolean(window.away) });"""
TOP = "element => element.getBoundingClientRect().top"
# All that moved without the reader's doing since the page began to load.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = ({ node, previousRect, currentRect }) => [node?.id, previousRect.y, currentRect.y];
    window.shifts.push([entry.value, ...entry.sources.map(moved)]);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""
# How many elements are on their way to their place.
GLIDING = """[...document.querySelectorAll('live-coverage *')]
  .filter(one => new DOMMatrix(getComputedStyle(one).transform).f).length"""
TWO_PICTURES = "() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(visitor: Visitor) -> Visitor:
    await visitor.context.add_init_script(WATCH_SHIFTS)
    return visitor


async def publish(site: Site, slug: str, count: int, **fields: object) -> list[str]:
    """Updates with something to read; their ids, oldest first."""
    return [await site.publish(slug, f"الخبر {n}", body=TEXT, **fields) for n in range(1, count + 1)]


async def test_the_line_being_read_stays_while_anything_changes_above_it(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    ids = await publish(site, slug, 8)
    body = f"{TEXT}\n\nالسطر الذي يُقرأ الآن.\n\n{TEXT}\n\n{TEXT}"
    read = await site.publish(slug, "ما يُقرأ", body=body)
    above = await site.publish(slug, "ما فوقه", body=TEXT)
    higher = await site.publish(slug, "الأعلى", body=TEXT)
    page = await visitor.read(f"{site.url}/live/{slug}")
    if reader.screen == "phone":
        await page.evaluate(WITHOUT_ANCHORING)  # as on those of Apple
    line = page.locator(f"#u-{read} .body p").nth(1)
    await line.evaluate(
        "line => scrollBy({ top: line.getBoundingClientRect().top - 8, behavior: 'instant' })"
    )

    stands = 8.0

    async def stays() -> None:
        nonlocal stands
        await page.evaluate(TWO_PICTURES)
        former, stands = stands, float(await line.evaluate(TOP))
        assert abs(stands - former) <= 1  # windows scroll by whole pixels

    path = f"/{slug}/updates"
    await site.ask("PATCH", f"{path}/{above}", {"body": TEXT * 3})
    await expect(page.locator(f"#u-{above} .revised")).to_be_attached()
    await stays()
    await site.ask("POST", f"{path}/{higher}/retraction", {"reason": "خطأ", "note": "سُحب."})
    await expect(page.locator(f"#u-{higher} .note")).to_be_attached()
    await stays()
    await site.ask("POST", f"{path}/{ids[0]}/pin")
    await expect(page.locator(f".pinned-block #p-{ids[0]}")).to_be_attached()
    await stays()
    await site.ask("PATCH", f"/{slug}", {"standfirst": TEXT})
    await expect(page.locator(".standfirst")).to_be_attached()
    await stays()
    # Above the line in the very update that is read:
    await site.ask("PATCH", f"{path}/{read}", {"body": f"{TEXT}{body}", "headline": "ما يُقرأ، معدلاً"})
    await expect(page.locator(f"#u-{read} h3")).to_have_text("ما يُقرأ، معدلاً")
    await stays()
    await site.publish(slug, "جديد", body=TEXT)
    await expect(page.locator("new-updates button")).to_be_visible()
    await stays()
    await site.ask("DELETE", f"{path}/{ids[0]}/pin")
    await expect(page.locator(".pinned-block")).to_be_hidden()
    await stays()


async def test_an_update_that_was_jumped_to_stays_while_those_above_it_change(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    ids = await publish(site, slug, 4)
    page = await visitor.read(f"{site.url}/live/{slug}")
    if reader.screen == "phone":
        await page.evaluate(WITHOUT_ANCHORING)  # as on those of Apple
    # Only the lower edge of the one before it is in view.
    read = page.locator(f"#u-{ids[1]}")
    await read.evaluate("article => article.scrollIntoView({ behavior: 'instant' })")
    stood = await read.evaluate(TOP)
    for above in (ids[3], ids[2]):
        await site.ask("PATCH", f"/{slug}/updates/{above}", {"body": TEXT * 3})
        await expect(page.locator(f"#u-{above} .revised")).to_be_attached()
        await page.evaluate(TWO_PICTURES)
        assert abs(await read.evaluate(TOP) - stood) <= 1


async def test_nothing_shifts_when_updates_arrive_or_change(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    ids = await publish(site, slug, 3)
    page = await visitor.read(f"{site.url}/live/{slug}")
    await page.evaluate("document.fonts.ready")
    await page.evaluate("window.shifts.length = 0")
    for number in range(3):  # beside the stream, too
        await site.publish(slug, f"وصل {number}", body=TEXT, key_event=True)
        await expect(page.locator(NEWEST)).to_have_text(f"وصل {number}")
        await page.evaluate(TWO_PICTURES)
        if reader.motion == "reduce":
            assert await page.evaluate(GLIDING) == 0
    await site.ask("PATCH", f"/{slug}/updates/{ids[2]}", {"body": TEXT * 2})
    await expect(page.locator(f"#u-{ids[2]} .revised")).to_be_attached()
    await page.evaluate(TWO_PICTURES)
    await page.evaluate("() => scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    await site.publish(slug, "خلف الزر")
    await expect(page.locator("new-updates button")).to_be_visible()
    await page.evaluate(TWO_PICTURES)
    assert await page.evaluate("window.shifts") == []


async def test_what_changed_is_marked_for_a_moment_and_a_pin_is_no_change(
    site: Site, slug: str, visitor: Visitor
) -> None:
    ids = await publish(site, slug, 2)
    page = await visitor.read(f"{site.url}/live/{slug}")
    glowing = "article => article.getAnimations().map(one => one.animationName)"
    await site.ask("PATCH", f"/{slug}/updates/{ids[0]}", {"headline": "معدل"})
    await expect(page.locator(f"#u-{ids[0]} h3")).to_have_text("معدل")
    assert await page.eval_on_selector(f"#u-{ids[0]}", glowing) == ["fresh"]
    await site.ask("POST", f"/{slug}/updates/{ids[1]}/pin")
    await expect(page.locator(f"#u-{ids[1]} .mark.pinned")).to_be_visible()
    assert await page.eval_on_selector(f"#u-{ids[1]}", "article => article.className") == "update"


async def test_the_focus_stays_on_the_same_link_of_an_update_that_changes(
    site: Site, slug: str, visitor: Visitor
) -> None:
    related = [{"title": title, "url": f"https://example.org/{title}"} for title in ("one", "two")]
    id = await site.publish(slug, "قبل", body=TEXT, related=related)
    page = await visitor.read(f"{site.url}/live/{slug}")
    await page.locator(f"#u-{id} .related a").nth(1).focus()
    await site.ask("PATCH", f"/{slug}/updates/{id}", {"headline": "بعد"})
    await expect(page.locator(f"#u-{id} h3")).to_have_text("بعد")
    await expect(page.locator(f"#u-{id} .related a").nth(1)).to_be_focused()
    await site.ask("PATCH", f"/{slug}/updates/{id}", {"headline": "بلا روابط", "related": []})
    await expect(page.locator(f"#u-{id} h3")).to_have_text("بلا روابط")
    await expect(page.locator(f"#u-{id}")).to_be_focused()


async def test_the_focus_goes_to_what_is_left_when_what_had_it_is_gone(
    site: Site, slug: str, visitor: Visitor
) -> None:
    ids = await publish(site, slug, 3, key_event=True)
    path = f"/{slug}/updates"
    await site.ask("POST", f"{path}/{ids[0]}/pin")
    page = await visitor.read(f"{site.url}/live/{slug}")
    focused = page.locator("*:focus")

    # The same entry of the list, with other words; the list, when the entry is gone; then what is around it.
    await page.locator(f"#k-{ids[1]} a").focus()
    await site.ask("PATCH", f"{path}/{ids[1]}", {"headline": "حدث معدل"})
    await expect(page.locator(f"#k-{ids[1]} a", has_text="حدث معدل")).to_be_focused()
    await site.ask("PATCH", f"{path}/{ids[1]}", {"key_event": False})
    await expect(page.locator(f"#k-{ids[1]}")).to_have_count(0)
    await expect(focused).to_have_id("key-events")
    for id in (ids[0], ids[2]):
        await site.ask("PATCH", f"{path}/{id}", {"key_event": False})
    await expect(page.locator("#key-events")).to_be_hidden()
    await expect(focused).to_have_id("main")

    await page.locator(f"#p-{ids[0]} .permalink").focus()
    await site.ask("PATCH", f"{path}/{ids[0]}", {"headline": "المثبت معدلاً"})
    await expect(page.locator(f"#p-{ids[0]} h3")).to_have_text("المثبت معدلاً")
    await expect(page.locator(f"#p-{ids[0]} .permalink")).to_be_focused()
    await site.ask("DELETE", f"{path}/{ids[0]}/pin")
    await expect(page.locator(".pinned-block")).to_be_hidden()
    await expect(focused).to_have_id("updates")

    await page.locator("#coverage-header .share a").focus()
    await site.ask("PATCH", f"/{slug}", {"headline": "عنوان آخر"})
    await expect(page.locator("h1")).to_have_text("عنوان آخر")
    await expect(page.locator("#coverage-header .share a")).to_be_focused()

    await page.locator(f"#u-{ids[2]} .share a").focus()
    await site.ask("POST", f"{path}/{ids[2]}/retraction", {"reason": "خطأ", "note": "سُحب."})
    await expect(page.locator(f"#u-{ids[2]} .note")).to_be_attached()
    await expect(page.locator(f"#u-{ids[2]}")).to_be_focused()


async def test_updates_wait_at_the_top_too_while_nobody_looks_at_the_tab(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(TURNED_AWAY)
    await site.publish(slug, "قبل")
    page = await visitor.read(f"{site.url}/live/{slug}")
    await page.evaluate("window.away = true")
    during = await site.publish(slug, "أثناء")
    button = page.locator("new-updates button")
    await expect(button).to_have_text(reader.says("تحديث واحد جديد", "1 new update"))
    await expect(page).to_have_title("(1) التغطية الحية للعاصفة — livefeed")
    assert await headlines(page) == ["قبل"]
    await page.evaluate("window.away = false")
    await site.ask("PATCH", f"/{slug}/updates/{during}", {"headline": "أثناء، معدلاً"})
    await site.publish(slug, "بعد")  # not before what waits
    await expect(button).to_have_text(reader.says("تحديثان جديدان", "2 new updates"))
    await button.click()
    assert await headlines(page) == ["بعد", "أثناء، معدلاً", "قبل"]
    await expect(page).to_have_title("التغطية الحية للعاصفة — livefeed")
    await site.publish(slug, "في الحال")
    await expect(page.locator(NEWEST)).to_have_text("في الحال")


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.one_reader
async def test_a_line_says_what_came_since_the_last_visit(
    order: str, site: Site, slug: str, visitor: Visitor
) -> None:
    seen = (await publish(site, slug, 2))[-1]
    address = f"{site.url}/live/{slug}?order={order}"
    page = await visitor.read(address)
    await expect(page.locator(".last-visit a")).to_be_hidden()
    await page.goto(site.url)
    await site.publish(slug, "جديد")
    page = await visitor.read(address)
    stand = await page.locator(".updates > *").evaluate_all("all => all.map(one => one.className)")
    told = ["update", "last-visit", "update", "update"]
    assert stand == (told if order == "newest" else told[::-1])
    await page.locator(".last-visit a").click()
    await page.wait_for_url(f"**/live/{slug}#u-{seen}")


async def test_older_pages_come_into_the_stream_on_demand_and_leave_it_again(
    site: Site, slug: str, visitor: Visitor
) -> None:
    ids = await publish(site, slug, 3 * PAGE_SIZE + 2)
    page = await visitor.read(f"{site.url}/live/{slug}")
    older = page.locator("nav.pages a[rel=prev]")
    asked, changed = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await changed.wait()
        await route.fulfill(response=answer)

    await page.route("**?page=*", slowly, times=1)
    await older.click()
    await asked.wait()
    retracted = page.locator(f"#u-{ids[PAGE_SIZE + 2]}")
    await site.ask("POST", f"/{slug}/updates/{ids[PAGE_SIZE + 2]}/retraction", {"reason": "خطأ"})
    await site.ask("PATCH", f"/{slug}/updates/{ids[-1]}", {"headline": "وصل بعد السحب"})
    await expect(page.locator(NEWEST)).to_have_text("وصل بعد السحب")
    changed.set()
    await expect(retracted).to_have_attribute("data-status", "retracted")
    # Where that fails the link is a link.
    visitor.network_may_fail = True
    await page.route("**/live/*?page=*", lambda route: route.abort(), times=1)
    await older.click()
    await page.wait_for_url(f"**/live/{slug}?page=1")
    await page.goto(f"{site.url}/live/{slug}")
    for expected in (2 * PAGE_SIZE + 2, 3 * PAGE_SIZE + 2):
        await older.click()
        await expect(page.locator(ARTICLES)).to_have_count(expected)
        await expect(page.locator(ARTICLES).nth(expected - PAGE_SIZE)).to_be_focused()
    await expect(page.locator("nav.pages")).to_be_hidden()
    shown = await page.locator(ARTICLES).evaluate_all("all => all.map(one => one.dataset.id)")
    assert shown == ids[::-1]


async def test_a_key_event_of_any_page_is_one_press_away(site: Site, slug: str, visitor: Visitor) -> None:
    ids = await publish(site, slug, 1, key_event=True)
    await publish(site, slug, 3 * PAGE_SIZE)
    await site.ask("POST", f"/{slug}/updates/{ids[0]}/pin")
    page = await visitor.read(f"{site.url}/live/{slug}")
    await page.locator(".key-events a").click()
    await page.wait_for_url(f"**/live/{slug}?page=1#u-{ids[0]}")
    await expect(page.locator(f"#u-{ids[0]}")).to_be_in_viewport()
    await page.go_back()
    await page.locator(".pinned-block .permalink").click()
    await page.wait_for_url(f"**/live/{slug}?page=1#u-{ids[0]}")
    await page.go_back()
    new = await site.publish(slug, "حدث جديد", key_event=True)
    await page.locator(".key-events li", has_text="حدث جديد").locator("a").click()
    await expect(page.locator(f"#u-{new}")).to_be_focused()
    await expect(page.locator(f"#u-{new}")).to_be_in_viewport()


async def test_oldest_first_is_chosen_once_and_new_updates_come_in_at_the_end(
    site: Site, slug: str, visitor: Visitor
) -> None:
    await publish(site, slug, PAGE_SIZE + 2)
    page = await visitor.read(f"{site.url}/live/{slug}")
    await page.locator("a.order").click()
    await page.wait_for_url("**?order=oldest")
    await page.goto(f"{site.url}/live/{slug}")
    await page.wait_for_url("**?order=oldest")
    assert (await headlines(page))[:2] == ["الخبر 1", "الخبر 2"]

    await site.publish(slug, "الأول الجديد", body=TEXT)
    await site.publish(slug, "الثاني الجديد", body=TEXT)
    await expect(page.locator("new-updates button")).to_be_visible()
    await expect(page).to_have_title("(2) التغطية الحية للعاصفة — livefeed")
    await page.locator("new-updates button").click()
    assert (await headlines(page))[-2:] == ["الأول الجديد", "الثاني الجديد"]
    await expect(page.locator(f"{ARTICLES} h3", has_text="الأول الجديد")).to_be_in_viewport()
    await expect(page.locator(ARTICLES).nth(-2)).to_be_focused()

    await page.evaluate("() => scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    await site.publish(slug, "في الحال")
    await expect(page.locator(f"{ARTICLES}:last-of-type h3")).to_have_text("في الحال")
    await page.locator("a.order").click()
    await page.wait_for_url("**?order=newest")
    await page.goto(f"{site.url}/live/{slug}")
    await expect(page.locator(NEWEST)).to_have_text("في الحال")
    assert "order" not in page.url


async def test_without_scripts_the_order_and_the_way_to_an_update_are_links(
    site: Site, slug: str, visit: Visit, reader: Reader
) -> None:
    ids = await publish(site, slug, 1, key_event=True) + await publish(site, slug, 3 * PAGE_SIZE)
    visitor = await visit(**reader.profile, java_script_enabled=False)
    page = await visitor.context.new_page()
    await page.goto(f"{site.url}/live/{slug}")
    await page.locator(".key-events a").click()
    assert page.url == f"{site.url}/live/{slug}?page=1#u-{ids[0]}"
    await page.goto(f"{site.url}/live/{slug}")
    await page.locator("a.order").click()
    await page.locator("nav.pages a").nth(1).click()
    seen = []
    while True:
        seen += await page.locator(ARTICLES).evaluate_all("all => all.map(one => one.dataset.id)")
        if not await page.locator("a[rel=next]").count():
            break
        await page.locator("a[rel=next]").click()
        await page.wait_for_load_state()
    assert seen == ids
