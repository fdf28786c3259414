"""payee: the merchant whom a payment pays, and how."""

from __future__ import annotations

from flask import current_app
from sqlalchemy.orm import Session

from payments_app.core.db.session import insert_once
from payments_app.merchants.accounts import SELLER_NOT_READY, ready_account, seller_of
from payments_app.merchants.find import default_merchant
from payments_app.payments.connect.platform_fee import platform_fee
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import NotPayableError
from payments_app.payments.queries import joined

MERCHANT = Role.MERCHANT


def name_payee(session: Session, transaction: Transaction, merchant_id: str | None) -> None:
    """Join a new transaction to the merchant it pays (None: the shop's own), and fix how: on
    whose account, and our fee.

    Raises NotPayableError where Stripe does not let the merchant be paid: before anything is
    stored, and long before anything is charged.
    """
    if merchant_id is None:
        merchant_of(session, transaction.id)
        return
    session.add(
        PaymentRecord(
            transaction_id=transaction.id,
            payable_type=MERCHANT,
            payable_id=merchant_id,
            role=MERCHANT,
        )
    )
    if transaction.amount == 0:
        return
    account = ready_account(session, merchant_id)
    if account is None:
        raise NotPayableError(SELLER_NOT_READY, seller_of(session, merchant_id).refusal)
    transaction.connected_account_id = account.stripe_account_id
    transaction.charge_type = account.charge_type
    transaction.platform_fee = platform_fee(
        transaction.money, current_app.config["CONFIG"].platform_fee_fixed
    )
    session.flush()


def merchant_of(session: Session, transaction_id: str) -> str:
    """The id of the merchant whom this transaction pays.

    One that names nobody (new, or first seen in an event of Stripe's) is joined to the shop's own
    merchant in the caller's database transaction.
    """
    named = joined(transaction_id, MERCHANT)
    merchant_id = session.scalar(named)
    if merchant_id is None:
        insert_once(
            session,
            PaymentRecord,
            transaction_id=transaction_id,
            payable_type=MERCHANT,
            payable_id=default_merchant(session).id,
            role=MERCHANT,
        )
        merchant_id = session.scalars(named).one()
    return merchant_id
