"""One browser for all, a profile for each test; one server for all but the tests that hurt theirs."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from e2e_browser import TIMEOUT, Visit, Visitor, chromium, new_visitor
from e2e_readers import EVERYBODY, READERS, Reader, readers_at
from e2e_site import Gate, Site
from e2e_story import Told, tell
from playwright.async_api import Browser, expect

expect.set_options(timeout=TIMEOUT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a behaviour that asks for a `reader` met by readers who differ: by all, or by turns."""
    if "reader" in metafunc.fixturenames:
        tests = [name for name in vars(metafunc.module) if name.startswith("test_")]
        one = metafunc.definition.get_closest_marker("one_reader") is not None
        turn = tests.index(metafunc.function.__name__)
        chosen = READERS if EVERYBODY else readers_at(turn, one=one)
        metafunc.parametrize("reader", chosen, ids=str)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A server that many tests share, each with a coverage of its own."""
    started = Site(tmp_path_factory.mktemp("site"))
    try:
        await started.open()
        yield started
    finally:
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told(site: Site) -> Told:
    """The shared server, with a coverage in Arabic that has everything."""
    return Told(site, await tell(site, "look", "ar"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def english(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """The same in English, on a server in English."""
    started = Site(tmp_path_factory.mktemp("english"), LIVEFEED_SITE_LANGUAGE="en")
    try:
        await started.open()
        yield Told(started, await tell(started, "look", "en"))
    finally:
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def gate(site: Site) -> AsyncIterator[Gate]:
    """A way to the shared server that the test may let fail."""
    async with site.another_way() as opened:
        yield opened


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
    started = Site(tmp_path, LIVEFEED_HOLD="60", LIVEFEED_BREAKING_HOLD="40")
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
async def visitor(request: pytest.FixtureRequest, visit: Visit) -> Visitor:
    """The test's reader; where it asks for none, one with a phone."""
    reader: Reader = request.getfixturevalue("reader") if "reader" in request.fixturenames else READERS[0]
    return await visit(**reader.profile)


@pytest_asyncio.fixture(loop_scope="session")
async def slug(site: Site, reader: Reader, request: pytest.FixtureRequest) -> str:
    """A coverage of the test's own on the shared site, in its reader's language."""
    made = f"own-{zlib.crc32(request.node.nodeid.encode())}"
    await site.cover(made, language=reader.language, place="دمشق", timezone="Asia/Damascus")
    return made
