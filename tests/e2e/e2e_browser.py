"""Visitors: pages of a real Chromium that must stay silent and ask nobody but our site."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from e2e_readers import READERS
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebSocket, async_playwright

TIMEOUT = 60_000.0  # milliseconds for anything a page should come to show; a watchdog
PROGRAMS = ("chromium-headless-shell", "chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
# Chromium reports these by itself; a page cannot keep it from doing so when the network fails.
NETWORK = re.compile(r"net::ERR_|WebSocket connection to|Failed to load resource")
# What it says of a page that is left or reloaded while it connects.
LEFT = re.compile(r"WebSocket is closed before the connection is established")
SPEAK_VIOLATIONS = """
addEventListener('securitypolicyviolation', event => {
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
# A busy machine must not decide by which way a page is connected. But for who is `hasty`, a first hello is
# due within a minute instead of three seconds.
PATIENT = """
setTimeout = (wait => (then, time, ...more) => {
  const isAlarm = time === 3000 && String(then).includes('#lose');
  return wait(then, isAlarm && !window.hasty ? 60000 : time, ...more);
})(setTimeout);
"""
HEADLINES = ".updates > article > header > h3"
HASTY = "window.hasty = true;"
SOON = "Math.random = () => 0.02;"  # the least of the jitter: reconnecting must not be waited for


@dataclass
class Visitor:
    """One browser profile: what it met, and its pages."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    network_may_fail: bool = False
    _greeted: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self) -> None:
        self.context.set_default_timeout(TIMEOUT)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.faults.append(str(error.error)))
        self.context.on("request", lambda request: self._note(request.url))
        self.context.on("page", lambda page: page.on("websocket", self._listen))
        await self.context.add_init_script(SPEAK_VIOLATIONS + SOON + PATIENT)

    async def read(self, address: str, page: Page | None = None) -> Page:
        """Open a live page, in a new one if not said otherwise, and wait until it is connected."""
        page = page or await self.context.new_page()
        self._greeted.clear()
        await page.goto(address)
        await self.connected()
        return page

    async def connected(self) -> None:
        """Wait for a hello over a WebSocket."""
        async with asyncio.timeout(TIMEOUT / 1000):
            await self._greeted.wait()

    def expect_greeting(self) -> None:
        """Forget former hellos."""
        self._greeted.clear()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _note(self, address: str) -> None:
        self.asked.append(address)
        parts = urlsplit(address)
        if parts.scheme != "data":
            self.origins.add(f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}")

    def _listen(self, socket: WebSocket) -> None:
        self._note(socket.url)
        socket.on("framereceived", self._take)

    def _take(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode()
        self.frames.append(text)
        if '"hello"' in text[:20]:
            self._greeted.set()

    def complaints(self) -> list[str]:
        """What the browser complained about and no failing network explains."""
        faults = [text for text in self.faults if not LEFT.search(text)]
        return [text for text in faults if not (self.network_may_fail and NETWORK.search(text))]


Visit = Callable[..., Awaitable[Visitor]]


@contextlib.asynccontextmanager
async def chromium(*, whole: bool = False, **options: Any) -> AsyncIterator[Browser]:
    """Debian's Chromium, or the one that LIVEFEED_CHROMIUM names, started with Playwright's `options`.

    Unless it must be the `whole` program, one that has the same engine and no windows takes half the work.
    """
    known = (shutil.which(name) for name in PROGRAMS[1 if whole else 0 :])
    program = os.environ.get("LIVEFEED_CHROMIUM") or next(filter(None, known), None)
    if program is None:
        pytest.fail(
            "Chromium is missing: install it with 'sudo apt-get install chromium fonts-noto-core', or set "
            "LIVEFEED_CHROMIUM to its program."
        )
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program, args=list(FLAGS), **options)
        yield started
        await started.close()


async def new_visitor(browser: Browser, **options: Any) -> Visitor:
    """A fresh profile; a phone in Damascus if not said otherwise."""
    chosen = {**READERS[0].profile, "timezone_id": "Asia/Damascus", **options}
    visitor = Visitor(await browser.new_context(**chosen))
    await visitor.watch()
    return visitor


async def headlines(page: Page) -> list[str]:
    """The headlines of the stream as they stand on the page, from the top."""
    return await page.locator(HEADLINES).all_inner_texts()
