"""Where the program's own words go: standard error, as lines for a person or JSON for a collector."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext


def write_logs(form: str, level: int = logging.INFO) -> None:
    """Log from `level` on. `form` is json, console, or auto: console on a terminal, JSON elsewhere.

    To be called before anything else imports structlog, or a start loads what only the console shows."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    with nullcontext() if console else _rich_hidden():
        import structlog  # noqa: PLC0415 - see the package

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # The console's renderer draws tracebacks itself.
        *([] if console else [structlog.processors.format_exc_info]),
    ]
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    # What the libraries say through the standard library gets the same form.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


@contextmanager
def _rich_hidden() -> Iterator[None]:
    # structlog loads rich, which came with typer, as soon as it is there, to draw a console's tracebacks. A
    # log of JSON has none, and it is a twelfth of a server's start. None stands for "there is no such module"
    # (Python's reference, §5.3.1).
    if "rich" in sys.modules:
        yield
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # typeshed does not know of it
    try:
        yield
    finally:
        del sys.modules["rich"]


def silence_logs() -> None:
    """Log nothing: the command says in a sentence what went wrong. (The store's rooms log by the standard
    library alone; loading structlog would cost a command more than its work.)"""
    logging.getLogger("livefeed").addHandler(logging.NullHandler())
