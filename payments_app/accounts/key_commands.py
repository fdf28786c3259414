"""`flask keys ...`: the API keys of other applications, for those who run the product."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import NoResultFound

from payments_app.accounts import api_keys
from payments_app.accounts.people import CLI
from payments_app.core.extensions import db

keys_group = AppGroup("keys", help="API keys of other applications.")


def _live() -> bool:
    return bool(current_app.config["CONFIG"].live)


@keys_group.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help="May be given several times; all of them.")
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Create a key and print its secret, which nobody can read again."""
    try:
        key_id, secret = api_keys.create(name, scopes or tuple(api_keys.SCOPES), CLI, live=_live())
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Created {key_id}. Keep its secret now, it is not shown again:", err=True)
    click.echo(secret)


@keys_group.command("list")
def list_() -> None:
    """List the keys."""
    for key in api_keys.all_keys(db.session()):
        state = "revoked" if key.revoked_at else f"last used {key.used_at or 'never'}"
        click.echo(f"{key.id}  ...{key.ends_in}  {key.name}  {' '.join(key.scopes)}  {state}")


@keys_group.command("rotate")
@click.argument("key_id")
@click.option("--overlap-hours", default=api_keys.OVERLAP_HOURS, show_default=True)
def rotate(key_id: str, overlap_hours: int) -> None:
    """Give a key a new secret and print it; the old one stays good for the overlap."""
    try:
        secret = api_keys.rotate(key_id, CLI, live=_live(), hours=overlap_hours)
    except NoResultFound as error:
        raise click.ClickException(f"There is no key {key_id}.") from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Keep the new secret now, it is not shown again:", err=True)
    click.echo(secret)


@keys_group.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Let a key be good no more, at once."""
    try:
        api_keys.revoke(key_id, CLI)
    except NoResultFound as error:
        raise click.ClickException(f"There is no key {key_id}.") from error
    click.echo(f"{key_id} is revoked")
