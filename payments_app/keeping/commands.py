"""`flask customers ...`: what is known of one customer, and its erasure."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from payments_app.core.card_numbers import CardNumberError
from payments_app.core.extensions import db
from payments_app.keeping.erase import ask_for_erasure, carry_out
from payments_app.keeping.export import export_customer
from payments_app.keeping.find import UnknownCustomerError
from payments_app.keeping.models import Erasure

customers_group = AppGroup("customers", help="What is known of a customer, and its erasure.")
_BY = click.option("--by", default="cli", show_default=True, help="Who decides this.")


@customers_group.command("export")
@click.argument("email")
@_BY
def export(email: str, by: str) -> None:
    """Print all that is known of the customer of EMAIL, as JSON."""
    try:
        known = export_customer(email, by)
    except UnknownCustomerError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(known, indent=2, ensure_ascii=False))


@customers_group.command("erase")
@click.argument("email", required=False)
@click.option(
    "--list",
    "listed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Repeat every erasure of this file, such as after a restore.",
)
@_BY
def erase(email: str | None, listed: Path | None, by: str) -> None:
    """Erase what is personal of the customer of EMAIL (or of this id), at once or as soon as
    nothing is open. It can't be undone."""
    if (email is None) == (listed is None):
        raise click.UsageError("Give an address, or --list with a file.")
    if listed is None:
        try:
            _erase(str(email), by)
        except (UnknownCustomerError, CardNumberError) as error:
            raise click.ClickException(str(error)) from error
        return
    for line in filter(None, map(str.split, _lines(listed))):
        try:
            _erase(line[0], by)
        except UnknownCustomerError:
            click.echo(f"{line[0]}  is not here")
        except CardNumberError as error:
            raise click.ClickException(str(error)) from error


@customers_group.command("erasures")
def erasures() -> None:
    """List every erasure: the customer's id, when it was asked for, how it stands. Keep it beside
    the backups: `erase --list` repeats it."""
    for row in db.session.scalars(select(Erasure).order_by(Erasure.asked_at, Erasure.id)):
        stands = "done" if row.done_at else f"waits for {row.waits_for}"
        click.echo(f"{row.customer_id}  {row.asked_at:%Y-%m-%dT%H:%M:%SZ}  {stands}")


def _lines(listed: Path) -> list[str]:
    try:
        return listed.read_text("utf-8").splitlines()
    except (UnicodeDecodeError, OSError) as error:
        raise click.ClickException(f"{listed} can't be read as UTF-8 text: {error}") from error


def _erase(named: str, by: str) -> None:
    waiting = carry_out(ask_for_erasure(named, by))
    for words in waiting:
        click.echo(f"{named}  waits for {words}")
    if not waiting:
        click.echo(f"{named}  is erased")
