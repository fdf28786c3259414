"""keep_answer: what is kept of Stripe's answer on a transaction's row. It moves nothing."""

from __future__ import annotations

from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import in_words, sentence, word
from payments_app.payments.models import Transaction

_FAILED = (Verdict.DECLINED, Verdict.INVALID)


def keep_answer(transaction: Transaction, answer: Answer) -> None:
    """Keep what Stripe answered: the complete response without its secret, and what staff read."""
    intent = answer.body
    if intent:
        transaction.stripe_data = intent
        keep_intent(transaction, intent)
        transaction.livemode = bool(intent.get("livemode"))
        _keep_charge(transaction, intent.get("latest_charge"))
        keep_card(transaction, intent.get("payment_method"))
    if answer.verdict == Verdict.REQUIRES_ACTION:
        transaction.client_secret = answer.client_secret
    if answer.error and answer.verdict in _FAILED:
        keep_error(transaction, answer.error)
        if not intent:
            transaction.stripe_data = {"error": answer.error}


def _keep_charge(transaction: Transaction, charge: Any) -> None:
    if not isinstance(charge, dict):
        return
    keep_card(transaction, charge.get("payment_method_details"))
    transaction.receipt_url = _text(charge.get("receipt_url"))
    transaction.statement_descriptor = word(charge.get("calculated_statement_descriptor"))


def keep_card(transaction: Transaction, method: Any) -> None:
    """Keep which card it is, as far as Stripe says it."""
    card = as_object(as_object(method).get("card"))
    transaction.card_brand = word(card.get("brand"), 24) or transaction.card_brand
    transaction.card_last4 = word(card.get("last4"), 4) or transaction.card_last4
    transaction.card_fingerprint = word(card.get("fingerprint"), 64) or transaction.card_fingerprint


def keep_error(transaction: Transaction, error: dict[str, Any]) -> None:
    """Keep why it failed, as Stripe's error body says it."""
    error = in_words(error)
    keep_card(transaction, error.get("payment_method"))
    # Shortened where an index is made of them, else one that is too long could not be kept.
    codes = {name: word(error[name], 100) for name in ("code", "decline_code") if error.get(name)}
    message = sentence(error.get("message"))
    transaction.error = error | codes | ({"message": message} if message else {})
    transaction.error_code = word(error.get("code") or error.get("type"), 100)
    transaction.error_message = message or "Unknown error occurred"


def _text(value: Any) -> str | None:
    """None for what is no text."""
    return value if isinstance(value, str) else None


def keep_intent(transaction: Transaction, intent: dict[str, Any]) -> None:
    """Keep which intent is a transaction's, and what Stripe says that it is; empty where it says
    nothing."""
    transaction.stripe_payment_id = transaction.stripe_payment_id or intent.get("id")
    transaction.stripe_status = word(intent.get("status")) or ""
