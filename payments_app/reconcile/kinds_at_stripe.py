"""Differences that are found by what Stripe lists. All others are in `kinds.py`."""

from __future__ import annotations

from payments_app.reconcile.kind import ADMIN, NO_EVENT, PAST, STRIPE, Kind

AT_STRIPE = {
    "paid_at_stripe_not_here": Kind(
        "Stripe has the money, and the payment is not complete here",
        "critical",
        NO_EVENT,
        "apply_stripe_state",
    ),
    "complete_here_not_at_stripe": Kind(
        "complete here, and Stripe does not say that it succeeded", "critical", PAST, who=ADMIN
    ),
    "amount_differs": Kind(
        "amount or currency is not the same at Stripe", "critical", PAST, who=ADMIN
    ),
    "status_unknown": Kind(
        "Stripe says a status that we do not know",
        "warning",
        "Stripe has a newer API than this release.",
        who="The developers: the status has to be added.",
    ),
    "second_intent": Kind(
        "Stripe has a second intent for one payment",
        "critical",
        "An intent was made at Stripe with this payment's metadata.",
        who=ADMIN,
    ),
    "unknown_intent": Kind(
        "an intent at Stripe that is no payment of ours",
        "warning",
        "It was made at Stripe by hand or by another program, and was not paid yet.",
        who=ADMIN,
    ),
    "ended_here_open_at_stripe": Kind(
        "cancelled here, and the intent could still be paid",
        "warning",
        "The request that cancels it was lost.",
        "close_intent",
    ),
    "refund_differs": Kind(
        "a refund at Stripe is not here, or otherwise", "warning", NO_EVENT, "refresh_refund"
    ),
    "refund_amount_differs": Kind(
        "a refund is of another amount or currency at Stripe", "critical", PAST, who=ADMIN
    ),
    "refund_not_at_stripe": Kind(
        "refunded here, and Stripe has no such refund", "critical", PAST, who=ADMIN
    ),
    "dispute_differs": Kind(
        "a dispute at Stripe is not here, or otherwise", "critical", NO_EVENT, "refresh_dispute"
    ),
    "dispute_amount_differs": Kind(
        "a dispute is of another amount or currency at Stripe",
        "critical",
        NO_EVENT,
        "refresh_dispute",
    ),
    "movement_differs": Kind(
        "Stripe's balance transaction has another amount or fee than the one kept here",
        "critical",
        PAST,
        who=STRIPE,
    ),
    "payout_not_here": Kind(
        "a payout at Stripe is not here, or otherwise", "warning", NO_EVENT, "read_payout"
    ),
}
