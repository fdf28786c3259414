"""told: what the metadata of an intent of ours says of its payment, put back into our tables.

It is believed, but on a merchant's own account only as far as it pays that merchant.
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
from payments_app.merchants.models import DIRECT
from payments_app.payments import states
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import Bought, Payable, find_payable, payable_kinds
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import active_attempt
from payments_app.payments.said import said
from payments_app.payments.transactions.apply_stripe_state import end
from payments_app.payments.transactions.expire import EXPIRED
from payments_app.payments.transactions.stripe_metadata import Told

_SETUP = "setup_intent"
_PAYABLE_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")  # after the prefix a host's have any form
_PAYABLE_TYPE = re.compile(r"[\x21-\x7e]{1,40}")


def columns_of(told: Told, intent: Mapping[str, Any], *, direct: bool) -> dict[str, Any]:
    """The columns of the transaction that only its metadata says, and when it began. Of a `direct`
    charge no card is kept here: it is on the merchant's account, who may write what they like."""
    kept = intent.get("setup_future_usage") == "off_session" or intent.get("object") == _SETUP
    kept = kept and not direct
    began = moment(intent.get("created"))
    return {
        "id": told.transaction_id,
        "attempt": told.attempt,
        "idempotency_key": told.idempotency_key,
        "fingerprint": told.fingerprint,
        "off_session": told.off_session,
        "save_card": kept,
        "customer_known": told.customer_known and not direct,
    } | ({"created_at": began, "phase_at": began} if began else {})


def told_customer(
    session: Session, told: Told, email: str | None, *, direct: bool
) -> Customer | None:
    """Who paid: the customer of this id, else that of the address, made anew under the id. None
    where the customer is not here and Stripe knows no address. Of a `direct` charge by the address
    alone: its merchant may write anybody's id, and would read there whose it is."""
    if direct:
        return customer_for(session, email) if email else None
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
    """Join a restored transaction to what it pays for, rebuilt where it is not here: by its type
    and id alone, since its price or its payee may be another by now, and nothing is to be paid
    twice. Where it can't be told it is joined to nothing: a person must look."""
    paid_for = _paid_for(session, transaction, told, customer_id, payee)
    if paid_for is None:
        return
    active = active_attempt(session, *paid_for)
    if active is not None and _was_over(active, told):
        end(session, active.id, Phase.CANCELED, EXPIRED)
    elif active is not None and _gave_way(active, told):
        states.stop_holding(session, active.id)
    elif active is not None:
        return
    kind, payable_id = paid_for
    session.add(
        PaymentRecord(
            transaction_id=transaction.id,
            payable_type=kind,
            payable_id=payable_id,
            role=Role.PAYS_FOR,
        )
    )


def _was_over(active: Transaction, told: Told) -> bool:
    """Whether an attempt of which the backup has no intent had ended before this one began: only
    then may there be a next one. Had it been sent after the backup, Stripe's list would have named
    its intent before this one's."""
    unsent = active.state == State.PENDING and active.stripe_payment_id is None
    return unsent and active.attempt < told.attempt


def _rebuilt(
    session: Session, kind: type[Payable], payable_id: str, told: Told, bought: Bought
) -> Payable | None:
    """It, and nothing of it where its host's code fails, as at what another release told."""
    with session.begin_nested():
        return kind.rebuild(session, payable_id, told.facts, bought)


def _gave_way(active: Transaction, told: Told) -> bool:
    """Whether an attempt that was captured in part had been given back before this one began: only
    then may there be a next one. Its refunds are read after this."""
    in_part = active.state == State.COMPLETE and active.paid < active.amount
    return in_part and active.attempt < told.attempt


def _paid_for(
    session: Session,
    transaction: Transaction,
    told: Told,
    customer_id: str | None,
    payee: str | None,
) -> tuple[str, str] | None:
    """Type and id of what it pays for. A kind that this process does not know is believed, as what
    follows waits for one that does. A merchant may write what they like on an intent of their own
    account: that pays for what is theirs, and for nothing else."""
    name, payable_id = told.payable_type, told.payable_id
    direct = transaction.charge_type == DIRECT
    if name is None or payable_id is None or not _PAYABLE_ID.fullmatch(payable_id):
        return None
    kind = payable_kinds().get(name)
    if kind is None:
        return (name, payable_id) if _PAYABLE_TYPE.fullmatch(name) and not direct else None
    if payable_id.partition("_")[0] != kind.payable_prefix:
        return None
    payable = find_payable(session, payable_id, lock=True)
    if payable is None:
        bought = Bought(customer_id, transaction.money, transaction.created_at)
        payable = said(lambda: _rebuilt(session, kind, payable_id, told, bought), None)
    if payable is None or (direct and said(lambda: payable.payee_id, "") != payee):
        return None
    return name, payable_id
