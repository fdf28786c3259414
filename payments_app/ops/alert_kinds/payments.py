"""Alerts of one payment: paid in a wrong way, or unclear."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import PAYMENT, Kind

_ENDED = "when the payment's outcome is known"
_TWICE = "Look whether two payments are for one thing; refund one if so."

KINDS = {
    "another_price": Kind(
        "a payment made at Stripe has another amount than the price of its download",
        "Send the file by hand, or refund the payment.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "corrected": Kind(
        "a payment or refund that had ended otherwise turned out to have succeeded",
        "Tell the customer. " + _TWICE,
        PAYMENT,
        stays="only a person knows that the customer was told",
    ),
    "credit_not_refunded": Kind(
        "a subscription ended with a credit that no payment of it can be refunded for",
        "Give it back in another way.",
        "payments",
        stays="money that goes back in another way leaves no trace here",
    ),
    "mismatch": Kind(
        "Stripe's intent or refund has another amount than ours, or does not say what was received",
        "Stop and compare in Stripe's Dashboard: nothing is settled from it.",
        PAYMENT,
        stays="which amount is right only a person can say",
    ),
    "odd_payment": Kind(
        'a payment\'s row holds what no page can read; it is shown, with "⚠ unreadable" in some'
        " cells",
        "Look at the payment at Stripe, and tell the developers.",
        PAYMENT,
        stays="nothing looks whether all such rows were repaired",
    ),
    "outcome_unknown": Kind(
        "a payment or refund has been unclear for a day",
        "Open it at Stripe; what Stripe says is taken over at the next look-up.",
        PAYMENT,
        _ENDED,
    ),
    "oversold": Kind(
        "an order was paid after its goods were released, and they are gone",
        "Deliver what you can, or refund the order.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "paid_after_end": Kind(
        "a subscription had ended when a payment of it succeeded, and it can't be refunded",
        "Give it back in another way: the customer was told that it goes back.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "paid_in_part": Kind(
        "less was captured than it costs; nothing was handed over, and nobody is charged for the"
        " rest",
        "What to do is in the alert: hand it over, ask for the rest by a payment link, or refund"
        " what was captured.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "paid_twice": Kind(
        "a payment that had ended succeeded, and another is live for the same thing",
        _TWICE,
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "unknown_kind": Kind(
        "a payment is for a kind of thing that a worker does not know, or whose own code fails"
        " at it; it is not charged",
        "Start a worker of charges from the release or application that knows it, or mend that.",
        PAYMENT,
        _ENDED,
    ),
}
