"""The benchmark of feeds runs; what it finds is for people to compare."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bench_feeds.py"


def test_the_benchmark_of_feeds_measures_every_step() -> None:
    tiny = ["--small", "2", "--large", "4", "--rounds", "1", "--seconds", "0.05", "--without-nginx"]
    ended = subprocess.run([sys.executable, SCRIPT, *tiny], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    for kind in ("feed plain", "feed gzip", "feed 304", "page plain", "page gzip", "page 304"):
        (line,) = [line for line in lines if line.strip().startswith(kind)]
        assert re.search(r"livefeed +[1-9]\d*/s", line), line
    for step in ("publish", "render rss", "render atom", "render json", "render page", "section feed"):
        (line,) = [line for line in lines if line.strip().startswith(step)]
        assert re.search(r"large/small \d+\.\d\d$", line), line
