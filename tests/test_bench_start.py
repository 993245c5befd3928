"""The benchmark of starts runs; what it finds is for people to compare."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bench_start.py"


def test_the_benchmark_of_starts_measures_a_new_and_a_known_file() -> None:
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--rounds", "1"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    bare, *servers = ended.stdout.splitlines()
    assert re.fullmatch(r"import aiohttp +\d\.\d{3} s", bare)
    assert len(servers) == 2
    for line in servers:
        assert re.fullmatch(r"ready, [a-z ]+ \d\.\d{3} s   ratio \d+\.\d\d", line), line
