"""Editors at work: logging in, writing by keyboard, and losing nothing."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from e2e_browser import HEADLINES, Visit, Visitor, headlines
from e2e_site import Site
from playwright.async_api import Page, Route, expect

import livefeed

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

MOST_TABS = 40
PASTE = """([id, html, words, range]) => {
  if (range) document.getElementById(id).editor.setSelectedRange(range);
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/html', html);
  clipboardData.setData('text/plain', words);
  const pasted = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
  document.getElementById(id).dispatchEvent(pasted);
}"""
NO_LONG_WAIT = "setTimeout = (wait => (then, ms) => ms > 5000 ? 0 : wait(then, ms))(setTimeout);"
WATCH_AUTOSAVES = """
  var copies = [], answered = 0, failed = 0;
  fetch = (send => (address, request) => {
    const answer = send(address, request);
    if (request?.method !== 'PUT' || !address.includes('/autosaves/')) return answer;
    copies.push(request.body);
    return answer.finally(() => { answered += 1; }).catch(reason => { failed += 1; throw reason; });
  })(fetch);
"""
HAND_OVER = """([kind, where, color]) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 30 });
  const brush = canvas.getContext('2d');
  brush.fillStyle = color;
  brush.fillRect(0, 0, 40, 30);
  canvas.toBlob(blob => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], 'a.png', { type: 'image/png' }));
    const given = { bubbles: true, cancelable: true };
    const event = kind === 'drop' ? new DragEvent(kind, { ...given, dataTransfer: transfer })
      : new ClipboardEvent(kind, { ...given, clipboardData: transfer });
    document.getElementById(where).dispatchEvent(event);
  });
}"""
SEEN_WHOLE = """screen => {
  const [inner, outer] = [screen.firstElementChild, screen].map(element => element.getBoundingClientRect());
  return inner.left >= outer.left && inner.right <= outer.right + 1;
}"""
LEAD = Path(livefeed.__file__).parent / "demo/lead.jpg"


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
        if await page.evaluate("() => document.activeElement.name || document.activeElement.id") == name:
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
    desktop = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False}
    page = await desk_of(site, await visit(**desktop), "keyboard", "كريم", "chief")
    form, stream = [await page.locator(name).bounding_box() for name in (".writing", "live-coverage")]
    assert form
    assert stream
    assert stream["x"] + stream["width"] <= form["x"]  # beside it, in an Arabic page on its left
    assert abs(stream["y"] - form["y"]) < 1

    await tab_to(page, "headline")
    await page.keyboard.type("فتح الميناء")
    await tab_to(page, "body")
    await page.keyboard.type("دخلت ")
    await expect(page.locator("#body")).to_contain_text("دخلت")
    await page.keyboard.press("Control+b")
    # The editor follows its caret a moment later; nobody types as fast as a test.
    await expect(page.get_by_role("button", name="غامق")).to_have_class(re.compile("trix-active"))
    await page.keyboard.type("أول سفينة")
    for flag in ("breaking", "key_event", "pin"):
        await tab_to(page, flag)
        await page.keyboard.press("Space")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#going-out .line")).to_have_text("فتح الميناء")
    await expect(page.locator("#going-out [data-count=readers]")).to_have_text("1")  # not the desk's own page
    await page.keyboard.press("Enter")

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
    await expect(page.locator(HEADLINES)).to_have_text(["فتح الميناء", "خبر سابق"])


async def test_breaking_asks_once_in_words_that_fit_what_happens(site: Site, visit: Visit) -> None:
    await site.cover("asks", timezone="Asia/Damascus", place="دمشق")
    await site.publish("asks", "السد سليم", breaking=True)
    await (await visit()).read(f"{site.url}/live/asks")
    page = await desk_of(site, await visit(), "asks", "رباب", "chief")
    question = page.locator("#going-out")
    await page.locator("#headline").fill("قمة طارئة")
    await page.locator("[name=breaking]").check()
    await page.locator(".later summary").click()
    await page.locator("#publish-local").fill("2030-11-23T17:15")
    await page.locator("#headline").press("Control+Enter")
    await expect(question.locator("h2")).to_have_text("جدولته كخبر عاجل؟")
    await expect(question.locator(".hint")).to_contain_text("2030.11.23 | 17:15 بتوقيت دمشق")
    await expect(question.locator("[data-count=readers]")).to_have_text("1")
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel-scheduled li")).to_contain_text("قمة طارئة")

    # A typo of a breaking one goes out in silence, a correction asks.
    for kind, headline in (("خطأ إملائي", "السدّ سليم"), ("تصحيح: كان فيه خطأ", "السدّ متصدّع")):
        await page.locator(".updates").get_by_role("button", name="تعديل").click()
        await page.get_by_label(kind).check()
        await page.locator("#headline").fill(headline)
        if kind.startswith("تصحيح"):
            await page.locator("#note").fill("ليس سليمًا.")
            await page.locator("#headline").press("Control+Enter")
            await expect(question.locator("h2")).to_have_text("تصحيح خبر نُشر عاجلاً؟")
            await page.keyboard.press("Enter")
        else:
            await page.locator("#headline").press("Control+Enter")
        await expect(page.locator(".updates h3")).to_have_text(headline)


async def test_an_editor_corrects_with_a_note_and_retracts_with_a_reason(site: Site, visit: Visit) -> None:
    await site.cover("mending")
    await site.publish("mending", "المصابون 4", body="قالت الإذاعة إن المصابين **أربعة**.")
    reader = await (await visit()).read(f"{site.url}/live/mending")
    page = await desk_of(site, await visit(), "mending", "هدى", "editor")
    update = reader.locator(".updates > article").first

    await page.get_by_role("button", name="تعديل").click()
    await expect(page.locator("#body")).to_have_text("قالت الإذاعة إن المصابين أربعة.")
    await page.locator("#headline").fill("المصابون 5")
    await page.keyboard.press("Control+Enter")  # not before it was said what kind of change it is
    await expect(page.get_by_label("خطأ إملائي")).to_be_focused()
    await page.get_by_label("تصحيح: كان فيه خطأ").check()
    await page.locator("#headline").press("Control+Enter")  # nor without a note
    await expect(page.locator("#note")).to_be_focused()
    await page.locator("#note").fill("كان الرقم أربعة.")
    await page.locator("#headline").press("Control+Enter")
    await expect(update.locator("h3")).to_have_text("المصابون 5")
    await expect(update.locator(".correction")).to_contain_text("كان الرقم أربعة.")
    await expect(update.locator(".body strong")).to_have_text("أربعة")
    await expect(page.locator(".updates h3")).to_have_text("المصابون 5")  # at the desk, too: which it is of

    await page.get_by_role("button", name="سحب", exact=True).click()
    dialog = page.locator("#retraction")
    await dialog.get_by_role("button", name="سحب", exact=True).click()  # not without a reason
    await expect(dialog.locator("#reason")).to_be_focused()
    await page.keyboard.type("  ")
    await dialog.get_by_role("button", name="سحب", exact=True).click()
    await expect(dialog.locator("#reason")).to_be_focused()
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
    assert await page.locator(".composer .buttons [type=submit]:visible").all_inner_texts() == [
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
    await expect(page.locator(".outcome.problem")).to_contain_text("هذه التغطية منتهية")
    await expect(page.locator("desk-outbox")).to_be_hidden()
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
    await expect(page.locator("#body")).to_have_text("نص لم يُرسل")
    await expect(page.locator("[name=breaking]")).to_be_checked()
    await page.locator("#body").press("Control+Enter")
    await page.get_by_role("dialog").get_by_role("button", name="نشر").click()
    await expect(page.locator(".updates h3")).to_have_text("عنوان لم يُرسل")
    await page.reload()
    await expect(page.locator("#headline")).to_have_value("")


async def test_an_update_sent_while_the_server_is_away_waits_in_the_outbox_and_is_posted_once(
    own_site: Site, visitor: Visitor
) -> None:
    await own_site.cover("once")
    page = await desk_of(own_site, visitor, "once", "زينة", "editor")
    visitor.network_may_fail = True
    await own_site.kill()
    await page.locator("#headline").fill("مرة واحدة")
    await page.keyboard.press("Control+Enter")
    outbox = page.locator("desk-outbox li")
    await expect(outbox).to_contain_text("لن يُنشر التحديث مرتين")
    await expect(page.locator("#headline")).to_have_value("")  # free for the next one
    await page.locator("#headline").fill("وبعدها")
    await page.keyboard.press("Control+Enter")
    await expect(outbox).to_have_count(2)
    await page.locator("#headline").fill("لم تُرسل بعد")
    await page.close()  # a crashed tab
    page = await visitor.context.new_page()
    await own_site.start()
    await page.goto(f"{own_site.url}/desk/once")
    await expect(page.locator(".updates h3")).to_have_text(["وبعدها", "مرة واحدة"])
    await expect(page.locator("desk-outbox li")).to_have_count(0)
    assert await own_site.published("once") == ["وبعدها", "مرة واحدة"]
    await expect(page.locator("#headline")).to_have_value("لم تُرسل بعد")


async def test_what_was_sent_first_from_any_tab_is_published_first_even_after_a_reload(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("in-order")
    visitor.network_may_fail = True
    # Tabs whose clock stands still: the first one to send has the latest time.
    await visitor.context.add_init_script("Date.now = (now => () => now)(Date.now());")
    first = await desk_of(site, visitor, "in-order", "نسرين", "editor")
    tabs = [first, *[await visitor.context.new_page() for _ in range(2)]]
    for tab in tabs[1:]:
        await tab.goto(first.url)
    path = "**/api/v1/coverages/in-order/updates"
    await visitor.context.route(path, lambda route: route.abort())
    sent: list[str] = []
    for tab in reversed([*tabs, *tabs]):
        sent.append(f"الخبر {len(sent) + 1}")
        await tab.locator("#headline").fill(sent[-1])
        await tab.locator("#headline").press("Control+Enter")
        for other in tabs:  # each has seen it in the list before anybody sends the next one
            await expect(other.locator("desk-outbox li bdi")).to_have_text(sent)
    await tabs[2].close()
    await tabs[0].reload()
    await expect(tabs[0].locator("desk-outbox li bdi")).to_have_text(sent)
    await visitor.context.unroute(path)
    await expect(tabs[0].locator("desk-outbox li")).to_have_count(0)
    assert await site.published("in-order") == sent[::-1]


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
    await expect(page.locator("desk-outbox li")).to_contain_text("لن يُنشر التحديث مرتين")
    async with page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/lost-answer/updates")
    ):
        await page.reload()
    await page.unroute(path)
    await expect(page.locator("desk-outbox li")).to_have_count(0)
    assert set(keys) == {keys[0]}
    assert await site.published("lost-answer") == ["وصل من المرة الأولى"]


async def test_what_was_just_published_can_be_taken_back_before_anybody_sees_it(
    held_site: Site, visit: Visit
) -> None:
    await held_site.cover("hold")
    reader = await (await visit()).read(f"{held_site.url}/live/hold")
    page = await desk_of(held_site, await visit(), "hold", "سامر", "editor")
    await page.locator("#headline").fill("فيه خطأ")
    await page.locator("#body").fill("نص طويل")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("button", name="تراجع", exact=True).click()
    await expect(page.locator("#headline")).to_have_value("فيه خطأ")
    await expect(page.locator("#body")).to_have_text("نص طويل")
    await expect(page.locator("desk-outbox li")).to_have_count(0)
    await expect(page.locator(".unpublished li")).to_have_count(0)
    assert await headlines(reader) == []
    assert (await held_site.ask("GET", "/hold/updates?status=unpublished"))["updates"] == []

    # Whoever writes the next one already loses neither.
    await page.keyboard.press("Control+Enter")
    await page.locator("#headline").fill("وبعده")
    await page.get_by_role("button", name="تراجع", exact=True).click()
    taken = page.locator("desk-outbox li")
    await expect(taken.locator(".standing")).to_have_text("تم التراجع قبل أن يراه أحد.")
    await expect(page.locator("#headline")).to_have_value("وبعده")
    await page.get_by_role("button", name="حفظ مسودة").click()
    await expect(page.locator("#headline")).to_have_value("فيه خطأ")
    await expect(taken).to_have_count(0)


async def test_a_submission_published_by_one_press_or_from_the_form_can_be_taken_back_and_waits_again(
    held_site: Site, visit: Visit
) -> None:
    await held_site.cover("recall")
    reader = await (await visit()).read(f"{held_site.url}/live/recall")
    submitted = await held_site.ask(
        "POST", "/recall/updates", {"headline": "من مراسل", "status": "submitted", "breaking": True}
    )
    page = await desk_of(held_site, await visit(), "recall", "ديمة", "chief")
    waiting = page.locator("#panel-submitted li")
    await waiting.get_by_role("button", name="نشر").click()
    await expect(page.locator("#going-out .hint")).to_contain_text("يمكن التراجع")
    await page.keyboard.press("Enter")
    await expect(waiting).to_have_count(0)
    # As long as breaking is held, and not as other updates are.
    await expect(page.locator("desk-outbox .standing")).to_have_text(
        re.compile("^يُنشر بعد (40|[1-3]?[0-9]) ث$")
    )
    await page.get_by_role("button", name="تراجع", exact=True).click()
    await expect(waiting).to_contain_text("من مراسل")
    await expect(page.locator("desk-outbox li")).to_have_count(0)

    await waiting.get_by_role("button", name="تحرير").click()
    await expect(page.locator("#headline")).to_have_value("من مراسل")
    await page.locator("#headline").fill("من مراسلنا")
    await page.locator("[name=breaking]").uncheck()
    await page.locator("#headline").press("Control+Enter")
    await page.get_by_role("button", name="تراجع", exact=True).click()
    await expect(page.locator("#headline")).to_have_value("من مراسلنا")
    await expect(page.locator(".composer h2")).to_have_text("تعديل التحديث")
    assert await headlines(reader) == []
    update = await held_site.ask("GET", f"/recall/updates/{submitted['id']}")
    assert (update["status"], update["headline"], update["publish_at"]) == ("submitted", "من مراسلنا", None)


async def test_what_is_typed_while_another_update_is_on_its_way_to_the_form_is_not_overwritten(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("hasty")
    update = await site.ask("POST", "/hasty/updates", {"headline": "من مراسل", "status": "submitted"})
    page = await desk_of(site, visitor, "hasty", "غادة", "editor")
    asked, typed = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        asked.set()
        await typed.wait()
        await route.continue_()

    await page.route(f"**/hasty/updates/{update['id']}", slowly)
    await page.locator("#panel-submitted li").get_by_role("button", name="تحرير").click()
    await asked.wait()
    await page.locator("#headline").fill("كُتب على عجل")
    typed.set()
    await expect(page.locator("desk-composer .outcome")).to_have_text("أرسل ما في النموذج أو امسحه أولاً.")
    await expect(page.locator("#headline")).to_have_value("كُتب على عجل")
    await expect(page.locator(".composer h2")).to_have_text("تحديث جديد")


async def test_a_session_that_ended_keeps_the_text_until_one_has_logged_in_again(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("expired")
    page = await desk_of(site, visitor, "expired", "رنا", "editor")
    visitor.network_may_fail = True  # the refusals
    cookies = await visitor.context.cookies()
    await visitor.context.clear_cookies()
    ended = page.locator("desk-presence [role=alert]")
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(ended).to_contain_text("انتهت جلستك")  # before one has written for nothing, as it seems
    await page.locator("#headline").fill("بعد انتهاء الجلسة")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("desk-outbox li")).to_contain_text("انتهت جلستك")
    other = await log_in(site, visitor, "زميلتها", "chief")  # in the same browser: they did not write it
    async with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
        await page.evaluate("dispatchEvent(new Event('focus'))")
    assert (await refused.value).status == 401
    await expect(ended).to_be_visible()
    await other.goto(f"{site.url}/desk/expired")
    await expect(other.locator("#headline")).to_have_value("")
    await expect(other.locator("desk-outbox li")).to_have_count(0)
    await visitor.context.add_cookies(cookies)  # logged in again, in another tab
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(page.locator("desk-outbox li")).to_have_count(0)
    assert await site.published("expired") == ["بعد انتهاء الجلسة"]
    await expect(ended).to_be_hidden()


async def test_the_slower_of_two_editors_sees_what_differs_and_merges_by_keyboard(
    site: Site, visit: Visit
) -> None:
    await site.cover("clash")
    id = await site.publish("clash", "المصابون 4", body="قالت الإذاعة إن المصابين أربعة.")
    visitor = await visit()
    page = await desk_of(site, visitor, "clash", "هبة", "editor")
    visitor.network_may_fail = True  # the refusal
    await page.get_by_role("button", name="تعديل").click()
    await expect(page.locator("#headline")).to_have_value("المصابون 4")
    saved = {"headline": "المصابون 6", "body": "قالت الإذاعة إن المصابين ستة.", "attribution": "إذاعة"}
    await site.ask("PATCH", f"/clash/updates/{id}", saved)
    await page.get_by_label("خطأ إملائي").check()
    await page.locator("#headline").fill("المصابون خمسة")
    await page.locator("#body").fill("قالت الإذاعة إن المصابين خمسة.")
    await page.keyboard.press("Control+Enter")

    merge = page.locator("desk-merge")
    headline, body = merge.locator("[data-field=headline]"), merge.locator("[data-field=body]")
    await expect(merge).to_be_focused()
    await expect(merge.locator(".saved")).to_contain_text("منى")
    await expect(merge.locator(".taken")).to_contain_text("المصدر")  # only the other one had touched it
    await expect(page.locator("#attribution")).to_have_value("إذاعة")
    await expect(headline.locator("del bdi")).to_have_text("6")
    await expect(headline.locator("ins bdi")).to_have_text("خمسة")
    await expect(body.locator("del bdi")).to_have_text("ستة")
    await expect(body.locator("details div")).to_have_text("قالت الإذاعة إن المصابين ستة.")
    await expect(page.locator("#headline")).to_have_value("المصابون خمسة")
    assert await site.published("clash") == ["المصابون 6"]
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # Theirs and back: what was done to one's own is not lost by looking at the other.
    await page.locator("#headline").fill("المصابون خمسة أو ستة")
    await headline.get_by_label("نصي").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#headline")).to_have_value("المصابون 6")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#headline")).to_have_value("المصابون خمسة أو ستة")
    await body.get_by_label("نصي").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#body")).to_have_text("قالت الإذاعة إن المصابين ستة.")
    await page.reload()  # a crashed tab loses neither
    await expect(headline.get_by_label("نصي")).to_be_checked()
    await expect(body.get_by_label("كما حُفظ")).to_be_checked()
    await expect(page.locator("#headline")).to_have_value("المصابون خمسة أو ستة")
    await page.locator("#headline").press("Control+Enter")

    await expect(page.locator(".updates h3")).to_have_text("المصابون خمسة أو ستة")
    await expect(merge).to_be_hidden()
    update = await site.ask("GET", f"/clash/updates/{id}")
    assert (update["attribution"], update["text"]) == ("إذاعة", "قالت الإذاعة إن المصابين ستة.")


async def test_words_for_an_update_that_is_gone_stay_as_those_of_a_new_one(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("gone")
    id = await site.publish("gone", "خبر")
    page = await desk_of(site, visitor, "gone", "سناء", "editor")
    visitor.network_may_fail = True  # the refusal
    await page.get_by_role("button", name="تعديل").click()
    await page.get_by_label("خطأ إملائي").check()
    await page.locator("#headline").fill("خبر أطول بكثير")
    await site.ask("POST", f"/gone/updates/{id}/retraction", {"reason": "خطأ"})
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome.problem")).to_contain_text("سُحب هذا التحديث أو حُذف")
    await expect(page.locator("#headline")).to_have_value("خبر أطول بكثير")
    await expect(page.get_by_role("button", name="نشر", exact=True)).to_be_visible()


async def test_two_tabs_of_one_editor_never_overwrite_each_other(site: Site, visitor: Visitor) -> None:
    await site.cover("tabs")
    await visitor.context.add_init_script(NO_LONG_WAIT)
    one = await desk_of(site, visitor, "tabs", "ليث", "editor")
    await one.locator("#headline").fill("من النافذة الأولى")
    other = await visitor.context.new_page()
    await other.goto(f"{site.url}/desk/tabs")
    await expect(other.locator("#headline")).to_have_value("")
    await other.locator("#headline").fill("من النافذة الثانية")
    for page, headline in ((one, "من النافذة الأولى"), (other, "من النافذة الثانية")):
        await page.reload()
        await expect(page.locator("#headline")).to_have_value(headline)

    # The one that somebody works in sends, and it alone; the other one may sleep.
    senders: list[Page] = []
    visitor.context.on(
        "request", lambda request: request.method == "POST" and senders.append(request.frame.page)
    )
    sleep = await visitor.context.new_cdp_session(one)
    await sleep.send("Page.setWebLifecycleState", {"state": "frozen"})
    await other.locator("#headline").press("Control+Enter")
    await expect(other.locator(".updates h3")).to_have_text("من النافذة الثانية")
    await sleep.send("Page.setWebLifecycleState", {"state": "active"})
    await one.locator("#headline").press("Control+Enter")
    await expect(one.locator(".updates h3")).to_have_text(["من النافذة الأولى", "من النافذة الثانية"])
    await expect(one.locator("desk-outbox li")).to_have_count(0)
    assert senders == [other, one]


async def test_a_lost_laptops_text_goes_on_at_another_device(site: Site, visit: Visit) -> None:
    await site.cover("laptop")
    laptop = await visit()
    laptop.network_may_fail = True
    page = await desk_of(site, laptop, "laptop", "غسان", "editor")
    await page.evaluate("document.querySelector('#preview iframe').remove()")  # it lets no clock in
    await page.clock.install(time=0)
    await page.clock.pause_at(60_000)  # a busy machine takes time of its own
    await page.evaluate(WATCH_AUTOSAVES)

    # One copy is sent when the former was answered, and the server takes its time.
    async def copies(words: str, event: str = "", seconds: float = 0) -> int:
        """How many copies were sent after these words, this event and so many seconds."""
        await page.locator("#headline").fill(words)
        if event:
            await page.evaluate(event)
        await page.clock.fast_forward(seconds * 1000)
        await page.wait_for_function("() => answered === copies.length")
        return int(await page.evaluate("copies.length"))

    # Two seconds after the last word, and every eight of them while one goes on writing.
    assert [await copies("خ" * number, seconds=1.9) for number in range(1, 6)] == [0, 0, 0, 0, 1]
    assert [await copies("نص"), await copies("نصف", seconds=2)] == [1, 2]
    assert await copies("نصف خ", "Object.defineProperty(document, 'hidden', { value: true })") == 2
    assert await copies("نصف خب", "document.dispatchEvent(new Event('visibilitychange'))") == 3
    await page.route("**/autosaves/*", lambda route: route.abort())
    # What did not arrive is sent again after eight seconds, and when the network is back.
    assert await copies("نصف خبر", seconds=2) == 4
    await page.wait_for_function("() => failed === 1")
    await page.clock.fast_forward(8000)
    await page.wait_for_function("() => failed === 2")
    await page.unroute("**/autosaves/*")
    async with page.expect_response(lambda answer: "/autosaves/" in answer.url) as saved:
        await page.evaluate("dispatchEvent(new Event('online'))")
    assert (await saved.value).status == 204
    cookies = await laptop.context.cookies()
    await laptop.context.close()

    phone = await visit()
    await phone.context.add_cookies(cookies)
    page = await phone.context.new_page()
    await page.goto(f"{site.url}/desk/laptop")
    go_on = page.get_by_role("button", name="تابع الكتابة")
    await page.locator("#headline").fill("خبر آخر")
    await go_on.click()  # not over what is being written here
    await expect(page.locator(".outcome.problem")).to_contain_text("أرسل ما في النموذج أو امسحه")
    await expect(page.locator("#headline")).to_have_value("خبر آخر")
    await page.get_by_role("button", name="مسح").click()
    async with page.expect_response(lambda answer: answer.request.method == "DELETE") as forgotten:
        await go_on.click()
    assert "/autosaves/" in (await forgotten.value).url
    await expect(page.locator("#headline")).to_have_value("نصف خبر")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".updates h3")).to_have_text("نصف خبر")


async def test_all_that_an_update_can_say_is_written_without_a_pointer(site: Site, visitor: Visitor) -> None:
    await site.cover("fields")
    earlier = await site.publish("fields", "خبر سابق عن السيول")
    page = await desk_of(site, visitor, "fields", "ريم", "chief")
    await page.keyboard.press("?")
    keys = page.locator("#shortcuts")
    await expect(keys).to_be_visible()
    await expect(keys.locator("kbd")).to_have_text(["Ctrl", "Enter", "Ctrl", ";", "n", "e", "b", "p", "?"])
    await page.keyboard.press("Escape")
    await expect(keys).to_be_hidden()
    await page.keyboard.press("b")
    await expect(page.locator("[name=breaking]")).to_be_checked()
    await page.keyboard.press("b")
    await page.keyboard.press("e")
    await expect(page.locator("#headline")).to_have_value("خبر سابق عن السيول")
    await page.locator("#headline").fill("خبر سابق عن السيول، معدَّلاً")
    await page.get_by_role("button", name="مسح").press("Enter")
    await expect(page.locator("#headline")).to_have_value("")
    await page.get_by_role("button", name="استعادة").press("Enter")  # it was a mistake
    await expect(page.locator("#headline")).to_have_value("خبر سابق عن السيول، معدَّلاً")
    await expect(page.locator("#composer-title")).to_have_text("تعديل التحديث")
    await page.get_by_role("button", name="مسح").press("Enter")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("n")
    await expect(page.locator("#headline")).to_be_focused()
    await page.keyboard.type("كل ما يقال")
    await page.locator(".composer summary").first.press("Enter")
    await tab_to(page, "attribution")
    await page.keyboard.type("إذاعة")
    await page.locator("#verification").select_option("unconfirmed")
    await tab_to(page, "tags")
    await page.keyboard.type("طقس، سيول, ميناء")
    await page.locator("desk-related [type=search]").focus()
    await page.keyboard.type("سابق")
    await expect(page.locator("desk-related .found button")).to_have_text("خبر سابق عن السيول")
    await page.keyboard.press("Enter")
    await expect(page.locator("desk-related li")).to_have_count(1)
    await page.locator("#headline").press("Meta+Enter")
    await expect(page.locator(".updates h3").first).to_have_text("كل ما يقال")
    await expect(page.locator(".cleared")).to_be_hidden()
    update = (await site.ask("GET", "/fields/updates"))["updates"][0]
    assert (update["attribution"], update["verification"]) == ("إذاعة", "unconfirmed")
    assert update["tags"] == ["طقس", "سيول", "ميناء"]
    [related] = update["related"]
    assert related["title"] == "خبر سابق عن السيول"
    assert related["url"].endswith(f"/live/fields/updates/{earlier}")


async def test_a_picture_is_chosen_described_previewed_and_published(site: Site, visit: Visit) -> None:
    await site.cover("picture")
    visitor = await visit()
    page = await desk_of(site, visitor, "picture", "عمر", "editor")
    for kind, where, color in (
        ("paste", "body", "red"),
        ("paste", "headline", "lime"),
        ("drop", "body", "blue"),
    ):
        await page.evaluate(HAND_OVER, [kind, where, color])
        await expect(page.locator("desk-pictures img[src]")).to_have_count(1)
        await expect(page.locator("desk-pictures [name=alt]")).to_be_focused()
        await page.get_by_role("button", name="إزالة").click()
    await page.locator("#picture-file").set_input_files(str(LEAD))
    line = page.locator("desk-pictures li")
    await line.get_by_label("وصف").fill("ميناء عند الغروب")
    await line.get_by_label("الشرح").fill("الميناء مساء الأحد")
    await line.locator("[name=credit]").fill("إنترنت")
    await expect(line.locator("img")).to_be_visible()
    box = await line.locator(".focal").bounding_box()
    assert box
    await line.locator(".focal").click(position={"x": box["width"] * 0.85, "y": box["height"] * 0.45})
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown"):
        await line.locator(".focal").press(key)
    await page.get_by_role("button", name="معاينة").click()
    preview = page.frame_locator("#preview iframe")
    await expect(preview.locator("figcaption")).to_contain_text("الميناء مساء الأحد")
    for width, label in (
        (1280, "شاشة كبيرة"),
        (390, "هاتف"),
    ):  # of the page in it, on whatever screen this is
        await page.get_by_label(label).check()
        assert await preview.locator("html").evaluate("() => innerWidth") == width
        assert await page.locator(".screen").evaluate(SEEN_WHOLE), width
    await page.get_by_role("button", name="إغلاق").click()
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".updates figure img")).to_have_attribute("alt", "ميناء عند الغروب")
    [update] = (await site.ask("GET", "/picture/updates"))["updates"]
    [media] = update["media"]
    assert (media["caption"], media["credit"]) == ("الميناء مساء الأحد", "إنترنت")
    focus = media["focus"]
    assert 70 < focus["x"] < 80
    assert 40 < focus["y"] < 60


async def test_a_body_beyond_the_editor_is_mended_as_its_source_and_loses_nothing(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("beyond")
    table = "<table><tbody><tr><td>4</td></tr></tbody></table>"
    id = await site.publish("beyond", "جدول", body=f"{table}<p>نص</p>", format="html")
    page = await desk_of(site, visitor, "beyond", "وليد", "editor")
    await page.get_by_role("button", name="تعديل").click()
    source = page.locator("rich-text .source")
    await expect(source).to_have_value(re.compile("<td>4</td>"))
    await page.get_by_label("خطأ إملائي").check()
    await source.fill((await source.input_value()).replace("نص", "نص جديد"))
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".updates .body p")).to_have_text("نص جديد")
    update = await site.ask("GET", f"/beyond/updates/{id}")
    assert "<td>4</td>" in update["body"]


async def test_a_submission_is_sent_back_with_a_note(site: Site, visit: Visit) -> None:
    await site.cover("back")
    contributor = await desk_of(site, await visit(), "back", "نادر", "contributor")
    await contributor.locator("#headline").fill("بلا مصدر")
    await contributor.keyboard.press("Control+Enter")
    page = await desk_of(site, await visit(), "back", "أمل", "editor")
    await expect(page.locator("#panel-submitted li")).to_contain_text("نادر")  # whose it is
    await page.locator(".unpublished li").get_by_role("button", name="إعادة").click()
    await page.locator("#return-note").fill("من قال ذلك؟")
    await page.get_by_role("dialog").get_by_role("button", name="إعادة").click()
    await expect(page.locator(".unpublished li")).to_contain_text("مسودة")
    waiting = (await site.ask("GET", "/back/updates?status=draft"))["updates"]
    history = await site.ask("GET", f"/back/updates/{waiting[0]['id']}/revisions")
    assert history["revisions"][-1]["note"] == "من قال ذلك؟"
    remark = contributor.locator("#panel-draft .remark")
    await expect(remark).to_contain_text("من قال ذلك؟")
    await expect(remark).to_contain_text("أمل")
    await contributor.locator("#panel-draft").get_by_role("button", name="إرسال للمراجعة").click()
    await expect(contributor.locator("#panel-submitted li")).to_contain_text("بلا مصدر")
    await expect(remark).to_have_count(0)


async def test_an_earlier_text_is_found_in_the_history_and_put_back(site: Site, visitor: Visitor) -> None:
    await site.cover("history")
    id = await site.publish("history", "الميناء مفتوح", body="فُتح الميناء صباح اليوم.")
    await site.ask("PATCH", f"/history/updates/{id}", {"headline": "خطأ", "body": "خطأ"})
    page = await desk_of(site, visitor, "history", "منير", "editor")
    await page.locator(".updates").get_by_role("link", name="السجل").click()
    await expect(page.locator(".corrections del").first).to_contain_text("مفتوح")
    await page.get_by_role("link", name="خذ هذا النص إلى النموذج").click()
    await expect(page.locator("#headline")).to_have_value("الميناء مفتوح")
    await expect(page.locator("#body")).to_have_text("فُتح الميناء صباح اليوم.")
    await page.get_by_label("خطأ إملائي").check()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".updates h3")).to_have_text("الميناء مفتوح")


async def test_a_chief_opens_a_coverage_like_an_earlier_one_and_closes_it_with_a_summary(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("earlier", timezone="Asia/Damascus", place="دمشق")
    visitor.network_may_fail = True  # a page may be left while its socket is still connecting
    page = await log_in(site, visitor, "رئيسة", "chief")
    await page.get_by_role("link", name="افتح تغطية").click()
    await page.locator(".patterns a[href$='like=earlier']").click()
    await page.wait_for_url("**?like=earlier")
    address = page.get_by_label("العنوان الإلكتروني")
    await page.get_by_label("العنوان", exact=True).fill("السيول في الساحل")
    await expect(address).to_have_value("السيول-في-الساحل")
    await site.cover("السيول-في-الساحل")  # somebody was faster
    await page.get_by_role("button", name="افتح التغطية").click()
    await expect(page.locator("#slug-fault")).to_contain_text("توجد تغطية بهذا العنوان")
    await expect(address).to_have_value("السيول-في-الساحل-2")
    await address.fill("flood")
    await page.get_by_label("العنوان", exact=True).fill("السيول في الساحل كله")
    await page.get_by_label("تبدأ في").fill("2099-07-01T09:00")
    await page.get_by_label("المنطقة الزمنية").fill("دمشق")  # its name is wanted, which the list offers
    opens = page.get_by_role("button", name="افتح التغطية")
    await opens.click()
    await expect(page.locator("#timezone-fault")).to_contain_text("منطقة زمنية")
    await expect(page.get_by_label("المنطقة الزمنية")).to_be_focused()
    await expect(page.locator("#slug-fault")).to_have_count(0)
    await page.get_by_label("المنطقة الزمنية").fill("Asia/Damascus")
    await page.route("**/desk/new", lambda route: route.abort(), times=1)  # no network
    await opens.click()
    await expect(page.locator(".outcome")).to_contain_text("لا رد من الخادم")
    visitor.asked.clear()
    await opens.evaluate("button => { button.click(); button.click(); }")
    await page.wait_for_url("**/desk/flood")  # one's own address stays, whatever the headline becomes
    assert visitor.asked.count(f"{site.url}/desk/new") == 1  # and pressed twice it is sent once
    coverage = await site.ask("GET", "/flood")
    assert (coverage["place"], coverage["status"]) == ("دمشق", "scheduled")
    assert coverage["starts_at"] == "2099-07-01T06:00:00Z"  # wall time in Damascus, three hours ahead

    await page.get_by_role("link", name="إعدادات التغطية").click()
    await page.wait_for_url("**/coverage")
    await page.get_by_label("الملخص").fill("غرق شارعين\nلا ضحايا")
    await page.get_by_role("button", name="إنهاء التغطية").click()
    await page.wait_for_url("**/desk/flood")
    coverage = await site.ask("GET", "/flood")
    assert (coverage["status"], coverage["summary"]) == ("closed", ["غرق شارعين", "لا ضحايا"])


async def test_a_coverage_is_opened_and_closed_without_scripts(site: Site, visit: Visit) -> None:
    visitor = await visit(java_script_enabled=False)
    visitor.network_may_fail = True  # a refusal is shown as a page
    page = await log_in(site, visitor, "رئيسة بلا سكربت", "chief")
    await page.get_by_role("link", name="افتح تغطية").click()
    await page.get_by_label("العنوان", exact=True).fill("بلا سكربت")
    await page.get_by_label("المنطقة الزمنية").fill("دمشق")
    await page.get_by_label("العنوان", exact=True).press("Enter")
    await expect(page.locator("#timezone-fault")).to_be_visible()
    await expect(page.locator(".choose")).to_be_hidden()
    await page.get_by_label("المنطقة الزمنية").fill("Asia/Damascus")
    await page.get_by_role("button", name="افتح التغطية").click()
    desk = "**/desk/%D8%A8%D9%84%D8%A7-%D8%B3%D9%83%D8%B1%D8%A8%D8%AA"
    await page.wait_for_url(desk)
    await page.get_by_role("link", name="إعدادات التغطية").click()
    await page.get_by_role("button", name="إنهاء التغطية").click()
    await page.wait_for_url(desk)
    assert (await site.ask("GET", "/بلا-سكربت"))["status"] == "closed"


async def test_a_coverage_that_is_over_is_archived_by_one_press_and_comes_back(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("put-away", headline="زلزال قديم")
    visitor.network_may_fail = True  # a page may be left while its socket is still connecting
    page = await log_in(site, visitor, "عفاف", "chief")
    settings = f"{site.url}/desk/put-away/coverage"
    await page.goto(settings)
    await expect(page.get_by_role("button", name="أرشفة التغطية")).to_have_count(0)  # it is still running
    await page.get_by_role("button", name="إنهاء التغطية").press("Enter")
    await page.wait_for_url("**/desk/put-away")
    for press, archived in (("أرشفة التغطية", 1), ("إخراج من الأرشيف", 0)):
        await page.goto(settings)
        await page.get_by_role("button", name=press).press("Enter")
        await page.wait_for_url("**/desk/put-away")
        await page.goto(f"{site.url}/desk")
        await expect(page.locator(".archived a[href$='/put-away']")).to_have_count(archived)
        await expect(page.locator(".coverages a[href$='/put-away']")).to_have_count(1 - archived)
        await page.goto(f"{site.url}/?archived=1")
        await expect(page.locator("a[href$='/live/put-away']").first).to_have_count(archived)


async def test_byline_dateline_and_place_are_those_of_the_editors_last_update(
    site: Site, visit: Visit
) -> None:
    visitor = await visit()
    for slug in ("signed", "signed-elsewhere"):
        await site.cover(slug)
    page = await desk_of(site, visitor, "signed", "رهف", "editor")
    await page.locator(".composer summary").first.click()
    signature = {"byline": "رهف\nمتابعات", "dateline": "إسطنبول", "place": "دمشق"}
    for name, value in signature.items():
        await page.locator(f"#{name}").fill(value)
    await page.locator("#attribution").fill("وكالة")
    await page.locator("#headline").fill("موقّع")
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".updates h3")).to_have_text("موقّع")
    phone = await visit()
    await phone.context.add_cookies(await visitor.context.cookies())
    phone.network_may_fail = True  # the page is left while it may still connect
    on_the_phone = await phone.context.new_page()
    await on_the_phone.goto(page.url)
    for shown in (page, on_the_phone):  # in the form that is free again, and on another device
        for name, value in signature.items():
            await expect(shown.locator(f"#{name}")).to_have_value(value)
        await expect(shown.locator("#attribution")).to_have_value("")
    page = on_the_phone
    await page.goto(f"{site.url}/desk/signed-elsewhere")
    await expect(page.locator("#byline")).to_have_value(signature["byline"])
    await expect(page.locator("#dateline")).to_have_value("")  # another story, another place


async def test_an_address_becomes_a_card_or_at_least_a_link(site: Site, visit: Visit) -> None:
    await site.cover("cards")
    visitor = await visit()
    visitor.network_may_fail = True  # an address that may not be looked at
    page = await desk_of(site, visitor, "cards", "فرح", "editor")
    await page.locator(".composer summary").first.click()
    await page.locator("#embed-address").fill("http://10.0.0.1/private")
    await page.get_by_role("button", name="إضافة", exact=True).click()
    await expect(page.locator("desk-embeds .problem")).not_to_be_empty()
    await page.evaluate(PASTE, ["body", "", "http://10.0.0.1/private"])  # nothing that was pasted is lost
    await expect(page.locator("#body")).to_have_text("http://10.0.0.1/private")
    card = {"embed": {"url": "https://youtu.be/abcdefghijk", "title": "فيديو السيول", "provider": "youtube"}}
    await page.route("**/api/v1/previews", lambda route: route.fulfill(json=card))
    await page.locator("#embed-address").fill("https://youtu.be/abcdefghijk")
    await page.locator("#embed-address").press("Enter")
    await expect(page.locator("desk-embeds li strong")).to_have_text("فيديو السيول")
    await page.get_by_role("button", name="إزالة").click()

    # Pasted on an empty line of the text it becomes a card at once; beside words it is a link among them.
    await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.evaluate("navigator.clipboard.writeText('https://youtu.be/abcdefghijk')")
    await page.locator("#body").fill("قال:")
    await page.locator("#body").press("Control+v")
    await expect(page.locator("#body")).to_contain_text("youtu.be")
    await expect(page.locator("desk-embeds li")).to_have_count(0)
    await page.locator("#body").fill("قال:")
    await page.locator("#body").press("Enter")
    await page.locator("#body").press("Control+v")
    await expect(page.locator("desk-embeds li strong")).to_have_text("فيديو السيول")
    await expect(page.locator("#body")).not_to_contain_text("youtu.be")

    # What a word processor puts there comes in the place of what was selected, without its clothes.
    body = page.locator("#body")
    word = "<p class='MsoNormal' style='color:red'><span lang='AR'>الوزير <b>علي</b></span></p>"
    docs = (
        "<b style='font-weight:normal'><p><span style='font-weight:400'>الوزير </span>"
        "<span style='font-weight:700'>علي</span></p></b>"
    )
    for copied in (word, docs):
        await body.fill("قال فلان أمس.")
        await expect(body).to_have_text("قال فلان أمس.")
        await page.evaluate(PASTE, ["body", copied, "الوزير علي", [4, 8]])
        await expect(body.locator("p")).to_have_text("قال الوزير علي أمس.")
        await expect(body.locator("strong")).to_have_text("علي")
        await expect(body.locator("[style], [class], span")).to_have_count(0)
        await expect(body.locator("p")).to_have_css("direction", "rtl")
        await body.press("Control+z")
        await expect(body.locator("p")).to_have_text("قال فلان أمس.")
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".updates .embed")).to_contain_text("فيديو السيول")
    [update] = (await site.ask("GET", "/cards/updates"))["updates"]
    assert update["embeds"][0]["url"] == "https://youtu.be/abcdefghijk"
