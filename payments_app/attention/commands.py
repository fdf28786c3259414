"""`flask attention ...`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from payments_app.attention.keep import rebuild

attention_group = AppGroup("attention", help="What is so with each payment, and what needs doing.")


@attention_group.command("rebuild")
@click.option("--dry-run", is_flag=True, help="Only say which payments differ.")
def rebuild_all(*, dry_run: bool) -> None:
    """Work it out anew for every payment. It is kept as it changes, so that nothing should differ,
    but after an upgrade from a release that did not keep it."""
    found = rebuild(dry=dry_run)
    for transaction_id in found[:20]:
        click.echo(transaction_id)
    if len(found) > 20:
        click.echo(f"and {len(found) - 20} more")
    click.echo(f"{len(found)} differences")
