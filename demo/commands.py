"""`flask --app demo.app demo ...`: what the demo shop sells, and a long payment history."""

from __future__ import annotations

import os

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from demo import member
from demo.downloads import add_demo_downloads
from demo.payment_history import add_demo_data
from demo.plans import add_demo_plans
from demo.products import add_demo_pictures, add_demo_products
from demo.sellers import add_demo_sellers
from demo.simulate_command import subscriptions_group
from payments_app.staff.reports.aggregate import aggregate

demo_group = AppGroup("demo", help="Things for the demo shop.")


@demo_group.command("seed")
def seed() -> None:
    """Store the demo's products and its staff member; what is there already stays."""
    click.echo(f"{add_demo_products()} products added")
    if current_app.config["CONFIG"].sandboxed:
        click.echo(f"{add_demo_sellers()} merchants added")
    click.echo(f"{add_demo_pictures()} pictures added")
    click.echo(f"{add_demo_plans()} plans added")
    click.echo(f"{add_demo_downloads()} downloads added")
    password = current_app.config["CONFIG"].demo_password
    if password:
        member.keep_demo_member(password)
        click.echo(f"{member.DEMO_EMAIL} may sign in")
    if key := os.environ.get("DEMO_API_KEY"):
        member.keep_demo_key(key)


def prepare(app: Flask) -> None:
    """Hang the demo's commands on the application."""
    app.cli.add_command(demo_group)
    app.cli.add_command(subscriptions_group)


@demo_group.command("data")
@click.option("--count", type=click.IntRange(1, 50_000_000), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def demo_data(count: int, seed: int) -> None:
    """Add made-up payments of the last year, to look at and to measure with."""
    with click.progressbar(length=count, label="Payments") as bar:
        stored = add_demo_data(count, lambda done: bar.update(done - bar.pos), seed)
    aggregate()
    click.echo(f"{stored} payments added")
