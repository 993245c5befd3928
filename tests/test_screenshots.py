"""The pictures of the guide: each is a line of the script, a file, and stands on the page that shows them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_every_picture_is_taken_kept_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    script = runpy.run_path(str(ROOT / "scripts" / "screenshots.py"))
    taken = {shot.name for shot in script["SHOTS"]}
    files = list((ROOT / "docs" / "screenshots").glob("*.png"))
    shown = re.findall(
        r"\(screenshots/([\w-]+)\.png\)", (ROOT / "docs" / "screenshots.md").read_text("utf-8")
    )
    assert taken == {file.stem for file in files} == set(shown)
    assert max(file.stat().st_size for file in files) <= script["LARGEST"]
