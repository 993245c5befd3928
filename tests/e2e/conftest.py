"""One browser for all, a profile for each test; one server for all but the tests that hurt theirs."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from e2e_browser import TIMEOUT, Visit, Visitor, new_visitor
from e2e_site import Site
from playwright.async_api import Browser, async_playwright, expect

expect.set_options(timeout=TIMEOUT)

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, or the one that LIVEFEED_CHROMIUM names."""
    chromium = os.environ.get("LIVEFEED_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.fail(
            "Chromium is missing: install it with 'sudo apt-get install chromium fonts-noto-core', or set "
            "LIVEFEED_CHROMIUM to its program."
        )
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A server that many tests share, each with a coverage of its own."""
    started = Site(tmp_path_factory.mktemp("site"))
    try:
        await started.open()
        yield started
    finally:
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def own_site(tmp_path: Path) -> AsyncIterator[Site]:
    """A server that the test may kill."""
    started = Site(tmp_path)
    try:
        await started.open()
        yield started
    finally:
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def held_site(tmp_path: Path) -> AsyncIterator[Site]:
    """A server that holds what is published for so long that a test has the time to take it back."""
    started = Site(tmp_path, LIVEFEED_HOLD="60", LIVEFEED_BREAKING_HOLD="60")
    try:
        await started.open()
        yield started
    finally:
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Makes visitors; at the end of the test none of them may have complained."""
    visitors: list[Visitor] = []

    async def made(**options: object) -> Visitor:
        visitors.append(await new_visitor(browser, **options))
        return visitors[-1]

    yield made
    for visitor in visitors:
        await visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints()] == []


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(visit: Visit) -> Visitor:
    """A reader with a phone."""
    return await visit()
