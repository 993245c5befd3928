"""How pages look and are handled: colours, print, phone and wide screen, keyboard."""

from __future__ import annotations

import pytest
from e2e_browser import Visit, Visitor
from e2e_readers import DESKTOP, PHONE
from e2e_story import Told
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

NARROW = {"width": 280, "height": 700}  # a widget beside another page's text; phones have 320 and more
FINGER = 44  # CSS pixels (WCAG 2.5.5)
PAPER = "() => getComputedStyle(document.body).backgroundColor"
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WHITE, BLACK = "rgb(255, 255, 255)", "rgb(0, 0, 0)"
# Whatever can be pressed and is smaller than a finger, except links within a text (WCAG 2.5.8).
TOO_SMALL = """least => [...document.querySelectorAll('a, button, summary, select, input')]
  .filter(one => one.checkVisibility() && !one.matches('.skip') && !one.closest('.body'))
  .filter(one => one.getBoundingClientRect().height < least)
  .map(one => one.outerHTML)"""
# What stood when the body began, before any module ran.
FIRST_PAINT = """document.addEventListener('readystatechange', () => {
  if (document.readyState !== 'interactive') return;
  const paper = getComputedStyle(document.body).backgroundColor;
  window.first = { scheme: document.documentElement.dataset.scheme, paper };
});"""
FOCUSED = """() => {
  const at = document.activeElement;
  const around = '.skip, nav, aside, header, footer, section';
  const part = at.closest('.update') ?? at.closest(around) ?? document.body;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  return {
    where: part.id || part.className,
    ring: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
  };
}"""

# The link in the content that has the focus, if any, and whether it shows that.
STOP = """() => {
  const at = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  return {
    link: at.closest('main') && at.href ? [at.href] : [],
    ring: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
  };
}"""


async def test_a_reader_chooses_the_colours_and_keeps_them_without_a_flash(
    told: Told, visitor: Visitor
) -> None:
    page = await visitor.context.new_page()
    await page.add_init_script(FIRST_PAINT)
    await page.goto(f"{told.site.url}/live/look")
    assert await page.evaluate(PAPER) == WHITE
    await page.get_by_role("button", name="المظهر: تلقائي").click()
    await page.get_by_role("button", name="المظهر: فاتح").click()
    await expect(page.get_by_role("button", name="المظهر: داكن")).to_be_visible()
    dark = await page.evaluate(PAPER)
    assert dark != WHITE
    await page.goto(told.site.url)
    first = await page.evaluate("window.first")
    assert (first["scheme"], first["paper"]) == ("dark", dark)
    await page.get_by_role("button", name="المظهر: داكن").click()
    assert await page.evaluate(PAPER) == WHITE
    await page.emulate_media(color_scheme="dark")
    assert await page.evaluate(PAPER) == dark
    await page.get_by_role("button", name="المظهر: تلقائي").click()
    assert await page.evaluate(PAPER) == WHITE


async def test_a_print_is_black_on_white_without_controls_and_with_addresses(
    told: Told, visitor: Visitor
) -> None:
    page = await visitor.context.new_page()
    await page.goto(f"{told.site.url}/live/look")
    await page.evaluate("document.documentElement.dataset.scheme = 'dark'")
    await page.emulate_media(media="print", color_scheme="dark")
    colours = "element => [getComputedStyle(element).backgroundColor, getComputedStyle(element).color]"
    assert await page.eval_on_selector("body", colours) == [WHITE, BLACK]
    for control in ("text-size", "color-scheme", "pause-updates", "nav.pages", ".foot", ".key-events"):
        await expect(page.locator(control)).to_be_hidden()
    for kept in ("h1", ".times", "#coverage-header img", ".updates .body >> nth=0", ".correction >> nth=0"):
        await expect(page.locator(kept)).to_be_visible()
    address = "link => getComputedStyle(link, '::after').content"
    assert "https://example.org/map" in await page.eval_on_selector(".related a", address)


async def test_whatever_is_pressed_on_a_phone_is_as_large_as_a_finger(told: Told, visitor: Visitor) -> None:
    page = await visitor.context.new_page()
    assert page.viewport_size == PHONE
    visitor.network_may_fail = True  # a page that is not there is one of them
    for name, path in told.pages.items():
        await page.goto(told.site.url + path)
        if "lite" not in path:
            await expect(page.locator("color-scheme")).to_be_visible()
        assert [*await page.evaluate(TOO_SMALL, FINGER), name] == [name]
        assert await page.evaluate(WIDER) == 0, name


async def test_no_page_is_wider_than_the_narrowest_screen_whatever_it_holds(told: Told, visit: Visit) -> None:
    site, word = told.site, "كلمة" * 45
    await site.cover("unbroken", headline=word, kicker=word, standfirst=word, byline=[word], summary=[word])
    related = [{"title": word, "url": "https://example.org/", "label": "خريطة"}]
    told_with = {"attribution": word, "place": word, "tags": [word], "related": related, "byline": [word]}
    body = f"{word}\n\n| أ | ب |\n|---|---|\n| {word} | {word} |\n\n    {word}"
    id = await site.publish("unbroken", word, body=body, breaking=True, key_event=True, **told_with)
    await site.ask("POST", f"/unbroken/updates/{id}/corrections", {"note": word})
    page = await (await visit(viewport=NARROW)).context.new_page()
    pages = {path: told.pages[path] for path in ("live", "permalink", "text-only")}
    pages |= {"unbroken": "/live/unbroken", "text-only unbroken": "/live/unbroken?lite=1"}
    pages |= {"its corrections": f"/live/unbroken/updates/{id}/corrections", "widget": "/embed/unbroken"}
    for name, path in pages.items():
        await page.goto(site.url + path)
        for size in ("", "150"):
            await page.evaluate("size => { document.documentElement.dataset.textSize = size; }", size)
            assert await page.evaluate(WIDER) == 0, (name, size)


async def test_key_events_stand_beside_the_stream_where_there_is_room(told: Told, visit: Visit) -> None:
    page = await (await visit(viewport=DESKTOP)).context.new_page()
    for path, beside in (("/live/look", True), ("/live/look", False)):
        await page.set_viewport_size(DESKTOP if beside else PHONE)
        await page.goto(told.site.url + path)
        events = await page.locator(".key-events").bounding_box()
        header = await page.locator("#coverage-header").bounding_box()
        assert events
        assert header
        assert (events["x"] + events["width"] <= header["x"]) is beside  # at the end of an Arabic line
        assert (events["y"] < header["y"] + header["height"]) is beside


async def test_text_is_set_as_arabic_needs_it(told: Told, visit: Visit) -> None:
    page = await (await visit(viewport=DESKTOP)).context.new_page()
    await page.goto(f"{told.site.url}/live/look")
    set_as = """element => {
      const { letterSpacing, lineHeight, fontSize, fontStyle } = getComputedStyle(element);
      return [letterSpacing, Number.parseFloat(lineHeight) / Number.parseFloat(fontSize), fontStyle];
    }"""
    for selector in (".updates .body p", "#coverage-header h1", ".standfirst"):
        spacing, leading, style = await page.eval_on_selector(selector, set_as)
        assert (spacing, style) == ("normal", "normal") or (spacing, style) == ("0px", "normal")
        assert leading >= (1.7 if "body" in selector else 1.3)
    measure = await page.eval_on_selector(
        ".updates .body", "body => body.clientWidth / Number.parseFloat(getComputedStyle(body).fontSize)"
    )
    assert measure <= 42  # ems: some 75 letters


async def test_marks_are_there_without_colours_and_nothing_moves_for_who_asked(
    told: Told, visit: Visit
) -> None:
    visitor = await visit(viewport=DESKTOP, forced_colors="active", reduced_motion="reduce")
    page = await visitor.read(f"{told.site.url}/live/look")
    for mark in (".badge.live", ".mark.breaking", ".updates [data-breaking]"):
        border = await page.eval_on_selector(mark, "mark => getComputedStyle(mark).borderInlineStartWidth")
        assert float(border.removesuffix("px")) >= 1, mark
    await told.site.publish("look", "خبر لا يتحرك")
    fresh = page.locator(".update.fresh")
    await expect(fresh).to_have_count(1)
    # The ground of what is new goes, and does not fade.
    fades = "one => [getComputedStyle(one).animationTimingFunction, getComputedStyle(one).animationDuration]"
    how, seconds = await fresh.evaluate(fades)
    assert how in {"steps(1)", "steps(1, end)", "step-end"}
    assert seconds == "0.001s"
    assert await page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


async def test_the_live_page_is_walked_by_keyboard_alone(told: Told, visit: Visit) -> None:
    page = await (await visit(viewport=DESKTOP)).read(f"{told.site.url}/live/look")
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == {"where": "skip", "ring": True}
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    assert page.url.endswith("#main")

    # From the content on: header, key events, pause, each update, older pages, footer; each with a ring.
    met: list[str] = []
    for _ in range(120):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break
        stop = await page.evaluate(FOCUSED)
        assert stop["ring"], stop
        if stop["where"] not in met[-1:]:
            met.append(stop["where"])
    else:
        pytest.fail("Tab does not come to an end.")
    shown = await page.locator(".updates > article").evaluate_all("all => all.map(one => one.id)")
    assert met[:2] == ["coverage-header", "key-events"]
    assert [name for name in met if name.startswith("u-")] == shown
    assert met.index(shown[-1]) < met.index("pages") < met.index("foot")

    # And the controls do by key what they do by touch.
    larger = page.locator("text-size button").first
    await larger.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-text-size", "112")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await expect(page.locator("html")).to_have_attribute("data-scheme", "light")
    await page.locator("pause-updates button").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="استئناف التحديث المباشر")).to_be_focused()
    first_event = page.locator(".key-events a").first
    await first_event.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(":target")).to_be_in_viewport()


async def test_the_pages_beside_the_live_page_are_walked_by_keyboard_alone(
    english: Told, visit: Visit
) -> None:
    page = await (await visit(viewport=DESKTOP, locale="en")).context.new_page()
    for name in ("index", "permalink", "corrections", "what was corrected"):
        await page.goto(english.site.url + english.pages[name])
        await expect(page.locator("color-scheme")).to_be_visible()
        met: list[str] = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement === document.body"):
                break
            stop = await page.evaluate(STOP)
            assert stop["ring"], (name, stop)
            met += stop["link"]
        else:
            pytest.fail(f"Tab does not come to an end: {name}.")
        links = await page.locator("main a:visible").evaluate_all("all => all.map(one => one.href)")
        assert met == links != [], name

    await page.goto(english.site.url + english.pages["corrections"])
    await page.locator(".corrected a").last.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/corrections#correction-1")
    await expect(page.locator(":target")).to_be_in_viewport()
