"""The pages as readers have them: without scripts, with a larger text, in Arabic, behind a strict policy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from e2e_browser import Visit, Visitor, headlines
from e2e_readers import Reader
from e2e_site import PAGE_SIZE, Site
from e2e_story import tell
from playwright.async_api import Page, Request, Route, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

# The characters of an element from left to right, as they stand on the screen.
ON_SCREEN = """element => {
  const drawn = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let at = 0; at < node.length; at += 1) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const { left, width } = range.getBoundingClientRect();
      if (width) drawn.push([left, node.data[at]]);
    }
  }
  return drawn.sort((one, other) => one[0] - other[0]).map(([, sign]) => sign).join('');
}"""
# The page's block of linked data put in again, as a script that runs; the rule that this breaks.
VIOLATED = """() => new Promise(resolve => {
  addEventListener('securitypolicyviolation', event => resolve(event.violatedDirective));
  const block = document.querySelector('script[type="application/ld+json"]');
  document.head.append(Object.assign(document.createElement('script'), { text: block.text }));
})"""
# Seconds in which a status line says nothing more last until `silence` is called.
SILENT = """
const later = setTimeout;
window.setTimeout = (then, wait, ...others) => {
  if (wait !== 10000) return later(then, wait, ...others);
  window.silence = then;
  return 1;
};
"""
REFUSE = "name => { navigator.share = async () => { throw new DOMException('', name); }; }"
TWO_COLUMNS = {"width": 1280, "height": 900}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(site: Site) -> list[str]:
    """The ids of the updates of the coverage `told`."""
    return await tell(site, "told", "ar")


@pytest_asyncio.fixture(loop_scope="session")
async def page(visitor: Visitor) -> AsyncIterator[Page]:
    yield await visitor.context.new_page()


async def test_without_scripts_everything_is_there_and_links_lead_to_the_rest(
    site: Site, slug: str, reader: Reader, visit: Visit
) -> None:
    told = [await site.publish(slug, f"الخبر {n}", body="نص.", verification="unconfirmed") for n in range(11)]
    embeds = [{"url": "https://youtu.be/dQw4w9WgXcQ", "title": "التسجيل"}]
    told.append(await site.publish(slug, "قُتل 12", embeds=embeds))
    await site.ask(
        "POST", f"/{slug}/updates/{told[-1]}/corrections", {"note": "العدد 15", "headline": "قُتل 15"}
    )
    await site.ask("PATCH", f"/{slug}/updates/{told[-2]}", {"verification": "denied"})
    await site.ask("POST", f"/{slug}/updates/{told[0]}/pin")
    visitor = await visit(**reader.profile, java_script_enabled=False)
    page = await visitor.context.new_page()
    await page.goto(f"{site.url}/live/{slug}")
    articles = page.locator(".updates > article")
    shown = await articles.evaluate_all("all => all.map(one => one.dataset.id)")
    first_page = len(told) - PAGE_SIZE
    assert shown == told[::-1][:first_page]
    await expect(page.locator(".updates .body").first).to_be_visible()
    shared = page.locator(f"#u-{told[-1]} .share a")
    await expect(shared).to_have_attribute("href", f"{site.url}/live/{slug}/updates/{told[-1]}")
    for name in (
        "text-size",
        "color-scheme",
        "pause-updates",
        "new-updates button",
        ".last-visit a",
        ".lost",
        ".ago",
    ):
        await expect(page.locator(name).first).to_be_hidden()
    # A post of another site is a link; a claim says what became of it; what is pinned is from another page.
    await expect(page.locator(".embed").get_by_role("link", name="التسجيل")).to_be_visible()
    await expect(page.locator(".embed .stage")).to_be_hidden()
    await expect(page.get_by_role("button")).to_have_count(0)
    steps = page.locator(f"#u-{told[-2]} .verifications li")
    await expect(steps).to_contain_text(
        [reader.says("غير مؤكد", "Unconfirmed"), reader.says("منفي", "Denied")]
    )
    await expect(page.locator(f".pinned-block #p-{told[0]} h3")).to_be_visible()
    await page.locator(f"#u-{told[-1]} a.changes").click()
    await expect(page.locator(".difference ins bdi")).to_have_text("15")
    await page.goto(f"{site.url}/live/{slug}")
    reload = reader.says("تحديث الصفحة", "Reload the page")
    await page.locator(".stream-head").get_by_role("link", name=reload).click()
    await expect(articles).to_have_count(first_page)

    await page.get_by_role("link", name=reader.says("تحديثات أقدم", "Older updates")).click()
    await page.wait_for_url("**?page=*")
    older = await articles.evaluate_all("all => all.map(one => one.dataset.id)")
    assert older == told[::-1][first_page:]
    await articles.locator(".permalink").first.click()
    await expect(articles).to_have_count(1)
    whole = reader.says("كل تحديثات هذه التغطية", "All updates of this coverage")
    await page.get_by_role("link", name=whole).click()
    await expect(page.locator("h1")).to_have_text("التغطية الحية للعاصفة")


async def test_no_page_asks_anybody_but_the_site(site: Site, told: list[str], visitor: Visitor) -> None:
    page = await visitor.read(f"{site.url}/live/told")
    await expect(page.locator("#coverage-header img")).to_have_js_property("complete", True)
    assert await page.eval_on_selector("#coverage-header img", "image => image.naturalWidth") > 0
    for path in (
        "/",
        "/live/told?page=1",
        f"/live/told/updates/{told[0]}",
        "/desk/login?code=x",
        "/api/docs",
    ):
        await page.goto(site.url + path)
    assert visitor.origins == {site.url}


async def test_a_page_that_a_cache_kept_catches_up_from_the_position_inside_it(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("kept")
    first = await site.publish("kept", "قبل التخزين")
    second = await site.publish("kept", "اسم لا يُنشر")
    page = await visitor.context.new_page()
    released = asyncio.Event()

    async def hold(route: Route, _: Request) -> None:
        await released.wait()
        await route.continue_()

    # A copy is a page whose scripts begin long after it was made.
    await page.route("**/live-coverage.js*", hold)
    await page.goto(f"{site.url}/live/kept", wait_until="commit")
    titles = page.locator(".updates h3")
    await expect(titles).to_have_text(["اسم لا يُنشر", "قبل التخزين"])
    await site.publish("kept", "بعد التخزين")
    await site.ask("PATCH", f"/kept/updates/{first}", {"headline": "عُدّل بعده"})
    await site.ask("POST", f"/kept/updates/{second}/retraction", {"reason": "x"})
    released.set()
    await expect(titles).to_have_text(["بعد التخزين", "سُحب هذا التحديث", "عُدّل بعده"])


async def test_linked_data_is_read_and_not_run_and_breaks_no_policy(
    site: Site, told: list[str], visitor: Visitor
) -> None:
    page = await visitor.context.new_page()
    for path, type_ in (("/live/told", "LiveBlogPosting"), (f"/live/told/updates/{told[0]}", "BlogPosting")):
        answer = await page.goto(site.url + path)
        assert answer
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        block = await page.locator('script[type="application/ld+json"]').text_content()
        assert json.loads(block or "")["@type"] == type_
    # The visitor complains of a violated policy. The very same block as a script would have been one:
    browser = visitor.context.browser
    assert browser
    async with await browser.new_context() as other:
        page = await other.new_page()
        await page.goto(f"{site.url}/live/told")
        assert await page.evaluate(VIOLATED) == "script-src-elem"


async def test_times_numbers_and_signs_stand_in_their_order_on_an_arabic_line(
    site: Site, visit: Visit
) -> None:
    page = await (await visit(viewport=TWO_COLUMNS)).context.new_page()
    await site.cover(
        "order", timezone="Asia/Damascus", place="دمشق", starts_at="2020-11-22T15:15:00Z", dateline="إسطنبول"
    )
    await site.publish(
        "order", "الفنار يفوز 4-2", body="للاتصال +90 212 000، والحساب @marsa_news، والحرارة -3 اليوم."
    )
    await page.goto(f"{site.url}/live/order")
    time = await page.eval_on_selector("#coverage-header .times time", ON_SCREEN)
    assert time == "قشمد 17:15 | 2020.11.22"
    assert (await page.eval_on_selector(".updates h3", ON_SCREEN)).startswith("4-2 ")
    body = await page.eval_on_selector(".updates .body p", ON_SCREEN)
    for part in ("+90 212 000", "@marsa_news", " -3 "):
        assert part in body
    larger = page.locator("text-size button").first
    assert await larger.evaluate(ON_SCREEN) == "+A"
    # And on an English line that names an Arabic city, whose letters would take the minutes to their side.
    await site.ask("PATCH", "/order", {"language": "en"})
    await page.goto(f"{site.url}/live/order")
    await expect(page.locator(".updates .ago")).not_to_be_empty()
    await page.locator(".updates .ago").evaluate("ago => { ago.textContent = '2 minutes ago'; }")
    time = await page.eval_on_selector(".updates .permalink", ON_SCREEN)
    assert time.endswith("قشمد2 minutes ago")


@pytest.mark.one_reader
async def test_a_reader_chooses_the_size_of_the_text_and_keeps_it(
    site: Site, slug: str, visitor: Visitor
) -> None:
    page = await visitor.context.new_page()
    await page.goto(f"{site.url}/live/{slug}")
    size = "() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize)"
    usual = await page.evaluate(size)
    larger, smaller = await page.locator("text-size button").all()
    await larger.click()
    await larger.click()
    assert await page.evaluate(size) == usual * 1.25
    await page.reload()
    assert await page.evaluate(size) == usual * 1.25
    await smaller.click()
    await smaller.click()
    await smaller.click()
    assert await page.evaluate(size) == usual


@pytest.mark.one_reader
async def test_a_reader_who_paused_gets_new_updates_only_when_they_ask(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    await site.publish(slug, "قبل التوقف")
    page = await visitor.read(f"{site.url}/live/{slug}")
    words = reader.says("إيقاف التحديث المباشر", "Pause live updates")
    await page.get_by_role("button", name=words).click()
    await site.publish(slug, "بعد التوقف")
    button = page.locator("new-updates button")
    await expect(button).to_have_text(reader.says("تحديث واحد جديد", "1 new update"))
    assert await headlines(page) == ["قبل التوقف"]
    await button.click()
    assert await headlines(page) == ["بعد التوقف", "قبل التوقف"]
    await page.reload()
    words = reader.says("استئناف التحديث المباشر", "Resume live updates")
    await page.get_by_role("button", name=words).click()
    await site.publish(slug, "بعد الاستئناف")
    await expect(page.locator(".updates > article:first-child h3")).to_have_text("بعد الاستئناف")
    pause = page.locator("pause-updates")
    for method, offered in (("POST", False), ("DELETE", True)):
        await site.ask(method, f"/{slug}/closure")
        await expect(pause).to_be_visible(visible=offered)


@pytest.mark.one_reader
async def test_the_status_line_tells_counts_and_never_the_news(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(SILENT)
    page = await visitor.read(f"{site.url}/live/{slug}")
    status = page.locator('[role="status"]')
    await site.publish(slug, "خبر لا يُقرأ من تلقاء نفسه", breaking=True)
    await expect(status).to_have_text(reader.says("تحديث واحد جديد", "1 new update"))
    await expect(page.locator(".empty")).to_have_count(0)
    # And seldom: what comes in the next seconds is counted at their end.
    for number in range(2):
        await site.publish(slug, f"خبر {number}")
    await expect(page.locator(".updates > article")).to_have_count(3)
    await expect(status).to_have_text(reader.says("تحديث واحد جديد", "1 new update"))
    await page.evaluate("window.silence()")
    await expect(status).to_have_text(reader.says("تحديثان جديدان", "2 new updates"))


@pytest.mark.one_reader
async def test_an_updates_address_is_handed_on_by_the_device_or_copied(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    id = await site.publish(slug, "الخبر 11")
    share, copied = reader.says("شارك", "Share"), reader.says("نُسخ الرابط", "Link copied")
    await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await visitor.read(f"{site.url}/live/{slug}")
    permalink = f"{site.url}/live/{slug}/updates/{id}"
    link = page.locator(f"#u-{id}").get_by_role("link", name=share)
    await expect(link).to_have_accessible_description("الخبر 11")
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator('[role="status"]')).to_have_text(copied)
    await expect(page.locator(f"#u-{id} .share a")).to_have_text(copied)
    await expect(page.locator(f"#u-{id} .share a")).to_be_focused()
    assert await page.evaluate("navigator.clipboard.readText()") == permalink
    await expect(link).to_have_text(share)  # again, for the next time
    await page.evaluate("navigator.clipboard.writeText('')")

    await page.add_init_script("navigator.share = async shared => { window.shared = shared; };")
    await page.goto(permalink)
    await page.get_by_role("link", name=share).click()
    shared = await page.wait_for_function("() => window.shared")
    assert await shared.json_value() == {"title": "الخبر 11", "url": permalink}
    await page.evaluate(REFUSE, "AbortError")
    await page.get_by_role("link", name=share).click()
    assert await page.evaluate("navigator.clipboard.readText()") == ""
    await page.evaluate(REFUSE, "NotAllowedError")
    await page.get_by_role("link", name=share).click()
    await expect(page.locator('[role="status"]')).to_have_text(copied)


async def test_the_index_puts_the_coverage_that_was_active_last_first(site: Site, page: Page) -> None:
    await site.cover("active-one", headline="الأولى")
    await site.cover("active-two", headline="الثانية")
    await site.publish("active-two", "خبر الثانية")
    await site.publish("active-one", "خبر الأولى")
    await page.goto(site.url)
    first = page.locator(".coverages li").first
    await expect(first.locator("h3")).to_have_text("الأولى")
    await expect(first.locator(".newest")).to_contain_text("خبر الأولى")
