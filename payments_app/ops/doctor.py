"""`flask doctor`: whether the processes of this shop, and what it is part of, belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from payments_app.core import places, restores
from payments_app.core.db import clock
from payments_app.core.extensions import db
from payments_app.core.jobs import heartbeats
from payments_app.core.own_commands import as_typed_here
from payments_app.inbound.lost import RESTORE, RESTORED
from payments_app.ops.stripe_checks import Check


def check_host_with(app: Flask, checks: Callable[[], Iterator[Check]]) -> None:
    """Have the doctor look at the application that we are part of as well."""
    app.extensions["host_checks"] = checks


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Say whether database, processes and application belong together; ends with 1 where not."""
    checks = [database(), *_restore(), *_processes()]
    if "host_checks" in current_app.extensions:
        checks += current_app.extensions["host_checks"]()
    for check in checks:
        click.echo(f"{'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.words}")
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(1)


def database() -> Check:
    """Whether its tables are those of this release."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    wanted = ScriptDirectory(str(places.migrations())).get_current_head()
    with db.engine.connect() as connection:
        options = {"version_table": "pay_alembic_version"}
        found = MigrationContext.configure(connection, opts=options).get_current_revision()
    words = f"its tables are of revision {found}"
    if found != wanted:
        words += as_typed_here(f", this release's of {wanted}: run `flask --app wsgi db upgrade`")
    return Check("database", found == wanted, words)


def _restore() -> Iterator[Check]:
    """A shop that is closed is named; one that is open is nothing to speak of."""
    if restores.open_restore(db.session()) is not None:
        yield Check("restore", False, as_typed_here(f"the shop is closed. {RESTORED}. {RESTORE}"))


def _processes() -> Iterator[Check]:
    """Each process must have been built as this command's application was."""
    beats = heartbeats.recent(db.session())
    if not beats:
        yield Check("processes", False, "none was seen lately: start `worker`")
        return
    apart = heartbeats.differences(beats, heartbeats.knowledge(), clock.utcnow())
    for words in apart:
        yield Check("process", False, words)
    if not apart:
        yield Check("processes", True, f"{len(beats)} work, all built as this application is")
