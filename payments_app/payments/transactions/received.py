"""received: what Stripe took of what was asked for, and what it let go of.

Source: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method#capture-funds
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.core.money import Money, code_of
from payments_app.gateway.numbers import MOST_AMOUNT, whole
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase


def mismatch(transaction: Transaction, answer: Answer) -> str | None:
    """What is wrong with the intent of an answer; None where nothing is. One is of what we asked
    for, and one that succeeded says how much of that was received, more than nothing."""
    intent = answer.body
    if not intent:
        return None
    money = (intent.get("amount"), code_of(intent.get("currency")))
    if _is_setup(intent):
        money = (0, transaction.currency)
    theirs = (*money, intent.get("id"))
    ours = (transaction.amount, transaction.currency, transaction.stripe_payment_id or theirs[2])
    if theirs != ours:
        return f"{intent.get('id')} is of {theirs}, ours of {ours}"
    received = intent.get("amount_received")
    sure = type(received) is int and 0 < received <= transaction.amount
    if answer.verdict == Verdict.SUCCEEDED and not sure and not _is_setup(intent):
        return f"{intent.get('id')} succeeded, and received {received!r} of {transaction.amount}"
    return None


def _is_setup(intent: dict[str, Any]) -> bool:
    """It has no amount: it keeps a card, and takes nothing."""
    return intent.get("object") == "setup_intent"


def receive(transaction: Transaction, answer: Answer, phase: str) -> dict[str, Any]:
    """Keep what was received, where it is complete now; what the timeline says of a part."""
    if phase != Phase.COMPLETE:
        return {}
    intent = answer.body or {}
    transaction.amount_received = 0 if _is_setup(intent) else intent.get("amount_received")
    _take_fee(transaction, intent)
    if transaction.amount_received == transaction.amount:
        return {}
    received = Money(transaction.amount_received or 0, transaction.currency)
    return {"captured": f"{received} of {transaction.money}"}


def fee_of(intent: Mapping[str, Any]) -> int | None:
    """Our part of a merchant's sale as its intent says it, in minor units; None where it names
    none."""
    return whole(intent.get("application_fee_amount"), 1, MOST_AMOUNT)


def _take_fee(transaction: Transaction, intent: Mapping[str, Any]) -> None:
    """Keep with which fee a merchant's sale was captured: it may be given with the capture. One
    that was first heard of when a card was declined may have been asked for with another, or none.

    Source: https://docs.stripe.com/api/payment_intents/capture (`application_fee_amount`)
    """
    if transaction.connected_account_id is None:
        return
    fee, made_elsewhere = fee_of(intent), transaction.create_sent_at is None
    if fee is not None or made_elsewhere:
        transaction.platform_fee = fee


def is_release(refund: Mapping[str, Any], amount: int, captured: int) -> bool:
    """Whether a refund at Stripe only lets go of what was held of `amount` beyond `captured`.

    Stripe makes one of the rest by itself when a part is captured. It gives nothing back that we
    received: it moves no balance, and is no refund in our books.
    """
    rest = amount - captured
    if rest <= 0 or refund.get("object") != "refund" or refund.get("amount") != rest:
        return False
    if refund.get("status") != "succeeded":
        return False  # what somebody gave back may be of the same amount, and has moved nothing yet
    ours = as_object(refund.get("metadata")).get("refund_id")
    return refund.get("balance_transaction") is None and ours is None
