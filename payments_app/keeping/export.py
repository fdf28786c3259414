"""export: all that is known of one customer, as data for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.card_numbers import masked
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.db.session import atomic
from payments_app.keeping.customer_data import Place, places
from payments_app.keeping.find import customer_of


@atomic
def export_customer(session: Session, named: str, actor: str) -> dict[str, list[dict[str, Any]]]:
    """What is told of each table's rows about the customer of this address or id, by the table's
    name; times in ISO 8601, without Stripe's ids of cards. It is noted in the history.

    Raises UnknownCustomerError.
    """
    customer = customer_of(session, named)
    found = {
        place.model.__tablename__.removeprefix("pay_"): _rows(session, place)
        for place in places(customer)
        if place.told
    }
    history.record(session, "staff", "customer.exported", actor=actor, subject=customer.id)
    return found


def _rows(session: Session, place: Place) -> list[dict[str, Any]]:
    columns = [getattr(place.model, name) for name in place.told]
    order = inspect(place.model).primary_key
    rows = session.execute(select(*columns).where(place.which).order_by(*order)).all()
    return [dict(zip(place.told, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return masked(value, without_payment_methods)
