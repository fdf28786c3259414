"""kinds: the names of all differences: what each says, why it comes, and who mends it.

A kind without a fix names whom to call. One that is found at Stripe is looked for among what
Stripe lists of a run's window. One `inside` our own tables is looked for among the payments of
the window and those of every open finding, so that it closes as soon as it is gone.
"""

from __future__ import annotations

from dataclasses import replace

from payments_app.reconcile.kind import (
    ADMIN,
    AT_STRIPE_AND_HERE,
    DEVELOPERS,
    LOST,
    NO_EVENT,
    PAST,
    STRIPE,
    Kind,
)
from payments_app.reconcile.kinds_at_stripe import AT_STRIPE

_INSIDE = {
    "missing_ledger_entry": Kind(
        "complete, and not in the ledger", "critical", LOST, "post_capture"
    ),
    "ledger_without_payment": Kind(
        "in the ledger, and the payment is not complete", "critical", PAST, who=DEVELOPERS
    ),
    "ledger_amount_differs": Kind(
        "the ledger has another amount than the payment", "critical", PAST, who=DEVELOPERS
    ),
    "journal_unbalanced": Kind(
        "a journal of the ledger does not sum to zero", "critical", PAST, who=DEVELOPERS
    ),
    "stuck_pending": Kind(
        "pending, and nothing is scheduled that would end it", "critical", LOST, "revive"
    ),
    "refund_not_in_ledger": Kind(
        "the ledger does not say what became of the refund", "critical", LOST, "post_refund"
    ),
    "ledger_refund_differs": Kind(
        "the ledger has another amount than the refund", "critical", PAST, who=DEVELOPERS
    ),
    "ledger_without_refund": Kind(
        "a refund in the ledger that is no refund of ours", "critical", PAST, who=DEVELOPERS
    ),
    "dispute_not_in_ledger": Kind(
        "the ledger does not say what the dispute took or gave back",
        "critical",
        LOST,
        "post_dispute",
    ),
    "ledger_dispute_differs": Kind(
        "the ledger has another amount than the dispute's movement",
        "critical",
        PAST,
        who=DEVELOPERS,
    ),
    "fee_not_in_ledger": Kind(
        "what Stripe took for it is not known here",
        "warning",
        "Stripe had not written its balance transaction, or could not be read.",
        "post_fee",
    ),
    "ledger_fee_differs": Kind(
        "the ledger has another fee than Stripe's balance transaction",
        "critical",
        PAST,
        who=DEVELOPERS,
    ),
    "share_not_in_ledger": Kind(
        "a merchant's share or our fee is not in the ledger", "critical", LOST, "post_connect"
    ),
    "ledger_share_differs": Kind(
        "the ledger has another amount than the merchant's share or our fee",
        "critical",
        PAST,
        who=DEVELOPERS,
    ),
    "platform_fee_differs": Kind(
        "Stripe took another platform fee than the payment says", "critical", PAST, who=ADMIN
    ),
    "not_settled": Kind(
        "in the ledger, and in no settlement line of its merchant",
        "critical",
        LOST,
        "settle_lines",
    ),
    "settlement_differs": Kind(
        "a settlement line has another amount or fee than its ledger journals",
        "critical",
        PAST,
        who=DEVELOPERS,
    ),
    "settled_to_another": Kind(
        "a settlement line stands in another merchant's batch",
        "critical",
        PAST,
        who=DEVELOPERS,
    ),
    "batch_differs": Kind(
        "a closed settlement has another total than its lines",
        "critical",
        PAST,
        who=DEVELOPERS,
    ),
    "receipt_missing": Kind("paid, and no receipt was written", "warning", LOST, "write_receipt"),
    "receipt_not_sent": Kind(
        "the receipt was written, and never went",
        "warning",
        "The mail server refused it for days, or its job was lost.",
        "send_receipt",
    ),
    "receipt_differs": Kind(
        "the receipt went to another address, or says another amount",
        "warning",
        PAST,
        who="Support looks at the address on the payment's page and sends the receipt again.",
    ),
    "merchant_event_missing": Kind(
        "the merchant was not told of it", "warning", LOST, "announce_payment"
    ),
    "refund_event_missing": Kind(
        "the merchant was not told of the refund", "warning", LOST, "announce_refund"
    ),
    "merchant_event_differs": Kind(
        "the merchant was told another amount, or another merchant was told",
        "critical",
        PAST,
        who="The developers. Tell the merchant the right amount meanwhile.",
    ),
    "payout_differs": Kind(
        "a payout is not the sum of its balance transactions", "critical", PAST, who=STRIPE
    ),
    "payout_not_listed": Kind(
        "Stripe has not said for days what an automatic payout is made of",
        "warning",
        NO_EVENT,
        "read_payout",
    ),
    "payout_line_differs": Kind(
        "a balance transaction in a payout has another amount or fee than what it is of",
        "critical",
        PAST,
        who=STRIPE,
    ),
    "payout_line_unknown": Kind(
        "a balance transaction in a payout is of no payment, refund or dispute of ours",
        "warning",
        "It was made at Stripe by hand or by another program, or its event did not arrive.",
        who=ADMIN,
    ),
    "stuck_refund": Kind(
        "an open refund, and nothing is scheduled that would end it",
        "critical",
        LOST,
        "revive_refund",
    ),
    "orphan_active_record": Kind(
        "whether the payment holds its order says otherwise than its state",
        "critical",
        PAST,
        "correct_active_record",
    ),
}

# The names of the two values that differ, where these are not "at Stripe" and "here".
_SIDES = {
    "missing_ledger_entry": ("paid", "ledger"),
    "ledger_without_payment": ("paid", "ledger"),
    "ledger_amount_differs": ("paid", "ledger"),
    "journal_unbalanced": ("debits", "credits"),
    "stuck_pending": ("phase", "scheduled"),
    "refund_not_in_ledger": ("refund", "ledger"),
    "ledger_refund_differs": ("refund", "ledger"),
    "ledger_without_refund": ("refund", "ledger"),
    "dispute_not_in_ledger": ("dispute", "ledger"),
    "ledger_dispute_differs": ("dispute", "ledger"),
    "fee_not_in_ledger": ("paid", "fee"),
    "ledger_fee_differs": ("at_stripe", "ledger"),
    "share_not_in_ledger": ("at_stripe", "ledger"),
    "ledger_share_differs": ("at_stripe", "ledger"),
    "not_settled": ("ledger", "settlement"),
    "settlement_differs": ("settlement", "ledger"),
    "settled_to_another": ("settlement", "payment"),
    "batch_differs": ("settlement", "lines"),
    "receipt_missing": ("payment", "receipt"),
    "receipt_not_sent": ("payment", "receipt"),
    "receipt_differs": ("payment", "receipt"),
    "merchant_event_missing": ("here", "told"),
    "refund_event_missing": ("here", "told"),
    "merchant_event_differs": ("here", "told"),
    "payout_differs": ("payout_is", "balance_transactions"),
    "payout_not_listed": ("payout_is", "balance_transactions"),
    "stuck_refund": ("refund", "scheduled"),
    "orphan_active_record": ("phase", "holds_its_order"),
}

KINDS: dict[str, Kind] = {
    **AT_STRIPE,
    **{
        name: replace(kind, inside=True, sides=_SIDES.get(name, AT_STRIPE_AND_HERE))
        for name, kind in _INSIDE.items()
    },
}
