"""refund_mismatch: a refund made outside that does not fit its payment."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.money import code_of
from payments_app.gateway.numbers import MOST_AMOUNT, whole
from payments_app.gateway.words import word
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_of, names_of


def is_mismatch(session: Session, transaction: Transaction, body: dict[str, Any]) -> bool:
    """Whether a refund that was made outside is of no amount in the payment's currency, or of
    another payment: it lowers nothing of it, and a person is told."""
    amount, currency = body.get("amount"), body.get("currency")
    same_currency = code_of(currency) == transaction.currency
    other = _other_payment(transaction, body)
    if whole(amount, 1, MOST_AMOUNT) is not None and same_currency and other is None:
        return False
    alerts.raise_alert(
        session,
        "mismatch",
        f"mismatch:{body['id']}",
        f"Stripe's refund {body['id']} of {transaction.id} is of {word(amount)} {word(currency)} "
        f"in minor units{f', and of {other}' if other else ''}, and the payment is in "
        f"{transaction.currency}: it was not taken in. Look at both in Stripe's Dashboard",
        severity="critical",
        transaction_id=transaction.id,
    )
    return True


def _other_payment(transaction: Transaction, body: dict[str, Any]) -> str | None:
    """The intent or else the charge that a refund names, where that is not this payment's."""
    intent, charge = names_of(body)
    ours, named = transaction.stripe_payment_id, intent
    if intent is None:
        ours, named = charge_of(transaction), charge
    return named if ours is not None and named != ours else None
