"""What matters most to readers, in Firefox: `make firefox`. By its name `make test` leaves it out.

Firefox from Debian is driven by the standard WebDriver BiDi (w3c.github.io/webdriver-bidi), a WebSocket of
JSON: Playwright has only a Firefox of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from e2e_site import Site

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
TIMEOUT = 60.0  # seconds; a watchdog
PROFILE = {
    "app.update.enabled": "false",
    "datareporting.policy.dataSubmissionEnabled": "false",
    "ui.prefersReducedMotion": "1",
}
# The first update that comes over a WebSocket is lost on its way.
LOSE_ONE = """() => {
  const Whole = WebSocket;
  window.lost = 0;
  window.WebSocket = class extends Whole {
    set onmessage(then) {
      super.onmessage = then && (message => {
        if (!window.lost && JSON.parse(message.data).kind === 'published') window.lost += 1;
        else then(message);
      });
    }
  };
}"""
UNTIL = """async condition => {
  while (!eval(condition)) await new Promise(resolve => setTimeout(resolve, 20));
  return true;
}"""

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


class Reader:
    """One tab of a Firefox."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._tab = ""
        self.complaints: list[str] = []

    async def open(self) -> None:
        await self.command("session.new", {"capabilities": {}})
        await self.command("session.subscribe", {"events": ["log.entryAdded"]})
        self._tab = (await self.command("browsingContext.create", {"type": "tab"}))["context"]
        phone = {"context": self._tab, "viewport": {"width": 390, "height": 844}}
        await self.command("browsingContext.setViewport", phone)

    async def command(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(TIMEOUT):
            while True:
                said = await self._socket.receive_json()
                if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                    self.complaints.append(said["params"]["text"])
                if said.get("id") == number:
                    assert said["type"] == "success", said
                    return said["result"]

    async def read(self, address: str) -> None:
        params = {"context": self._tab, "url": address, "wait": "complete"}
        await self.command("browsingContext.navigate", params)

    async def prepare(self, function: str) -> None:
        """Have `function` run on each page before anything of the page does."""
        await self.command("script.addPreloadScript", {"functionDeclaration": function})

    async def go_back(self) -> None:
        await self.command("browsingContext.traverseHistory", {"context": self._tab, "delta": -1})

    def unexplained(self) -> list[str]:
        """What Firefox complained about, but for the connections that a test had fail."""
        failed = ("can’t establish a connection", "was interrupted while the page was loading")
        return [text for text in self.complaints if not any(words in text for words in failed)]

    async def see(self, expression: str) -> Any:
        """What `expression` is on the page: a text, number or truth value."""
        return (await self._call(f"() => ({expression})")).get("value")

    async def until(self, condition: str) -> None:
        """Wait until `condition` is true on the page."""
        try:
            await self._call(UNTIL, condition)
        except TimeoutError:
            page = await self.see("document.querySelector('live-coverage').outerHTML")
            pytest.fail(f"{condition} never came true in {page}")

    async def _call(self, function: str, *arguments: str) -> Any:
        params = {
            "functionDeclaration": function,
            "arguments": [{"type": "string", "value": argument} for argument in arguments],
            "target": {"context": self._tab, "sandbox": "test"},  # beside the page's policy, not under it
            "awaitPromise": True,
        }
        answer = await self.command("script.callFunction", params)
        assert answer["type"] == "success", answer
        return answer["result"]


@pytest_asyncio.fixture(loop_scope="session")
async def firefox(tmp_path: Path) -> AsyncIterator[Reader]:
    assert FIREFOX, "Firefox is missing: see `make firefox`"
    profile = tmp_path / "profile"
    profile.mkdir()
    lines = [f'user_pref("{name}", {value});' for name, value in PROFILE.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        *(FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        async with asyncio.timeout(TIMEOUT):
            while not (found := re.search(rb"BiDi listening on (ws://\S+)", await process.stderr.readline())):
                assert process.returncode is None
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(f"{found[1].decode()}/session", max_msg_size=0) as socket,
        ):
            made = Reader(socket)
            await made.open()
            yield made
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_firefox_follows_counts_corrects_and_comes_back(own_site: Site, firefox: Reader) -> None:
    site, reader = own_site, firefox
    await site.cover("fox", place="دمشق", timezone="Asia/Damascus", starts_at="2020-11-22T15:15:00Z")
    ids = [await site.publish("fox", f"الخبر {n}", body="نص طويل للقراءة. " * 60) for n in range(4)]
    await reader.read(f"{site.url}/live/fox")

    # An Arabic page: from right to left, no wider than the phone, and the place beside the time.
    assert await reader.see("getComputedStyle(document.body).direction") == "rtl"
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await reader.see(wider) == 0
    left = "document.querySelectorAll('.times bdi')[{}].getBoundingClientRect().left"
    assert await reader.see(left.format(0)) > await reader.see(left.format(1))

    first = "document.querySelector('.updates article h3').innerText"
    await site.publish("fox", "وصل في الحال")
    await reader.until(f"{first} === 'وصل في الحال'")

    # What is read stays where it is, and what is new is counted.
    line = f"document.querySelector('#u-{ids[1]} .body').getBoundingClientRect().top"
    jump = f"document.querySelector('#u-{ids[1]}').scrollIntoView({{ behavior: 'instant' }})"
    await reader.see(jump)
    stands = await reader.see(line)
    note = {"note": "صُحّح.", "body": "نص آخر أطول. " * 90}
    await site.ask("POST", f"/fox/updates/{ids[3]}/corrections", note)
    await reader.until(f"document.querySelector('#u-{ids[3]} .correction')?.innerText.includes('صُحّح.')")
    await site.publish("fox", "خلف الزر")
    await reader.until("document.querySelector('new-updates button').innerText === 'تحديث واحد جديد'")
    assert abs(await reader.see(line) - stands) <= 1
    assert str(await reader.see("document.title")).startswith("(1) ")
    await reader.see("document.querySelector('new-updates button').click()")
    await reader.until(f"{first} === 'خلف الزر'")
    assert await reader.see("document.activeElement.querySelector('h3').innerText") == "خلف الزر"

    await site.kill()
    await site.start()
    await site.publish("fox", "بعد العودة")
    await reader.until(f"{first} === 'بعد العودة'")
    assert await reader.see("document.querySelectorAll('.updates article').length") == 7
    assert reader.unexplained() == []


async def test_firefox_changes_what_is_shown_in_place_and_keeps_the_focus(
    own_site: Site, firefox: Reader
) -> None:
    site, reader = own_site, firefox
    await site.cover("fox", language="en")
    ids = [await site.publish("fox", f"Update {n}", key_event=True) for n in range(3)]
    path = f"/fox/updates/{ids[0]}"
    await reader.read(f"{site.url}/live/fox")
    assert await reader.see("getComputedStyle(document.body).direction") == "ltr"
    await reader.see(f"document.querySelector('#k-{ids[0]} a').focus()")
    heading = f"document.querySelector('#u-{ids[0]} h3').innerText"
    await site.ask("POST", f"{path}/corrections", {"note": "It was four.", "headline": "Five"})
    await reader.until(f"{heading} === 'Five'")
    assert await reader.see(f"document.querySelector('#k-{ids[0]} a') === document.activeElement")
    await site.ask("POST", f"{path}/pin")
    await reader.until(f"document.querySelector('.pinned-block #p-{ids[0]} h3')?.innerText === 'Five'")
    await site.ask("POST", f"{path}/retraction", {"reason": "wrong", "note": "Not confirmed."})
    await reader.until(f"{heading} === 'This update was retracted'")
    assert await reader.see("document.activeElement.id") == "key-events"
    assert await reader.see("document.querySelectorAll('.key-events li').length") == 2
    assert reader.unexplained() == []


async def test_firefox_pauses_and_follows_from_the_oldest_to_the_newest(
    own_site: Site, firefox: Reader
) -> None:
    site, reader = own_site, firefox
    await site.cover("fox", language="en")
    for n in range(3):
        await site.publish("fox", f"Update {n}", body="A long text to be read. " * 60)
    await reader.read(f"{site.url}/live/fox?order=oldest")
    shown = "[...document.querySelectorAll('.updates h3')].map(one => one.innerText).join()"
    assert await reader.see(shown) == "Update 0,Update 1,Update 2"
    await reader.see("document.querySelector('pause-updates button').click()")
    await reader.see("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    await site.publish("fox", "Waits")
    await reader.until("document.querySelector('new-updates button').innerText === '1 new update'")
    assert await reader.see(shown) == "Update 0,Update 1,Update 2"
    await reader.see("document.querySelector('new-updates button').click()")
    await reader.until(f"{shown} === 'Update 0,Update 1,Update 2,Waits'")
    assert await reader.see("document.activeElement.querySelector('h3').innerText") == "Waits"
    await reader.see("document.querySelector('pause-updates button').click()")
    await reader.see("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    await site.publish("fox", "At once")
    await reader.until(f"{shown}.endsWith('Waits,At once')")
    assert reader.unexplained() == []


async def test_firefox_falls_back_to_events_and_polling_and_says_that_nothing_works(
    own_site: Site, firefox: Reader
) -> None:
    site, reader = own_site, firefox
    await site.cover("fox", language="en")
    site.gate.refuses_upgrades = True
    await reader.read(f"{site.url}/live/fox")
    first = "document.querySelector('.updates article h3')?.innerText"
    way = "performance.getEntriesByType('resource').some(({{ name }}) => name.includes('/fox/{}?'))"
    await site.publish("fox", "By events")
    await reader.until(f"{first} === 'By events'")
    assert not await reader.see(way.format("changes"))
    site.gate.buffers_events = True
    site.gate.cut()
    await site.publish("fox", "By asking")
    await reader.until(f"{first} === 'By asking'")
    assert await reader.see(way.format("changes"))
    site.gate.shut = True
    site.gate.cut()
    lost = "document.querySelector('.lost')"
    await reader.until(f"!{lost}.hidden && {lost}.innerText === 'Connection lost. Reconnecting…'")
    await site.publish("fox", "Meanwhile")
    site.gate.shut = False
    await reader.until(f"{first} === 'Meanwhile' && {lost}.hidden")
    assert await reader.see("document.querySelectorAll('.updates article').length") == 3


async def test_firefox_goes_back_to_a_page_that_has_what_came_meanwhile(
    own_site: Site, firefox: Reader
) -> None:
    site, reader = own_site, firefox
    await site.cover("fox", language="en")
    await site.publish("fox", "Before")
    await reader.read(f"{site.url}/live/fox")
    await reader.until("document.querySelector('.ago')?.innerText === 'now'")
    await reader.read(site.url)
    await site.publish("fox", "Meanwhile")
    await reader.go_back()
    shown = "[...document.querySelectorAll('.updates h3')].map(one => one.innerText).join()"
    await reader.until(f"{shown} === 'Meanwhile,Before'")
    await site.publish("fox", "After")
    await reader.until(f"{shown} === 'After,Meanwhile,Before'")
    assert reader.unexplained() == []


async def test_firefox_misses_a_lost_frame_and_fetches_it_and_moves_nothing_for_who_asked(
    own_site: Site, firefox: Reader
) -> None:
    site, reader = own_site, firefox
    await site.cover("fox", language="en")
    await reader.prepare(LOSE_ONE)
    await reader.read(f"{site.url}/live/fox")
    await site.publish("fox", "Lost on its way")
    await reader.until("document.querySelector('.updates article h3')?.innerText === 'Lost on its way'")
    assert await reader.see("window.wrappedJSObject?.lost ?? window.lost") == 1
    assert await reader.see("document.querySelectorAll('.updates article').length") == 1
    assert await reader.see("matchMedia('(prefers-reduced-motion: reduce)').matches")
    assert await reader.see("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    await reader.until("document.querySelectorAll('.update.fresh').length === 1")
    assert (
        await reader.see("getComputedStyle(document.querySelector('.fresh')).animationDuration") == "0.001s"
    )
    assert reader.unexplained() == []


async def test_firefox_has_the_last_seen_page_without_a_network_and_catches_up(
    tmp_path: Path, firefox: Reader
) -> None:
    site, reader = Site(tmp_path, LIVEFEED_OFFLINE="true"), firefox
    try:
        await site.open()
        await site.cover("fox", language="en")
        await site.publish("fox", "Before")
        await reader.read(f"{site.url}/live/fox")
        await reader.until("navigator.serviceWorker.controller !== null")
        await reader.read(f"{site.url}/live/fox")  # now through the worker, which keeps it and its files
        await reader.until("document.querySelector('.ago')?.innerText === 'now'")
        site.gate.shut = True
        site.gate.cut()
        await reader.read(f"{site.url}/live/fox")
        await reader.until("document.querySelector('#saved')?.innerText.includes('as you last saw it')")
        shown = "[...document.querySelectorAll('.updates h3')].map(one => one.innerText).join()"
        assert await reader.see(shown) == "Before"
        await site.publish("fox", "Meanwhile")
        site.gate.shut = False
        await reader.until(f"{shown} === 'Meanwhile,Before' && !document.querySelector('#saved')")
    finally:
        await site.close()
