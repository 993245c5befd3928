"""What no newsroom should send, sent by the API: every form stays valid and every other item as it was."""

from __future__ import annotations

import json

from feed_checks import FAULTS
from live_server import Server

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = [
    "".join(map(chr, range(1, 32))) + "ضوابط",
    "".join(map(chr, range(127, 160))) + "ضوابط",
    "\ufffe\uffff\ufdd0\U0001fffe غير محارف",
    f"نص {BIDI} مقلوب",
    "]]><script>alert(1)</script><![CDATA[",
    "<!ENTITY a 'b'> &a; &#0; &amp;lt; %a;",
    "\ufeff\u200b\u2060 فراغات",
    "R&D < 5 > 4 \"اقتباس\" 'آخر'",
    "ﷺ" * 200,
    "e" + "\u0301" * 100,
]
FORMS = ("rss", "atom", "json")


async def test_no_text_that_is_taken_breaks_a_feed_or_another_item(server: Server) -> None:
    await server.open(section="\u202eأخبار]]>", tags=["\u0007وسم", "<tag>"])
    before = await server.publish(headline="قبل", breaking=True)
    taken = []
    for text in HOSTILE:
        for fields in (
            {"headline": text},
            {"body": text},
            {"headline": "عنوان", "byline": [text], "tags": [text]},
        ):
            posted = {"body": "نص", "breaking": True, **fields}
            answer = await server.ask("POST", "/api/v1/coverages/story/updates", json=posted)
            assert answer.status in {201, 422}, answer.text
            if answer.status == 201:
                taken.append(answer.json()["url"])
    assert len(taken) >= 2 * len(HOSTILE)
    for text in ("\ud800", "x" * 300_000):
        body = json.dumps({"headline": text, "body": "نص", "breaking": True}).encode()
        headers = {"Content-Type": "application/json"}
        answer = await server.ask("POST", "/api/v1/coverages/story/updates", data=body, headers=headers)
        assert answer.status in {201, 413, 422}, answer.text
        if answer.status == 201:
            taken.append(answer.json()["url"])
    after = await server.publish(headline="بعد", breaking=True)
    for stem in ("/feeds/breaking", "/live/story/breaking", "/live/story/updates"):
        for form in FORMS:
            answer = await server.ask("GET", f"{stem}.{form}", role=None)
            assert FAULTS[form](answer.body) == [], (stem, form)
        items = json.loads(answer.body)["items"]
        assert [item["url"] for item in items] == [after["url"], *reversed(taken), before["url"]]
        assert [items[0]["title"], items[-1]["title"]] == ["بعد", "قبل"]
        assert not any(mark in item["title"] for item in items for mark in BIDI[:5])
