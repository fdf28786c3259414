"""`flask queues ...` and `flask alerts ...`"""

from __future__ import annotations

from collections.abc import Callable

import click
from flask.cli import AppGroup

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.extensions import db
from payments_app.ops import acknowledge, dead_letters, measures
from payments_app.ops.forget import forget
from payments_app.ops.watch import look

queues_group = AppGroup("queues", help="Queues and dead letters.")
alerts_group = AppGroup("alerts", help="What somebody must know.")


def _name(_context: click.Context, _option: click.Parameter, typed: str) -> str:
    try:
        refuse(typed)
    except CardNumberError as error:
        raise click.BadParameter(str(error)) from error
    return typed


_BY = click.option(
    "--by", default="cli", show_default=True, callback=_name, help="Who decides this."
)
_REASON = click.option("--reason", required=True, help="Kept in the history.")


@queues_group.command("status")
def status() -> None:
    """What is open, and what is wrong; ends with 1 where something critical is."""
    for load in measures.loads(db.session()):
        click.echo(
            f"{load.queue:18} {load.command:26} {load.open} open, {load.due} due,"
            f" {load.running} running, oldest waits {load.late_seconds:.0f} s"
        )
    found = look()
    for trouble in found:
        click.echo(f"{'CRITICAL' if trouble.critical else 'warning'}: {trouble.what}")
        click.echo(f"    {trouble.meaning}")
    if not found:
        click.echo("All is well.")
    if any(trouble.critical for trouble in found):
        raise click.exceptions.Exit(1)


@queues_group.command("dead")
def dead() -> None:
    """List the dead letters, newest first."""
    for message in db.session.scalars(dead_letters.dead()):
        words = (message.last_error or "").partition("\n")[0][:120]
        click.echo(f"{message.id}  {message.queue}  {message.command}  {message.about}  {words}")


@queues_group.command("show")
@click.argument("message_id", metavar="ID", type=int)
def show(message_id: int) -> None:
    """All that is known of one dead letter."""
    try:
        message = dead_letters.find_dead(db.session(), message_id)
    except dead_letters.NotDeadError as error:
        raise click.ClickException(str(error)) from error
    for name in ("queue", "command", "about", "created_at", "dead_at", "failures", "claims"):
        click.echo(f"{name}: {getattr(message, name)}")
    click.echo(f"error: {message.last_error}")


@queues_group.command("retry")
@click.argument("message_id", metavar="ID", type=int)
@_REASON
@_BY
def retry(message_id: int, reason: str, by: str) -> None:
    """Make one dead letter due again."""
    _decide(dead_letters.retry, message_id, reason, by)
    click.echo(f"{message_id} is due again")


@queues_group.command("discard")
@click.argument("message_id", metavar="ID", type=int)
@_REASON
@_BY
def discard(message_id: int, reason: str, by: str) -> None:
    """Give one dead letter up; it stays in the database."""
    _decide(dead_letters.discard, message_id, reason, by)
    click.echo(f"{message_id} is discarded")


@queues_group.command("forget")
@click.argument("command")
@_REASON
@_BY
def forget_command(command: str, reason: str, by: str) -> None:
    """No longer stage a job that no process knows any more, and discard what waits for it."""
    try:
        subscribed, discarded = forget(command, reason, by)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{command} is forgotten: {subscribed} subscriptions, {discarded} messages discarded"
    )


@alerts_group.command("list")
def list_() -> None:
    """List the alerts that nobody has acknowledged."""
    for alert in db.session.scalars(acknowledge.alerts_of(opened=True)):
        click.echo(f"{alert.id}  {alert.severity}  {alert.times} x  {alert.message}")


@alerts_group.command("acknowledge")
@click.argument("alert_id", metavar="ID", type=int)
@_BY
def acknowledge_one(alert_id: int, by: str) -> None:
    """Say that somebody deals with it."""
    if not acknowledge.acknowledge(alert_id, by):
        raise click.ClickException(f"alert {alert_id} is not open")
    click.echo(f"alert {alert_id} is acknowledged")


def _decide(
    function: Callable[[int, str, str], None], message_id: int, reason: str, by: str
) -> None:
    try:
        function(message_id, reason, by)
    except (dead_letters.NotDeadError, ValueError) as error:
        raise click.ClickException(str(error)) from error
