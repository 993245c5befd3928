"""What every scenario did and saw is told at the end of the run, whether it passed or not."""

from __future__ import annotations

import pytest
from stage import REPORT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORT:
        terminalreporter.section("what the fault scenarios did and saw")
        for told in REPORT:
            terminalreporter.write_line(told)
