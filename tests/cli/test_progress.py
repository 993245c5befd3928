"""When something that takes long says how far it is."""

import pytest

from livefeed.cli.progress import INTERVAL, Progress


def test_progress_is_said_only_when_it_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, INTERVAL / 2, INTERVAL, INTERVAL * 1.5, INTERVAL * 2])
    progress = Progress("{} updates are read", clock=lambda: next(times))
    progress.add(700)
    assert capsys.readouterr().err == ""
    progress.add(800)
    assert capsys.readouterr().err == "livefeed: 1,500 updates are read…\n"
    progress.add()
    assert capsys.readouterr().err == ""
    progress.add()
    assert capsys.readouterr() == ("", "livefeed: 1,502 updates are read…\n")
