"""Every page and every style sheet as the Nu validator (validator.github.io) reads them: `make valid-html`.

By its name `make test` leaves it out: it wants Java.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from e2e_browser import Visit
from e2e_pages import every_page
from e2e_story import Told

from livefeed.pages import STATIC

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


async def test_the_validator_finds_no_fault_in_any_page_or_style_sheet(
    told: Told, english: Told, visit: Visit, tmp_path: Path
) -> None:
    visitor = await visit()
    visitor.network_may_fail = True  # pages that are not there are among them
    for language, site in (("ar", told), ("en", english)):
        page = await visitor.context.new_page()
        for path in await every_page(page, site, language):
            shown = await page.goto(site.site.url + path)
            assert shown
            name = re.sub(r"\W+", "-", f"{language} {path}")
            (tmp_path / f"{name}.html").write_bytes(await shown.body())
    assert len(list(tmp_path.glob("*.html"))) > 60
    assert faults(*sorted(tmp_path.glob("*.html"))) == ""
    assert faults("--css", *sorted(STATIC.glob("*.css"))) == ""


def faults(*arguments: str | Path) -> str:
    """What the validator says of files, a line for each fault."""
    command = ("java", "-jar", os.environ["LIVEFEED_VNU"], "--format", "gnu", *map(str, arguments))
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240).stderr
