"""`livefeed editor`: people and the links that log them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import finish, settings_or_fail
from livefeed.cli.records import accounts_of
from livefeed.model import Role

if TYPE_CHECKING:
    from livefeed.accounts import Accounts
    from livefeed.settings import Settings

group = typer.Typer(
    help="People who may write. Works beside a running server.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="The editor's name.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="editor")


@group.command(
    "add",
    epilog="""\b
Examples:
  livefeed editor add Rana --role chief
  livefeed editor add "سامر الحكواتي"
""",
)
def add(
    name: Name,
    role: Annotated[
        Role,
        typer.Option(
            help="contributor (own drafts), editor (publish, correct, retract), chief (breaking, pins, "
            "coverages), admin (accounts); each includes the former."
        ),
    ] = Role.EDITOR,
) -> None:
    """Add an editor and print a link that logs them in once, within a day."""
    settings = settings_or_fail()

    async def work() -> None:
        async with accounts_of(settings) as accounts:
            await accounts.add_editor(name, role)
            await _print_link(settings, accounts, name)

    finish(work())


@group.command("link", epilog="Example: livefeed editor link Rana")
def link(name: Name) -> None:
    """Print a new link that logs an editor in once, within a day."""
    settings = settings_or_fail()

    async def work() -> None:
        async with accounts_of(settings) as accounts:
            await _print_link(settings, accounts, name)

    finish(work())


@group.command("role", epilog="Example: livefeed editor role Rana chief")
def role_(
    name: Name, role: Annotated[Role, typer.Argument(help="The new role.", show_default=False)]
) -> None:
    """Give an editor another role, at once and in every session and token."""
    settings = settings_or_fail()

    async def work() -> None:
        async with accounts_of(settings) as accounts:
            account = await accounts.set_role(name, role)
            typer.echo(f"{account.name} has the role {account.role} now.")

    finish(work())


@group.command("disable", epilog="Example: livefeed editor disable Rana")
def disable(name: Name) -> None:
    """Shut an editor out within a second: every session, link and token ends."""
    settings = settings_or_fail()

    async def work() -> None:
        async with accounts_of(settings) as accounts:
            account = await accounts.disable(name)
            typer.echo(f"{account.name} is shut out.")

    finish(work())


@group.command("list", epilog="Example: livefeed editor list")
def list_() -> None:
    """Print every editor: role and name, and what is particular."""
    settings = settings_or_fail()

    async def work() -> None:
        async with accounts_of(settings) as accounts:
            for account in await accounts.editors():
                narrowed = "" if account.coverages is None else f"  only {', '.join(account.coverages)}"
                disabled = "  disabled" if account.disabled else ""
                typer.echo(f"{account.role:<12} {account.name}{narrowed}{disabled}")

    finish(work())


async def _print_link(settings: Settings, accounts: Accounts, name: str) -> None:
    typer.echo(f"{settings.public_url}/desk/login?code={await accounts.login_code(name)}")
    if not settings.base_url and settings.port == 0:
        typer.echo(
            "livefeed: LIVEFEED_PORT is 0, so the server's port is not known here: put it into the link, "
            "or set LIVEFEED_BASE_URL.",
            err=True,
        )
