"""The commands in which what a payment paid for follows it, by the kind of payable."""

from __future__ import annotations

from payments_app.payments.payable import Payable, payable_kinds

FOLLOW_UP_QUEUE = "payment_standard"
AFTER_PAYMENT, AFTER_REFUND = "after_payment", "after_refund"  # methods of Payable


def follow_up_of(kind: str) -> str:
    """The command of a payment's follow-up that only a process which knows the kind can do."""
    return f"payments.follow_up.{kind}"


def command_of(kind: str, method: str) -> str:
    """The command in which this method of a payable of this kind is called."""
    return f"payments.{method}.{kind}"


def follows(kind: str, method: str) -> bool:
    """Whether payables of this kind say this method themselves."""
    known = payable_kinds().get(kind)
    return known is not None and getattr(known, method) is not getattr(Payable, method)


def may_follow_elsewhere(kind: str) -> bool:
    """Whether a kind is not the product's own: another process, or another release of its host,
    may let it follow its payments, where this one does not."""
    known = payable_kinds().get(kind)
    return known is None or not known.__module__.startswith("payments_app.")
