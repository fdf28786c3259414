"""`flask restore`: one command after a backup was restored, and one question at its end."""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import with_appcontext

from payments_app.core.own_commands import as_typed_here
from payments_app.gateway.own_account import OtherAccountError
from payments_app.gateway.results import UnreadableError
from payments_app.restore.run import NotRestoredError, Report, begin, open_shop, run

CLOSED = "The shop stays closed. Run `flask --app wsgi restore` again."
LOST = (
    "What was done here after the backup without Stripe is lost: subscriptions that were ended, "
    "paused or changed, cards that were removed, links to pay that nobody has paid, notes, goods "
    "handed over. Ask the staff who did it, before a subscription is billed again. Customers who "
    "were erased are here again: run `flask --app wsgi customers erase --list FILE` with the list "
    "beside the backups."
)
SURE = (
    "Nothing says that this database was restored from a backup. Close the shop and read all the "
    "same what Stripe knows?"
)


@click.command("restore")
@click.option(
    "--backup-taken",
    type=click.DateTime(),
    help="UTC; by default the last moment that the database knows.",
)
@click.option("--yes", is_flag=True, help="Open the shop at the end without asking.")
@with_appcontext
def restore(backup_taken: dt.datetime | None, *, yes: bool) -> None:
    """Bring a restored database to what Stripe knows. Until you say yes at the end the shop is
    closed: no job runs, no form is taken, nobody is told anything. Safe to run again."""
    named = backup_taken.replace(tzinfo=dt.UTC) if backup_taken else None
    try:
        moment = begin(named, is_sure=lambda: yes or click.confirm(SURE))
        click.echo(f"The shop is closed. Reading at Stripe what happened since {moment:%F %T} UTC.")
        report = run()
    except NotRestoredError as error:
        raise click.ClickException(f"{error}: nothing was done.") from error
    except (UnreadableError, OtherAccountError) as error:
        raise click.ClickException(f"{error}. {as_typed_here(CLOSED)}") from error
    _tell(report)
    if not yes and not click.confirm("Open the shop, and let all of this go out?"):
        raise click.ClickException(as_typed_here(CLOSED))
    open_shop("cli")
    click.echo("The shop is open. Start the workers and the sweeper if they do not run.")


def _tell(report: Report) -> None:
    for what, count in sorted(report.counts.items()):
        click.echo(f"  {count} {what}")
    if report.todo:
        click.echo("A person must look at this:")
        for sentence in report.todo:
            click.echo(f"  - {sentence}")
    click.echo(as_typed_here(LOST))
    if not report.differences:
        click.echo("The payments are equal to Stripe's.")
    else:
        click.echo(f"{report.differences} differences with Stripe remain: they are listed above.")
    click.echo("This waits for your yes:" if report.held else "Nothing is waiting to be sent.")
    for what, count in sorted(report.held.items()):
        click.echo(f"  {count} {what}")
