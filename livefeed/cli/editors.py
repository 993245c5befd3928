"""`livefeed editor`: people and the links that log them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livefeed.cli.outcome import finish, settings_or_fail
from livefeed.cli.records import open_register
from livefeed.roles import Role

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
  livefeed editor add Sami --role contributor --coverage storm
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
    coverage: Annotated[
        list[str] | None,
        typer.Option(help="Narrow them to this coverage, by slug; may be given several times."),
    ] = None,
) -> None:
    """Add an editor and print a link that logs them in once, within a day."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.people.add(name, role, coverage or None)
            await register.note("add-editor", account, account.grants)
            await _print_link(settings, register, account)

    finish(work())


@group.command("link", epilog="Example: livefeed editor link Rana")
def link(name: Name) -> None:
    """Print a new link that logs an editor in once, within a day."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            await _print_link(settings, register, await register.accounts.people.known(name))

    finish(work())


@group.command(
    "role",
    epilog="""\b
Examples:
  livefeed editor role Rana chief
  livefeed editor role Rana chief --coverage storm
  livefeed editor role Rana --coverage storm
""",
)
def role_(
    name: Name,
    role: Annotated[
        Role | None,
        typer.Argument(
            help="The new role; with --coverage the one in that coverage alone, or if left out, there as "
            "everywhere else again.",
            show_default=False,
        ),
    ] = None,
    coverage: Annotated[
        str | None, typer.Option(help="Give it in this coverage alone, by slug; elsewhere nothing changes.")
    ] = None,
) -> None:
    """Give an editor another role, at once and in every session and token."""
    if role is None and coverage is None:
        raise typer.BadParameter("give a role, or --coverage to take one back there", param_hint="ROLE")
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            accounts = register.accounts
            if coverage is not None:
                account = await accounts.people.set_role_in(name, coverage, role)
                await register.note("grant", account, account.grants)
                told = role or "as everywhere else"
                typer.echo(f"{account.name} has the role {told} in {coverage} now.")
            elif role is not None:
                account = await accounts.people.set_role(name, role)
                await register.note("set-role", account, role)
                typer.echo(f"{account.name} has the role {account.role} now.")

    finish(work())


@group.command(
    "grant",
    epilog="""\b
Examples:
  livefeed editor grant Rana --coverage storm --coverage flood
  livefeed editor grant Rana --everywhere
""",
)
def grant(
    name: Name,
    coverage: Annotated[
        list[str] | None, typer.Option(help="A coverage they may touch, by slug; may be given several times.")
    ] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="All coverages.")] = False,
) -> None:
    """Say which coverages an editor may touch, instead of those before, at once."""
    if bool(coverage) == everywhere:
        raise typer.BadParameter("give either --coverage or --everywhere", param_hint="--coverage")
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.people.set_coverages(name, coverage or None)
            await register.note("grant", account, account.grants)
            reach = "all coverages" if everywhere else ", ".join(account.coverages or ())
            typer.echo(f"{account.name} may touch {reach} now.")

    finish(work())


@group.command("logout", epilog="Example: livefeed editor logout Rana")
def logout(name: Name) -> None:
    """End every session of an editor, on every device, within a second."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.people.known(name)
            ended = await register.accounts.sessions.end_all(name)
            await register.note("end-sessions", account, str(ended))
            typer.echo(f"{account.name} is logged out; {ended} sessions ended.")

    finish(work())


@group.command("enable", epilog="Example: livefeed editor enable Rana")
def enable(name: Name) -> None:
    """Let a disabled editor in again."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.people.enable(name)
            await register.note("enable", account)
            typer.echo(f"{account.name} may log in again.")

    finish(work())


@group.command("disable", epilog="Example: livefeed editor disable Rana")
def disable(name: Name) -> None:
    """Shut an editor out within a second: every session, link and token ends."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            account = await register.accounts.people.disable(name)
            # Let in again, they log in anew: a lost telephone must not come back with them.
            await register.accounts.sessions.end_all(name)
            await register.note("disable", account)
            typer.echo(f"{account.name} is shut out.")

    finish(work())


@group.command("list", epilog="Example: livefeed editor list")
def list_() -> None:
    """Print every editor: role and name, and what is particular."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            for account in await register.accounts.people.all():
                narrowed = "" if account.coverages is None else f"  only {', '.join(account.coverages)}"
                disabled = "  disabled" if account.disabled else ""
                single = "".join(f"  {held} in {slug}" for slug, held in account.roles)
                typer.echo(f"{account.role:<12} {account.name}{narrowed}{single}{disabled}")

    finish(work())


async def _print_link(settings: Settings, register: Register, account: Account) -> None:
    code = await register.accounts.sessions.login_code(account.name)
    await register.note("make-link", account)
    typer.echo(f"{settings.public_url}/desk/login?code={code}")
    if not settings.base_url and settings.port == 0:
        typer.echo(
            "livefeed: LIVEFEED_PORT is 0, so the server's port is not known here: put it into the link, "
            "or set LIVEFEED_BASE_URL.",
            err=True,
        )
