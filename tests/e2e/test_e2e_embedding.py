"""Widgets in the pages of another site, which is another origin: on another port, under another host name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from e2e_browser import Visit, Visitor
from e2e_site import Site
from playwright.async_api import FrameLocator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

DESKTOP = {"width": 1280, "height": 900}
HOST = """<!doctype html>
<html lang="{language}" dir="{direction}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>host</title>
<link rel="icon" href="data:,">
<style>
  * {{ border: 0 !important; }} article {{ display: none; }} h3 {{ font: 5px monospace; }}
  :root {{ {properties} }}
</style>
<script async src="{site}/embed.js"></script>
<h1 id="above">A paper of its own</h1>
<div style="display: grid; grid-template-columns: 1fr 100px; align-items: start">
{element}
<div id="beside">beside</div>
</div>
<p id="below">What the host writes below.</p>
</html>"""
# What the browser counts as layout shift, and which elements it blames for it.
WATCH_SHIFTS = """
window.shifted = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    for (const { node } of entry.sources) window.shifted.push(node?.id || node?.nodeName);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""

# A slot has no box, so by its looks it is hidden from the beginning.
TOLD_HEIGHT = "document.querySelector('livefeed-coverage').shadowRoot.querySelector('slot').hidden"


class Host:
    """Another newspaper's server, with one page."""

    def __init__(self, site: Site) -> None:
        self.url = ""
        self._site = site
        self._page = ""

    def show(self, element: str, *, language: str = "ar", properties: str = "") -> str:
        """Have the page show `element`; its address."""
        self._page = HOST.format(
            site=self._site.url,
            element=element,
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            properties=properties,
        )
        return self.url

    async def answer(self, _: web.Request) -> web.Response:
        # The host is as strict as a host may be that wants the widget to run.
        site = self._site.url
        policy = f"default-src 'none'; script-src {site}; frame-src {site}"
        headers = {"Content-Security-Policy": f"{policy}; style-src 'unsafe-inline'; img-src data:"}
        return web.Response(text=self._page, content_type="text/html", headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def host(site: Site) -> AsyncIterator[Host]:
    made = Host(site)
    app = web.Application()
    app.router.add_get("/", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield made
    await runner.cleanup()


def inside(page: Page) -> FrameLocator:
    """What is in the widget's frame."""
    return page.frame_locator("livefeed-coverage iframe")


async def place(page: Page, selector: str) -> dict[str, float]:
    box = await page.locator(selector).bounding_box()
    assert box
    return dict(box)


async def sized(page: Page) -> float:
    """The height of the widget, once it has told it."""
    await page.wait_for_function(TOLD_HEIGHT)
    return (await place(page, "livefeed-coverage"))["height"]


async def grown(page: Page, height: float) -> float:
    """The height of the widget, once it is over `height`."""
    await page.wait_for_function(
        "height => document.querySelector('livefeed-coverage').offsetHeight > height", arg=height
    )
    return (await place(page, "livefeed-coverage"))["height"]


async def test_an_update_arrives_in_the_page_of_another_site_and_the_frame_grows(
    site: Site, host: Host, visit: Visit
) -> None:
    await site.cover("framed", headline="العاصفة")
    await site.publish("framed", "الأول")
    visitor = await visit(viewport=DESKTOP)
    await visitor.context.add_init_script(WATCH_SHIFTS)
    address = host.show(
        f'<livefeed-coverage slug="framed"><a href="{site.url}/live/framed">العاصفة</a></livefeed-coverage>'
    )
    page = await visitor.read(address)
    height = await sized(page)
    frame = page.locator("livefeed-coverage iframe")
    await expect(frame).to_have_attribute("title", "العاصفة")
    above, beside = await place(page, "#above"), await place(page, "#beside")
    await page.evaluate("shifted.length = 0")

    await site.publish("framed", "الثاني", body="نص")
    await expect(inside(page).locator(".updates h3")).to_have_text(["الثاني", "الأول"])
    height = await grown(page, height)
    assert (await place(page, "#above"), await place(page, "#beside")) == (above, beside)
    assert set(await page.evaluate("shifted")) <= {"below"}
    # Nothing of it is cut off or empty: the frame is as high as what is in it, and its two lines of border.
    content = await inside(page).locator("html").evaluate("root => root.offsetHeight")
    assert height == content + 2
    # The host's own styles do not reach in, and its page was asked for nothing else.
    await expect(inside(page).locator(".updates article").first).to_be_visible()
    assert visitor.origins == {site.url, host.url.rstrip("/")}
    assert await visitor.context.cookies() == []


async def test_a_retraction_and_the_end_of_a_coverage_reach_a_widget(
    site: Site, host: Host, visitor: Visitor
) -> None:
    await site.cover("ending", headline="العاصفة")
    id = await site.publish("ending", "اسم المصدر")
    page = await visitor.read(host.show('<livefeed-coverage slug="ending"></livefeed-coverage>'))
    await expect(inside(page).locator(".badge")).to_have_text("مباشر")
    await site.ask("POST", f"/ending/updates/{id}/retraction", {"reason": "خطأ"})
    await expect(inside(page).locator(".updates h3")).to_have_text("سُحب هذا التحديث")
    await site.ask("POST", "/ending/closure")
    await expect(inside(page).locator(".badge")).to_have_text("انتهت التغطية")
    await expect(inside(page).locator("article")).to_have_count(1)


async def test_a_widget_keeps_to_its_number_of_updates(site: Site, host: Host, visitor: Visitor) -> None:
    await site.cover("few")
    for number in range(3):
        await site.publish("few", f"{number}")
    page = await visitor.read(host.show('<livefeed-coverage slug="few" limit="2"></livefeed-coverage>'))
    headlines = inside(page).locator(".updates h3")
    await expect(headlines).to_have_text(["2", "1"])
    await site.publish("few", "3")
    await expect(headlines).to_have_text(["3", "2"])


async def test_the_widget_of_breaking_news_follows_the_whole_site(own_site: Site, visitor: Visitor) -> None:
    for slug in ("storm", "tram", "calm"):
        await own_site.cover(slug)
    old = await own_site.publish("storm", "صار عاجلاً لاحقاً")
    for number in range(4):  # so that its coverage's own offsets are ahead of the others'
        await own_site.publish("storm", f"{number}", breaking=number == 3)
    page = await visitor.read(f"{own_site.url}/embed/breaking?limit=3")
    headlines = page.locator(".updates h3")
    await expect(headlines).to_have_text(["3"])
    await own_site.publish("calm", "ليس عاجلاً")
    first = await own_site.publish("tram", "عاجل من الترام", breaking=True)
    await expect(headlines).to_have_text(["عاجل من الترام", "3"])
    # What becomes breaking later comes to the top too; what no longer is goes, and the order stays.
    await own_site.ask("PATCH", f"/storm/updates/{old}", {"breaking": True})
    await expect(headlines).to_have_text(["صار عاجلاً لاحقاً", "عاجل من الترام", "3"])
    await own_site.ask("PATCH", f"/tram/updates/{first}", {"breaking": False})
    await expect(headlines).to_have_text(["صار عاجلاً لاحقاً", "3"])
    await own_site.cover("opened-meanwhile", headline="أخرى")
    await own_site.publish("opened-meanwhile", "عاجل من الجديدة", breaking=True)
    await expect(headlines).to_have_text(["عاجل من الجديدة", "صار عاجلاً لاحقاً", "3"])
    await expect(page.locator("h1")).to_have_text("livefeed")


async def test_a_host_chooses_height_and_colours_by_attribute_or_property(
    site: Site, host: Host, visitor: Visitor
) -> None:
    await site.cover("styled")
    for number in range(6):
        await site.publish("styled", f"{number}", body="نص طويل")
    element = (
        '<livefeed-coverage slug="styled" height="300" theme="dark" accent="#ffcc00"></livefeed-coverage>'
    )
    page = await visitor.read(host.show(element, properties="--livefeed-theme: light;"))
    assert await sized(page) == 300
    root = inside(page).locator("html")
    colour = "root => getComputedStyle(root).getPropertyValue('--brand')"
    assert await root.evaluate(colour) == "#ffcc00"
    assert await root.evaluate("root => root.dataset.scheme") == "dark"
    # Below the top of a frame that scrolls, news waits as on the live page.
    await root.evaluate("root => root.scrollTo(0, root.scrollHeight)")
    await site.publish("styled", "جديد")
    await expect(inside(page).locator("new-updates button")).to_have_text("تحديث واحد جديد")

    element = '<livefeed-coverage slug="styled"></livefeed-coverage>'
    properties = "--livefeed-accent: #123456; --livefeed-max-height: 250px;"
    page = await visitor.read(host.show(element, properties=properties))
    assert await root.evaluate("root => root.scrollHeight") > 250
    assert await sized(page) == 250


async def test_without_scripts_the_link_inside_the_element_stands_there(
    site: Site, host: Host, visit: Visit
) -> None:
    await site.cover("plain")
    await site.publish("plain", "خبر")
    visitor = await visit(java_script_enabled=False)
    page = await visitor.context.new_page()
    link = f'<a href="{site.url}/live/plain">التغطية</a>'
    await page.goto(host.show(f'<livefeed-coverage slug="plain">{link}</livefeed-coverage>'))
    await page.get_by_role("link", name="التغطية").click()
    await expect(page.locator(".updates h3")).to_have_text("خبر")
    # The bare frame needs none of our scripts either.
    frame = f'<iframe src="{site.url}/embed/plain" title="التغطية" height="600"></iframe>'
    await page.goto(host.show(frame))
    await expect(page.frame_locator("iframe").locator(".updates h3")).to_have_text("خبر")


async def test_the_code_that_a_live_page_offers_is_copied_and_runs_elsewhere(
    site: Site, host: Host, visitor: Visitor
) -> None:
    await site.cover("offered", headline='"العاصفة" & البحر')
    await site.publish("offered", "خبر")
    page = await visitor.read(f"{site.url}/live/offered")
    await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_text("أدرج هذه التغطية في موقعك").click()
    await page.locator("copy-text button").click()
    await expect(page.locator("copy-text button")).to_have_text("نُسخ")
    copied = await page.evaluate("navigator.clipboard.readText()")
    page = await visitor.read(host.show(copied))
    await expect(inside(page).locator(".updates h3")).to_have_text("خبر")
    await expect(page.locator("livefeed-coverage iframe")).to_have_attribute("title", '"العاصفة" & البحر')


async def test_the_widget_of_one_update_follows_it_alone(site: Site, visitor: Visitor) -> None:
    await site.cover("alone")
    id = await site.publish("alone", "قبل")
    page = await visitor.read(f"{site.url}/embed/alone/updates/{id}")
    await site.publish("alone", "غيره")
    await site.ask("PATCH", f"/alone/updates/{id}", {"headline": "بعد"})
    await expect(page.locator("article h3")).to_have_text(["بعد"])


async def test_only_the_frame_itself_can_change_its_height(site: Site, host: Host, visitor: Visitor) -> None:
    await site.cover("trusted")
    page = await visitor.read(host.show('<livefeed-coverage slug="trusted"></livefeed-coverage>'))
    height = await sized(page)
    answered = await page.evaluate(
        """() => new Promise(resolve => {
          addEventListener('message', () => setTimeout(
            () => resolve(document.querySelector('livefeed-coverage').offsetHeight)), { once: true });
          postMessage({ type: 'livefeed:height', height: 9000 }, '*');
        })"""
    )
    assert answered == height


async def test_links_in_a_widget_open_beside_the_hosts_page(site: Site, host: Host, visitor: Visitor) -> None:
    await site.cover("linked")
    page = await visitor.read(host.show('<livefeed-coverage slug="linked"></livefeed-coverage>'))
    id = await site.publish("linked", "وصل بعد التحميل")
    async with visitor.context.expect_page() as opening:
        await inside(page).locator(".updates .permalink").click()
    opened = await opening.value
    await opened.wait_for_url(f"**/updates/{id}")
    assert page.url == host.url


async def test_nobody_else_is_asked_before_a_reader_clicks_and_nothing_moves_when_they_do(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("posts")
    video, post = "https://youtu.be/dQw4w9WgXcQ", "https://t.me/marsa_news/7"
    await site.publish("posts", "تحت", body="نص")
    await site.publish("posts", "تسجيل", embeds=[{"url": video, "title": "التسجيل"}, {"url": post}])
    for origin in ("https://www.youtube-nocookie.com", "https://t.me"):
        await visitor.context.route(f"{origin}/**", lambda route: route.fulfill(body="<p>post</p>"))
    page = await visitor.read(f"{site.url}/live/posts")
    buttons = page.get_by_role("button", name="عرض المنشور من")
    await expect(buttons).to_have_count(2)
    assert visitor.origins == {site.url}
    below = await place(page, ".updates > article:last-child")
    await page.get_by_role("button", name="عرض المنشور من YouTube").click()
    frame = page.locator("click-to-load iframe")
    await expect(frame).to_have_attribute("title", "التسجيل")
    allowed = (await frame.get_attribute("sandbox") or "top-navigation").split()
    assert not any("top-navigation" in one for one in allowed)  # it cannot lead this page away
    await expect(frame).to_be_focused()
    await expect(frame.content_frame.locator("p")).to_have_text("post")
    assert visitor.origins == {site.url, "https://www.youtube-nocookie.com"}
    assert await place(page, ".updates > article:last-child") == below
    # A pushed update has its button too.
    await site.publish("posts", "جديد", embeds=[{"url": post}])
    await expect(buttons).to_have_count(2)
    await buttons.first.click()
    await expect(frame.first.content_frame.locator("p")).to_have_text("post")
    assert visitor.origins == {site.url, "https://www.youtube-nocookie.com", "https://t.me"}


async def test_a_widget_breaks_no_rule_of_accessibility_in_the_page_around_it(
    site: Site, host: Host, visitor: Visitor
) -> None:
    await site.cover("axe", headline="العاصفة")
    page = await visitor.context.new_page()
    await page.goto(host.show('<livefeed-coverage slug="axe">العاصفة</livefeed-coverage>', language="en"))
    await sized(page)
    # Its frame is one of the pages whose rules are asked elsewhere; across origins they cannot be asked.
    result = await Axe().run(page, context="livefeed-coverage", options={"iframes": False})
    assert result.violations_count == 0, result.generate_report()
