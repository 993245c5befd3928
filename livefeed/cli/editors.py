"""`livefeed editor`: people and the links that log them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import finish, settings_or_fail
from livefeed.cli.records import open_register
from livefeed.model import Role

if TYPE_CHECKING:
    from livefeed.accounts import Account
    from livefeed.cli.records import Register
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
        async with open_register(settings) as register:
            account = await register.accounts.add_editor(name, role)
            await register.note("add-editor", account, role)
            await _print_link(settings, register, account)

    finish(work())


@group.command("link", epilog="Example: livefeed editor link Rana")
def link(name: Name) -> None:
    """Print a new link that logs an editor in once, within a day."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            await _print_link(settings, register, await register.accounts.known(name))

    finish(work())


@group.command("role", epilog="Example: livefeed editor role Rana chief")
def role_(
    name: Name, role: Annotated[Role, typer.Argument(help="The new role.", show_default=False)]
) -> None:
    """Give an editor another role, at once and in every session and token."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.set_role(name, role)
            await register.note("set-role", account, role)
            typer.echo(f"{account.name} has the role {account.role} now.")

    finish(work())


@group.command("disable", epilog="Example: livefeed editor disable Rana")
def disable(name: Name) -> None:
    """Shut an editor out within a second: every session, link and token ends."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.disable(name)
            await register.note("disable", account)
            typer.echo(f"{account.name} is shut out.")

    finish(work())


@group.command("list", epilog="Example: livefeed editor list")
def list_() -> None:
    """Print every editor: role and name, and what is particular."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            for account in await register.accounts.editors():
                narrowed = "" if account.coverages is None else f"  only {', '.join(account.coverages)}"
                disabled = "  disabled" if account.disabled else ""
                typer.echo(f"{account.role:<12} {account.name}{narrowed}{disabled}")

    finish(work())


async def _print_link(settings: Settings, register: Register, account: Account) -> None:
    code = await register.accounts.login_code(account.name)
    await register.note("make-link", account)
    typer.echo(f"{settings.public_url}/desk/login?code={code}")
    if not settings.base_url and settings.port == 0:
        typer.echo(
            "livefeed: LIVEFEED_PORT is 0, so the server's port is not known here: put it into the link, "
            "or set LIVEFEED_BASE_URL.",
            err=True,
        )
