"""customers: those of an application, by the ids that it gave them. No other application sees
them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from payments_app.core.card_numbers import refuse
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_once
from payments_app.payment_requests.customer_models import ApplicationCustomer


@atomic
def store_customer(
    session: Session, application: str, reference: str, email: str, name: str | None
) -> str:
    """Store the application's customer, or what it says of them now. Returns our id of them.

    Raises CardNumberError.
    """
    refuse(reference, email, *([name] if name else []))
    insert_once(
        session,
        ApplicationCustomer,
        id=new_id("acust"),
        application=application,
        reference=reference,
        email=email,
    )
    found = _named(application, reference).with_for_update()
    customer = session.scalars(found.execution_options(populate_existing=True)).one()
    customer.email, customer.name = email, name
    return customer.id


def customer_of(session: Session, application: str, reference: str) -> ApplicationCustomer | None:
    """The one whom this application calls so."""
    return session.scalar(_named(application, reference).execution_options(populate_existing=True))


def customers_of(
    session: Session, application: str, *, after: str | None = None, limit: int = 20
) -> tuple[Sequence[ApplicationCustomer], bool]:
    """Up to `limit` of its customers, the newest first, after the one that it calls `after`; and
    whether there are more. Raises LookupError where `after` names none of them."""
    wanted = select(ApplicationCustomer).where(ApplicationCustomer.application == application)
    if after is not None:
        place = customer_of(session, application, after)
        if place is None:
            raise LookupError(after)
        here = tuple_(ApplicationCustomer.created_at, ApplicationCustomer.id)
        wanted = wanted.where(here < (place.created_at, place.id))
    wanted = wanted.order_by(ApplicationCustomer.created_at.desc(), ApplicationCustomer.id.desc())
    found = session.scalars(wanted.limit(limit + 1)).all()
    return found[:limit], len(found) > limit


def _named(application: str, reference: str) -> Select[ApplicationCustomer]:
    return select(ApplicationCustomer).where(
        ApplicationCustomer.application == application, ApplicationCustomer.reference == reference
    )
