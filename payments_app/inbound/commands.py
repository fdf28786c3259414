"""`flask inbound ...`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from payments_app.inbound import fetch_missed as missed

inbound_group = AppGroup("inbound", help="Stripe's events.")


@inbound_group.command("fetch-missed")
def fetch_missed() -> None:
    """Take in the events that Stripe could not deliver in the last 30 days."""
    counts = missed.fetch_missed()
    known = counts["duplicate"]
    click.echo(f"{counts.total() - known} events taken in, {known} were here already")
