"""Alerts of refunds."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import PAYMENT, Kind

KINDS = {
    "refund_failed": Kind(
        "the customer's bank sent a refund back, maybe weeks later",
        'Refund it again, or give the money back in another way and say "Done" on the overview.',
        PAYMENT,
        "with the next refund",
    ),
    "refund_never_paid": Kind(
        "Stripe has a refund of a payment that was never paid here",
        "Look at both in Stripe's Dashboard.",
        PAYMENT,
        stays="what becomes of it is decided at Stripe",
    ),
    "refund_outside": Kind(
        "a refund was made at Stripe while refunds of ours were under way",
        "Look whether the customer got more than was meant.",
        PAYMENT,
        stays="whether it was meant only a person knows",
    ),
    "refund_refused": Kind(
        "Stripe refused a refund, and no money was given back",
        "Read Stripe's words; refund it again or in another way.",
        PAYMENT,
        "when nobody has to make it again",
    ),
    "refund_waits": Kind(
        "refunds wait for Stripe",
        "Read Stripe's words: add to the balance at Stripe, or correct the key.",
        "stripe",
        "when no refund waits to be sent",
    ),
}
