"""`flask merchants ...`: the shop's webhook endpoints, and merchants, from the terminal."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import visitor_sessions
from payments_app.merchants.address import AddressRefusedError, Guard, UnknownHostError
from payments_app.merchants.endpoints import add_endpoint, lock
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.merchants.receipt_details import receipt_details, set_receipt_details
from payments_app.merchants.topics import TOPICS, UnknownTopicError

merchants_group = AppGroup("merchants", help="Merchants and their webhook endpoints.")
ACTOR = "terminal"


@merchants_group.command("add-endpoint")
@click.argument("url")
@click.option("--topic", "topics", multiple=True, default=TOPICS, help="An event; all by default.")
def add(url: str, topics: tuple[str, ...]) -> None:
    """Send webhooks of the shop's own payments to URL; print its id and its signing secret."""
    guard = Guard(allow_loopback=current_app.config["CONFIG"].sandboxed)
    try:
        endpoint_id = add_endpoint(_shop_id(), url, guard=guard, actor=ACTOR, topics=topics)
    except (AddressRefusedError, UnknownHostError, UnknownTopicError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{endpoint_id}\n{_secret(endpoint_id)}")


@merchants_group.command("endpoints")
def show() -> None:
    """List the endpoints, and how they fare."""
    for endpoint in db.session.scalars(select(Endpoint).order_by(Endpoint.created_at)):
        state = "on" if endpoint.enabled else f"off: {endpoint.disabled_reason}"
        topics = ", ".join(endpoint.topics or ["all events"])
        click.echo(
            f"{endpoint.id}  {endpoint.url}  {state}  {topics}  {endpoint.failures} failures"
        )


@merchants_group.command("sign-out")
@click.argument("merchant_id")
def sign_out(merchant_id: str) -> None:
    """End every session of a merchant; the shop's own is one as well."""
    if db.session.get(Merchant, merchant_id) is None:
        raise click.ClickException(f"there is no merchant {merchant_id}")
    who = visitor_sessions.MERCHANT
    ended = visitor_sessions.sign_out_everywhere(who, merchant_id, ACTOR)
    click.echo(f"{ended} sessions ended")


@merchants_group.command("receipt-details")
@click.argument("merchant_id")
@click.option("--address", help='Its lines with | between them, in quotes; "" takes it away.')
@click.option("--tax-id", help='As it is to be read; "" takes it away.')
def change_receipt_details(merchant_id: str, address: str | None, tax_id: str | None) -> None:
    """What the receipts of a connected merchant tell of it: set it, and show it."""
    try:
        set_receipt_details(merchant_id, address=address, tax=tax_id, actor=ACTOR)
    except (LookupError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    details = receipt_details(db.session(), merchant_id)
    if details is None:
        click.echo("Receipts tell neither an address nor a tax id.")
    else:
        click.echo("\n".join((details.name, *details.address, details.tax_id or "")).rstrip())


@atomic
def _shop_id(session: Session) -> str:
    return default_merchant(session).id


@atomic
def _secret(session: Session, endpoint_id: str) -> str:
    return lock(session, endpoint_id).secret
