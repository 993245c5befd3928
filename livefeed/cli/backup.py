"""`livefeed backup`: the SQLite file and the pictures in a new folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import INTERRUPTED, Failed, fail, settings_or_fail

if TYPE_CHECKING:
    from livefeed.settings import Settings


def register(app: typer.Typer) -> None:
    app.command(
        epilog="""\b
Examples:
  livefeed backup /backups/livefeed-$(date +%F)

May run beside a server. The folder has hashes of logins and the site's secret: keep it to yourself. To
restore it, stop the server and put both back where LIVEFEED_STORE and LIVEFEED_MEDIA say.
"""
    )(backup)


def backup(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="folder")]) -> None:
    """Copy the SQLite file and the pictures into a new folder, all of it or nothing."""
    from livefeed.store import StoreError  # noqa: PLC0415 - see the package

    settings = settings_or_fail()
    try:
        pictures = _back_up(settings, folder)
    except (Failed, StoreError) as refused:
        fail(str(refused))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"{folder / 'livefeed.db'} and {pictures} files of pictures beside it", err=True)


def _back_up(settings: Settings, folder: Path) -> int:
    """Copy both; the number of files of pictures. Raises `Failed`, `StoreError`; then nothing is left."""
    from livefeed.store.sqlite.backup import back_up  # noqa: PLC0415 - see the package

    scheme, slashes, name = settings.store.partition(":///")
    if scheme != "sqlite" or not slashes or not name:
        raise Failed(
            "LIVEFEED_STORE names a Redis: this command copies SQLite files. Redis's own append-only files "
            "are its backup; the guide's page on operations says how to copy them."
        )
    part = folder.parent / f".{folder.name}.part"
    try:
        if folder.exists():
            raise Failed(f"{folder} is there already, and is left alone: name a new folder.")
        shutil.rmtree(part, ignore_errors=True)  # of a backup that was killed
        part.mkdir(mode=0o700)
        back_up(Path(name), part / "livefeed.db")
        # After the file: every picture that it speaks of was there before.
        media = part / "media"
        if settings.media.is_dir():
            shutil.copytree(settings.media, media)
        else:
            media.mkdir()
        part.rename(folder)
    except OSError as error:
        raise Failed(f"{folder} cannot be written: {error}.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sum(
        1 for path in (folder / "media").rglob("*") if path.is_file() and not path.name.startswith(".")
    )
