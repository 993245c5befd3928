"""`livefeed check`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import json as json_format
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import FAILED, Failed, finish, read_settings

if TYPE_CHECKING:
    from livefeed.settings import Settings
    from livefeed.store import Records

CLOCK_TOLERANCE = 2.0  # seconds; more shows in the times of updates and in when the scheduled ones come out


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. The sentence of what is not ok says how to mend it."""

    subject: str
    ok: bool
    sentence: str


def register(app: typer.Typer) -> None:
    app.command(
        epilog="""\b
Examples:
  livefeed check
  LIVEFEED_STORE=redis://127.0.0.1:6379/0 livefeed check --json

Changes nothing, and may run beside a server. Exit code 1 when something is wrong.
"""
    )(check)


def check(
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of lines.")] = False,
) -> None:
    """Look at settings, store, secret, clock, media and templates; say what is wrong and how to mend it."""
    finish(_check(json=json))


async def _check(*, json: bool) -> None:
    findings = []
    async for finding in _findings():
        findings.append(finding)
        if not json:
            mark = typer.style("ok     ", fg="green") if finding.ok else typer.style("PROBLEM", fg="red")
            typer.echo(f"{mark}  {finding.subject}: {finding.sentence}")
    if json:
        typer.echo(json_format.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


async def _findings() -> AsyncIterator[Finding]:
    try:
        settings = read_settings()
    except Failed as failed:
        for sentence in failed.sentences:
            yield Finding("settings", False, sentence)
        return  # nothing else can be looked at
    for finding in settings_findings(settings):
        yield finding
    async for finding in _store_findings(settings):
        yield finding
    yield await media_finding(settings)
    yield theme_finding(settings)


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """What single settings say of each other."""
    embedded = settings.store.startswith("sqlite:")
    if embedded and settings.workers > 1:
        yield Finding(
            "settings",
            False,
            f"LIVEFEED_WORKERS is {settings.workers}, but one process at a time may serve {settings.store}: "
            "set it to 1, or LIVEFEED_STORE=redis://….",
        )
    else:
        yield Finding("settings", True, f"the site will be at {settings.public_url}")
    if not embedded and not settings.secret.get_secret_value():
        yield Finding(
            "secret",
            False,
            "LIVEFEED_SECRET is empty: one is made and kept in the store, where all who read the store "
            "can read it. Make one of your own with `openssl rand -hex 32`.",
        )


def clock_finding(stores: datetime, ours: datetime) -> Finding:
    """Whether this machine and the store agree on the time."""
    apart = abs((stores - ours).total_seconds())
    if apart > CLOCK_TOLERANCE:
        return Finding(
            "clock",
            False,
            f"the store's clock and this machine's are {apart:.0f} seconds apart "
            f"({stores:%H:%M:%S} and {ours:%H:%M:%S} UTC): set both by NTP.",
        )
    return Finding("clock", True, f"{ours:%Y-%m-%d %H:%M:%S} UTC, as the store has it")


def theme_finding(settings: Settings) -> Finding:
    """Whether the theme's folder holds files that replace some of ours, and can be read as such."""
    from jinja2 import Environment, FileSystemLoader, TemplateError  # noqa: PLC0415 - see the package

    from livefeed.pages import CatalogueBroken, Theme, template_folder  # noqa: PLC0415

    folder = settings.templates
    if folder is None:
        return Finding("templates", True, "the shipped ones")
    if not folder.is_dir():
        return Finding("templates", False, f"LIVEFEED_TEMPLATES is {folder}, which is no folder.")
    shipped = set(FileSystemLoader(template_folder()).list_templates())
    overlay = Environment(loader=FileSystemLoader(folder), autoescape=True, extensions=["jinja2.ext.i18n"])
    replaced = sorted(path.name for path in folder.glob("*.html"))
    for name in replaced:
        if name not in shipped:
            return Finding(
                "templates", False, f"{folder / name} replaces nothing: no template has that name."
            )
        try:
            overlay.parse((folder / name).read_text("utf-8"))
        except (TemplateError, UnicodeDecodeError) as broken:
            return Finding("templates", False, f"{folder / name} cannot be read: {broken}.")
    try:
        languages = Theme(folder).words.languages
    except CatalogueBroken as broken:
        return Finding("templates", False, str(broken))
    return Finding(
        "templates",
        True,
        f"{folder} replaces {', '.join(replaced) or 'none'}; pages speak {', '.join(languages)}",
    )


def file_finding(file: Path) -> Finding:
    """Whether an SQLite file that is not there yet can be made."""
    folder = file.absolute().parent
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("store", True, f"{file} will be made by the server")
    return Finding(
        "store", False, f"{file} cannot be made: its folder must exist and be writable by this user."
    )


async def media_finding(settings: Settings) -> Finding:
    """Whether pictures can be kept."""
    from livefeed.media import MediaShelf  # noqa: PLC0415 - see the package

    folder = settings.media
    if not folder.exists():
        parent = folder.absolute().parent
        if os.access(parent, os.W_OK | os.X_OK):
            return Finding("media", True, f"{folder} will be made by the server")
        return Finding("media", False, f"{folder} cannot be made: make {parent}, writable by this user.")
    shelf = MediaShelf(folder, max_bytes=settings.media_bytes, max_pixels=settings.media_pixels)
    try:
        if await shelf.writable():
            return Finding("media", True, f"{folder} can be written")
    finally:
        await shelf.aclose()
    return Finding(
        "media",
        False,
        f"LIVEFEED_MEDIA is {folder}, where this user cannot write: change the folder's owner, or make room.",
    )


async def _store_findings(settings: Settings) -> AsyncIterator[Finding]:
    from livefeed.cli.logs import silence_logs  # noqa: PLC0415 - see the package
    from livefeed.store import StoreAway, StoreError, open_store  # noqa: PLC0415

    silence_logs()
    try:
        store = open_store(settings, serving=False)
        absent = _absent_file(settings.store)
        if absent is not None:
            yield file_finding(absent)
            return
    except StoreError as refused:
        yield Finding("store", False, f"{refused}.")
        return
    try:
        await store.start()
        if sys.stderr.isatty():
            typer.echo("livefeed: reading the store; a large file takes a while.", err=True)
        for complaint in await store.check():
            yield Finding("store", False, f"{complaint}.")
        yield Finding("store", True, f"{_shown(settings.store)} answers")
        yield clock_finding(await store.now(), datetime.now(UTC))
        yield await _secret(settings, store.records)
        yield await _pictures(settings, store.records)
    except StoreAway as away:
        shown = _shown(settings.store)
        yield Finding("store", False, f"{shown} cannot be used: {away}. Start it, or mend LIVEFEED_STORE.")
    except StoreError as refused:
        yield Finding("store", False, f"{refused}.")
    finally:
        await store.aclose()


def _absent_file(store: str) -> Path | None:
    """The SQLite file if it is not there yet: opening it would make it, and nothing is to be changed."""
    scheme, _, name = store.partition(":///")
    return Path(name) if scheme == "sqlite" and not Path(name).exists() else None


async def _pictures(settings: Settings, records: Records) -> Finding:
    from livefeed.media import MediaAway, MediaShelf  # noqa: PLC0415 - see the package
    from livefeed.site import KIND  # noqa: PLC0415

    known = await records.get(KIND, "media")
    if known is None:
        return Finding("pictures", True, "none are kept yet; the server's first start settles where")
    shelf = MediaShelf(settings.media, max_bytes=settings.media_bytes, max_pixels=settings.media_pixels)
    try:
        there = (settings.media / ".livefeed-media").exists()  # asking for the marker would make one
        if there and shelf.marker() == known.value:
            return Finding("pictures", True, "in the folder this store has been used with")
    except MediaAway as away:
        return Finding("pictures", False, str(away))
    finally:
        await shelf.aclose()
    return Finding(
        "pictures",
        False,
        f"{settings.media} is not the folder that this store's pictures are in: set LIVEFEED_MEDIA to the "
        f"one whose .livefeed-media says {known.value}.",
    )


async def _secret(settings: Settings, records: Records) -> Finding:
    from livefeed.site import KIND, site_secret  # noqa: PLC0415 - see the package
    from livefeed.store import StoreRefused  # noqa: PLC0415

    configured = settings.secret.get_secret_value()
    if await records.get(KIND, "secret") is None:
        return Finding("secret", True, "none is kept yet; the server's first start settles it")
    try:
        # With nothing configured this only reads, and is refused when one was: then comparing reads only too.
        await site_secret(records, "")
    except StoreRefused:
        try:
            await site_secret(records, configured)
        except StoreRefused as refused:
            return Finding("secret", False, f"{refused}.")
        return Finding("secret", True, "the one this store has been used with")
    return Finding("secret", True, "made by the server and kept in the store")


def _shown(store: str) -> str:
    """A store's address without its password."""
    scheme, slashes, rest = store.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"
