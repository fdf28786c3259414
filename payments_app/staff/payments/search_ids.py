"""Ids that we or Stripe print, whole or cut as our pages cut them, also inside a pasted address:
each leads to the payments that it is about, by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, union

from payments_app.core.db.ids import looks_like_id
from payments_app.core.history import HistoryEntry
from payments_app.customers.models import Customer
from payments_app.inbound.models import StripeEvent
from payments_app.ledger.models import BalanceTransaction
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.answer_models import DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import payable_kinds
from payments_app.payments.payment_of import charge_id
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import PayoutLine
from payments_app.staff.indexes import request_id
from payments_app.subscriptions.card_change import CardChange
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.periods import Period

Condition = ColumnElement[bool]
_LEAST = 4  # characters of an id behind its prefix
_ID = re.compile(r"[a-z]{2,8}_[A-Za-z0-9_]+")
_IN_ADDRESS = re.compile(r"(?<![A-Za-z0-9])[a-z]{2,8}_[A-Za-z0-9_]{8,}")


def ids_in(typed: str) -> list[str]:
    """The ids that were typed or pasted, the one that says most first: the last of an address."""
    bare = typed.strip(" \"'<>#").removesuffix("...").removesuffix("\u2026")
    if "/" in bare:
        return _IN_ADDRESS.findall(bare)[::-1]
    return [bare] if _ID.fullmatch(bare) else []


def id_conditions(typed: str) -> Iterator[tuple[str, Condition]]:
    """What an id may be, each with the condition on payments that are about it."""
    prefix, _, rest = typed.partition("_")
    if len(rest) < _LEAST:
        return
    for kind in payable_kinds().values():
        if kind.payable_prefix == prefix and looks_like_id(typed, prefix):
            yield f"{_words(kind.payable_type)} id", joined([typed])
    for why, find in _OURS if looks_like_id(typed, "txn") else _KINDS.get(prefix, ()):
        yield why, find(typed)
    if prefix not in _KINDS:
        yield "Id in the timeline", _owned(HistoryEntry, HistoryEntry.subject == typed)


def joined(ids: list[str] | Select[Any]) -> Condition:
    """Payments of these payables or customers, by the index on (type, id, role)."""
    kinds = [kind.payable_type for kind in payable_kinds().values()]
    return Transaction.id.in_(
        select(PaymentRecord.transaction_id).where(
            PaymentRecord.payable_type.in_(kinds),
            PaymentRecord.payable_id.in_(ids),
            PaymentRecord.role.in_((Role.PAYS_FOR, Role.CUSTOMER)),
        )
    )


def begins(column: Any, typed: str) -> Condition:
    """Whether an id begins so. The bounds are for its index, in whatever order the database sorts:
    nothing in an id sorts behind z."""
    first = func.substr(column, 1, len(typed)) == typed
    return and_(column >= typed, column <= typed + "z" * 40, first)


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _owned(model: Any, *found: Condition) -> Condition:
    """Payments that rows of a table are about."""
    return Transaction.id.in_(select(model.transaction_id).where(*found))


def _any_of(*ids: Select[Any]) -> Condition:
    """An OR would read the whole table; a union is read first."""
    return Transaction.id.in_(select(union(*ids).subquery().c[0]))


def _by(model: Any, column: Any) -> Callable[[str], Condition]:
    return lambda typed: _owned(model, begins(column, typed))


def _of_subscription(typed: str) -> Condition:
    """Its periods, its final bills, its changes of card."""
    kinds = (Period, FinalBill, CardChange)
    bills = union(*(select(kind.id).where(kind.subscription_id == typed) for kind in kinds))
    return joined(select(bills.subquery().c[0]))


def _of_merchant(typed: str) -> Condition:
    return Transaction.id.in_(
        select(PaymentRecord.transaction_id).where(
            PaymentRecord.payable_type == Role.MERCHANT,
            PaymentRecord.payable_id == typed,
            PaymentRecord.role == Role.MERCHANT,
        )
    )


def _of_event(typed: str) -> Condition:
    """Of an event's object, where the event itself was matched with no payment."""
    objects = select(StripeEvent.object_id).where(StripeEvent.id == typed)
    return _any_of(
        select(StripeEvent.transaction_id).where(StripeEvent.id == typed),
        select(Transaction.id).where(Transaction.stripe_payment_id.in_(objects)),
        select(Refund.transaction_id).where(Refund.stripe_refund_id.in_(objects)),
        select(Dispute.transaction_id).where(Dispute.stripe_dispute_id.in_(objects)),
    )


def _of_movement(typed: str) -> Condition:
    kept = (BalanceTransaction, PayoutLine)
    return _any_of(*(select(kind.transaction_id).where(kind.id == typed) for kind in kept))


def _of_delivery(typed: str) -> Condition:
    events = select(WebhookEvent.transaction_id).join(
        Delivery, Delivery.event_id == WebhookEvent.id
    )
    return Transaction.id.in_(events.where(Delivery.id == typed))


def _of_customer(typed: str) -> Condition:
    theirs = select(Customer.id).where(Customer.stripe_customer_id == typed)
    return joined(theirs)


def _of_webhook(typed: str) -> Condition:
    return _owned(WebhookEvent, WebhookEvent.id == typed)


def _of_answer(typed: str) -> Condition:
    answered = select(DisputeAnswer.dispute_id).where(DisputeAnswer.id == typed)
    return _owned(Dispute, Dispute.id.in_(answered))


def _of_file(typed: str) -> Condition:
    filed = select(EvidenceFile.dispute_id).where(EvidenceFile.id == typed)
    return _owned(Dispute, Dispute.id.in_(filed))


def _of_stripe_file(typed: str) -> Condition:
    filed = select(EvidenceFile.dispute_id).where(EvidenceFile.stripe_file_id == typed)
    return _owned(Dispute, Dispute.id.in_(filed))


def _of_request(typed: str) -> Condition:
    return _owned(HistoryEntry, request_id == typed)


_REFUND_AT_STRIPE = ("Stripe refund id", _by(Refund, Refund.stripe_refund_id))
_DISPUTE_AT_STRIPE = ("Stripe dispute id", _by(Dispute, Dispute.stripe_dispute_id))
_INTENT = ("Stripe payment id", lambda typed: begins(Transaction.stripe_payment_id, typed))
_CHARGE = ("Stripe charge id", lambda typed: charge_id == typed)
_RECORD = ("Stripe id of a merchant's sale", _by(ConnectRecord, ConnectRecord.stripe_id))
_OURS = (("Our id", lambda typed: begins(Transaction.id, typed)),)
_KINDS: dict[str, tuple[tuple[str, Callable[[str], Condition]], ...]] = {
    # Stripe's begin so, too; what is cut may be either's.
    "txn": (*_OURS, ("Stripe balance transaction", _of_movement)),
    "pi": (_INTENT,),
    "seti": (_INTENT,),
    "ch": (_CHARGE, _RECORD),
    "py": (_CHARGE, _RECORD),
    "re": (_REFUND_AT_STRIPE,),
    "pyr": (_REFUND_AT_STRIPE, _RECORD),
    "rfd": (("Refund id", _by(Refund, Refund.id)),),
    "dsp": (("Dispute id", _by(Dispute, Dispute.id)),),
    "dp": (_DISPUTE_AT_STRIPE,),
    "du": (_DISPUTE_AT_STRIPE,),
    "pdp": (_DISPUTE_AT_STRIPE,),
    "cus": (
        ("Stripe customer id", lambda typed: Transaction.stripe_customer_id == typed),
        ("Customer", _of_customer),
    ),
    "subs": (("Subscription id", _of_subscription),),
    "evt": (("Stripe event id", _of_event),),
    "req": (("Stripe request id", _of_request),),
    "ml": (("Mail id", _by(Mail, Mail.id)),),
    "whd": (("Webhook delivery id", _of_delivery),),
    "mrc": (("Merchant id", _of_merchant),),
    **dict.fromkeys(("tr", "trr", "fee", "fr"), (_RECORD,)),
    "webhook": (("Event of a merchant's", _of_webhook),),
    "agr": (("Consent", lambda typed: _owned(CardConsent, CardConsent.id == typed)),),
    "acust": (
        (
            "Customer of an application",
            lambda id_: _owned(CardConsent, CardConsent.customer_id == id_),
        ),
    ),
    "dsa": (("Answer to a dispute", _of_answer),),
    "dsf": (("File for a dispute", _of_file),),
    "file": (("File of Stripe's for a dispute", _of_stripe_file),),
    **dict.fromkeys(("po", "stl", "acct", "whe", "key", "stf"), ()),
}
