"""told: what the metadata of an intent of ours says of its payment, put back into our tables.

It is believed as far as it fits what Stripe itself says: the amount, and whom it pays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.ids import looks_like_id
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer
from payments_app.gateway.numbers import moment
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import Bought, Payable, find_payable, payable_kinds
from payments_app.payments.queries import active_attempt
from payments_app.payments.transactions.stripe_metadata import Told

_SETUP = "setup_intent"
_PAYABLE_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


def columns_of(told: Told, intent: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the transaction that only its metadata says, and when it began."""
    kept = intent.get("setup_future_usage") == "off_session" or intent.get("object") == _SETUP
    began = moment(intent.get("created"))
    return {
        "id": told.transaction_id,
        "attempt": told.attempt,
        "idempotency_key": told.idempotency_key,
        "fingerprint": told.fingerprint,
        "off_session": told.off_session,
        "save_card": kept,
        "customer_known": told.customer_known,
    } | ({"created_at": began, "phase_at": began} if began else {})


def told_customer(session: Session, told: Told, email: str | None) -> Customer | None:
    """Who paid: the customer of this id, else that of the address, made anew under the id. None
    where the customer is not here and Stripe knows no address."""
    if told.customer_id is not None and looks_like_id(told.customer_id, "cust"):
        found = session.get(Customer, told.customer_id)
        if found is not None:
            return found
        if email and session.scalar(select(Customer.id).where(Customer.email == email)) is None:
            made = Customer(id=told.customer_id, email=email)
            session.add(made)
            session.flush()
            return made
    return customer_for(session, email) if email else None


def join_payable(
    session: Session,
    transaction: Transaction,
    told: Told,
    customer_id: str | None,
    payee: str | None,
) -> None:
    """Join a restored transaction to what it pays for, rebuilt where it is not here. Where that
    can't be told it is joined to nothing: a person must look."""
    payable = _payable(session, transaction, told, customer_id)
    if payable is None or payable.price != transaction.money or payable.payee_id != payee:
        return
    if active_attempt(session, payable.payable_type, payable.id) is not None:
        return
    session.add(
        PaymentRecord(
            transaction_id=transaction.id,
            payable_type=payable.payable_type,
            payable_id=payable.id,
            role=Role.PAYS_FOR,
        )
    )


def _payable(
    session: Session, transaction: Transaction, told: Told, customer_id: str | None
) -> Payable | None:
    kind, payable_id = payable_kinds().get(told.payable_type or ""), told.payable_id
    if kind is None or payable_id is None or not _names(kind, payable_id):
        return None
    found = find_payable(session, payable_id, lock=True)
    if found is not None:
        return found
    bought = Bought(customer_id, transaction.money, transaction.created_at)
    rebuilt = kind.rebuild(session, payable_id, told.facts, bought)
    session.flush()
    return rebuilt


def _names(kind: type[Payable], payable_id: str) -> bool:
    """Whether it can be an id of this kind. After the prefix a host's have any form."""
    prefix = payable_id.partition("_")[0]
    return prefix == kind.payable_prefix and _PAYABLE_ID.fullmatch(payable_id) is not None
