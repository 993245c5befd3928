"""What search engines read of the demo's pages, against what the API says of the same state."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import html5lib
from live_server import Server

from livefeed.demo import Player, admit, read_stories
from livefeed.pages.linked_data import NEWEST


async def linked(server: Server, path: str) -> list[dict[str, Any]]:
    """The blocks of linked data of a page, which a strict parser must read."""
    answer = await server.ask("GET", path, role=None)
    assert answer.status == 200, answer.text
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
    return [json.loads(s.text) for s in tree.iter("script") if s.get("type") == "application/ld+json"]


async def api(server: Server, path: str) -> Any:
    answer = await server.ask("GET", f"/api/v1/coverages/{path}")
    assert answer.status == 200, answer.text
    return answer.json()


def at(moment: str | None) -> datetime | None:
    """A time as a value: the forms write their milliseconds with three digits or with six."""
    return datetime.fromisoformat(moment) if moment else None


def changed(update: dict[str, Any]) -> datetime | None:
    return at(update["revised_at"] or update["published_at"])


async def test_the_demos_pages_tell_exactly_what_the_api_says(server: Server) -> None:
    player = Player(server.rooms, (await admit(server.rooms.accounts)).editor)
    corrected = retracted = 0
    for story in read_stories():
        await player.tell(story)
        coverage = await api(server, story.slug)
        updates = (await api(server, f"{story.slug}/updates?limit=50"))["updates"]
        (blog,) = await linked(server, f"/live/{story.slug}")
        assert blog["url"] == coverage["url"]
        assert blog["headline"] == coverage["headline"]
        assert blog["inLanguage"] == coverage["language"]
        assert blog["coverageStartTime"] == blog["datePublished"]
        assert at(blog["datePublished"]) == at(coverage["starts_at"])
        assert "coverageEndTime" not in blog
        assert at(blog["dateModified"]) == max(filter(None, map(changed, updates)))
        lead = coverage["lead_media"]
        assert [image["url"] for image in blog.get("image", [])] == ([lead["url"]] if lead else [])
        published = [update for update in updates if update["status"] == "published"]
        told = blog["liveBlogUpdate"]
        assert [each["url"] for each in told] == [update["url"] for update in published[:NEWEST]]
        for each, update in zip(told, published, strict=False):
            assert each.get("articleBody", "") == update["text"]
            assert each["headline"] == update["headline"] or not update["headline"]
            assert at(each["datePublished"]) == at(update["published_at"])
            assert at(each["dateModified"]) == changed(update)
            notes = [(note["text"], at(note["datePublished"])) for note in each.get("correction", [])]
            assert notes == [(note["note"], at(note["at"])) for note in update["corrections"]]
            corrected += bool(notes)
        listed = {each["url"]: each for each in told}
        for update in updates:
            alone = await linked(server, update["url"].removeprefix(server.url))
            if update["status"] == "retracted":
                assert alone == []
                assert update["id"] not in json.dumps(blog)
                retracted += 1
            else:
                assert alone[0]["isPartOf"]["url"] == blog["url"]
                assert listed.get(update["url"], {}).items() <= alone[0].items()
    assert corrected
    assert retracted


async def test_a_page_tells_of_each_change_in_the_moment_it_shows_it(server: Server) -> None:
    await server.open()
    update = await server.publish(headline="الأول", body="اسم المصدر")
    address = f"/api/v1/coverages/story/updates/{update['id']}"
    permalink = f"/live/story/updates/{update['id']}"

    async def told() -> list[dict[str, Any]]:
        (blog,) = await linked(server, "/live/story")
        found: list[dict[str, Any]] = blog.get("liveBlogUpdate", [])
        alone = await linked(server, permalink)
        assert len(found) == len(alone)
        return found

    await server.ask("POST", f"{address}/corrections", json={"note": "كان خطأ", "headline": "الثاني"})
    (shown,) = await told()
    assert (shown["headline"], shown["correction"][0]["text"]) == ("الثاني", "كان خطأ")
    assert at(shown["datePublished"]) == at(update["published_at"])
    assert shown["datePublished"] < shown["dateModified"]
    await server.ask("POST", f"{address}/retraction", json={"reason": "سر", "note": "سُحب"})
    assert await told() == []
    for path in ("/", "/live/story", permalink):
        text = (await server.ask("GET", path, role=None)).text
        assert not [word for word in ("الأول", "الثاني", "اسم المصدر", "كان خطأ") if word in text]
    await server.ask("DELETE", f"{address}/retraction")
    assert [each["headline"] for each in await told()] == ["الثاني"]

    (blog,) = await linked(server, "/live/story")
    assert "coverageEndTime" not in blog
    ended = await server.ask("POST", "/api/v1/coverages/story/closure")
    (blog,) = await linked(server, "/live/story")
    assert blog["coverageEndTime"] == blog["dateModified"]
    assert at(blog["coverageEndTime"]) == at(ended.json()["ends_at"])
    await server.ask("DELETE", "/api/v1/coverages/story/closure")
    (blog,) = await linked(server, "/live/story")
    assert "coverageEndTime" not in blog


async def test_hostile_text_that_was_published_ends_no_script(server: Server) -> None:
    hostile = "</script><script>alert(1)</script><!--<script>"
    await server.open(headline=hostile, standfirst=hostile, place=hostile)
    update = await server.publish(headline=hostile, body=hostile, format="text", tags=[hostile])
    for path in ("/live/story", f"/live/story/updates/{update['id']}"):
        (told,) = await linked(server, path)
        assert told["headline"] == hostile
        assert "alert(1)</script>" not in (await server.ask("GET", path, role=None)).text


async def test_the_same_state_gives_the_same_bytes(server: Server) -> None:
    await server.open()
    update = await server.publish(tags=["أ", "ب"], byline=["ليلى"])
    front = await server.rooms.fronts.front("story")
    assert front is not None
    pages = server.rooms.pages
    assert pages.live_page(front) == pages.live_page(front)
    path = f"/live/story/updates/{update['id']}"
    first, second = [await server.ask("GET", path, role=None) for _ in range(2)]
    assert first.headers["ETag"] == second.headers["ETag"]
