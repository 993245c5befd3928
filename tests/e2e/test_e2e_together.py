"""Several at one desk: what waits and what is new, who is here, and what is handed over."""

from __future__ import annotations

import asyncio
import re

import pytest
from e2e_browser import Visit, Visitor
from e2e_site import Site
from playwright.async_api import Locator, Page, expect
from test_e2e_desk import desk_of, log_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

SHOWN = 20  # retracted updates in the panel


def link(page: Page, panel: str) -> Locator:
    """The link to a panel, with its counts."""
    return page.locator(f"desk-panels a[data-panel={panel}]")


async def test_panels_count_what_waits_and_mark_what_others_did_since_one_looked(
    site: Site, visit: Visit
) -> None:
    await site.cover("panels", timezone="Asia/Damascus", place="دمشق")
    await site.publish("panels", "خبر سابق")
    editor = await desk_of(site, await visit(), "panels", "سهى", "editor")
    phone = await desk_of(site, await visit(timezone_id="America/Lima"), "panels", "عمار", "contributor")
    submissions, published = link(editor, "submitted"), link(editor, "published")
    await expect(published.locator(".count")).to_have_text("1")
    await expect(published.locator(".unread")).to_be_empty()  # there before the first look

    # A contributor proposes a time, by the clocks of Damascus, from a device that lives in Lima.
    await phone.locator("#headline").fill("خبر للموعد")
    await phone.get_by_text("اقتراح موعد").click()
    await expect(phone.get_by_label("بتوقيت دمشق")).to_be_visible()
    await phone.locator("#publish-local").fill("2030-11-23T17:15")
    await phone.get_by_role("button", name="إرسال للمراجعة").first.click()
    await expect(submissions.locator(".count")).to_have_text("1")
    await expect(submissions.locator(".unread")).to_have_text("جديد واحد")
    await expect(link(phone, "submitted").locator(".unread")).to_be_empty()  # one's own is not new

    await submissions.press("Enter")
    await expect(editor.locator("#panel-submitted summary")).to_be_focused()
    await expect(submissions.locator(".unread")).to_be_empty()
    await editor.reload()
    await expect(submissions.locator(".count")).to_have_text("1")
    await expect(submissions.locator(".unread")).to_be_empty()

    waiting = editor.locator("#panel-submitted li")
    await expect(waiting).to_contain_text("17:15")
    await waiting.get_by_role("button", name="تحرير").click()
    await expect(editor.locator("#publish-local")).to_have_value("2030-11-23T17:15")
    await expect(editor.locator(".composer [value=published]:visible")).to_have_count(0)
    await editor.locator("#headline").press("Control+Enter")
    await expect(editor.locator("#panel-scheduled li")).to_contain_text("17:15")
    await expect(editor.locator("#panel-submitted li")).to_have_count(0)
    await expect(link(editor, "scheduled").locator(".unread")).to_be_empty()
    (scheduled,) = (await site.ask("GET", "/panels/updates?status=scheduled"))["updates"]
    await site.ask("PATCH", f"/panels/updates/{scheduled['id']}", {"headline": "خبر معدّل للموعد"})
    await expect(link(editor, "scheduled").locator(".unread")).to_have_text(
        "جديد واحد"
    )  # seen, and changed since

    id = await site.publish("panels", "خبر من زميل")
    await expect(published.locator(".unread")).to_have_text("جديد واحد")
    await site.ask("POST", f"/panels/updates/{id}/retraction", {"note": "لم يثبت."})
    await expect(link(editor, "retracted").locator(".unread")).to_have_text("جديد واحد")
    await link(editor, "retracted").click()
    await expect(editor.locator("#panel-retracted li")).to_contain_text("لم يثبت.")
    await expect(link(editor, "retracted").locator(".unread")).to_be_empty()
    assert await editor.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_desk_shows_who_is_there_and_warns_of_who_changes_an_update(site: Site, visit: Visit) -> None:
    await site.cover("presence")
    await site.publish("presence", "خبر يعمل عليه اثنان")
    one = await desk_of(site, await visit(), "presence", "لمى", "editor")
    await expect(one.locator("desk-presence p").first).to_have_text("لا أحد غيرك هنا.")
    other = await desk_of(site, await visit(), "presence", "Omar", "editor")
    await expect(other.locator("desk-presence")).to_contain_text("لمى")
    await expect(one.locator("desk-presence")).to_contain_text("Omar")
    await expect(one.locator(".changing:visible")).to_have_count(0)

    await other.get_by_role("button", name="تعديل").click()
    mark = one.locator(".updates > article > .changing")
    await expect(mark).to_contain_text("Omar")
    await expect(other.locator("desk-composer .changing")).to_be_hidden()
    await one.get_by_role("button", name="تعديل").click()
    await expect(one.locator("desk-composer .changing")).to_contain_text("Omar")
    await expect(other.locator("desk-composer .changing")).to_contain_text("لمى")
    # A warning is no lock: whoever is first saves.
    await one.get_by_label("خطأ إملائي").check()
    await one.locator("#headline").fill("خبر يعمل عليه كلاهما")
    await one.locator("form.composer button[type=submit]:visible").first.click()
    await expect(other.locator(".updates h3")).to_have_text("خبر يعمل عليه كلاهما")

    await other.get_by_role("button", name="مسح").click()
    await expect(mark).to_be_hidden()
    await expect(one.locator("desk-composer .changing")).to_be_hidden()
    await other.close(run_before_unload=True)
    await expect(one.locator("desk-presence p").first).to_have_text("لا أحد غيرك هنا.")


async def test_a_claim_is_left_by_one_verified_by_another_and_gone_for_both(site: Site, visit: Visit) -> None:
    await site.cover("handover")
    one = await desk_of(site, await visit(), "handover", "ندى", "contributor")
    other = await desk_of(site, await visit(), "handover", "فارس", "editor")
    await link(one, "notes").press("Enter")
    await one.locator("#note-text").fill("أُغلق المعبر؟")
    await one.reload()
    await link(one, "notes").press("Enter")
    await expect(one.locator("#note-text")).to_have_value("أُغلق المعبر؟")  # not sent yet, and not lost
    await one.get_by_role("button", name="أضف خبراً للتحقق").click()
    await expect(one.locator("#note-text")).to_have_value("")
    await expect(one.locator(".notes li")).to_contain_text("ندى")

    await expect(link(other, "notes").locator(".unread")).to_have_text("جديد واحد")
    await link(other, "notes").click()
    await other.locator(".notes li").get_by_role("button", name="تأكيد").click()
    await expect(other.locator(".notes li .mark")).to_have_text("مؤكد")
    await expect(link(other, "notes").locator(".count")).to_have_text("0")
    await expect(link(other, "notes").locator(".unread")).to_be_empty()
    await expect(one.locator(".notes li")).to_contain_text("فارس")
    await other.locator(".notes li").get_by_role("button", name="إزالة").click()
    await expect(one.locator(".notes li")).to_have_count(0)


async def test_a_kept_text_is_put_in_by_keyboard_and_the_desk_says_which_pages_have_the_update(
    site: Site, visit: Visit
) -> None:
    await site.cover("kept-texts")
    reader = await visit()
    await reader.read(f"{site.url}/live/kept-texts")
    page = await log_in(site, await visit(), "نجاة", "editor")
    await page.goto(f"{site.url}/desk/snippets")
    for name, text in (("هاتف الطوارئ", "اتصلوا على **112**."), ("مصدر", "وكالة الأنباء")):
        form = page.locator("form[action='/desk/snippets']")
        if not await form.is_visible():
            await page.get_by_text("إضافة نص جاهز").click()
        await form.locator("[name=name]").fill(name)
        await form.locator("[name=text]").fill(text)
        await form.get_by_role("button").click()
        await expect(page.get_by_role("status")).to_contain_text("حُفظ")

    await page.goto(f"{site.url}/desk/kept-texts")
    await page.locator("#headline").focus()
    await page.keyboard.type("عن ")
    await page.keyboard.press("Control+;")
    await page.keyboard.type("مصد")
    await expect(page.locator("#snippet-list [aria-selected=true]")).to_have_text(re.compile("مصدر"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#headline")).to_have_value("عن وكالة الأنباء")
    await page.locator("trix-editor").focus()
    await page.get_by_role("button", name="النصوص الجاهزة").press("Enter")
    await expect(page.locator("#snippet-list > *")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#snippet-list [aria-selected=true]")).to_have_text(re.compile("مصدر"))
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("trix-editor strong")).to_have_text("112")
    await page.keyboard.press("Control+;")
    await page.keyboard.press("Escape")
    await expect(page.locator("#snippets")).to_be_hidden()
    await page.locator("trix-editor").press("Control+Enter")
    await expect(page.locator(".updates > article h3")).to_have_text("عن وكالة الأنباء")

    line = page.locator("desk-audience [data-running=pages]")
    await expect(line).to_have_text("وصل التحديث 1 إلى الصفحة المفتوحة الوحيدة")
    await page.locator("desk-audience summary").press("Enter")
    figures = page.locator("desk-audience [data-running=figures]")
    await expect(figures).to_contain_text("WebSocket 1")
    await expect(figures).to_contain_text(re.compile(r"\d (م\.)?ث"))  # slow machines need seconds
    await expect(figures).to_contain_text("لا مشتركين في خلاصاتها")
    assert not await line.evaluate("line => line.closest('[aria-live], [role=status], [role=alert]')")
    await reader.context.close()
    await expect(line).to_have_text("لا صفحات مفتوحة")  # the desk's own is none


async def test_retracted_updates_are_paged_back_to_the_first(site: Site, visitor: Visitor) -> None:
    await site.cover("paged")

    async def retract(number: int) -> None:
        id = await site.publish("paged", f"خبر {number}")
        await site.ask("POST", f"/paged/updates/{id}/retraction", {"note": f"السبب {number}."})

    await retract(0)
    await asyncio.gather(*(retract(number) for number in range(1, SHOWN + 2)))
    page = await desk_of(site, visitor, "paged", "شادي", "editor")
    visitor.network_may_fail = True  # the page is left while its socket may still connect
    panel = page.locator("#panel-retracted")
    await expect(link(page, "retracted").locator(".count")).to_have_text(f"{SHOWN}+")
    await panel.locator("summary").press("Enter")
    await panel.get_by_role("link", name="تحديثات مسحوبة أقدم").press("Enter")
    await page.wait_for_url("**?retracted=*")
    await expect(panel).to_have_attribute("open", "")
    await expect(panel.locator("li")).to_have_count(2)
    await expect(panel.locator("li").last).to_contain_text("السبب 0.")
    await expect(link(page, "retracted").locator(".unread")).to_be_empty()
    await panel.locator("li").last.get_by_role("button", name="التراجع عن السحب").press("Enter")
    await expect(panel.locator("li")).to_have_count(1)  # it goes on where one is
    await panel.get_by_role("link", name="أحدث التحديثات المسحوبة").press("Enter")
    await expect(panel.locator("li")).to_have_count(SHOWN)
