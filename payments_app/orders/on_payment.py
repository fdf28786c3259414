"""on_payment: an order's status and goods, by the payments made for it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.orders.models import Order
from payments_app.payments.models import Transaction
from payments_app.payments.payable import NotPayableError
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt, payable_id_of


@atomic
def on_payment(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Update the order that this transaction pays for, by its payments.

    It reads what is, not what happened: safe to run twice, and in any order of the events.
    """
    order_id = payable_id_of(session, transaction_id, Order.payable_type)
    if order_id is None:
        return
    order = lock_order(session, order_id)
    active = active_transaction(session, order_id)
    if active is None:
        order.release(session, unfinished=order.was_left(session))
        if order.status == "open":
            order.status = "payment_failed"
    elif active.state == State.COMPLETE:
        _paid(session, order, active)


def lock_order(session: Session, order_id: str) -> Order:
    """The order, locked until the end of the caller's transaction."""
    return session.get_one(Order, order_id, with_for_update={"of": Order}, populate_existing=True)


def active_transaction(session: Session, order_id: str) -> Transaction | None:
    """The order's one transaction that is complete or may still charge."""
    return active_attempt(session, Order.payable_type, order_id)


def _paid(session: Session, order: Order, transaction: Transaction) -> None:
    if order.status == "paid":
        return
    take_goods(session, order)
    order.status, order.paid_at = "paid", transaction.ended_at
    outbox.stage(session, "orders.fulfil", order.id)


def take_goods(session: Session, order: Order) -> None:
    """Take the goods of an order that is paid for. Who paid late, or has a dispute decided for us
    after it was lost, may find them released and sold: a person is told."""
    try:
        order.reserve(session)
    except NotPayableError as gone:
        paid = active_transaction(session, order.id)
        alerts.raise_alert(
            session,
            "oversold",
            f"oversold:{order.id}",
            f"Order #{order.number} was paid after its goods were released: {gone.message}",
            severity="critical",
            order=order.id,
            transaction_id=paid.id if paid else None,
        )
    order.keep(session)
