"""kinds: the names of all differences: what each says, why it comes, and who mends it.

A kind without a fix names whom to call. One that is found at Stripe is looked for among what
Stripe lists of a run's window. One `inside` our own tables is looked for among the payments of
the window and those of every open finding, so that it closes as soon as it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_ADMIN = "An administrator compares the payment with Stripe's dashboard."
_DEVELOPERS = (
    "The developers: a row was changed past the application. Books are corrected by another "
    "posting, never by hand."
)
_STRIPE = "An administrator asks Stripe's support, with the ids below."
_PAST = "A row was changed past the application: by hand, or by a restored backup."
_LOST = "A job was lost, or died."
_NO_EVENT = "Stripe's event did not arrive, or was not worked on."


@dataclass(frozen=True)
class Kind:
    """What a difference is called in words, how bad it is, what causes it as far as is known, and
    what mends it safely, or else who does."""

    words: str
    severity: str
    cause: str
    fix: str | None = None
    who: str | None = None
    inside: bool = False


_AT_STRIPE = {
    "paid_at_stripe_not_here": Kind(
        "Stripe has the money, and the payment is not complete here",
        "critical",
        _NO_EVENT,
        "apply_stripe_state",
    ),
    "complete_here_not_at_stripe": Kind(
        "complete here, and Stripe does not say that it succeeded", "critical", _PAST, who=_ADMIN
    ),
    "amount_differs": Kind(
        "amount or currency is not the same at Stripe", "critical", _PAST, who=_ADMIN
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
        who=_ADMIN,
    ),
    "unknown_intent": Kind(
        "an intent at Stripe that is no payment of ours",
        "warning",
        "It was made at Stripe by hand or by another program, and was not paid yet.",
        who=_ADMIN,
    ),
    "ended_here_open_at_stripe": Kind(
        "cancelled here, and the intent could still be paid",
        "warning",
        "The request that cancels it was lost.",
        "close_intent",
    ),
    "refund_differs": Kind(
        "a refund at Stripe is not here, or otherwise", "warning", _NO_EVENT, "refresh_refund"
    ),
    "refund_amount_differs": Kind(
        "a refund is of another amount or currency at Stripe", "critical", _PAST, who=_ADMIN
    ),
    "refund_not_at_stripe": Kind(
        "refunded here, and Stripe has no such refund", "critical", _PAST, who=_ADMIN
    ),
    "dispute_differs": Kind(
        "a dispute at Stripe is not here, or otherwise", "critical", _NO_EVENT, "refresh_dispute"
    ),
    "dispute_amount_differs": Kind(
        "a dispute is of another amount or currency at Stripe", "critical", _PAST, who=_ADMIN
    ),
    "movement_differs": Kind(
        "Stripe's balance transaction has another amount or fee than the one kept here",
        "critical",
        _PAST,
        who=_STRIPE,
    ),
    "payout_not_here": Kind(
        "a payout at Stripe is not here, or otherwise", "warning", _NO_EVENT, "read_payout"
    ),
}

_INSIDE = {
    "missing_ledger_entry": Kind(
        "complete, and not in the ledger", "critical", _LOST, "post_capture"
    ),
    "ledger_without_payment": Kind(
        "in the ledger, and the payment is not complete", "critical", _PAST, who=_DEVELOPERS
    ),
    "ledger_amount_differs": Kind(
        "the ledger has another amount than the payment", "critical", _PAST, who=_DEVELOPERS
    ),
    "journal_unbalanced": Kind(
        "a journal of the ledger does not sum to zero", "critical", _PAST, who=_DEVELOPERS
    ),
    "stuck_pending": Kind(
        "pending, and nothing is scheduled that would end it", "critical", _LOST, "revive"
    ),
    "refund_not_in_ledger": Kind(
        "the ledger does not say what became of the refund", "critical", _LOST, "post_refund"
    ),
    "ledger_refund_differs": Kind(
        "the ledger has another amount than the refund", "critical", _PAST, who=_DEVELOPERS
    ),
    "ledger_without_refund": Kind(
        "a refund in the ledger that is no refund of ours", "critical", _PAST, who=_DEVELOPERS
    ),
    "dispute_not_in_ledger": Kind(
        "the ledger does not say what the dispute took or gave back",
        "critical",
        _LOST,
        "post_dispute",
    ),
    "ledger_dispute_differs": Kind(
        "the ledger has another amount than the dispute's movement",
        "critical",
        _PAST,
        who=_DEVELOPERS,
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
        _PAST,
        who=_DEVELOPERS,
    ),
    "share_not_in_ledger": Kind(
        "a merchant's share or our fee is not in the ledger", "critical", _LOST, "post_connect"
    ),
    "ledger_share_differs": Kind(
        "the ledger has another amount than the merchant's share or our fee",
        "critical",
        _PAST,
        who=_DEVELOPERS,
    ),
    "platform_fee_differs": Kind(
        "Stripe took another platform fee than the payment says", "critical", _PAST, who=_ADMIN
    ),
    "not_settled": Kind(
        "in the ledger, and in no settlement line of its merchant",
        "critical",
        _LOST,
        "settle_lines",
    ),
    "settlement_differs": Kind(
        "a settlement line has another amount or fee than its ledger journals",
        "critical",
        _PAST,
        who=_DEVELOPERS,
    ),
    "settled_to_another": Kind(
        "a settlement line stands in another merchant's batch",
        "critical",
        _PAST,
        who=_DEVELOPERS,
    ),
    "batch_differs": Kind(
        "a closed settlement has another total than its lines",
        "critical",
        _PAST,
        who=_DEVELOPERS,
    ),
    "receipt_missing": Kind("paid, and no receipt was written", "warning", _LOST, "write_receipt"),
    "receipt_not_sent": Kind(
        "the receipt was written, and never went",
        "warning",
        "The mail server refused it for days, or its job was lost.",
        "send_receipt",
    ),
    "receipt_differs": Kind(
        "the receipt went to another address, or says another amount",
        "warning",
        _PAST,
        who="Support looks at the address on the payment's page and sends the receipt again.",
    ),
    "merchant_event_missing": Kind(
        "the merchant was not told of it", "warning", _LOST, "announce_payment"
    ),
    "refund_event_missing": Kind(
        "the merchant was not told of the refund", "warning", _LOST, "announce_refund"
    ),
    "merchant_event_differs": Kind(
        "the merchant was told another amount, or another merchant was told",
        "critical",
        _PAST,
        who="The developers. Tell the merchant the right amount meanwhile.",
    ),
    "payout_differs": Kind(
        "a payout is not the sum of its balance transactions", "critical", _PAST, who=_STRIPE
    ),
    "payout_not_listed": Kind(
        "Stripe has not said for days what an automatic payout is made of",
        "warning",
        _NO_EVENT,
        "read_payout",
    ),
    "payout_line_differs": Kind(
        "a balance transaction in a payout has another amount or fee than what it is of",
        "critical",
        _PAST,
        who=_STRIPE,
    ),
    "payout_line_unknown": Kind(
        "a balance transaction in a payout is of no payment, refund or dispute of ours",
        "warning",
        "It was made at Stripe by hand or by another program, or its event did not arrive.",
        who=_ADMIN,
    ),
    "stuck_refund": Kind(
        "an open refund, and nothing is scheduled that would end it",
        "critical",
        _LOST,
        "revive_refund",
    ),
    "orphan_active_record": Kind(
        "whether the payment holds its order says otherwise than its state",
        "critical",
        _PAST,
        "correct_active_record",
    ),
}

KINDS: dict[str, Kind] = {
    **_AT_STRIPE,
    **{name: replace(kind, inside=True) for name, kind in _INSIDE.items()},
}
