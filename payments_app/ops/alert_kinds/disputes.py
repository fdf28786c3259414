"""Alerts of disputes, and of what leads to one."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import PAYMENT, Kind

KINDS = {
    "dispute": Kind(
        "a customer's bank takes money back",
        "Answer it at `/staff/disputes` before the date it names, or accept it there.",
        PAYMENT,
        "when nothing can be handed in any more",
    ),
    "dispute_answer_refused": Kind(
        "Stripe refused an answer to a dispute, or to close one: nothing was submitted",
        "Read Stripe's words on the dispute's page, correct the answer, and submit it again.",
        PAYMENT,
        "when an answer was submitted",
    ),
    "dispute_due": Kind(
        "a dispute has no answer, and its time is nearly over, or is",
        "Answer it at `/staff/disputes`, or let the bank decide without us.",
        PAYMENT,
        "when it is answered or decided",
    ),
    "dispute_short": Kind(
        "a dispute was won, and not all that was taken for it came back",
        "Ask Stripe why, with the dispute's id, where the payment's page does not say it.",
        PAYMENT,
        "when all is back",
    ),
    "early_fraud_warning": Kind(
        "the card's bank says that a payment was fraud",
        "Refund it if you can't prove the sale: a dispute would cost its fee as well.",
        PAYMENT,
        "when it is refunded, or disputed",
    ),
    "unmatched": Kind(
        "a refund, dispute or fraud warning at Stripe is about no payment that is known here",
        "Deal with it in Stripe's Dashboard; if its payment is ours, let Stripe send that payment's"
        " event again.",
        "disputes",
        "when its payment is here",
    ),
}
