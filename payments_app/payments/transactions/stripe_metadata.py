"""stripe_metadata: what an intent at Stripe says of its transaction, so that a database that was
restored from a backup knows the payment again.

Nothing in it is personal: ids of ours, and hashes that only this installation can make. What a
payable adds is its own to say (`Payable.stripe_facts`).
Source: https://docs.stripe.com/metadata
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.card_numbers import mask
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import looks_like_id
from payments_app.core.money import code_of
from payments_app.core.web.links import seal, seals
from payments_app.gateway.ids import clean_id
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import Payable, find_payable
from payments_app.payments.repeatable import hashed
from payments_app.payments.said import said

_FACT = "payable_"
_YES = "true"
# Hashed, or a retry's own. Of a key of before keys were hashed nothing is said: it may hold
# anything.
_TOLD_KEY = re.compile(r"[a-z]+-[0-9a-f]{64}|retry-txn_[0-9a-z]+-[0-9]+")


@dataclass(frozen=True)
class Told:
    """What the metadata of an intent of ours says. `facts` are the payable's own."""

    transaction_id: str
    idempotency_key: str | None
    fingerprint: str | None
    attempt: int
    customer_id: str | None
    customer_known: bool
    off_session: bool
    currency: str | None
    payable_type: str | None
    payable_id: str | None
    facts: Mapping[str, str]


def metadata_of(session: Session, transaction: Transaction) -> dict[str, str]:
    """The metadata of a transaction's intent. Only what is so is in it."""
    joined = {record.role: record for record in transaction.records}
    payable, customer = joined.get(Role.PAYS_FOR), joined.get(Role.CUSTOMER)
    key, fingerprint = transaction.idempotency_key or "", transaction.fingerprint
    told = {
        "transaction_id": transaction.id,
        "installation": installation(),
        "client_key": key if _TOLD_KEY.fullmatch(key) else None,
        "wish": sealed_fingerprint(fingerprint) if fingerprint else None,
        "attempt": str(transaction.attempt),
        "customer_id": customer.payable_id if customer is not None else None,
        "customer_known": _YES if transaction.customer_known else None,
        "off_session": _YES if transaction.off_session else None,
        "currency": transaction.currency,
    }
    if payable is not None:
        told |= {"payable_type": payable.payable_type, "payable_id": payable.payable_id}
        row = find_payable(session, payable.payable_id)
        facts: dict[str, str] = said(lambda: _facts_of(row), {}) if row is not None else {}
        told |= facts
    return {name: value for name, value in told.items() if value}


def _facts_of(payable: Payable) -> dict[str, str]:
    return {f"{_FACT}{name}": mask(value) for name, value in payable.stripe_facts().items()}


def read_metadata(intent: Mapping[str, Any]) -> Told | None:
    """What an intent of this installation says; None of any other, and of one that was made by a
    release which did not say it. A merchant may have changed that of their own account: what is
    not as we write it is left out."""
    said = as_object(intent.get("metadata"))
    named = clean_id(said.get("transaction_id"))
    if (
        named is None
        or not looks_like_id(named, "txn")
        or said.get("installation") not in _installations()
    ):
        return None
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    number, key = texts.get("attempt", "1"), texts.get("client_key", "")
    return Told(
        transaction_id=named,
        idempotency_key=key if _TOLD_KEY.fullmatch(key) else None,
        fingerprint=hashed(texts.get("wish")),
        attempt=int(number) if re.fullmatch("[0-9]{1,6}", number) else 1,
        customer_id=texts.get("customer_id"),
        customer_known=texts.get("customer_known") == _YES,
        off_session=texts.get("off_session") == _YES,
        currency=code_of(texts.get("currency")),
        payable_type=texts.get("payable_type"),
        payable_id=texts.get("payable_id"),
        facts={n.removeprefix(_FACT): v for n, v in texts.items() if n.startswith(_FACT)},
    )


def is_here(session: Session, transaction_id: str) -> bool:
    """Whether a transaction is in this database."""
    return (
        session.scalar(select(Transaction.id).where(Transaction.id == transaction_id)) is not None
    )


def installation() -> str:
    """Names this installation: another one may use the same account at Stripe."""
    return _installations()[0]


def _installations() -> list[str]:
    """Its names by every key that is still good, the newest first: a payment keeps the name by
    which it was made."""
    return [one[:32] for one in seals("installation", "")]


def sealed_fingerprint(fingerprint: str) -> str:
    """A purchase's fingerprint as Stripe may hold it. The hash itself could be made by whoever
    guesses the address in it; of a payment that was restored it is all that is known."""
    return seal("wish", fingerprint)


def is_sealed_fingerprint(sealed: str | None, fingerprint: str) -> bool:
    """Whether that is what Stripe holds of this fingerprint, also under a key of before."""
    return sealed in seals("wish", fingerprint)
