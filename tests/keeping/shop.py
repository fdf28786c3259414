"""Two customers of whom everything is known that a shop gets to know, and what tests read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base, db
from payments_app.core.web.link_requests import LinkRequest
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.customers.find import customer_for
from payments_app.ledger.models import Entry
from payments_app.orders.models import Order
from payments_app.orders.place import place
from payments_app.payments.refunds.request import request_refund
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from payments_app.staff.payments.notes import add_note
from tests.payments.driver import PaymentDriver

ADA, BOB = "ada@example.com", "bob@example.net"
KEPT = PaymentSource(payment_method="pm_card_visa", save_card=True, customer_known=True)


def live(driver: PaymentDriver, email: str) -> str:
    """Somebody buys twice, is declined once, gets a part back, signs in and is written about;
    their customer's id."""
    paid = _buy(driver, email, KEPT)
    _buy(driver, email, PaymentSource(payment_method="pm_card_visa_chargeDeclined"))
    driver.work_all_waiting()
    request_refund(paid, 100, reason=f"{email} called", actor="staff")
    driver.work()
    add_note(paid, f"Call back: {email}", "staff")
    return _sign_in(email)


def buy(driver: PaymentDriver, email: str, card: str = "pm_card_visa") -> str:
    """A paid order that was handed over; the transaction's id."""
    transaction = _buy(driver, email, PaymentSource(payment_method=card))
    driver.work()
    return transaction


def _buy(driver: PaymentDriver, email: str, source: PaymentSource) -> str:
    driver.create_order()
    transaction = _open(email, source)
    driver.work()
    return transaction


@atomic
def _open(session: Session, email: str, source: PaymentSource) -> str:
    from payments_app.orders.product_models import Product

    product = session.scalars(select(Product).where(Product.slug == "thing-1099-usd")).one()
    customer = customer_for(session, email)
    order = session.get_one(Order, place(session, product, 1, customer.id).id)
    return open_transaction(session, order, customer_id=customer.id, email=email, source=source).id


@atomic
def _sign_in(session: Session, email: str) -> str:
    customer = customer_for(session, email)
    named = {"subject": customer.id, "address": email}
    session.add(
        VisitorSession(
            token_hash=email,
            audience="customer",
            browser="Firefox on Linux",
            expires_at=database_now(3600),
            **named,
        )
    )
    session.add(
        OneTimeLink(
            token_hash=email,
            purpose="customer",
            to="/account",
            expires_at=database_now(3600),
            **named,
        )
    )
    session.add(LinkRequest(id=f"ask_{email}", address=email, to="/account"))
    return customer.id


def rows() -> dict[str, set[str]]:
    """Every row of every table, as text, by the table's name."""
    db.session.rollback()
    return {
        name: {repr(tuple(row)) for row in db.session.execute(select(table))}
        for name, table in Base.metadata.tables.items()
    }


def naming(words: str) -> dict[str, list[str]]:
    """The rows that hold these words, by table."""
    found = {name: [row for row in each if words in row] for name, each in rows().items()}
    return {name: each for name, each in found.items() if each}


def books() -> dict[str, Any]:
    """What the ledger says of each account."""
    db.session.rollback()
    signed = func.sum(Entry.amount).label("amount")
    asked = select(Entry.account, Entry.side, signed).group_by(Entry.account, Entry.side)
    return {f"{row.account} {row.side}": row.amount for row in db.session.execute(asked)}
