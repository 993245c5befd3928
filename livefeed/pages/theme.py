"""What pages are made from: the shipped templates, static files and words, under those of a newsroom.

A theme is one folder: templates at its top, `static/` and `locale/` below. A file of it takes the place of
the shipped one of the same name; a static file of a new name is served beside ours. What there is is read
once, at the start: all pages of a process agree with the version in the addresses of its static files.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, ChoiceLoader, FileSystemLoader
from jinja2.bccache import Bucket

from livefeed.pages.catalogue import Catalogues

PACKAGE = Path(__file__).parent.parent
STATIC = PACKAGE / "static"
THEME_STYLE = "theme.css"  # linked after ours on every page, where a theme has it


class Compiled(BytecodeCache):
    """Templates as compiled, by name and content, for every environment of a process. Environments differ in
    words, addresses and forms of the page only: none of that is in the code."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See `BytecodeCache`."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See `BytecodeCache`."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


class Theme:
    """The files of one site. `folder` is the newsroom's, None for the shipped look.

    Raises `CatalogueBroken` when a catalogue of it cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folders = ([folder] if folder else []) + [template_folder()]
        self.templates = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self.words = Catalogues(folder / "locale" if folder else None)
        self._static = _files(STATIC) | (_files(folder / "static") if folder else {})

    def static_file(self, name: str) -> Path | None:
        """The file behind `/static/NAME`, None where there is none. Only what was there at the start: no name
        can lead out of the folders."""
        return self._static.get(name)

    def static_address(self, name: str) -> str:
        """The address of a static file, which changes whenever any of them does."""
        # Not absolute: scripts and styles come from the host that served the page, or its policy blocks them.
        return f"/static/{name}?v={self.static_version}"

    @property
    def has_style(self) -> bool:
        """Whether the newsroom has a style sheet of its own."""
        return THEME_STYLE in self._static

    @cached_property
    def static_version(self) -> str:
        """Changes whenever any static file does, so that a versioned address may be cached for ever."""
        digest = sha256()
        for name in sorted(self._static):
            digest.update(name.encode())
            digest.update(self._static[name].read_bytes())
        return digest.hexdigest()[:12]


def template_folder() -> Path:
    """Where the shipped templates are: in the wheel, or beside the package in a working copy."""
    shipped = PACKAGE / "templates"
    return shipped if shipped.is_dir() else PACKAGE.parent / "templates"


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
