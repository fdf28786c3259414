"""`flask demo data`: a long history for the dashboard."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from payments_app.staff.demo_data import add_demo_data
from payments_app.staff.fold import fold


@click.command("data")
@with_appcontext
@click.option("--count", type=click.IntRange(1, 50_000_000), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def demo_data(count: int, seed: int) -> None:
    """Add made-up payments of the last year, to look at and to measure with."""
    with click.progressbar(length=count, label="Payments") as bar:
        stored = add_demo_data(count, lambda done: bar.update(done - bar.pos), seed)
    fold()
    click.echo(f"{stored} payments added")
