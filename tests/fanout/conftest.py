"""A floor for each test: see `floor`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from floor import Floor, floor


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Floor]:
    """A floor with a coverage opened on it."""
    async with floor(tmp_path) as opened:
        await opened.desk.open()
        yield opened
