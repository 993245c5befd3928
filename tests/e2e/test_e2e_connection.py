"""Following through what stands between a reader and the newsroom: proxies, lost networks, wrong clocks."""

from __future__ import annotations

import json

import pytest
from e2e_browser import PHONE, Visit, Visitor, headlines
from e2e_site import Site
from playwright.async_api import WebSocketRoute, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

NEWEST = ".updates > article:first-of-type h3"
DESKTOP = {"width": 1280, "height": 900}
READERS = pytest.mark.parametrize(
    ("viewport", "language"), [(PHONE, "ar"), (DESKTOP, "en")], ids=["phone-ar", "desktop-en"]
)
SECONDS = 20_000.0  # milliseconds, for what is given up only after some seconds


@READERS
async def test_where_websockets_get_no_answer_and_events_are_held_back_polling_takes_over(
    viewport: dict[str, int], language: str, own_site: Site, visit: Visit
) -> None:
    await own_site.cover("held", language=language)
    await own_site.publish("held", "الأول")
    own_site.gate.swallows_upgrades = own_site.gate.buffers_events = True
    visitor = await visit(viewport=viewport)
    visitor.network_may_fail = True
    page = await visitor.context.new_page()
    await page.goto(f"{own_site.url}/live/held")
    await own_site.publish("held", "رغم الحجز")
    await expect(page.locator(NEWEST)).to_have_text("رغم الحجز", timeout=SECONDS)
    await own_site.publish("held", "بالسؤال الطويل")
    await expect(page.locator(NEWEST)).to_have_text("بالسؤال الطويل")
    ways = [way for way in ("ws", "sse", "changes") if any(f"/held/{way}?" in one for one in visitor.asked)]
    assert ways == ["ws", "sse", "changes"]
    cursors = {one.partition("after=")[2].partition("&")[0] for one in visitor.asked if "after=" in one}
    assert all(cursors)
    assert await headlines(page) == await own_site.published("held")


@READERS
async def test_through_a_proxy_that_cuts_every_connection_soon_everything_arrives_once(
    viewport: dict[str, int], language: str, own_site: Site, visit: Visit
) -> None:
    await own_site.cover("soon", language=language)
    visitor = await visit(viewport=viewport)
    visitor.network_may_fail = True
    page = await visitor.context.new_page()
    await page.goto(f"{own_site.url}/live/soon")
    own_site.gate.lifetime = 0.7
    own_site.gate.cut()
    published = 0
    while own_site.gate.cuts < 5:
        published += 1
        await own_site.publish("soon", f"خبر {published}")
        await expect(page.locator(NEWEST)).to_have_text(f"خبر {published}", timeout=SECONDS)
    assert await headlines(page) == await own_site.published("soon")


async def test_a_lost_network_is_said_at_once_and_what_was_missed_comes_after_it(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("network")
    await site.publish("network", "قبل")
    page = await visitor.read(f"{site.url}/live/network")
    visitor.network_may_fail = True
    line = page.locator(".lost")
    await expect(line).to_be_hidden()
    await visitor.context.set_offline(True)
    await expect(line).to_contain_text("أنت غير متصل بالشبكة")
    await site.publish("network", "أثناء")
    assert await headlines(page) == ["قبل"]
    await visitor.context.set_offline(False)
    await expect(page.locator(NEWEST)).to_have_text("أثناء")
    await expect(line).to_be_hidden()


async def test_a_frame_that_was_lost_on_the_way_is_missed_and_fetched(site: Site, visitor: Visitor) -> None:
    await site.cover("gap")
    page = await visitor.context.new_page()
    lost: list[str] = []

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def frame(message: str | bytes) -> None:
            if not lost and json.loads(message)["kind"] == "published":
                lost.append(str(message))
            else:
                socket.send(message)

        server.on_message(frame)

    await page.route_web_socket("**/live/gap/ws?*", pass_on)
    await page.goto(f"{site.url}/live/gap")
    await site.publish("gap", "ضاع في الطريق")
    await expect(page.locator(NEWEST)).to_have_text("ضاع في الطريق")
    assert len(lost) == 1


async def test_how_long_ago_is_told_by_the_clock_of_the_server(site: Site, visit: Visit) -> None:
    await site.cover("clock", language="en")
    await site.publish("clock", "Now")
    visitor = await visit()
    visitor.network_may_fail = True  # hours without a heartbeat: it connects anew
    page = await visitor.context.new_page()
    await page.clock.install(time="2031-01-01T00:00:00Z")  # years before the server's
    await page.goto(f"{site.url}/live/clock")
    ago = page.locator(".permalink .ago")
    await expect(ago).to_have_text("now")
    await expect(page.locator(".permalink time")).to_contain_text("|")
    await page.clock.run_for("03:05:00")
    await expect(ago).to_have_text("3 hours ago")


async def test_a_line_says_what_came_since_the_last_visit(site: Site, visitor: Visitor) -> None:
    await site.cover("again")
    seen = [await site.publish("again", f"قديم {n}") for n in (1, 2)][-1]
    page = await visitor.read(f"{site.url}/live/again")
    await expect(page.locator(".last-visit")).to_be_hidden()
    await page.goto(site.url)
    await site.publish("again", "جديد")
    page = await visitor.read(f"{site.url}/live/again")
    order = await page.locator(".updates > *").evaluate_all("all => all.map(one => one.className)")
    assert order == ["update", "last-visit", "update", "update"]
    await page.locator(".last-visit a").click()
    await page.wait_for_url(f"**/live/again#u-{seen}")
