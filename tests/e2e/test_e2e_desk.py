"""Editors at work: logging in, writing by keyboard, and losing nothing."""

from __future__ import annotations

import pytest
from e2e_browser import Visit, Visitor, headlines
from e2e_site import Site
from playwright.async_api import Page, Route, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

MOST_TABS = 40


async def log_in(site: Site, visitor: Visitor, name: str, role: str) -> Page:
    """The visitor's page at the desk's list of coverages."""
    page = await visitor.context.new_page()
    await page.goto(await site.login_link(name, role))
    await page.get_by_role("button", name="تسجيل الدخول").click()
    await page.wait_for_url("**/desk")
    return page


async def desk_of(site: Site, visitor: Visitor, slug: str, name: str, role: str) -> Page:
    """The visitor's page at the desk of a coverage."""
    page = await log_in(site, visitor, name, role)
    await page.goto(f"{site.url}/desk/{slug}")
    return page


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the form's field of that name has the focus."""
    for _ in range(MOST_TABS):
        if await page.evaluate("() => document.activeElement.name") == name:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by {MOST_TABS} tabs")


async def test_a_one_time_link_is_spent_by_logging_in_and_not_by_opening_it(site: Site, visit: Visit) -> None:
    link = await site.command("editor", "add", "ليلى", "--role", "editor")
    curious, editor, late = await visit(), await visit(), await visit()
    for _ in range(2):
        page = await curious.context.new_page()
        await page.goto(link)
        assert await curious.context.cookies() == []

    page = await editor.context.new_page()
    await page.goto(link)
    await page.get_by_role("button", name="تسجيل الدخول").click()
    await page.wait_for_url("**/desk")
    await expect(page.locator(".person")).to_contain_text("ليلى")
    await page.get_by_role("button", name="تسجيل الخروج").click()
    await page.goto(f"{site.url}/desk")
    await expect(page).to_have_url(f"{site.url}/desk/login")

    late.network_may_fail = True  # the refusal
    page = await late.context.new_page()
    await page.goto(link)
    await page.get_by_role("button", name="تسجيل الدخول").click()
    await expect(page.get_by_role("alert")).to_contain_text("سبق استخدامه")


async def test_an_update_is_posted_with_the_keyboard_alone_and_appears_to_readers(
    site: Site, visit: Visit
) -> None:
    await site.cover("keyboard")
    await site.publish("keyboard", "خبر سابق")
    reader = await (await visit()).read(f"{site.url}/live/keyboard")
    page = await desk_of(site, await visit(), "keyboard", "كريم", "chief")

    await tab_to(page, "headline")
    await page.keyboard.type("فتح الميناء")
    await tab_to(page, "body")
    await page.keyboard.type("دخلت **أول سفينة**.")
    for flag in ("breaking", "key_event", "pin"):
        await tab_to(page, flag)
        await page.keyboard.press("Space")
    await page.keyboard.press("Control+Enter")

    newest = reader.locator(".updates > article").first
    await expect(newest.locator("h3")).to_have_text("فتح الميناء")
    await expect(newest.locator(".body strong")).to_have_text("أول سفينة")
    await expect(newest.locator(".mark.pinned")).to_be_visible()
    assert await newest.locator(".mark").all_inner_texts() == ["عاجل", "حدث رئيسي", "مثبّت"]
    await expect(reader.locator(".pinned-block h3")).to_have_text("فتح الميناء")
    await expect(reader.locator(".key-events li")).to_contain_text("فتح الميناء")

    await expect(page.locator(".outcome")).to_have_text("تم.")
    await expect(page.locator("#headline")).to_have_value("")
    await expect(page.locator("#headline")).to_be_focused()
    assert await headlines(page) == ["فتح الميناء", "خبر سابق"]


async def test_an_editor_corrects_with_a_note_and_retracts_with_a_reason(site: Site, visit: Visit) -> None:
    await site.cover("mending")
    await site.publish("mending", "المصابون 4", body="قالت الإذاعة إن المصابين **أربعة**.")
    reader = await (await visit()).read(f"{site.url}/live/mending")
    page = await desk_of(site, await visit(), "mending", "هدى", "editor")
    update = reader.locator(".updates > article").first

    await page.get_by_role("button", name="تصحيح").click()
    await expect(page.locator("#note")).to_be_focused()
    await expect(page.locator("#body")).to_have_value("قالت الإذاعة إن المصابين **أربعة**.")
    await page.keyboard.type("كان الرقم أربعة.")
    await page.locator("#headline").fill("المصابون 5")
    await page.keyboard.press("Control+Enter")
    await expect(update.locator("h3")).to_have_text("المصابون 5")
    await expect(update.locator(".correction")).to_contain_text("كان الرقم أربعة.")
    await expect(update.locator(".body strong")).to_have_text("أربعة")

    await page.get_by_role("button", name="سحب", exact=True).click()
    dialog = page.locator("#retraction")
    await dialog.locator("#reason").fill("مصدر واحد لم يؤكَّد")
    await dialog.locator("#public-note").fill("لم يثبت الخبر.")
    await dialog.get_by_role("button", name="سحب", exact=True).click()
    await expect(update.locator("h3")).to_have_text("سُحب هذا التحديث")
    await expect(update.locator(".note")).to_have_text("لم يثبت الخبر.")
    assert "مصدر واحد" not in await reader.content()


async def test_a_contributor_drafts_and_submits_and_an_editor_publishes(site: Site, visit: Visit) -> None:
    await site.cover("hand-over")
    reader = await (await visit()).read(f"{site.url}/live/hand-over")
    editor = await desk_of(site, await visit(), "hand-over", "سلمى", "editor")
    page = await desk_of(site, await visit(), "hand-over", "جاد", "contributor")
    assert await page.locator(".composer .buttons button:visible").all_inner_texts() == [
        "إرسال للمراجعة",
        "حفظ مسودة",
    ]
    for name in ("breaking", "pin"):
        await expect(page.locator(f"[name={name}]")).to_have_count(0)
    await page.locator("#headline").fill("خبر من المراسل")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".unpublished li")).to_contain_text("خبر من المراسل")

    waiting = editor.locator(".unpublished li")
    await expect(waiting).to_contain_text("خبر من المراسل")
    assert await headlines(reader) == []
    await waiting.get_by_role("button", name="نشر").click()
    await expect(reader.locator(".updates h3")).to_have_text("خبر من المراسل")
    await expect(editor.locator(".unpublished li")).to_have_count(0)


async def test_a_refused_update_stays_in_the_form_with_the_sentence_that_says_why(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("refused")
    page = await desk_of(site, visitor, "refused", "رامي", "editor")
    visitor.network_may_fail = True  # the refusal
    await page.locator("#headline").fill("بعد الإغلاق")
    await site.ask("POST", "/refused/closure")
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome.problem")).to_contain_text("closed")
    await expect(page.locator("#headline")).to_have_value("بعد الإغلاق")
    await expect(page.locator("#headline")).to_be_focused()
    await site.ask("DELETE", "/refused/closure")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".updates h3")).to_have_text("بعد الإغلاق")


async def test_what_is_typed_survives_a_reload_and_a_restart_of_the_server(
    own_site: Site, visitor: Visitor
) -> None:
    await own_site.cover("kept")
    page = await desk_of(own_site, visitor, "kept", "نور", "chief")
    await page.locator("#headline").fill("عنوان لم يُرسل")
    await page.locator("#body").fill("نص لم يُرسل")
    await page.locator("[name=breaking]").check()
    await page.reload()
    visitor.network_may_fail = True
    await own_site.kill()
    await own_site.start()
    await page.reload()
    await expect(page.locator("#headline")).to_have_value("عنوان لم يُرسل")
    await expect(page.locator("#body")).to_have_value("نص لم يُرسل")
    await expect(page.locator("[name=breaking]")).to_be_checked()
    await page.locator("#body").press("Control+Enter")
    await expect(page.locator(".updates h3")).to_have_text("عنوان لم يُرسل")
    await page.reload()
    await expect(page.locator("#headline")).to_have_value("")


async def test_an_update_sent_twice_while_the_server_is_away_is_posted_once(
    own_site: Site, visitor: Visitor
) -> None:
    await own_site.cover("once")
    page = await desk_of(own_site, visitor, "once", "زينة", "editor")
    visitor.network_may_fail = True
    await own_site.kill()
    await page.locator("#headline").fill("مرة واحدة")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".outcome")).to_contain_text("لن يُنشر التحديث مرتين")
    await page.keyboard.press("Control+Enter")
    await own_site.start()
    await expect(page.locator(".updates h3")).to_have_text("مرة واحدة")
    await expect(page.locator(".outcome")).to_have_text("تم.")
    assert await own_site.published("once") == ["مرة واحدة"]


async def test_an_update_whose_answer_was_lost_is_posted_once_even_after_a_reload(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("lost-answer")
    page = await desk_of(site, visitor, "lost-answer", "ماهر", "editor")
    visitor.network_may_fail = True
    keys: list[str] = []

    async def lose(route: Route) -> None:
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
            await route.fetch()  # it arrives, and the answer does not come back
            await route.abort()
        else:
            await route.continue_()

    path = "**/api/v1/coverages/lost-answer/updates"
    await page.route(path, lose)
    await page.locator("#headline").fill("وصل من المرة الأولى")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("button", name="إيقاف المحاولة").click()
    await page.unroute(path)
    await page.reload()
    await expect(page.locator("#headline")).to_have_value("وصل من المرة الأولى")
    async with page.expect_request(path) as sent:
        await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome")).to_have_text("تم.")
    assert {*keys, (await sent.value).headers["idempotency-key"]} == {keys[0]}
    assert await site.published("lost-answer") == ["وصل من المرة الأولى"]
