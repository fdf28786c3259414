"""`flask trace`: the timeline of a payment in a terminal."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from payments_app.core.extensions import db
from payments_app.staff.causes.entry import Entry
from payments_app.staff.causes.groups import Group
from payments_app.staff.causes.timeline import timeline
from payments_app.staff.zones import business_zone


@click.command("trace")
@click.argument("transaction_id")
@click.option("--short", is_flag=True, help="Without technical steps.")
@with_appcontext
def trace(transaction_id: str, *, short: bool) -> None:
    """What happened to a payment (txn_...), each thing below what caused it."""
    found = timeline(db.session(), transaction_id, business_zone(), technical=not short)
    if found is None:
        raise click.ClickException(f"There is no payment {transaction_id}.")
    click.echo(f"{transaction_id}, {found.zone} time")
    for day, groups in found.days:
        click.echo(f"\n{day}")
        for group in groups:
            _print(group)


def _print(group: Group) -> None:
    click.echo(f"{group.head.clock:>11}  {_said(group.head)}")
    for effect in group.effects:
        click.echo(f"{'':13}+{group.after(effect):<8} {_said(effect)}")
    for step in group.steps:
        took = f"  {step.milliseconds} ms" if step.milliseconds is not None else ""
        click.echo(f"{'':13}{step.clock}  {_said(step)}  {step.stripe_id}{took}".rstrip())


def _said(entry: Entry) -> str:
    words = f"{entry.title}{entry.beside}"
    by = f" (by {entry.who})" if entry.who and entry.who not in entry.title else ""
    return f"{'! ' if entry.bad else ''}{words}{by}"
