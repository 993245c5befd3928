"""What every process on one store shares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis_server import PATIENCE

from livefeed.site import same_media, site_secret
from livefeed.store import Records, StoreRefused
from livefeed.store.sqlite import SQLiteStore

OURS, OTHER = "o" * 40, "x" * 40


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    store = SQLiteStore(tmp_path / "live.db", serving=True, write_timeout=PATIENCE)
    await store.start()
    yield store.records
    await store.aclose()


async def test_an_absent_secret_is_made_once_and_kept(records: Records) -> None:
    made = await asyncio.gather(*(site_secret(records, "") for _ in range(10)))
    assert len(set(made)) == 1
    assert len(made[0]) >= 43
    assert await site_secret(records, "") == made[0]


async def test_a_configured_secret_is_used_and_only_its_fingerprint_kept(records: Records) -> None:
    assert await site_secret(records, OURS) == OURS
    assert await site_secret(records, OURS) == OURS
    assert OURS not in repr(await records.all("site"))


async def test_another_secret_than_the_stores_is_refused_without_showing_either(records: Records) -> None:
    await site_secret(records, OURS)
    with pytest.raises(StoreRefused, match="LIVEFEED_SECRET is not the one") as refused:
        await site_secret(records, OTHER)
    assert OURS not in str(refused.value)
    assert OTHER not in str(refused.value)
    assert await site_secret(records, OURS) == OURS


async def test_of_two_secrets_at_once_one_is_refused(records: Records) -> None:
    tried = await asyncio.gather(
        site_secret(records, OURS), site_secret(records, OTHER), return_exceptions=True
    )
    assert sum(isinstance(one, StoreRefused) for one in tried) == 1
    assert sum(one in (OURS, OTHER) for one in tried) == 1


async def test_a_secret_left_out_after_one_was_configured_is_refused(records: Records) -> None:
    await site_secret(records, OURS)
    with pytest.raises(StoreRefused, match="LIVEFEED_SECRET is empty"):
        await site_secret(records, "")


async def test_a_configured_secret_takes_the_place_of_the_made_one(records: Records) -> None:
    made = await site_secret(records, "")
    assert await asyncio.gather(*(site_secret(records, OURS) for _ in range(5))) == [OURS] * 5
    assert made not in repr(await records.all("site"))
    with pytest.raises(StoreRefused):
        await site_secret(records, OTHER)


async def test_the_folder_of_pictures_that_came_first_is_the_one(records: Records) -> None:
    await same_media(records, "marker-one")
    await same_media(records, "marker-one")
    with pytest.raises(StoreRefused, match=r"LIVEFEED_MEDIA .* marker-two, .* marker-one"):
        await same_media(records, "marker-two")
