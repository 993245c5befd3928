"""Following through what stands between reader and newsroom: proxies, lost networks, sleep, wrong clocks."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from e2e_browser import HASTY, HEADLINES, Visitor, chromium, headlines, new_visitor
from e2e_readers import EVERYBODY, Reader
from e2e_site import Gate, Site
from playwright.async_api import Page, Route, WebSocketRoute, expect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

NEWEST = ".updates > article:first-of-type h3"
LOST_FOR = 5_000.0  # milliseconds without a connection that nobody is told of
# Seconds that a proxy leaves a connection; `make readers` has the 5 s that some have.
LIFETIME = 5.0 if EVERYBODY else 0.7
# The clock of a device that sleeps goes on, its timers do not: what comes every few seconds comes soon.
SLEEPER = """
window.slept = 0;
const { now } = Date;
Date.now = () => now() + window.slept;
const every = setInterval;
window.setInterval = (beat, pause) => every(beat, pause / 100);
"""
# Chromium tells of the kind of network on phones only.
ROAMING = """
const line = new EventTarget();
line.type = 'wifi';
Object.defineProperty(Navigator.prototype, 'connection', { get: () => line });
"""
KEPT = 95  # updates that stay on a page however many come
WAITS = """
window.waits = [];
const later = setTimeout;
window.setTimeout = (then, wait, ...others) => {
  window.waits.push(wait);
  return later(then, wait, ...others);
};
"""
WHEN_LOST = """
const Socket = WebSocket;
window.WebSocket = class extends Socket {
  constructor(...all) {
    super(...all);
    this.addEventListener('close', () => { window.closed ??= performance.now(); });
  }
};
addEventListener('animationstart', ({ target }) => {
  if (target.matches('.lost')) window.told ??= performance.now();
});
"""


def cursors(visitor: Visitor, way: str) -> list[str]:
    """The cursors with which the page asked in one way, in their order."""
    asked = [urlsplit(one) for one in visitor.asked if "?view=html" in one]
    return [parse_qs(one.query)["after"][0] for one in asked if one.path.endswith(f"/{way}")]


def ways(visitor: Visitor) -> list[str]:
    """How the page asked for updates, in the order it asked first."""
    asked = [one.partition("?")[0].rpartition("/")[2] for one in visitor.asked if "?view=html" in one]
    return list(dict.fromkeys(asked))


async def test_where_websockets_get_no_answer_and_events_are_held_back_polling_takes_over(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    await site.publish(slug, "الأول")
    gate.swallows_upgrades = gate.buffers_events = True
    visitor.network_may_fail = True
    await visitor.context.add_init_script(HASTY)
    page = await visitor.context.new_page()
    await page.goto(f"{gate.url}/live/{slug}")
    await site.publish(slug, "رغم الحجز")
    await expect(page.locator(NEWEST)).to_have_text("رغم الحجز")
    await site.publish(slug, "بالسؤال الطويل")
    await expect(page.locator(NEWEST)).to_have_text("بالسؤال الطويل")
    assert ways(visitor) == ["ws", "sse", "changes"]
    first = cursors(visitor, "ws")[0]  # the page's own; nothing came before the last way
    assert {*cursors(visitor, "ws"), *cursors(visitor, "sse"), cursors(visitor, "changes")[0]} == {first}
    assert await headlines(page) == await site.published(slug)


async def test_through_a_proxy_that_cuts_every_connection_soon_everything_arrives_once(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    visitor.network_may_fail = True
    page = await visitor.context.new_page()
    await page.goto(f"{gate.url}/live/{slug}")
    gate.lifetime = LIFETIME
    gate.cut()
    published = 0
    while gate.cuts < 5:
        published += 1
        await site.publish(slug, f"خبر {published}")
        await expect(page.locator(NEWEST)).to_have_text(f"خبر {published}")
    shown = await headlines(page)
    assert shown == (await site.published(slug))[: len(shown)]
    assert len(shown) >= min(published, KEPT)


async def test_one_cursor_goes_from_websocket_to_events_to_polling(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    page = await visitor.read(f"{gate.url}/live/{slug}")
    await site.publish(slug, "بالمقبس")
    await expect(page.locator(NEWEST)).to_have_text("بالمقبس")
    by_socket = await site.position(slug)

    visitor.network_may_fail = True
    gate.refuses_upgrades = True
    gate.cut()
    await site.publish(slug, "بالأحداث")
    await expect(page.locator(NEWEST)).to_have_text("بالأحداث")
    assert ways(visitor) == ["ws", "sse"]
    assert set(cursors(visitor, "sse")) == {by_socket}
    by_event = await site.position(slug)

    await page.route(f"**/live/{slug}/sse?*", lambda route: route.abort())
    gate.cut()
    await site.publish(slug, "بالسؤال")
    await expect(page.locator(NEWEST)).to_have_text("بالسؤال")
    by_question = await site.position(slug)
    await page.route(f"**/live/{slug}/changes?*wait=20", lambda route: route.abort(), times=1)
    async with page.expect_request(f"**/live/{slug}/changes?*wait=10"):  # cut off while nothing came
        await site.publish(slug, "بالسؤال الطويل")
    await expect(page.locator(NEWEST)).to_have_text("بالسؤال الطويل")
    assert ways(visitor) == ["ws", "sse", "changes"]
    assert cursors(visitor, "changes")[0] == by_event
    assert by_question in cursors(visitor, "changes")
    assert await headlines(page) == await site.published(slug)


@pytest.mark.one_reader
async def test_who_asks_with_a_worthless_cursor_takes_the_page_as_it_is(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    await site.publish(slug, "خبر")
    gate.refuses_upgrades = True
    visitor.network_may_fail = True
    page = await visitor.context.new_page()

    async def of_another_life(route: Route) -> None:
        answer = await route.fetch()
        old = re.sub(r'data-position="[^"]*"', 'data-position="other-1"', await answer.text())
        await route.fulfill(response=answer, body=old.replace("خبر", "قديم"))

    await page.route(f"{gate.url}/live/{slug}", of_another_life, times=1)
    await page.route(f"**/live/{slug}/sse?*", lambda route: route.abort())
    await page.goto(f"{gate.url}/live/{slug}")
    await expect(page.locator(NEWEST)).to_have_text("خبر")
    await site.publish(slug, "بعده")
    await expect(page.locator(NEWEST)).to_have_text("بعده")
    assert ways(visitor) == ["ws", "sse", "changes"]


async def test_where_websocket_is_blocked_events_take_over_until_the_network_is_another(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    gate.refuses_upgrades = True
    visitor.network_may_fail = True
    await visitor.context.add_init_script(ROAMING)
    page = await visitor.context.new_page()
    await page.goto(f"{gate.url}/live/{slug}")
    await site.publish(slug, "وصل رغم الحجب")
    await expect(page.locator(NEWEST)).to_have_text("وصل رغم الحجب")
    gate.refuses_upgrades = False
    await leave_network(page, "cellular")
    await visitor.connected()
    # The network that was left forgets what it carried; the line over it looks as alive as before.
    gate.forget()
    await site.publish(slug, "على شبكة أخرى")
    visitor.expect_greeting()
    await leave_network(page, "cellular")  # what changed is only how quick it is
    assert (await headlines(page))[0] == "وصل رغم الحجب"
    await leave_network(page, "wifi")
    await visitor.connected()
    await expect(page.locator(NEWEST)).to_have_text("على شبكة أخرى")
    assert ways(visitor) == ["ws", "sse"]


async def test_a_page_comes_back_at_once_when_its_device_has_slept_or_it_is_looked_at_again(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(SLEEPER)
    visitor.network_may_fail = True
    page = await visitor.read(f"{gate.url}/live/{slug}")
    for headline, woken in (
        ("أثناء النوم", "window.slept += 7200e3"),
        ("أثناء الغياب", "window.slept += 40e3; document.dispatchEvent(new Event('visibilitychange'))"),
    ):
        visitor.expect_greeting()
        gate.forget()
        await site.publish(slug, headline)
        await page.evaluate(woken)
        await visitor.connected()
        await expect(page.locator(NEWEST)).to_have_text(headline)
    assert await headlines(page) == await site.published(slug)


@pytest.mark.one_reader
async def test_a_page_gone_back_to_has_what_came_meanwhile_once_and_in_order(
    site: Site, slug: str, reader: Reader
) -> None:
    first = await site.publish(slug, "الأول")
    # Playwright switches off what keeps pages for «back», and without windows there is none.
    async with chromium(whole=True, ignore_default_args=["--disable-back-forward-cache"]) as browser:
        visitor = await new_visitor(browser, **reader.profile)
        page = await visitor.read(f"{site.url}/live/{slug}")
        await page.evaluate("addEventListener('pageshow', event => { window.kept = event.persisted; })")
        await page.goto(site.url)
        for headline in ("الثاني", "الثالث"):
            await site.publish(slug, headline)
        await site.ask("PATCH", f"/{slug}/updates/{first}", {"headline": "الأول معدلاً"})
        await page.evaluate("setTimeout(() => history.back())")
        await page.wait_for_function("() => window.kept")
        await expect(page.locator(NEWEST)).to_have_text("الثالث")
        await expect(page.locator(f"#u-{first} h3")).to_have_text("الأول معدلاً")
        await site.publish(slug, "بعد العودة")
        await expect(page.locator(NEWEST)).to_have_text("بعد العودة")
        assert await headlines(page) == await site.published(slug)
        assert visitor.complaints() == []


async def test_each_attempt_to_come_back_waits_a_random_part_of_twice_as_long_the_first_as_well(
    site: Site, gate: Gate, slug: str, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(WAITS)
    visitor.network_may_fail = True
    page = await visitor.read(f"{gate.url}/live/{slug}")
    await site.publish(slug, "قبل")
    await expect(page.locator(NEWEST)).to_have_text("قبل")
    await page.evaluate("() => { Math.random = () => 0.0131; window.waits = []; }")
    gate.shut = True
    gate.cut()
    drawn = [0.0131 * 500 * 2**attempt for attempt in range(5)]
    waited = "drawn => window.waits.filter(wait => wait % 1 && wait < 1000).length >= drawn"
    await page.wait_for_function(waited, arg=len(drawn))
    waits = await page.evaluate("window.waits.filter(wait => wait % 1 && wait < 1000)")
    assert waits[: len(drawn)] == pytest.approx(drawn)
    gate.shut = False
    await site.publish(slug, "بعد")
    await expect(page.locator(NEWEST)).to_have_text("بعد")


async def test_a_calm_line_says_that_the_connection_is_lost_once_it_has_been_for_seconds(
    site: Site, gate: Gate, slug: str, reader: Reader, visitor: Visitor
) -> None:
    await visitor.context.add_init_script(WHEN_LOST)
    visitor.network_may_fail = True
    page = await visitor.read(f"{gate.url}/live/{slug}")
    line = page.locator(".lost")
    gate.shut = True
    gate.cut()
    await expect(line).to_be_visible()
    await expect(line).to_be_in_viewport()
    await expect(line).to_have_text(
        reader.says("انقطع الاتصال. نعيد المحاولة…", "Connection lost. Reconnecting…")
    )
    assert await page.evaluate("window.told - window.closed") >= LOST_FOR
    gate.shut = False
    await expect(line).to_be_hidden()


async def test_a_lost_network_is_said_at_once_and_what_was_missed_comes_after_it(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    await site.publish(slug, "قبل")
    page = await visitor.read(f"{site.url}/live/{slug}")
    visitor.network_may_fail = True
    line = page.locator(".lost")
    await expect(line).to_be_hidden()
    await visitor.context.set_offline(True)
    await expect(line).to_contain_text(reader.says("أنت غير متصل بالشبكة", "You are offline"))
    await site.publish(slug, "أثناء")
    assert await headlines(page) == ["قبل"]
    # The next attempt would come in many minutes: the network's return is what brings it.
    await page.evaluate("() => { Math.random = () => 1e4; dispatchEvent(new Event('offline')); }")
    await visitor.context.set_offline(False)
    await expect(page.locator(NEWEST)).to_have_text("أثناء")
    await expect(line).to_be_hidden()


@pytest.mark.one_reader
async def test_a_frame_that_was_lost_on_the_way_is_missed_and_fetched(
    site: Site, slug: str, visitor: Visitor
) -> None:
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

    await page.route_web_socket(f"**/live/{slug}/ws?*", pass_on)
    await page.goto(f"{site.url}/live/{slug}")
    await site.publish(slug, "ضاع في الطريق")
    await expect(page.locator(NEWEST)).to_have_text("ضاع في الطريق")
    assert len(lost) == 1


@pytest.mark.one_reader
async def test_what_is_published_between_rendering_and_connecting_arrives(
    site: Site, slug: str, visitor: Visitor
) -> None:
    first = await site.publish(slug, "عند الرسم")
    connect = asyncio.Event()

    async def hold(route: Route) -> None:
        await connect.wait()
        await route.continue_()

    page = await visitor.context.new_page()
    await page.route("**/static/live-coverage.js*", hold)
    await page.goto(f"{site.url}/live/{slug}", wait_until="commit")
    await expect(page.locator(NEWEST)).to_have_text("عند الرسم")
    await site.publish(slug, "بين الرسم والاتصال")
    await site.ask("PATCH", f"/{slug}/updates/{first}", {"headline": "عند الرسم، معدلاً"})
    assert await headlines(page) == ["عند الرسم"]
    connect.set()
    await expect(page.locator(NEWEST)).to_have_text("بين الرسم والاتصال")
    await expect(page.locator(HEADLINES)).to_have_text(["بين الرسم والاتصال", "عند الرسم، معدلاً"])


async def test_how_long_ago_is_told_by_the_clock_of_the_server(
    site: Site, slug: str, reader: Reader, visitor: Visitor
) -> None:
    await site.publish(slug, "الآن")

    async def kept_by_a_cache(route: Route) -> None:
        answer = await route.fetch()
        headers = dict(answer.headers)
        if route.request.method == "HEAD":
            date = parsedate_to_datetime(headers["date"]) - timedelta(hours=2)
            headers |= {"date": format_datetime(date, usegmt=True), "age": "7200"}
        await route.fulfill(response=answer, headers=headers)

    visitor.network_may_fail = True  # hours without a heartbeat: it connects anew
    page = await visitor.context.new_page()
    await page.clock.install(time="2031-01-01T00:00:00Z")  # years before the server's
    await page.route(f"{site.url}/live/{slug}", kept_by_a_cache)
    await page.goto(f"{site.url}/live/{slug}")
    ago = page.locator(".permalink .ago")
    await expect(ago).to_have_text(reader.says("الآن", "now"))
    await expect(page.locator(".permalink time")).to_contain_text("دمشق")
    await page.clock.run_for("03:05:00")
    await expect(ago).to_have_text(reader.says("قبل 3 ساعات", "3 hours ago"))


async def leave_network(page: Page, kind: str) -> None:
    """Have the device change to a network of that kind."""
    tell = "kind => { const { connection } = navigator; connection.type = kind; "
    await page.evaluate(tell + "connection.dispatchEvent(new Event('change')); }", kind)
