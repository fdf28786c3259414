"""`flask staff ...`: who may sign in, for those who run the product."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from payments_app.accounts import people, second_factor
from payments_app.accounts.permissions import ROLE_NAMES

staff_group = AppGroup("staff", help="Who may sign in to the dashboard.")
_ROLE = click.Choice(ROLE_NAMES)


@staff_group.command("create")
@click.argument("email")
@click.option("--role", type=_ROLE, default="viewer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, role: str, *, password_stdin: bool) -> None:
    """Create an account; the password is asked for unless it comes on standard input."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        people.create_staff(email, role, password)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} may sign in as {role}")


@staff_group.command("list")
def list_() -> None:
    """List the accounts."""
    for staff in people.list_staff():
        click.echo(f"{staff.email}  {staff.role}  {'active' if staff.active else 'disabled'}")


@staff_group.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Close an account and sign it out everywhere."""
    try:
        people.disable_staff(email)
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} can't sign in any more")


@staff_group.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Open a closed account again."""
    try:
        people.enable_staff(email)
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} may sign in again")


@staff_group.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Take away a second factor that was lost, and sign the account out everywhere."""
    try:
        second_factor.reset(email, people.CLI)
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} sets up a new one at the next sign-in")


@staff_group.command("role")
@click.argument("email")
@click.argument("role", type=_ROLE)
def change_role(email: str, role: str) -> None:
    """Give an account another role."""
    try:
        people.change_role(email, role)
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} is {role} now")
