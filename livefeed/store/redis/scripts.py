"""The Lua scripts, each read once with the prelude before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the SHA-1 under which Redis knows it once it has run."""

    text: str
    sha: str


@cache
def script(name: str) -> Script:
    """The script of that name, such as "append"."""
    folder = files(__package__)
    text = "".join((folder / part).read_text(encoding="utf-8") for part in ("prelude.lua", f"{name}.lua"))
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
