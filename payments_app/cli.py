"""Commands for those who run the product: `flask --app wsgi ...`."""

from __future__ import annotations

import signal
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import click
from flask import Flask, current_app
from redis import ConnectionError, RedisError, TimeoutError
from sqlalchemy.exc import SQLAlchemyError

from payments_app.accounts.commands import staff_group
from payments_app.accounts.key_commands import keys_group
from payments_app.attention.commands import attention_group
from payments_app.core import places
from payments_app.core.db.text import is_storable
from payments_app.core.extensions import db as database
from payments_app.core.jobs.runner import stopping
from payments_app.core.outages import in_a_line, is_database_away, lacks_tables
from payments_app.core.own_commands import as_typed_here
from payments_app.core.web.assets_build import assets_group
from payments_app.core.web.cache import cache_group
from payments_app.inbound.commands import inbound_group
from payments_app.keeping.commands import customers_group
from payments_app.merchants.commands import merchants_group
from payments_app.ops import doctor
from payments_app.ops.check_edge import check_edge
from payments_app.ops.commands import alerts_group, queues_group
from payments_app.ops.last_resort import LastResort
from payments_app.ops.stripe_commands import stripe_group
from payments_app.ops.stripe_doctor import stage_at_start
from payments_app.orders.commands import products_group
from payments_app.reconcile import sweep as sweeper
from payments_app.reconcile.commands import reconcile_group
from payments_app.restore.commands import restore
from payments_app.staff.causes.commands import trace

P = ParamSpec("P")
T = TypeVar("T")


NO_TABLES = "The database does not have this release's tables: run `flask --app wsgi db upgrade`"


@click.command("sweep")
@click.option("--once", is_flag=True, help="One round instead of one every second.")
def sweep(*, once: bool) -> None:
    """Wake each queue that has something due, every second, until told to stop."""
    if once:
        sweeper.run(stopping, once=True)
    else:
        run_sweeper()


def run_sweeper() -> None:
    """Until told to stop; what it sends itself is finished then."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    stage_at_start()
    sweeper.run(stopping, note=LastResort(current_app.config["CONFIG"]).note)


def _guard(command: click.Command) -> None:
    """Have every argument checked, as every field of a form is: a terminal sends what it likes.
    What is not there for the command is a sentence."""
    for parameter in command.params:
        parameter.callback = _storable_first(parameter.callback)
    if command.callback is not None:
        command.callback = _in_words(command.callback)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _guard(inner)


def _in_words(run: Callable[P, T]) -> Callable[P, T]:
    """Raises ClickException where the database, its tables or Redis are not there."""

    @wraps(run)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return run(*args, **kwargs)
        except (SQLAlchemyError, RedisError) as error:
            words = what_is_away(error)
            if words is None:
                raise
            raise click.ClickException(words) from error

    return guarded


def what_is_away(error: Exception) -> str | None:
    """What is not there, and what to do; None of another fault."""
    if isinstance(error, ConnectionError | TimeoutError):
        return f"Redis does not answer: {in_a_line(error)}"
    if lacks_tables(error):
        return as_typed_here(NO_TABLES)
    if is_database_away(error):
        return f"The database does not answer: {in_a_line(error)}"
    return None


def _storable_first(then: Callable[..., Any] | None) -> Callable[..., Any]:
    def check(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        if not is_storable(value):
            raise click.BadParameter("it holds a character that can't be stored. Leave it out.")
        return then(context, parameter, value) if then else value

    return check


_COMMANDS = (
    assets_group,
    attention_group,
    cache_group,
    check_edge,
    customers_group,
    doctor.doctor,
    sweep,
    inbound_group,
    keys_group,
    merchants_group,
    products_group,
    alerts_group,
    queues_group,
    reconcile_group,
    restore,
    staff_group,
    stripe_group,
    trace,
)
# Once, however many applications there are: each would wrap what the one before it wrapped.
for _command in _COMMANDS:
    _guard(_command)


class Migrations(click.Command):
    """Flask-Migrate's `db`, loaded when it is asked for: Alembic would cost each process 10 MB."""

    def __init__(self) -> None:
        super().__init__("db", help="Perform database migrations.")

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        from flask_migrate import Migrate

        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        Migrate(app, database, directory=str(places.migrations()), render_as_batch=True)
        group = copy(cast("click.Group", app.cli.commands["db"]))  # the host's is the same object
        group.result_callback()(_say_revision)
        return group.make_context(*given, **more)


def _say_revision(*_: Any, **_more: Any) -> None:
    """Alembic says nothing where all went well."""
    if click.get_current_context().invoked_subcommand == "upgrade":
        click.echo(f"The database: {doctor.database().words}")


def prepare(app: Flask) -> None:
    """Hang the commands on the application."""
    app.cli.add_command(Migrations())
    for command in _COMMANDS:
        app.cli.add_command(command)
