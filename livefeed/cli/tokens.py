"""`livefeed token`: keys for programs that write."""

from __future__ import annotations

from typing import Annotated

import typer

from livefeed.cli.outcome import Failed, finish, settings_or_fail
from livefeed.cli.records import open_register
from livefeed.roles import Role

group = typer.Typer(
    help="Keys for programs that write. Works beside a running server.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The editor for whom the token acts.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="token")


@group.command(
    "add",
    epilog="""\b
Examples:
  export LIVEFEED_TOKEN=$(livefeed token add Rana)
  livefeed token add Rana --role editor --coverage storm --label "agency import"
""",
)
def add(
    name: Name,
    role: Annotated[
        Role | None, typer.Option(help="Narrow it to this role; the editor's if left out.")
    ] = None,
    coverage: Annotated[
        list[str] | None,
        typer.Option(help="Narrow it to this coverage, by slug; may be given several times."),
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for; shown by `token list`.")] = "",
) -> None:
    """Make a token of an existing editor and print it, alone and only this once."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            accounts = register.accounts
            token = await accounts.tokens.add(name, role=role, coverages=coverage or None, label=label)
            narrowed = " ".join(filter(None, (role, *(coverage or ()))))
            await register.note("add-token", await accounts.people.known(name), narrowed)
            typer.echo(token)

    finish(work())


@group.command("list", epilog="Example: livefeed token list Rana")
def list_(name: Name) -> None:
    """Print an editor's tokens, oldest first: id, day, what it is narrowed to, label. Never the secrets."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            for token in await register.accounts.tokens.of_editor(name):
                role = token.role or "as the editor"
                where = "everywhere" if token.coverages is None else ", ".join(token.coverages)
                typer.echo(
                    f"{token.id}  {token.created_at:%Y-%m-%d}  {role}  {where}  {token.label}".rstrip()
                )

    finish(work())


@group.command("revoke", epilog="Example: livefeed token revoke 3f9a0c2b77d1")
def revoke(id: Annotated[str, typer.Argument(help="The id from `token list`.", show_default=False)]) -> None:
    """Make a token worthless, within a second on a running server."""
    settings = settings_or_fail()

    async def work() -> None:
        async with open_register(settings) as register:
            if not await register.accounts.tokens.revoke(id):
                raise Failed(f"There is no token {id[:40]!r}: see livefeed token list NAME.")
            await register.note_token("revoke-token", id)
            typer.echo(f"Token {id} is revoked.", err=True)

    finish(work())
