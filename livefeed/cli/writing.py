"""`livefeed open` and `livefeed post`: writing through a running server."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from livefeed.cli.outcome import Failed, finish

Url = Annotated[str, typer.Option(envvar="LIVEFEED_URL", help="Address of the server.")]
Slug = Annotated[str, typer.Argument(help="The coverage's name in addresses.", show_default=False)]
Key = Annotated[
    str | None,
    typer.Option(
        help="Idempotency key: what was written under it is never written again.", show_default=False
    ),
]
DEFAULT_URL = "http://localhost:8080"
NEEDS = (
    "LIVEFEED_TOKEN must hold a token (`livefeed token add NAME` prints one); LIVEFEED_URL names the server."
)


def register(app: typer.Typer) -> None:
    app.command(
        "open",
        epilog=f"""\b
Examples:
  livefeed open storm-reem "العاصفة «ريم»" --kicker "التغطية الحية" --timezone Asia/Damascus --place دمشق
  livefeed open riverside-tram "Riverside Tram opens" --language en --timezone Europe/London --place London

{NEEDS}
""",
    )(open_)
    app.command(
        "post",
        epilog=f"""\b
Examples:
  livefeed post storm-reem "أُعيد فتح الميناء." --headline "الميناء مفتوح" --breaking
  livefeed post storm-reem --attribution "سلطة الميناء" < statement.md
  livefeed post riverside-tram - --byline "Nell Ashdown" --byline "Idris Cope"

{NEEDS} A lost connection is retried for half a minute; nothing is ever posted twice.
""",
    )(post)


def open_(
    slug: Slug,
    headline: Annotated[str, typer.Argument(help="What it is about.", show_default=False)],
    *,
    language: Annotated[
        str | None, typer.Option(help="Such as ar or en; the server's default is ar.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="For its times, such as Asia/Damascus.")] = None,
    place: Annotated[str | None, typer.Option(help="The place named after times, such as دمشق.")] = None,
    kicker: Annotated[str | None, typer.Option(help="The label over the headline.")] = None,
    standfirst: Annotated[str | None, typer.Option(help="What it is about, in a sentence or two.")] = None,
    dateline: Annotated[str | None, typer.Option(help="Where it is written.")] = None,
    byline: Annotated[list[str] | None, typer.Option(help="Who writes; may be given several times.")] = None,
    section: Annotated[str | None, typer.Option(help="The section it belongs to.")] = None,
    key: Key = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Open a coverage and print the address of its live page."""
    fields = _given(
        slug=slug,
        headline=headline,
        language=language,
        timezone=timezone,
        place=place,
        kicker=kicker,
        standfirst=standfirst,
        dateline=dateline,
        byline=byline,
        section=section,
    )
    finish(_write(url, "/api/v1/coverages", fields, key))


def post(
    slug: Slug,
    text: Annotated[
        str | None,
        typer.Argument(
            help="The text, in Markdown; - or nothing, with something piped in, reads standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    headline: Annotated[str | None, typer.Option(help="Its headline.")] = None,
    breaking: Annotated[bool, typer.Option("--breaking", help="Mark it as breaking (عاجل).")] = False,
    key_event: Annotated[bool, typer.Option("--key-event", help="List it among the key events.")] = False,
    byline: Annotated[
        list[str] | None, typer.Option(help="Who wrote it; may be given several times.")
    ] = None,
    dateline: Annotated[str | None, typer.Option(help="Where it was written.")] = None,
    attribution: Annotated[
        str | None, typer.Option(help="Whose claim it is: an agency, a broadcaster.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The time shown, such as 2026-11-23T17:15:00Z; now if left out.")
    ] = None,
    key: Key = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Publish an update and print its permanent address."""
    from livefeed.cli.client import quoted  # noqa: PLC0415 - see the package

    if text == "-" or (text is None and not sys.stdin.isatty()):
        text = _standard_input()
    if not (text or headline):
        raise typer.BadParameter("give a TEXT, a --headline, or pipe the text in", param_hint="TEXT")
    fields = _given(
        body=text,
        headline=headline,
        breaking=breaking or None,
        key_event=key_event or None,
        byline=byline,
        dateline=dateline,
        attribution=attribution,
        displayed_at=at,
    )
    finish(_write(url, f"/api/v1/coverages/{quoted(slug)}/updates", fields, key))


def token_or_fail() -> str:
    """The token of the environment. Raises `Failed`."""
    # No option: everybody who lists processes could read it.
    token = os.environ.get("LIVEFEED_TOKEN", "").strip()
    if not token:
        raise Failed("LIVEFEED_TOKEN is empty: make a token with `livefeed token add NAME` and export it.")
    if not (token.isascii() and token.isprintable()):
        raise Failed("LIVEFEED_TOKEN holds characters that no token has: copy it again.")
    return token


async def _write(url: str, path: str, fields: dict[str, Any], key: str | None) -> None:
    from livefeed.cli.client import new_key, open_site  # noqa: PLC0415 - see the package

    async with open_site(url, token=token_or_fail()) as site:
        written = await site.write(path, fields, key=key or new_key())
    typer.echo(written.get("url", ""))


def _standard_input() -> str:
    content = sys.stdin.buffer.read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"standard input is not UTF-8: byte {content[error.start]:#x} at position {error.start}",
            param_hint="TEXT",
        ) from None


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != []}
