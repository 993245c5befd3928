"""How a command runs and ends: settings or a sentence, work or a sentence, never a traceback for what is to
be expected."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from livefeed.tasks import cancel

if TYPE_CHECKING:
    from pydantic import ValidationError

    from livefeed.settings import Settings

FAILED = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Failed(Exception):
    """The command could not do it; each argument is a sentence for standard error."""

    @property
    def sentences(self) -> tuple[str, ...]:
        return self.args


def fail(*sentences: str) -> NoReturn:
    """Say why on standard error and end with 1."""
    for sentence in sentences:
        typer.echo(f"livefeed: {sentence}", err=True)
    raise typer.Exit(FAILED)


def settings_or_fail(**given: Any) -> Settings:
    """The settings; those in `given` that are not None (a command's options) win over the environment."""
    try:
        return read_settings(**given)
    except Failed as failed:
        fail(*failed.sentences)


def read_settings(**given: Any) -> Settings:
    """Like `settings_or_fail`, but raises `Failed`."""
    from tomllib import TOMLDecodeError  # noqa: PLC0415 - see the package

    from pydantic import ValidationError  # noqa: PLC0415
    from pydantic_settings import SettingsError  # noqa: PLC0415

    from livefeed.settings import Settings  # noqa: PLC0415

    options = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**options)
    except ValidationError as invalid:
        raise Failed(*_sentences(invalid)) from None
    except TOMLDecodeError as broken:
        raise Failed(f"livefeed.toml cannot be read: {broken}.") from None
    except (SettingsError, UnicodeDecodeError) as broken:
        raise Failed(f"The settings cannot be read: {broken}.") from None


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work to its end."""
    import uvloop  # noqa: PLC0415 - see the package

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            interrupted = runner.run(_interrupted(work))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Failed as failed:
        fail(*failed.sentences)
    except Exception as error:
        if isinstance(error, _refusals()):
            fail(str(error))
        raise
    if interrupted:
        raise typer.Exit(INTERRUPTED)


async def _interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Do the work; True when Ctrl-C ended it first. The runner alone would cancel it once, and Python 3.11
    can lose that once: then only a second Ctrl-C would help."""
    interrupt = asyncio.Event()
    if threading.current_thread() is threading.main_thread():  # nobody else is told of signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt.set)
    doing, waiting = asyncio.create_task(work), asyncio.create_task(interrupt.wait())
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            await cancel([doing])
            return True
        await doing
        return False
    finally:
        await cancel([doing, waiting])


def _refusals() -> tuple[type[Exception], ...]:
    """What the rooms below refuse with a sentence; loaded only when something went wrong."""
    from livefeed.accounts import AccountRefused  # noqa: PLC0415 - see the package
    from livefeed.media import MediaAway, MediaRefused  # noqa: PLC0415
    from livefeed.newsroom import Refused  # noqa: PLC0415
    from livefeed.pages import CatalogueBroken  # noqa: PLC0415
    from livefeed.store import StoreError  # noqa: PLC0415

    return AccountRefused, CatalogueBroken, MediaAway, MediaRefused, Refused, StoreError


def _sentences(invalid: ValidationError) -> list[str]:
    sentences = []
    for error in invalid.errors(include_url=False, include_context=False):
        name = "LIVEFEED_" + "_".join(str(part) for part in error["loc"]).upper()
        # A secret that is too short may be a real one with its end cut off: it is not for the terminal.
        hidden = name.endswith(("SECRET", "TOKEN"))
        value = "refused" if hidden else f"{str(error['input'])[:100]!r}"
        sentences.append(f"{name} is {value}: {error['msg'].removeprefix('Value error, ')}.")
    return sentences
