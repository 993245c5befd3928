"""The desk's pages of subscribers and limits: what is in force, and nothing secret."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from desk_browser import arrived
from live_server import Server, running

from livefeed.pages.limits import duration, limits_of
from livefeed.roles import Role
from livefeed.settings import Settings
from livefeed.websub import Intent, Known, Subscription


async def test_subscribers_are_shown_by_host_topic_and_lease_without_what_is_secret(server: Server) -> None:
    admin = await arrived(server, "Mona", Role.ADMIN)
    assert "لا مشتركين" in (await admin.get("/desk/subscribers")).text
    until = datetime.now(UTC) + timedelta(days=3)
    topic = f"{server.url}/live/storm/updates.rss"
    callback = "https://reader.example.org:8443/cb/s3cr3t-path?key=s3cr3t"
    kept = Subscription(callback, topic, "s3cr3t", until, Known())
    await server.rooms.subscriptions.keep(kept)
    await server.rooms.subscriptions.ask(
        Intent("subscribe", "https://later.example.org/", topic, "", 300), await server.rooms.store.now()
    )
    page = (await admin.get("/desk/subscribers")).text
    assert '<bdi dir="ltr">reader.example.org:8443</bdi>' in page
    assert f'href="{topic}"' in page
    assert until.strftime("%Y.%m.%d") in page
    assert "الاشتراكات: 1 " in page
    assert "s3cr3t" not in page


async def test_an_external_hub_is_named_instead_of_subscribers(
    make_settings: Callable[..., Settings],
) -> None:
    async with running(make_settings(hub="http://127.0.0.1:9/hub")) as server:
        admin = await arrived(server, "Mona", Role.ADMIN)
        page = (await admin.get("/desk/subscribers")).text
    assert '<bdi dir="ltr">http://127.0.0.1:9/hub</bdi>' in page
    assert "الاشتراكات:" not in page


async def test_limits_are_those_in_force_and_no_secret_is_among_them(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings(
        site_language="en",
        headline_chars=123,
        body_bytes=45_678,
        hold=7,
        session_idle=3 * 3600,
        metrics_token="hidden-token",
    )
    async with running(settings) as server:
        admin = await arrived(server, "Mona", Role.ADMIN)
        page = (await admin.get("/desk/limits")).text
    for value in ("123", "45,678 bytes", "7 seconds", "3 hours"):
        assert f"<bdi>{value}</bdi>" in page
    for secret in (settings.store, "hidden-token", settings.secret.get_secret_value()):
        assert secret not in page


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [
        (0, "en", "0 seconds"),
        (2.5, "en", "2.5 seconds"),
        (86400, "en", "1 day"),
        (5400, "en", "90 minutes"),
        (12 * 3600, "ar", "12 ساعة"),
        (7 * 86400, "ar", "7 أيام"),
        (60, "xx", "1 minute"),
    ],
)
def test_a_duration_is_told_in_its_largest_whole_unit(seconds: float, language: str, said: str) -> None:
    assert duration(seconds, language) == said


def test_no_limit_shows_a_units_internal_name_in_arabic() -> None:
    values = limits_of(Settings(), "ar")
    assert values["body_bytes"] == "100,000 بايت"
    assert not [value for value in values.values() if "-" in value]
