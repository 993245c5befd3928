"""Every page that the routes have, found by asking them; and those that a query or a failure makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

from e2e_story import Told
from playwright.async_api import Page

from livefeed.pages import Pages
from livefeed.web.app import DOORS

FAILING = (500, 503)
# Routes whose last part names a file: the others' parts are the same everywhere.
FILES = {"/media/{name}": "none.jpg", "/static/{name:.+}": "livefeed.css"}
# Programs' addresses, of what is not there or not allowed here.
REFUSED = re.compile(r"/metrics|/oembed|/media/.+|/api/v1/webhooks/.+|/live/.+/archive/.+")
NO_SOCKET = 426
PARTS = {"/desk/look/running"}  # of a page that is on the list
# The status and the type of each answer, which is left at its head: some never end.
ANSWERED = """paths => Promise.all(paths.map(async path => {
  const enough = new AbortController();
  const answer = await fetch(path, { signal: enough.signal, redirect: 'manual' });
  const type = answer.headers.get('content-type') ?? '';
  enough.abort();
  return [path, answer.status, type.split(';')[0]];
}))"""
KEEP = """async ([path, body]) => {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}"""


async def every_page(page: Page, told: Told, language: str) -> list[str]:
    """The path of each; `page` becomes an admin's, who may open all of them."""
    await told.site.ask("POST", "/look/updates", {"headline": "مسودة", "status": "draft"})
    await page.goto(await told.site.login_link(f"Rana {language} {uuid4().hex}", "admin"))
    await page.locator("form[action='/desk/login'] button").click()
    await page.wait_for_url("**/desk")
    await page.evaluate(KEEP, ["/api/v1/coverages/look/notes", {"kind": "claim", "text": "من يتصل بالمرفأ؟"}])
    found = await _pages_of_routes(page, told)
    assert {"/desk/administration", "/api/docs", "/embed/breaking", "/desk"} <= set(found)
    await _have_failing_pages(page, told, language)
    return list(dict.fromkeys([*found, *told.pages.values(), *_variants(language)]))


async def _pages_of_routes(page: Page, told: Told) -> list[str]:
    """The address of each page that the routes have; they are asked in the session of `page`."""
    addresses = list(_addresses(told))
    answers = await page.evaluate(ANSWERED, addresses)
    met = {path for path, status, _ in answers if status in {200, NO_SOCKET}}
    assert [path for path in addresses if path not in met and not REFUSED.fullmatch(path)] == []
    return [
        path for path, status, type in answers if (status, type) == (200, "text/html") if path not in PARTS
    ]


def _addresses(told: Told) -> Iterator[str]:
    for door in DOORS:
        for route in door.routes:
            if route.method == "GET":
                name = FILES.get(route.path, "طقس")
                path = re.sub(r"{(\w+)(:[^}]+)?}", r"{\1}", route.path)
                yield path.format(
                    slug="look", id=told.ids[9], name=name, form="rss", number=1, accent="b3121d"
                )


async def _have_failing_pages(page: Page, told: Told, language: str) -> None:
    """Have /503 and the like show what a site does that fails, which none does when it is asked to."""
    pages = Pages(base_url=told.site.url, site_title="livefeed", site_language=language, page_size=5)
    for status in FAILING:
        html = pages.error_page(status, language, "The store is away.")
        failing = {"status": status, "body": html, "content_type": "text/html"}
        await page.route(f"**/{status}", lambda route, _, failing=failing: route.fulfill(**failing))


def _variants(language: str) -> list[str]:
    """The pages that a query, or what is wrong, makes of those that the routes have."""
    hardest = {"ar": "theme=dark&accent=221100&breaking=1", "en": "theme=light&accent=ffdd00"}[language]
    asked = ["/?archived=1", f"/embed/look?{hardest}"]
    return [*asked, "/desk/nothing", "/embed/look?limit=0", *(f"/{status}" for status in FAILING)]
