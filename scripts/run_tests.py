"""Every test, in two runs side by side: those in browsers mostly wait, the others mostly compute.

The others speak as they go; what the browsers' run said comes after them. Ends with 1 when either failed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

PYTEST = (sys.executable, "-m", "pytest")
BROWSERS = "tests/e2e"


def main() -> int:
    """Run both; 0 when both passed."""
    with tempfile.TemporaryFile() as said:
        own_cache = ("-o", "cache_dir=.pytest_cache/browsers")
        browsers = subprocess.Popen((*PYTEST, BROWSERS, *own_cache), stdout=said, stderr=subprocess.STDOUT)
        try:
            others = subprocess.run((*PYTEST, f"--ignore={BROWSERS}"), check=False).returncode
            in_browsers = browsers.wait()
        finally:
            browsers.terminate()  # when this run is interrupted, that one must not go on alone
            browsers.wait()
        said.seek(0)
        sys.stdout.buffer.write(said.read())
        sys.stdout.flush()
    return int(bool(others or in_browsers))


if __name__ == "__main__":
    sys.exit(main())
