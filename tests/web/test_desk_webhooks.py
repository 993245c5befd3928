"""The desk's page of webhooks, as forms without any script."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from desk_browser import Browser, arrived, deeds
from live_server import Server, running, settings_for
from receiver import LOOPBACK, receiving
from redis_server import PATIENCE

from livefeed.audit import Search
from livefeed.roles import Role

URL = "https://hooks.example.org/in?a=b"


@pytest_asyncio.fixture
async def admin(server: Server) -> Browser:
    return await arrived(server, "Mona", Role.ADMIN)


@pytest_asyncio.fixture
async def near(tmp_path: Any) -> AsyncIterator[Server]:
    """A server that delivers on this machine and gives a message up after one attempt."""
    settings = settings_for(tmp_path, private_networks=LOOPBACK, webhook_attempts=1)
    async with running(settings) as started:
        yield started


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([\w-]+)"', page)
    assert found
    return found[1]


async def test_a_webhook_is_made_shows_its_secret_once_and_is_removed(server: Server, admin: Browser) -> None:
    await server.open("storm")
    fields = {"url": f" {URL} ", "description": "الأرشيف", "reach": "some", "coverage": "storm"}
    made = await admin.post("/desk/webhooks", fields)
    (secret,) = re.findall(r'<code dir="ltr">(whsec_[\w+/=]+)</code>', html.unescape(made.text))
    (endpoint,) = await server.rooms.endpoints.all()
    assert (endpoint.url, endpoint.secret) == (URL, secret)
    assert (endpoint.description, endpoint.coverages) == ("الأرشيف", ("storm",))
    listed = html.unescape((await admin.get("/desk/webhooks")).text)
    assert f'<bdi dir="ltr">{URL}</bdi>' in listed
    assert "الأرشيف" in listed
    assert "whsec_" not in listed
    place = f"/desk/webhooks/{endpoint.id}/removal"
    assert (await admin.get(place)).status == 405, "nothing is removed by following a link"
    assert (await admin.post(place)).headers["Location"] == "/desk/webhooks?done=removed"
    assert await server.rooms.endpoints.all() == []
    assert (await admin.post(place)).status == 404
    assert (await deeds(server))[-2:] == ["add-webhook", "delete-webhook"]
    entries = await server.rooms.store.acts(Search(), limit=9, after=0)
    assert {entry.act.detail for entry in entries if "webhook" in entry.act.deed} == {"hooks.example.org"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "ftp://example.org"}, "must begin with http"),
        ({"url": "http://169.254.169.254/latest"}, "not a public address"),
        ({"url": "https://u:p@example.org/"}, "user name"),
        ({}, "url"),
        ({"url": URL, "description": "x" * 301}, "the limit is 300"),
        ({"url": URL, "reach": "some"}, ""),
        ({"url": URL, "reach": "some", "coverage": "a/b"}, "a/b"),
    ],
)
async def test_what_cannot_be_a_webhook_is_none_and_the_form_keeps_what_was_typed(
    server: Server, admin: Browser, fields: dict[str, str], said: str
) -> None:
    answer = await admin.post("/desk/webhooks", fields)
    assert answer.status == 422
    text = html.unescape(answer.text)
    assert said in text
    if "a/b" not in fields.values():  # no form of ours sends that
        assert 'role="alert"' in text
        assert f'value="{fields.get("url", "")}"' in text
    assert await server.rooms.endpoints.all() == []
    assert await deeds(server) == ["log-in"]


async def test_a_form_that_is_sent_twice_makes_one_webhook(server: Server, admin: Browser) -> None:
    key = key_in((await admin.get("/desk/webhooks")).text)
    for _ in range(2):
        assert (await admin.post("/desk/webhooks", {"url": URL, "key": key})).status == 200
    assert len(await server.rooms.endpoints.all()) == 1
    changed = await admin.post("/desk/webhooks", {"url": URL + "c", "key": key})
    assert (changed.status, "whsec_" in changed.text) == (422, False)
    assert (await admin.post("/desk/webhooks", {"url": URL, "key": key_in(changed.text)})).status == 200
    assert (await deeds(server)).count("add-webhook") == 2


async def test_one_webhook_too_many_is_refused_in_words(
    server: Server, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livefeed.courier.endpoints.MOST_ENDPOINTS", 1)
    await admin.post("/desk/webhooks", {"url": URL})
    answer = await admin.post("/desk/webhooks", {"url": URL})
    assert (answer.status, 'role="alert"' in answer.text) == (422, True)
    assert len(await server.rooms.endpoints.all()) == 1


async def test_a_dead_letter_shows_its_reason_and_is_tried_again_alone_or_with_all(near: Server) -> None:
    admin = await arrived(near, "Mona", Role.ADMIN)
    await near.open("storm")
    async with receiving() as receiver:
        receiver.manner = lambda _: web.Response(status=503)
        await admin.post("/desk/webhooks", {"url": f"{receiver.url}/hook"})
        (endpoint,) = await near.rooms.endpoints.all()
        for headline in ("1", "2", "3"):
            await near.publish("storm", headline=headline)
        await letters(near, endpoint.id, 3)
        page = (await admin.get("/desk/webhooks")).text
        assert page.count("it answered 503") == 3
        wanted = re.findall(r'name="letter" value="(msg_\w+)"', page)
        assert len(wanted) == 3
        receiver.manner = lambda _: web.Response(status=204)
        place = f"/desk/webhooks/{endpoint.id}/replay"
        assert (await admin.post(place, {"letter": wanted[1]})).status == 303
        await letters(near, endpoint.id, 2)
        left = (await admin.get("/desk/webhooks")).text
        assert [id in left for id in wanted] == [True, False, True]
        assert (await admin.post(place)).status == 303
        await letters(near, endpoint.id, 0)
    assert (await deeds(near)).count("replay-webhook") == 2
    assert (await admin.post("/desk/webhooks/none/replay")).status == 404


async def letters(server: Server, id: str, count: int) -> None:
    """Wait until so many are left, of what another task keeps and announces to nobody."""
    async with asyncio.timeout(PATIENCE):
        while len(await server.rooms.endpoints.letters(id)) != count:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)
