"""What goes wrong at a desk: pastes and uploads beyond measure, a lowered role, a wrong clock, no store."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from e2e_browser import Visit, Visitor
from e2e_site import Site
from PIL import Image
from playwright.async_api import Route, expect
from redis_server import RedisServer, binaries
from test_e2e_desk import PASTE, desk_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

# A device whose clock is wrong by so many hours.
SKEW = """(() => {
  const off = %d * 3600e3;
  const Right = Date;
  Date = class extends Right {
    constructor(...given) { given.length ? super(...given) : super(Right.now() + off); }
    static now() { return Right.now() + off; }
  };
})();"""
COUNTDOWN = re.compile("^يُنشر بعد 5[0-9] ث$")  # it counts
HELD_NO_LONGER_THAN = """longest => Object.entries(localStorage).some(([key, text]) =>
  key.startsWith('livefeed:outbox') && JSON.parse(text).until <= Date.now() + longest)"""
KEPT_PICTURES = """() => new Promise(told => {
  const asked = indexedDB.open('livefeed', 1);
  asked.onupgradeneeded = () => asked.transaction.abort();
  asked.onerror = () => told(0);
  asked.onsuccess = () => {
    const count = asked.result.transaction('pictures').objectStore('pictures').count();
    count.onsuccess = () => { asked.result.close(); told(count.result); };
  };
})"""
FORGET_PICTURES = """() => new Promise(done => {
  const asked = indexedDB.open('livefeed', 1);
  asked.onsuccess = () => {
    const gone = asked.result.transaction('pictures', 'readwrite');
    gone.objectStore('pictures').clear();
    gone.oncomplete = () => { asked.result.close(); done(); };
  };
})"""
KEPT_WORDS = """words => Object.entries(localStorage).some(([key, text]) =>
  key.startsWith('livefeed:composer') && text.includes('"pending"') && text.includes(words))"""
DAMASCUS = ZoneInfo("Asia/Damascus")
LARGEST = 100_000  # bytes of a text


def from_word(paragraph: str, times: int) -> str:
    """What Word puts into the clipboard: style sheets, and as much markup as text."""
    marked = (
        f"<p class=MsoNormal dir=RTL style='margin:0;mso-bidi-theme-font:minor'><span style='color:red'><o:p>"
        f"{paragraph} <b style='mso-bidi-font-weight:normal'>عاجل</b></o:p></span></p>"
    )
    style = f"<style>/* {'mso-style-priority:99; ' * 30_000} */</style>"
    return f"<html><head>{style}</head><body onload='x()'><script>x()</script>{marked * times}</body></html>"


async def test_a_paste_of_two_megabytes_is_cleaned_and_cut_and_the_page_goes_on(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("word")
    page = await desk_of(site, visitor, "word", "بشرى", "editor")
    await page.locator("#headline").fill("من وورد")
    body = page.locator("#body")
    await body.fill("قبل اللصق. وبعده.")
    paragraph = "نقلت الوكالة عن شهود أن المياه بلغت الجسر القديم في وسط المدينة. " * 4
    html = from_word(paragraph, 4000)
    assert len(html.encode()) > 2_000_000
    await expect(body).to_have_text("قبل اللصق. وبعده.")
    # In the place of a word, and lines that have no form; each is taken back by one key.
    await page.evaluate(PASTE, ["body", "", f"{paragraph}\n" * 400, [4, 9]])
    await expect(body.locator("p").first).to_have_text(re.compile("^قبل نقلت الوكالة"))
    await expect(body.locator("p").last).to_have_text(". وبعده.")
    await body.press("Control+z")
    await expect(body).to_have_text("قبل اللصق. وبعده.")
    await page.evaluate(PASTE, ["body", html, paragraph * 4000, [10, 10]])
    await expect(page.locator(".outcome.problem")).to_contain_text(f"{LARGEST:,}")
    await body.press("Control+z")
    await expect(body).to_have_text("قبل اللصق. وبعده.")
    await page.evaluate("document.getElementById('body').editor.redo()")
    await expect(body.locator("p").first).to_have_text(re.compile(r"^قبل اللصق\.\s*نقلت الوكالة"))
    await expect(body.locator("p").last).to_have_text("وبعده.")
    assert await page.locator("#body strong").count() > 50
    await page.locator("#headline").fill("من وورد، مختصرًا")  # the page takes keys again
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".updates h3")).to_have_text("من وورد، مختصرًا")
    [update] = (await site.ask("GET", "/word/updates"))["updates"]
    assert "mso" not in update["body"]
    assert LARGEST * 0.9 < len(update["body"].encode()) <= LARGEST

    # What grew too long by hand is told before it is sent, and stays.
    await page.locator("#headline").fill("طويل")
    await page.evaluate(PASTE, ["body", from_word("نص", 200), "نص"])
    await page.evaluate(
        "size => document.getElementById('body').editor.insertString('x'.repeat(size))", LARGEST
    )
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome.problem")).to_contain_text("اختصره")
    await expect(page.locator("#headline")).to_have_value("طويل")


async def test_a_role_lowered_while_writing_costs_no_word(site: Site, visitor: Visitor) -> None:
    await site.cover("lowered")
    page = await desk_of(site, visitor, "lowered", "وائل", "editor")
    visitor.network_may_fail = True  # the refusal
    await page.locator("#headline").fill("كتبه محرر")
    await site.command("editor", "role", "وائل", "contributor")
    # The server believes for up to a second what it has read, and nobody is told when that is over.
    while 'value="published"' in await (await page.request.get(page.url)).text():  # noqa: ASYNC110 - a page elsewhere tells nobody
        await asyncio.sleep(0.05)
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome.problem")).to_contain_text("تغيّر دورك")
    await expect(page.locator("#headline")).to_have_value("كتبه محرر")
    await page.reload()
    await expect(page.locator("#headline")).to_have_value("كتبه محرر")
    await page.locator("#headline").press("Control+Enter")  # what is left to a contributor: to submit it
    await expect(page.locator(".unpublished li")).to_contain_text("كتبه محرر")
    assert await site.published("lowered") == []


async def test_devices_whose_clocks_are_hours_off_change_no_time(held_site: Site, visit: Visit) -> None:
    site = held_site
    await site.cover("clock", timezone="Asia/Damascus", place="دمشق")
    for hours, name in ((-7, "لؤي"), (9, "صبا")):
        visitor = await visit()
        await visitor.context.add_init_script(SKEW % hours)
        page = await desk_of(site, visitor, "clock", name, "chief")
        # Written down by the server's clock, and shown on the clocks of the coverage's place.
        id = await site.publish("clock", f"كتبه {name}")
        at = datetime.fromisoformat((await site.ask("GET", f"/clock/updates/{id}"))["published_at"])
        newest = page.locator(".updates > article").first
        await expect(newest.locator("h3")).to_have_text(f"كتبه {name}")
        await expect(newest.locator("time")).to_contain_text(f"{at.astimezone(DAMASCUS):%H:%M}")
        await page.locator("#headline").fill("في موعده")
        await page.locator("#headline").press("Control+Enter")
        # The whole hold, whatever the device says it is; and still so when its clock is set right meanwhile.
        await expect(page.locator("desk-outbox .standing")).to_have_text(COUNTDOWN)
        await page.evaluate("Date.now = (now => () => now() - 3600e3)(Date.now)")
        await page.wait_for_function(HELD_NO_LONGER_THAN, arg=60_000)
        await page.get_by_role("button", name="تراجع", exact=True).click()
        await expect(page.locator("#headline")).to_have_value("في موعده")


async def test_a_store_that_is_away_costs_a_wait_and_no_word(visit: Visit, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path / "redis", binaries()["valkey"]).start()
    site = Site(tmp_path, store=redis.url)
    try:
        await site.open()
        await site.cover("store")
        visitor = await visit()
        visitor.network_may_fail = True  # what the server refuses meanwhile
        page = await desk_of(site, visitor, "store", "ميس", "editor")
        redis.kill()
        await page.locator("#headline").fill("كُتب والمخزن غائب")
        await page.locator("#headline").press("Control+Enter")
        waiting = page.locator("desk-outbox li")
        await expect(waiting).to_contain_text("لن يُنشر التحديث مرتين")
        await page.locator("#headline").fill("وما زال يكتب")
        redis.start()
        await expect(waiting).to_have_count(0)
        await expect(page.locator(".updates h3")).to_have_text("كُتب والمخزن غائب")
        assert await site.published("store") == ["كُتب والمخزن غائب"]
        await expect(page.locator("#headline")).to_have_value("وما زال يكتب")
    finally:
        await site.close()
        redis.stop()


def picture(**options: Any) -> bytes:
    """A picture of two halves, taller than wide when it was taken upright."""
    image = Image.new("RGB", (60, 40), "red")
    image.paste("blue", (30, 0, 60, 40))
    file = io.BytesIO()
    image.save(file, **{"format": "JPEG", **options})
    return file.getvalue()


def file(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


async def test_pictures_that_lie_burst_move_or_tell_where_they_were_taken(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("uploads")
    page = await desk_of(site, visitor, "uploads", "جنى", "editor")
    visitor.network_may_fail = True  # the refusals
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif.get_ifd(0x8825).update({1: "N", 2: (33.0, 30.0, 47.0), 3: "E", 4: (36.0, 17.0, 31.0)})
    moving = picture(format="GIF", save_all=True, append_images=[Image.new("RGB", (60, 40), "lime")])
    bomb = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(bomb, "PNG")
    uploads = [
        file("lie.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
        file("bomb.jpg", bomb.getvalue()),
        file("cut.jpg", picture()[:300]),
        file("upright.jpg", picture(exif=exif)),
        file("moving.gif", moving),
    ]
    await page.locator("#picture-file").set_input_files(uploads)
    lines = page.locator("desk-pictures li")
    sentences = ("ليس صورة مقبولة", "100,000,000", "تالفة أو ناقصة")
    for line, sentence in enumerate(sentences):
        await expect(lines.nth(line).locator(".standing")).to_contain_text(sentence)
    await expect(page.locator("desk-pictures img[src]")).to_have_count(2)
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome.problem")).to_contain_text("لم تُقبل صورة")  # not without it, unseen
    for _ in sentences:
        await lines.first.get_by_role("button", name="إزالة").click()
    await page.locator("#headline").fill("صورتان")
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".updates figure")).to_have_count(2)
    [update] = (await site.ask("GET", "/uploads/updates"))["updates"]
    upright, still = update["media"]
    assert (upright["width"], upright["height"]) == (40, 60)
    for media in (upright, still):
        answer = await page.request.get(media["url"])
        with Image.open(io.BytesIO(await answer.body())) as kept:
            assert not kept.getexif()
            assert getattr(kept, "n_frames", 1) == 1


async def test_what_is_sent_before_its_picture_has_arrived_waits_for_it(site: Site, visitor: Visitor) -> None:
    await site.cover("slow-picture")
    page = await desk_of(site, visitor, "slow-picture", "ورد", "editor")
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/api/v1/media", hold)
    async with page.expect_request("**/api/v1/media"):
        await page.locator("#picture-file").set_input_files([file("a.jpg", picture())])
    await page.locator("#headline").fill("مع صورته")
    for _ in range(2):
        await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".outcome")).to_contain_text("حين تصل الصور")
    await held[0].continue_()
    await expect(page.locator(".updates figure img")).to_have_count(1)
    assert await site.published("slow-picture") == ["مع صورته"]


async def test_a_picture_on_its_way_in_a_crashed_tab_arrives_once_with_its_words_from_the_next_desk(
    site: Site, visitor: Visitor
) -> None:
    await site.cover("crashed-upload")
    page = await desk_of(site, visitor, "crashed-upload", "ورد بعد الانهيار", "editor")
    visitor.network_may_fail = True  # a tab ends in the middle of its requests

    async def hold(_: Route) -> None:
        pass

    await page.route("**/api/v1/media", hold)
    async with page.expect_request("**/api/v1/media") as sent:
        await page.locator("#picture-file").set_input_files([file("a.jpg", picture())])
    key = (await sent.value).headers["idempotency-key"]
    line = page.locator("desk-pictures li")
    await line.get_by_label("وصف").fill("ميناء عند الغروب")
    await line.locator("[name=credit]").fill("إنترنت")
    await page.wait_for_function(KEPT_WORDS, arg="إنترنت")
    assert await page.evaluate(KEPT_PICTURES) == 1
    await page.close()

    page = await visitor.context.new_page()
    line = page.locator("desk-pictures li")
    async with page.expect_request("**/api/v1/media") as sent:
        await page.goto(f"{site.url}/desk/crashed-upload")
    assert (await sent.value).headers["idempotency-key"] == key  # had it arrived, this would be no second one
    await expect(line.locator("img[src]")).to_have_count(1)
    await expect(line.get_by_label("وصف")).to_have_value("ميناء عند الغروب")
    await page.wait_for_function(f"({KEPT_PICTURES})().then(count => count === 0)")
    await page.locator("#headline").press("Control+Enter")
    await expect(page.locator(".updates figure img")).to_have_attribute("alt", "ميناء عند الغروب")
    [update] = (await site.ask("GET", "/crashed-upload/updates"))["updates"]
    assert [media["credit"] for media in update["media"]] == ["إنترنت"]

    # What is removed, or cleared with everything else, is kept no longer; nor is what cannot be found again.
    await page.route("**/api/v1/media", lambda route: route.abort())
    for gone in ("إزالة", "مسح"):
        await page.locator("#picture-file").set_input_files([file("b.jpg", picture())])
        await page.wait_for_function(KEPT_WORDS, arg="")
        assert await page.evaluate(KEPT_PICTURES) == 1
        await page.get_by_role("button", name=gone).click()
        await page.wait_for_function(f"({KEPT_PICTURES})().then(count => count === 0)")
    await page.locator("#picture-file").set_input_files([file("c.jpg", picture())])
    await page.wait_for_function(KEPT_WORDS, arg="")
    await page.evaluate(FORGET_PICTURES)
    await page.reload()
    await expect(line.locator(".standing")).to_contain_text("من متصفح آخر")
