"""One's own password and sessions, by keyboard, in several browsers."""

from __future__ import annotations

import pytest
from e2e_browser import Visit
from e2e_site import Site
from playwright.async_api import Page, expect
from test_e2e_desk import log_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

MOST_GUESSES = 12  # three are free; then waits double, which no machine is slow enough for
FIRST, SECOND = "قارب بنفسجي يعبر السطوح", "مصباح أخضر تحت الجسر"


async def typed(page: Page, **fields: str) -> None:
    """Fill fields by typing, and send the form that the last one is in."""
    for name, text in fields.items():
        await page.locator(f"[name={name}]").focus()
        await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def test_a_password_is_set_changed_and_guessed_and_sessions_end(site: Site, visit: Visit) -> None:
    laptop, phone, stranger = await visit(), await visit(), await visit()
    for visitor in (laptop, phone, stranger):
        visitor.network_may_fail = True  # the refusals
    at_laptop = await log_in(site, laptop, "ميرا", "editor")
    await at_laptop.goto(f"{site.url}/desk/account")
    await typed(at_laptop, password=FIRST, again=FIRST)
    await expect(at_laptop.locator(".done")).to_be_visible()

    async def by_password(page: Page, password: str) -> None:
        await page.goto(f"{site.url}/desk/login")
        await typed(page, name="ميرا", password=password)

    at_phone = await phone.context.new_page()
    await by_password(at_phone, FIRST)
    await at_phone.wait_for_url("**/desk")
    await at_phone.goto(f"{site.url}/desk/account")
    await expect(at_phone.locator("ul.lines > li")).to_have_count(2)
    await typed(at_phone, current=FIRST, password=SECOND, again=SECOND)
    await expect(at_phone.locator(".done")).to_be_visible()
    await expect(at_phone.locator("ul.lines > li")).to_have_count(1)
    await at_laptop.goto(f"{site.url}/desk")
    await expect(at_laptop).to_have_url(f"{site.url}/desk/login")

    await by_password(at_laptop, FIRST)
    await expect(at_laptop.get_by_role("alert")).to_be_visible()
    await by_password(at_laptop, SECOND)
    await at_laptop.wait_for_url("**/desk")
    await at_phone.reload()
    everywhere = at_phone.locator("form:has([value=others]) button")
    await everywhere.focus()
    await everywhere.press("Enter")
    await expect(at_phone.locator("ul.lines > li")).to_have_count(1)
    await at_laptop.goto(f"{site.url}/desk")
    await expect(at_laptop).to_have_url(f"{site.url}/desk/login")

    # Whoever guesses waits ever longer, and is told so; nobody is locked out.
    page = await stranger.context.new_page()
    alert = page.get_by_role("alert")
    for guess in range(MOST_GUESSES):
        await by_password(page, f"تخمين رقم {guess} ليس صحيحًا")
        await expect(alert).to_be_visible()
        if "كثرت كلمات المرور الخاطئة" in await alert.inner_text():
            break
    else:
        raise AssertionError(f"{MOST_GUESSES} guesses were looked at")
    await at_phone.goto(f"{site.url}/desk")
    await expect(at_phone.locator(".person")).to_contain_text("ميرا")


async def test_an_admin_gives_another_role_in_one_coverage_which_counts_at_once(
    site: Site, visit: Visit
) -> None:
    await site.cover("one-role")
    admin, writer = await visit(), await visit()
    at_admin = await log_in(site, admin, "سعاد", "admin")
    at_desk = await log_in(site, writer, "مازن", "contributor")
    for visitor in (admin, writer):
        visitor.network_may_fail = True  # a page may be left while its socket is still connecting
    await at_desk.goto(f"{site.url}/desk/one-role")
    await expect(at_desk.locator("[name=breaking]")).to_have_count(0)

    async def give(role: str) -> None:
        await at_admin.goto(f"{site.url}/desk/people")
        line = at_admin.locator("li", has=at_admin.locator("strong", has_text="مازن"))
        await line.locator("summary").press("Enter")
        roles = line.locator(".role-line").first
        await roles.locator("[name=role_coverage]").select_option("one-role")
        await roles.locator("[name=role_there]").select_option(role)
        await line.locator("form[action$=grants] button").press("Enter")
        await expect(at_admin.locator(".done")).to_be_visible()
        assert await at_admin.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await at_desk.reload()

    await give("chief")
    await expect(at_admin.locator("li", has_text="مازن").locator(".hint").first).to_contain_text("one-role")
    await expect(at_desk.locator("[name=breaking]")).to_have_count(1)
    await give("")
    await expect(at_desk.locator("[name=breaking]")).to_have_count(0)
