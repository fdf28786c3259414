"""amounts: what of an attempt's amount and fee came in, in numbers and in words."""

from __future__ import annotations

from payments_app.core.money import Money
from payments_app.payments.phases import State


def amount_words(state: str, amount: int, paid: int, currency: str) -> str:
    """An amount for whoever must know both: "$25.00", or "$15.00 of $25.00 captured"."""
    asked = str(Money(amount, currency))
    if state != State.COMPLETE or paid == amount:
        return asked
    return f"{Money(paid, currency)} of {asked} captured"


def paid(state: str, amount: int, received: int | None) -> int:
    """What moved to us; nothing while it is not complete. What an older release completed has no
    amount received, and took all of it."""
    if state != State.COMPLETE:
        return 0
    return amount if received is None else received


def sets_up(amount: int, save_card: bool, named: str | None) -> bool:
    """Whether an attempt takes no money and keeps the card that it named for later ones (at Stripe
    a setup intent)."""
    return amount == 0 and save_card and named is not None


def fee_taken(state: str, fee: int | None, paid: int) -> int | None:
    """Stripe caps our fee at what was captured.

    Source: https://docs.stripe.com/api/payment_intents/capture (`application_fee_amount`)
    """
    return fee if fee is None or state != State.COMPLETE else min(fee, paid)
