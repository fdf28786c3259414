"""Commands for those who run the product: `flask --app wsgi ...`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from payments_app.accounts import people
from payments_app.accounts.commands import staff_group
from payments_app.core.assets_build import assets_group
from payments_app.core.cache import cache_group
from payments_app.core.text import is_storable
from payments_app.downloads.find import offer_demo_downloads
from payments_app.inbound.commands import inbound_group
from payments_app.merchants.commands import merchants_group
from payments_app.ops.check_edge import check_edge
from payments_app.ops.commands import alerts_group, queues_group
from payments_app.orders.market import open_market
from payments_app.orders.shelf import stock_shelf
from payments_app.reconcile import sweep as sweeper
from payments_app.reconcile.commands import reconcile_group
from payments_app.staff.commands import demo_data
from payments_app.subscriptions.commands import subscriptions_group
from payments_app.subscriptions.find import offer_demo_plans

demo_group = AppGroup("demo", help="Things for the demo shop.")


@demo_group.command("seed")
def seed() -> None:
    """Put the demo's products on the shelf, and let its staff in; what is there already stays."""
    click.echo(f"{stock_shelf()} products added")
    if current_app.config["CONFIG"].sandboxed:
        click.echo(f"{open_market()} merchants added")
    click.echo(f"{offer_demo_plans()} plans added")
    click.echo(f"{offer_demo_downloads()} downloads added")
    password = current_app.config["CONFIG"].demo_password
    if password:
        people.keep_demo_member(password)
        click.echo(f"{people.DEMO_EMAIL} may sign in")


@click.command("sweep")
@click.option("--once", is_flag=True, help="One round instead of one every second.")
def sweep(*, once: bool) -> None:
    """Ring each queue that has something due, every second, until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sweeper.run(stop, once=once)


def prepare(app: Flask) -> None:
    """Hang the commands on the application."""
    app.cli.add_command(assets_group)
    app.cli.add_command(cache_group)
    app.cli.add_command(check_edge)
    demo_group.add_command(demo_data)
    app.cli.add_command(demo_group)
    app.cli.add_command(sweep)
    app.cli.add_command(inbound_group)
    app.cli.add_command(merchants_group)
    app.cli.add_command(alerts_group)
    app.cli.add_command(queues_group)
    app.cli.add_command(reconcile_group)
    app.cli.add_command(staff_group)
    app.cli.add_command(subscriptions_group)
    for command in app.cli.commands.values():
        _check_texts(command)


def _check_texts(command: click.Command) -> None:
    """Have every argument checked, as every field of a form is: a terminal sends what it likes."""
    for parameter in command.params:
        parameter.callback = _storable_first(parameter.callback)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _check_texts(inner)


def _storable_first(then: Callable[..., Any] | None) -> Callable[..., Any]:
    def check(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        if not is_storable(value):
            raise click.BadParameter("it holds a character that can't be stored. Leave it out.")
        return then(context, parameter, value) if then else value

    return check
