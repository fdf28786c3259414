"""Disputes of a customer's payments, and what does not fit between our books and Stripe's."""

from __future__ import annotations

from sqlalchemy import select

from payments_app.customers.models import Customer
from payments_app.keeping.customer_data.payments import paid_by
from payments_app.keeping.customer_data.place import DELETED, Place
from payments_app.keeping.cuts import text_without_addresses, without_persons
from payments_app.payments.disputes.answer_models import DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id
from payments_app.payments.unmatched import UnmatchedObject
from payments_app.reconcile.models import Finding


def disputes(customer: Customer) -> tuple[Place, ...]:
    """Disputes with our answers, findings, and what matched no payment at first."""
    paid = paid_by(customer.id)
    intents = select(Transaction.stripe_payment_id).where(
        Transaction.id.in_(paid), Transaction.stripe_payment_id.is_not(None)
    )
    charges = select(charge_id).where(Transaction.id.in_(paid), charge_id.is_not(None))
    theirs = select(Dispute.id).where(Dispute.transaction_id.in_(paid))
    return (
        Place(
            Dispute,
            Dispute.transaction_id.in_(paid),
            ("id", "transaction_id", "state", "amount", "currency", "reason", "opened_at"),
            {"stripe_data": without_persons},
            counted=True,
        ),
        Place(
            DisputeAnswer,
            DisputeAnswer.dispute_id.in_(theirs),
            cut={"evidence": lambda _old: {}, "problem": text_without_addresses},
        ),
        Place(EvidenceFile, EvidenceFile.dispute_id.in_(theirs), cut=DELETED),
        Place(Finding, Finding.transaction_id.in_(paid), cut={"details": without_persons}),
        Place(
            UnmatchedObject,
            UnmatchedObject.payment_intent.in_(intents) | UnmatchedObject.charge.in_(charges),
            cut={"stripe_data": without_persons},
        ),
    )
