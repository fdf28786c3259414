"""`flask subscriptions ...`"""

from __future__ import annotations

import datetime as dt

import click
from flask import current_app
from flask.cli import AppGroup

from demo.simulate import simulate

subscriptions_group = AppGroup("subscriptions", help="What is paid for again and again.")


@subscriptions_group.command("simulate")
@click.option("--count", default=1000, show_default=True, help="Subscriptions.")
@click.option("--months", default=12, show_default=True, help="By how much the clock is moved.")
@click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), help="Today by default.")
@click.option("--by-workers", is_flag=True, help="Leave the charges to the workers that run.")
def run(count: int, months: int, first_day: object, *, by_workers: bool) -> None:
    """Bill many subscriptions by a moved clock, and count every period."""
    if not current_app.config["CONFIG"].sandboxed:
        raise click.ClickException("Only with the stand-in for Stripe: it makes payments.")
    day = first_day.date() if isinstance(first_day, dt.datetime) else None
    counted = simulate(count, months, day, by_workers=by_workers)
    for problem in counted.problems:
        click.echo(problem)
    click.echo(
        f"{counted.billed} periods billed, {counted.doubles} doubles, {counted.missed} missed"
    )
    if counted.problems:
        raise click.ClickException("The periods are not what the calendar says.")
