"""The preview shows what readers would see, and keeps nothing."""

from __future__ import annotations

from live_server import Server

PREVIEW = "/desk/story/preview"


async def test_the_preview_is_the_readers_own_fragment_and_nothing_is_kept(server: Server) -> None:
    await server.open()
    form = {
        "headline": "فتح الميناء",
        "body": "<p>دخلت <b>أول</b> سفينة<script>x</script></p>",
        "format": "html",
    }
    answer = await server.ask("POST", PREVIEW, json={**form, "breaking": True}, role="contributor")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    update = await server.publish(**form, breaking=True)
    live = (await server.ask("GET", "/live/story", role=None)).text
    for part in ('<strong class="mark breaking">', "<b>أول</b> سفينة"):
        assert part in answer.text
        assert part in live
    assert "<script" not in answer.text.partition("<main")[2]
    assert [event["update"]["id"] for event in (await server.events())[1:]] == [update["id"]]
    assert (await server.ask("GET", "/api/v1/coverages/story/updates?status=unpublished")).json()[
        "updates"
    ] == []


async def test_a_preview_of_nothing_says_what_is_missing(server: Server) -> None:
    await server.open()
    answer = await server.ask("POST", PREVIEW, json={})
    assert (answer.status, answer.json()["field"]) == (422, "body")


async def test_the_desks_policy_allows_the_editors_own_styles_by_a_nonce_of_this_page_alone(
    server: Server,
) -> None:
    await server.open()
    session = await server.session("editor")
    seen = set()
    for _ in range(2):
        answer = await server.ask("GET", "/desk/story", role=None, headers=session)
        nonce = answer.text.partition('name="csp-nonce" content="')[2].partition('"')[0]
        assert f"style-src 'self' 'nonce-{nonce}';" in answer.headers["Content-Security-Policy"]
        seen.add(nonce)
    assert len(seen) == 2
    assert min(map(len, seen)) >= 20
    index = await server.ask("GET", "/desk", role=None, headers=session)
    assert "nonce" not in index.headers["Content-Security-Policy"]
