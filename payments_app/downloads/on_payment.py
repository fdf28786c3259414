"""on_payment: a purchase's status by its payments, and purchases rebuilt from payments alone.

It reads what is, not what happened: safe to run twice, and in any order of the events.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.downloads.find import digital_product
from payments_app.downloads.models import DigitalProduct, DigitalPurchase
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt, joined, payable_of
from payments_app.payments.refunds.entitlement import is_whole, tell_of_part

MAIL = "notices.download"
METADATA = "digital_product"  # names the product in the metadata of an intent made elsewhere


@atomic
def on_payment(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Update the purchase that this transaction pays for, by its payments."""
    payable = payable_of(session, transaction_id)
    if payable is None:
        purchase_id = _rebuild(session, transaction_id)
    else:
        purchase_id = payable[1] if payable[0] == DigitalPurchase.payable_type else None
    if purchase_id is None:
        return
    purchase = session.get_one(
        DigitalPurchase, purchase_id, with_for_update=True, populate_existing=True
    )
    active = active_attempt(session, DigitalPurchase.payable_type, purchase_id)
    if active is None:
        purchase.status = "payment_failed" if purchase.status == "open" else purchase.status
    elif active.state == State.COMPLETE and not is_whole(active, purchase.price):
        tell_of_part(session, active, purchase.id, purchase.price)
    elif active.state == State.COMPLETE and purchase.status != "paid":
        purchase.status, purchase.delivered_at = "paid", active.ended_at
        outbox.stage(session, MAIL, purchase_id)


def _rebuild(session: Session, transaction_id: str) -> str | None:
    """The purchase of a payment that was made at Stripe without us, made from what its intent
    says; None where it was for something else. The payment has its customer (by the e-mail on the
    intent), its last error's code and its message already.

    A merchant writes what it likes on an intent of its own account, and a product has one price:
    neither such a payment nor one of another amount is a purchase. Whoever paid one waits for a
    file or for the money, and a person is told.
    """
    paid = session.scalars(
        select(Transaction).where(Transaction.id == transaction_id).with_for_update()
    ).one()
    named = as_object(as_object(paid.stripe_data).get("metadata")).get(METADATA)
    product = digital_product(session, named) if isinstance(named, str) else None
    if product is None or payable_of(session, transaction_id) is not None:
        return None
    if paid.connected_account_id is not None:
        return None
    money = paid.money_paid if paid.state == State.COMPLETE else paid.money
    if money != product.price:
        if paid.state == State.COMPLETE:
            _tell_of_price(session, paid, product)
        return None
    customer_id = session.scalar(joined(transaction_id, Role.CUSTOMER))
    purchase = DigitalPurchase(
        product=product, customer_id=customer_id, amount=money.amount, currency=money.currency
    )
    session.add(purchase)
    session.flush()
    session.add(
        PaymentRecord(
            transaction_id=transaction_id,
            payable_type=DigitalPurchase.payable_type,
            payable_id=purchase.id,
            role=Role.PAYS_FOR,
            active=paid.state != State.FAILED,
        )
    )
    session.flush()
    history.record(
        session,
        "system",
        "purchase.rebuilt",
        transaction_id=transaction_id,
        subject=purchase.id,
        product=product.slug,
    )
    return purchase.id


def _tell_of_price(session: Session, paid: Transaction, product: DigitalProduct) -> None:
    alerts.raise_alert(
        session,
        "another_price",
        f"another_price:{paid.id}",
        f"{paid.id} was made at Stripe for {product.slug}: {paid.amount_words}, but its price is "
        f"{product.price}. Nothing was handed over: send the file by hand, or refund it",
        transaction_id=paid.id,
    )
