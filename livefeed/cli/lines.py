"""One readable line for each event, for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from livefeed.text import clean_line, excerpt

EXCERPT_CHARS = 120
MARKS = {
    "revised": "REVISED",
    "corrected": "CORRECTION",
    "retracted": "RETRACTED",
    "restored": "RESTORED",
    "pinned": "PINNED",
    "unpinned": "UNPINNED",
}


def line_of(frame: Mapping[str, Any], zone: tzinfo | None = None) -> tuple[str, str, str]:
    """An event's local time (in `zone`, this computer's if None), its mark, and what it says."""
    kind = str(frame.get("kind", ""))
    coverage = frame.get("coverage")
    if isinstance(coverage, dict):
        return "", "COVERAGE", f"{_text(coverage, 'headline')} ({_text(coverage, 'status')})"
    update = frame.get("update")
    if not isinstance(update, dict):
        return "", kind.upper(), ""
    if kind == "retracted":
        retraction = update.get("retraction") or {}
        said = _text(retraction, "note") or f"The update {_text(update, 'id')} was withdrawn."
        return _clock(retraction.get("at"), zone), MARKS[kind], said
    marks = [MARKS[kind]] if kind in MARKS else []
    marks += ["BREAKING"] if update.get("breaking") else []
    time = update.get("displayed_at") if kind == "published" else update.get("revised_at")
    return _clock(time, zone), " ".join(marks), _said(kind, update)


def _said(kind: str, update: Mapping[str, Any]) -> str:
    corrections = update.get("corrections") or []
    note = _text(corrections[-1], "note") if kind == "corrected" and corrections else ""
    body = excerpt(str(update.get("text") or ""), EXCERPT_CHARS)
    return " — ".join(part for part in (_text(update, "headline"), note, clean_line(body)) if part)


def _text(document: Mapping[str, Any], name: str) -> str:
    # Cleaned here as well: a server that was taken over must not reach the terminal with escape sequences.
    return clean_line(str(document.get(name) or ""))


def _clock(time: object, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(str(time))
    except ValueError:
        return ""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
