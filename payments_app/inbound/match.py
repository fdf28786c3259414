"""match: which transaction an intent at Stripe is of, and whether one can be made of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.money import code_of
from payments_app.gateway.ids import clean_id
from payments_app.gateway.numbers import MOST_AMOUNT, whole
from payments_app.inbound.earlier_attempts import is_tried_again, was_tried_again
from payments_app.inbound.import_intent import destination_of
from payments_app.merchants.accounts import account_at_stripe
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.their_own import was_their_own


class MismatchError(Exception):
    """What Stripe says of the object does not fit what we know of it."""


def is_new(transaction_id: str | None, intent: dict[str, Any], account: str | None) -> bool:
    """Whether no transaction tells yet of what the intent says, and one is to."""
    if transaction_id is None:
        return not was_their_own(intent, account)
    return was_tried_again(transaction_id, intent)


@atomic
def match(session: Session, intent: dict[str, Any], account: str | None) -> str | None:
    """Our transaction for this intent: by the intent's id, else by what its metadata names.

    Raises MismatchError where the two differ in account, amount, currency or intent.
    """
    found = session.scalar(select(Transaction).where(Transaction.stripe_payment_id == intent["id"]))
    if found is None:
        named = clean_id(as_object(intent.get("metadata")).get("transaction_id"))
        found = session.get(Transaction, named) if named else None
    if found is None:
        return None
    theirs = {"intent": intent["id"], "account": account}
    ours = {"intent": found.stripe_payment_id or intent["id"], "account": account_of(found)}
    if not is_tried_again(session, found, intent):  # the next card may be asked for another amount
        # A setup intent has neither.
        theirs |= {"amount": intent.get("amount", 0)}
        theirs |= {"currency": code_of(intent.get("currency", found.currency))}
        ours |= {"amount": found.amount, "currency": found.currency}
    for name, value in theirs.items():
        if value != ours[name]:
            raise MismatchError(
                f"its {name} is {value}, that of our transaction {found.id} is {ours[name]}"
            )
    return found.id


def check_importable(intent: dict[str, Any]) -> None:
    """Raises MismatchError for an intent that can't become a transaction."""
    _check_storable(intent)
    _check_seller(intent)


def _check_storable(intent: dict[str, Any]) -> None:
    """Raises MismatchError for what no row can hold, alone or summed with others: a person must
    look, and a second try is of no use."""
    if intent.get("object") == "setup_intent":
        return  # it has neither
    amount, currency = intent["amount"], intent.get("currency")
    if whole(amount, 0, MOST_AMOUNT) is None:
        raise MismatchError(f"its amount is {amount!r}")
    if code_of(currency) is None:
        raise MismatchError(f"its currency is {currency!r}")


@atomic
def _check_seller(session: Session, intent: dict[str, Any]) -> None:
    """Raises MismatchError where the payment is transferred to nobody who is known here: its
    share could be neither booked nor taken back."""
    if intent.get("transfer_data") is None:
        return
    seller = destination_of(intent)
    if seller is None or account_at_stripe(session, seller) is None:
        raise MismatchError(f"it pays {seller}, which is not connected to ours")
