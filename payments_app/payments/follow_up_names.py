"""The commands in which what a payment paid for follows its end, by the kind of payable."""

from __future__ import annotations

from payments_app.payments.payable import Payable, payable_kinds

FOLLOW_UP_QUEUE = "payment_standard"


def follow_up_of(kind: str) -> str:
    """The command of a payment's follow-up that only a process which knows the kind can do."""
    return f"payments.follow_up.{kind}"


def after_payment_of(kind: str) -> str:
    """The command in which a payable of this kind follows the end of its payment."""
    return f"payments.after_payment.{kind}"


def follows(kind: str) -> bool:
    """Whether payables of this kind follow their payments by `after_payment`."""
    known = payable_kinds().get(kind)
    return known is not None and known.after_payment is not Payable.after_payment
