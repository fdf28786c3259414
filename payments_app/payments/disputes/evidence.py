"""evidence: what a bank can be answered with, and whether it takes an answer at all. No query here.

Source: https://docs.stripe.com/api/disputes/evidence_object,
https://docs.stripe.com/disputes/categories
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from payments_app.core.card_numbers import refuse
from payments_app.core.db.columns import as_object
from payments_app.gateway.words import word
from payments_app.payments.disputes.models import Dispute

MOST_IN_ALL, MOST_IN_A_TEXT = 150_000, 20_000  # characters, ids of files among them
MOST_BYTES = 4_500_000  # of all files together: https://docs.stripe.com/disputes/best-practices

TEXTS = {
    "uncategorized_text": "In your words",
    "product_description": "What was sold",
    "customer_name": "The customer's name",
    "customer_email_address": "The customer's e-mail address",
    "customer_purchase_ip": "The IP address that they paid from",
    "billing_address": "Billing address",
    "access_activity_log": "When it was opened or downloaded",
    "service_date": "When it was handed over",
    "shipping_date": "When it was sent",
    "shipping_carrier": "Carrier",
    "shipping_tracking_number": "Tracking number",
    "shipping_address": "Where it was sent",
    "duplicate_charge_id": "The other payment's charge at Stripe",
    "duplicate_charge_explanation": "Why the two payments are not the same",
    "refund_policy_disclosure": "How they were shown the terms of refunds",
    "refund_refusal_explanation": "Why no refund is owed",
    "cancellation_policy_disclosure": "How they were shown the terms of cancelling",
    "cancellation_rebuttal": "Why the subscription was not cancelled",
}
FILES = {
    "receipt": "Receipt",
    "customer_communication": "Letters and mails with the customer",
    "customer_signature": "Signature or contract",
    "shipping_documentation": "Proof of delivery",
    "service_documentation": "Proof that the service was given",
    "refund_policy": "Terms of refunds",
    "cancellation_policy": "Terms of cancelling",
    "duplicate_charge_documentation": "Documents of the other payment",
    "uncategorized_file": "Anything else, such as photos of the goods",
}
# What files are by their first bytes; banks open no others.
_BEGINNINGS = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
}
# Payment methods whose banks decide alone.
_NEVER_CONTESTED = frozenset(
    """
    acss_debit au_becs_debit bacs_debit nz_bank_account sepa_debit us_bank_account
    """.split()
)


@dataclass(frozen=True)
class Persuasion:
    """What a bank means by its reason, what persuades it, and the fields that say so."""

    means: str
    persuades: str
    fields: tuple[str, ...]


_GOODS = ("shipping_documentation", "shipping_date", "shipping_carrier", "shipping_tracking_number")
_ACCESS = ("access_activity_log", "service_date", "service_documentation")
_OTHERS = Persuasion(
    "The bank gives no closer reason.",
    "Whatever shows that the customer bought it, got it, and knew the terms.",
    ("receipt", "customer_communication", *_GOODS[:1], *_ACCESS[:1]),
)
_FRAUD = Persuasion(
    "The card's owner says that it was not they who paid.",
    "Earlier payments with this card that nobody disputed, the bank's own check of its owner, and "
    "goods or access that went to the owner's own address.",
    ("customer_name", "billing_address", "customer_purchase_ip", *_GOODS, *_ACCESS),
)
_PERSUASION = {
    "fraudulent": _FRAUD,
    "unrecognized": _FRAUD,
    "product_not_received": Persuasion(
        "They say that they never got it.",
        "Proof of delivery to their own address, or of the download.",
        (*_GOODS, "shipping_address", *_ACCESS),
    ),
    "product_unacceptable": Persuasion(
        "They say that it was broken, or other than shown.",
        "That it was as shown, or that you offered to put it right.",
        ("customer_communication", "refund_policy", "refund_policy_disclosure", *_GOODS[:1]),
    ),
    "duplicate": Persuasion(
        "They say that they paid twice for one thing.",
        "That both payments were for something of their own, or that one was refunded.",
        (
            "duplicate_charge_id",
            "duplicate_charge_explanation",
            "duplicate_charge_documentation",
            *_GOODS[:1],
        ),
    ),
    "subscription_canceled": Persuasion(
        "They say that they had cancelled.",
        "That they had not, or that the terms they were shown say until when it is paid.",
        (
            "cancellation_rebuttal",
            "cancellation_policy",
            "cancellation_policy_disclosure",
            "access_activity_log",
            "customer_communication",
        ),
    ),
    "credit_not_processed": Persuasion(
        "They say that a refund was promised and never came.",
        "That it was refunded, or that the terms they were shown owe them none.",
        ("refund_refusal_explanation", "refund_policy", "refund_policy_disclosure"),
    ),
}


def persuasion(reason: str) -> Persuasion:
    """What to show the bank, by its reason; of one that is not known, what helps with any."""
    return _PERSUASION.get(reason, _OTHERS)


def why_not(dispute: Dispute, now: dt.datetime) -> str | None:
    """Why the bank can't be answered, in a sentence; None where it can. A payment method that is
    not known here decides nothing: Stripe says it then."""
    if not dispute.needs_answer:
        return "No answer is asked for."
    body = as_object(dispute.stripe_data)
    method = word(as_object(body.get("payment_method_details")).get("type"))
    if method in _NEVER_CONTESTED:
        return f"Payments by {method.replace('_', ' ')} can't be contested: their bank decides."
    if as_object(body.get("evidence_details")).get("due_by") == 0:
        return "The customer's bank takes no answer to this dispute."
    if dispute.due_by is not None and dispute.due_by <= now:
        return "The time to answer is over."
    return None


def why_not_accepted(dispute: Dispute) -> str | None:
    """Why a dispute that can be answered can't be accepted instead, in a sentence; None where it
    can. Source: https://docs.stripe.com/api/disputes/close"""
    if dispute.is_inquiry:
        return "The bank only asks so far. Refund the payment to end it."
    if dispute.state != "needs_response":
        return "Only a dispute that waits for its first answer can be accepted."
    return None


def problems_of(evidence: Mapping[str, str], ids: int = 0) -> dict[str, str]:
    """What is wrong with texts, by field; `ids` are the characters that ids of files take."""
    found = {}
    for name, text in evidence.items():
        if name not in TEXTS:
            found[name] = "There is no such evidence."
        elif len(text) > MOST_IN_A_TEXT:
            found[name] = f"A text has at most {MOST_IN_A_TEXT:,} characters, this {len(text):,}."
        else:
            try:
                refuse(text)
            except ValueError as error:
                found[name] = str(error)
    total = sum(map(len, evidence.values())) + ids
    if total > MOST_IN_ALL:
        found["uncategorized_text"] = (
            f"All evidence together has at most {MOST_IN_ALL:,} characters, this {total:,}."
        )
    return found


def kind_of_file(content: bytes) -> tuple[str, str]:
    """Media type and suffix of a file. Raises ValueError with a sentence for what no bank opens."""
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    raise ValueError("Choose a PDF, a PNG or a JPEG: banks open no other files.")
