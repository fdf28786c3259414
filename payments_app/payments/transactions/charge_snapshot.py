"""charge_snapshot: what a worker needs of a transaction, as plain data.

It is read (and where a transaction begins, written) in one short database transaction, so that no
row and no connection is held while Stripe is called.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from payments_app.core.email_addresses import compared
from payments_app.core.web.links import absolute
from payments_app.payments.connect.account import account_of, is_destination_charge
from payments_app.payments.models import Role, Transaction
from payments_app.payments.queries import joined
from payments_app.payments.repeatable import KEY_SECONDS, same_parameters
from payments_app.payments.transactions.statement_suffix import statement_suffix
from payments_app.payments.transactions.stripe_metadata import metadata_of

# By its name: the customers' package is above this one.
_CUSTOMERS = table("pay_customers", column("id"), column("stripe_customer_gone_at"))
UNSENT_SECONDS = 15 * 60  # a buyer who left is not charged after this


@dataclass(frozen=True)
class NewCustomer:
    """A customer whose card is to be saved, and whom Stripe does not know yet. `customer_id` is
    None where the buyer has not proved to be one of ours: the card gets a customer of its own."""

    customer_id: str | None
    email: str
    again: bool = False  # Stripe knew them, and they are gone there


@dataclass(frozen=True)
class ChargeSnapshot:
    """One transaction as its charge needs it."""

    transaction_id: str
    phase: str
    amount: int
    currency: str
    sets_up: bool  # it keeps a card, and takes no money
    create: dict[str, Any]
    confirm: dict[str, Any]
    intent_id: str | None
    account: str | None
    seller: str | None  # the connected account that is paid, by either type of charge
    customer: NewCustomer | None
    create_sent: bool
    confirm_sent: bool
    key_number: int
    searched_to: str | None  # where the search for a lost intent goes on
    late: bool  # older than UNSENT_SECONDS
    key_forgotten: bool  # older than KEY_SECONDS
    created_at: dt.datetime
    earlier_open: bool = False  # as it begins: an earlier attempt's intent is open at Stripe
    asks_for_card: bool = False  # as it begins: which card it is decides whether it is charged

    @property
    def intent(self) -> str:
        """The intent's id at Stripe. Raises LookupError where none is known yet."""
        if self.intent_id is None:
            raise LookupError(f"{self.transaction_id} has no intent yet")
        return self.intent_id

    @property
    def create_key(self) -> str:
        """Stripe's idempotency key of the create call."""
        return self._key("create")

    @property
    def confirm_key(self) -> str:
        """Stripe's idempotency key of the confirm call."""
        return self._key("confirm")

    def _key(self, call: str) -> str:
        number = f"-{self.key_number}" if self.key_number > 1 else ""
        return f"txn-{self.transaction_id}-{call}{number}"


def parameters_for(transaction: Transaction, metadata: dict[str, str]) -> dict[str, Any]:
    """What will be sent to Stripe for this transaction, now and at every repetition.

    `off_session` and `return_url` are legal only when confirming; a bare payment method needs
    `use_stripe_sdk`, or 3-D Secure comes back as a redirect. `setup_future_usage` must be what
    the fields that made the token were told.
    """
    if transaction.sets_up:
        return {"create": _setup(transaction, metadata), "confirm": _confirmation(transaction)}
    create: dict[str, Any] = {
        "amount": transaction.amount,
        "currency": transaction.currency,
        "description": transaction.description,
        "metadata": metadata,
        "allowed_payment_method_types": ["card"],
    }
    if transaction.stripe_customer_id:
        create["customer"] = transaction.stripe_customer_id
    if transaction.save_card:
        create["setup_future_usage"] = "off_session"
    if suffix := statement_suffix(transaction.description):
        create["statement_descriptor_suffix"] = suffix
    if transaction.platform_fee:
        create["application_fee_amount"] = transaction.platform_fee
    if is_destination_charge(transaction):
        create["transfer_data"] = {"destination": transaction.connected_account_id}
    return {"create": create, "confirm": _confirmation(transaction)}


def _setup(transaction: Transaction, metadata: dict[str, str]) -> dict[str, Any]:
    create: dict[str, Any] = {
        "usage": "off_session",
        "description": transaction.description,
        "metadata": metadata,
        "allowed_payment_method_types": ["card"],
    }
    if transaction.stripe_customer_id:
        create["customer"] = transaction.stripe_customer_id
    return create


def _confirmation(transaction: Transaction) -> dict[str, Any]:
    confirm: dict[str, Any] = {}
    if transaction.confirmation_token:
        confirm["confirmation_token"] = transaction.confirmation_token
    elif transaction.payment_method:  # without one, Stripe refuses and says why
        confirm["payment_method"] = transaction.payment_method
    if transaction.off_session:
        confirm["off_session"] = True
    else:
        confirm["return_url"] = absolute(f"/transactions/{transaction.id}")
        if not transaction.confirmation_token:
            confirm["use_stripe_sdk"] = True
    return confirm


def snapshot_of(session: Session, transaction: Transaction, now: dt.datetime) -> ChargeSnapshot:
    """The snapshot of a locked transaction; `now` is what the database's clock said meanwhile."""
    customer = _new_customer(session, transaction)
    if transaction.parameters is None and customer is None:
        metadata = metadata_of(session, transaction)
        transaction.parameters = parameters_for(transaction, metadata)
    parameters = same_parameters(transaction.parameters)
    age = (now - transaction.created_at).total_seconds()
    return ChargeSnapshot(
        transaction_id=transaction.id,
        phase=transaction.phase,
        amount=transaction.amount,
        currency=transaction.currency,
        sets_up=transaction.sets_up,
        create=parameters.get("create", {}),
        confirm=parameters.get("confirm", {}),
        intent_id=transaction.stripe_payment_id,
        account=account_of(transaction),
        seller=transaction.connected_account_id,
        customer=customer,
        create_sent=transaction.create_sent_at is not None,
        confirm_sent=transaction.confirm_sent_at is not None,
        key_number=transaction.key_number,
        searched_to=transaction.searched_to,
        late=age > UNSENT_SECONDS,
        key_forgotten=age > KEY_SECONDS,
        created_at=transaction.created_at,
    )


def _new_customer(session: Session, transaction: Transaction) -> NewCustomer | None:
    keeps = transaction.save_card and (transaction.amount > 0 or transaction.sets_up)
    if not keeps or transaction.stripe_customer_id:
        return None
    if not transaction.customer_known:
        return NewCustomer(None, compared(transaction.email))
    customer_id = session.scalars(joined(transaction.id, Role.CUSTOMER)).one()
    gone = select(_CUSTOMERS.c.stripe_customer_gone_at).where(_CUSTOMERS.c.id == customer_id)
    again = session.scalar(gone) is not None
    return NewCustomer(customer_id, compared(transaction.email), again)
