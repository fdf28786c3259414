"""`flask reconcile ...`"""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import AppGroup

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.gateway.results import UnreadableError
from payments_app.reconcile.compare import compare
from payments_app.reconcile.findings import open_findings
from payments_app.reconcile.fix import fix
from payments_app.reconcile.fixes import FixFailedError
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.rounds import slices

reconcile_group = AppGroup("reconcile", help="Stripe, the payments and the ledger, compared.")


@reconcile_group.command("run")
@click.option("--since", type=click.DateTime(), help="UTC; by default one day ago.")
def run(since: dt.datetime | None) -> None:
    """Compare the payments begun since then, and list what differs."""
    now = utcnow()
    start = since.replace(tzinfo=dt.UTC) if since else now - dt.timedelta(days=1)
    try:
        found = sum(compare(begin, end) for begin, end in slices(start, now))
    except UnreadableError as error:
        raise click.ClickException(
            f"Stripe could not be read ({error}): nothing concluded"
        ) from error
    click.echo(f"{found} differences")
    _list()


@reconcile_group.command("list")
def list_() -> None:
    """List the open findings."""
    _list()


@reconcile_group.command("fix")
@click.argument("finding_id", metavar="ID", type=int)
def fix_one(finding_id: int) -> None:
    """Make the safe fix of one finding."""
    try:
        name = fix(finding_id, actor="cli")
    except FixFailedError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"finding {finding_id}: {name}")


def _list() -> None:
    for finding in open_findings(db.session(), limit=None):
        kind = KINDS.get(finding.kind)
        mend = f"fix: {finding.fix}" if finding.fix else f"no safe fix. {kind.who if kind else ''}"
        words = kind.words if kind else "not known here"
        click.echo(
            f"{finding.id}  {finding.severity}  {finding.kind}  {finding.subject}  "
            f"({words}; {mend})"
        )
