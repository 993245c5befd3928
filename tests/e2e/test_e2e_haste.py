"""Editors faster than the network: what they do while an answer is on its way is neither lost nor doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from e2e_browser import Visit, Visitor
from e2e_site import Site
from playwright.async_api import Page, Route, expect
from test_e2e_desk import desk_of, log_in
from test_e2e_trouble import file, picture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

# The next answer with the panels is cut in its middle, as on a train.
CUT_PANELS = """
  var cuts = 0;
  Response.prototype.text = (whole => function () {
    if (cuts || !this.url.includes('part=panels')) return whole.call(this);
    cuts = 1;
    return Promise.reject(new TypeError('network error'));
  })(Response.prototype.text);
  true
"""


@dataclass
class Held:
    """Requests that wait: `asked` when the first has come; they go on when `let_go` is set."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0


@contextlib.asynccontextmanager
async def holding(page: Page, address: str, method: str = "POST", json: object = None) -> AsyncIterator[Held]:
    """Hold requests; they are let go at the end at the latest, and answered with `json` if that is given."""
    held = Held()

    async def hold(route: Route) -> None:
        if route.request.method != method:
            await route.continue_()
            return
        held.count += 1
        held.asked.set()
        await held.let_go.wait()
        await (route.continue_() if json is None else route.fulfill(json=json))

    await page.route(address, hold)
    yield held
    held.let_go.set()


async def test_what_is_typed_before_the_scripts_have_come_stands_beside_what_was_kept(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("early")
    page = await desk_of(site, visitor, "early", "ندى المبكرة", "editor")
    headline = page.locator("#headline")
    await headline.fill("قبل إعادة التحميل")
    async with holding(page, "**/static/desk/composer.js*", "GET") as scripts:
        await page.reload(wait_until="commit")
        await scripts.asked.wait()
        await headline.fill("كُتب قبل أن تصل")
        await page.get_by_role(
            "button", name="نشر", exact=True
        ).click()  # which sends nothing yet, and loses nothing
    elsewhere = page.locator(".elsewhere")
    await expect(elsewhere.locator("bdi")).to_have_text("قبل إعادة التحميل")
    await expect(headline).to_have_value("كُتب قبل أن تصل")
    await page.reload()
    await expect(headline).to_have_value("كُتب قبل أن تصل")
    await page.evaluate("document.querySelector('desk-composer').clear()")
    await page.reload()
    await expect(headline).to_have_value("قبل إعادة التحميل")


async def test_a_note_a_card_and_a_picture_go_where_they_were_meant_to(site: Site, visitor: Visitor) -> None:
    await site.cover("hasty-parts")
    draft = await site.ask("POST", "/hasty-parts/updates", {"headline": "مسودة", "status": "draft"})
    page = await desk_of(site, visitor, "hasty-parts", "سعيد العجول", "editor")
    headline, outcome = page.locator("#headline"), page.locator("desk-composer .outcome")
    note = page.locator("#note-text")
    await page.locator("#panel-notes summary").press("Enter")
    await note.fill("الأولى")
    async with holding(page, "**/notes") as notes:
        await page.get_by_role("button", name="أضف ملاحظة").click()
        await notes.asked.wait()
        await note.fill("الثانية")
    await expect(page.locator(".notes li")).to_contain_text("الأولى")
    await expect(note).to_have_value("الثانية")

    # A card that is still looked for is waited for, and is none of the next update.
    card = {"embed": {"url": "https://youtu.be/abcdefghijk", "title": "فيديو السيول"}}
    await page.locator(".composer summary").first.click()
    address = page.locator("#embed-address")
    async with holding(page, "**/api/v1/previews", json=card) as looks:
        await headline.fill("مع بطاقته")
        await address.fill("https://youtu.be/abcdefghijk")
        for _ in range(2):
            await address.press("Enter")
        await looks.asked.wait()
        await headline.press("Control+Enter")
        await expect(outcome).to_contain_text("الصفحة")
        await expect(headline).to_have_value("مع بطاقته")
    await expect(page.locator(".updates .embed")).to_have_count(1)
    assert looks.count == 1
    await expect(page.locator("desk-embeds li")).to_have_count(0)

    # A picture on its way is something in the form; cleared, nothing of it is sent when another one has come.
    async with holding(page, "**/api/v1/media") as media:
        await page.locator("#picture-file").set_input_files([file("a.jpg", picture())])
        await media.asked.wait()
        await page.locator("#panel-draft li").get_by_role("button", name="تحرير").click()
        await expect(outcome).to_have_text("أرسل ما في النموذج أو امسحه أولاً.")
        await headline.fill("لن يُرسل")
        await headline.press("Control+Enter")
        await expect(outcome).to_contain_text("حين تصل الصور")
        await page.get_by_role("button", name="مسح", exact=True).click()
    await headline.fill("لم يُطلب إرساله")
    await page.locator("#picture-file").set_input_files([file("b.jpg", picture())])
    await expect(page.locator("desk-pictures img[src]")).to_have_count(1)
    await expect(headline).to_have_value("لم يُطلب إرساله")
    await headline.press("Control+Enter")
    await expect(page.locator(".updates h3").first).to_have_text("لم يُطلب إرساله")
    assert await site.published("hasty-parts") == ["لم يُطلب إرساله", "مع بطاقته"]

    # Panels whose answer was cut are asked for again.
    await page.evaluate(CUT_PANELS)
    await site.ask("PATCH", f"/hasty-parts/updates/{draft['id']}", {"headline": "مسودة معدّلة"})
    await page.wait_for_function("() => cuts === 1")
    await expect(page.locator("#panel-draft li")).to_contain_text("مسودة معدّلة")


async def test_what_was_taken_back_or_sent_is_settled_though_its_answer_was_lost(
    held_site: Site, visit: Visit
) -> None:
    site = held_site
    await site.cover("unsettled")
    visitor = await visit()
    visitor.network_may_fail = True  # the lost answer
    page = await desk_of(site, visitor, "unsettled", "رولا", "editor")
    asked: list[str] = []

    async def between(route: Route) -> None:
        asked.append(route.request.method)
        if asked == ["POST"]:  # a page of the hotel's network, which has passed nothing on
            await route.fulfill(status=200, content_type="text/html", body="<p>Welcome!")
        elif asked.count("DELETE") == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route(
        lambda url: "/api/v1/coverages/unsettled/updates" in url,
        lambda route: between(route) if route.request.method != "GET" else route.continue_(),
    )
    await page.locator("#headline").fill("وصل مرة واحدة")
    await page.locator("#headline").press("Control+Enter")
    await page.get_by_role("button", name="تراجع", exact=True).click()
    await expect(page.locator("#headline")).to_have_value("وصل مرة واحدة")
    await expect(page.locator("desk-outbox li")).to_have_count(0)
    assert asked == ["POST", "POST", "DELETE", "DELETE"]
    assert (await site.ask("GET", "/unsettled/updates?status=unpublished"))["updates"] == []


async def test_a_coverage_is_opened_once_with_the_address_of_what_was_typed_first(
    site: Site, visitor: Visitor
) -> None:
    page = await log_in(site, visitor, "رئيسة مستعجلة", "chief")
    visitor.network_may_fail = True  # the page is left while its socket may still connect
    async with holding(page, "**/static/desk/coverage-form.js*", "GET") as scripts:
        await page.goto(f"{site.url}/desk/new", wait_until="commit")
        await scripts.asked.wait()
        await page.get_by_label("العنوان", exact=True).fill("على عجل")
    await expect(page.get_by_label("العنوان الإلكتروني")).to_have_value("على-عجل")
    open_it = page.get_by_role("button", name="افتح التغطية")
    async with (
        holding(page, "**/desk/new") as opening,
        holding(page, "**/api/v1/media") as media,
    ):
        await page.locator("#picture-file").set_input_files([file("lead.jpg", picture())])
        await media.asked.wait()
        await open_it.click()
        media.let_go.set()
        await opening.asked.wait()
        await open_it.click()
    await page.wait_for_url("**/desk/*-*")
    assert opening.count == 1
    assert (await site.ask("GET", "/على-عجل"))["lead_media"]
