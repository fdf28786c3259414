"""A shop that sells one download."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.downloads.link import link_to
from payments_app.downloads.models import DigitalPurchase
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.own_worker import work

ITEM = "folding-pattern"


def one(checkout: CheckoutClient, model: type[Any] = DigitalPurchase) -> Any:
    with checkout.app.app_context():
        found = db.session.scalars(select(model).where(own(model))).one()
        db.session.expunge(found)  # or it would expire with the session
        return found


def link(checkout: CheckoutClient, purchase: str) -> str:
    with checkout.app.app_context():
        return link_to(purchase).removeprefix(checkout.app.config["CONFIG"].public_url)


def run_subscribers(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        work("payment_standard")
