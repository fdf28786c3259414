"""All rows that are about one customer, on one page: where they are found, what a file for the
customer tells of them, and what an erasure cuts.

A test holds every table of the product to be named here, or to be nobody's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from sqlalchemy import ColumnElement, and_, func, or_, select

from payments_app.core.db.clock import database_now
from payments_app.core.email_addresses import without_addresses
from payments_app.core.extensions import Base
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Message
from payments_app.core.web import visitor_sessions
from payments_app.core.web.link_requests import LinkRequest
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.customers.models import Customer, SavedCard
from payments_app.downloads.models import DigitalPurchase
from payments_app.keeping.cuts import ERASED, erased_address, without_persons
from payments_app.notices.endpoint_health import FAILING, OFF
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.orders.models import Order, OrderLine
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.disputes.answer_models import DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.unmatched import UnmatchedObject
from payments_app.reconcile.models import Finding
from payments_app.staff.payments.saved_filters import SavedFilter
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period

Cut = Callable[[Any], Any]
DELETED: dict[str, Cut] = {}  # the whole row goes
_MERCHANTS = ("portal_link", FAILING, OFF)  # mails to merchants, who may have the same address


@dataclass(frozen=True)
class Place:
    """Rows of `model`. `cut` says what becomes of a column's value, DELETED that the row goes, and
    nothing that it stays as it is. `told` are the columns that the customer is given."""

    model: type[Base]
    which: ColumnElement[bool]
    told: tuple[str, ...] = ()
    cut: Mapping[str, Cut] | None = None
    counted: bool = False  # its `version` rises, by which caches know that it changed


def _nothing(_old: Any) -> None:
    return None


def _json(old: Any) -> Any:
    return without_persons(old)


def _text(old: str | None) -> str | None:
    return None if old is None else without_addresses(old)


def _body(old: str) -> str:
    return json.dumps(without_persons(json.loads(old)))


def _nobodys_card(old: str) -> str:
    """The column is unique, and never empty."""
    return f"erased:{hashlib.sha256(old.encode()).hexdigest()[:32]}"


def _ended(old: Any) -> Any:
    return old or database_now()


def _dropped(old: str) -> str:
    return "dropped" if old in {"queued", "sending"} else old


def paid_by(customer_id: str) -> Any:
    """The ids of a customer's transactions, as a subquery."""
    return select(PaymentRecord.transaction_id).where(
        PaymentRecord.payable_type == Customer.payable_type,
        PaymentRecord.payable_id == customer_id,
        PaymentRecord.role == Role.CUSTOMER,
    )


def _names(query: Any, address: str) -> ColumnElement[bool]:
    """Whether a filter's address has this e-mail address for a word, and not inside of another."""
    word = quote_plus(address)
    found = (before + word + after for before in "=+" for after in "&+")
    return or_(*((query + "&").icontains(each, autoescape=True) for each in found))


def is_mail_of(customer: Customer) -> ColumnElement[bool]:
    """Condition on Mail: it was written to this customer, of a payment or to their address."""
    to_them = and_(func.lower(Mail.recipient) == customer.email, Mail.kind.not_in(_MERCHANTS))
    return or_(Mail.transaction_id.in_(paid_by(customer.id)), to_them)


def places(customer: Customer) -> tuple[Place, ...]:
    """Every place, by the customer as they are now."""
    parts = (_account, _of_applications, _payments, _bought, _said)
    return tuple(place for part in parts for place in part(customer))


def _account(customer: Customer) -> tuple[Place, ...]:
    address = erased_address(customer.id)
    return (
        Place(
            Customer,
            Customer.id == customer.id,
            ("id", "email", "name", "language", "zone", "created_at"),
            {
                "email": lambda _old: address,
                "name": _nothing,
                "language": _nothing,
                "zone": _nothing,
                "stripe_customer_id": _nothing,
                "stripe_customer_gone_at": _nothing,
                "default_payment_method_id": _nothing,
            },
            counted=True,
        ),
        Place(
            SavedCard,
            SavedCard.customer_id == customer.id,
            ("brand", "last4", "exp_month", "exp_year", "created_at", "removed_at"),
            {
                "payment_method": _nobodys_card,
                "stripe_customer_id": lambda _old: ERASED,
                "last4": lambda _old: "",
                "exp_month": _nothing,
                "exp_year": _nothing,
                "fingerprint": _nothing,
                "removed_at": _ended,
                "detached_at": _ended,
            },
        ),
        Place(
            VisitorSession,
            and_(
                VisitorSession.audience == visitor_sessions.CUSTOMER,
                VisitorSession.subject == customer.id,
            ),
            ("address", "browser", "created_at", "seen_at", "ended_at"),
            DELETED,
        ),
        Place(
            OneTimeLink,
            and_(
                OneTimeLink.purpose == visitor_sessions.CUSTOMER,
                OneTimeLink.subject == customer.id,
            ),
            ("address", "created_at", "used_at"),
            DELETED,
        ),
        Place(
            LinkRequest, LinkRequest.address == customer.email, ("address", "created_at"), DELETED
        ),
        Place(
            SavedFilter,
            _names(SavedFilter.query, customer.email),
            cut=DELETED,
        ),
    )


def _called_by_applications(customer: Customer) -> ColumnElement[bool]:
    """Condition on ApplicationCustomer: an application says that they have this address."""
    return func.lower(ApplicationCustomer.email) == customer.email


def _of_applications(customer: Customer) -> tuple[Place, ...]:
    cards = select(SavedCard.id).where(SavedCard.customer_id == customer.id)
    return (
        Place(
            ApplicationCustomer,
            _called_by_applications(customer),
            ("reference", "email", "name", "created_at"),
            {"email": lambda _old: erased_address(customer.id), "name": _nothing},
        ),
        Place(
            CardConsent,
            CardConsent.card_id.in_(cards),
            ("card_id", "words", "version", "given_at", "withdrawn_at", "ended_why"),
            {"withdrawn_at": _ended},
        ),
    )


def _payments(customer: Customer) -> tuple[Place, ...]:
    paid = paid_by(customer.id)
    intents = select(Transaction.stripe_payment_id).where(
        Transaction.id.in_(paid), Transaction.stripe_payment_id.is_not(None)
    )
    disputes = select(Dispute.id).where(Dispute.transaction_id.in_(paid))
    return (
        Place(
            Transaction,
            Transaction.id.in_(paid),
            (
                *("id", "state", "amount", "amount_received", "currency", "email", "description"),
                *("card_brand", "card_last4", "receipt_url", "error_message", "stripe_data"),
                *("statement_descriptor", "language", "zone", "created_at", "ended_at"),
            ),
            {
                "email": lambda _old: erased_address(customer.id),
                "buyer": _nothing,
                "language": _nothing,
                "zone": _nothing,
                "stripe_customer_id": _nothing,
                "client_secret": _nothing,
                "parameters": _json,
                "stripe_data": _json,
                "error": _json,
                "error_message": _text,
                "card_last4": _nothing,
                "card_fingerprint": _nothing,
                "receipt_url": _nothing,
            },
            counted=True,
        ),
        Place(
            Refund,
            Refund.transaction_id.in_(paid),
            ("id", "transaction_id", "state", "amount", "currency", "reason", "created_at"),
            {
                "reason": lambda _old: ERASED,
                "parameters": _json,
                "stripe_data": _json,
                "error": _json,
                "error_message": _text,
            },
            counted=True,
        ),
        Place(
            Dispute,
            Dispute.transaction_id.in_(paid),
            ("id", "transaction_id", "state", "amount", "currency", "reason", "opened_at"),
            {"stripe_data": _json},
            counted=True,
        ),
        Place(
            DisputeAnswer,
            DisputeAnswer.dispute_id.in_(disputes),
            cut={"evidence": lambda _old: {}, "problem": _text},
        ),
        Place(EvidenceFile, EvidenceFile.dispute_id.in_(disputes), cut=DELETED),
        Place(Finding, Finding.transaction_id.in_(paid), cut={"details": _json}),
        Place(
            UnmatchedObject,
            UnmatchedObject.payment_intent.in_(intents),
            cut={"stripe_data": _json},
        ),
    )


def _bought(customer: Customer) -> tuple[Place, ...]:
    """What was bought stays: it says nothing once its buyer's row does not."""
    theirs = select(Order.id).where(Order.customer_id == customer.id)
    subscribed = select(Subscription.id).where(Subscription.customer_id == customer.id)
    requests = select(PaymentRecord.payable_id).where(
        PaymentRecord.payable_type == PaymentRequest.payable_type,
        PaymentRecord.transaction_id.in_(paid_by(customer.id)),
    )
    return (
        Place(
            Order,
            Order.customer_id == customer.id,
            ("id", "number", "status", "total", "currency", "created_at", "fulfilled_at"),
        ),
        Place(
            OrderLine, OrderLine.order_id.in_(theirs), ("order_id", "name", "quantity", "amount")
        ),
        Place(
            DigitalPurchase,
            DigitalPurchase.customer_id == customer.id,
            ("id", "product_id", "status", "amount", "currency", "downloads", "created_at"),
        ),
        Place(
            Subscription,
            Subscription.customer_id == customer.id,
            ("id", "plan_id", "status", "current_start", "current_end", "balance", "created_at"),
        ),
        Place(
            Period,
            Period.subscription_id.in_(subscribed),
            ("subscription_id", "start", "end", "amount", "currency", "description", "paid_at"),
        ),
        Place(
            PaymentRequest,
            or_(
                func.lower(PaymentRequest.email) == customer.email, PaymentRequest.id.in_(requests)
            ),
            # Not whom it asked: who has its link may pay it, and is told nobody else's address.
            ("id", "amount", "currency", "description", "reference", "line_items"),
            {"email": _nothing, "return_url": _nothing, "cancel_url": _nothing, "labels": _json},
        ),
    )


def _said(customer: Customer) -> tuple[Place, ...]:
    paid = paid_by(customer.id)
    mails = select(Mail.id).where(is_mail_of(customer))
    return (
        Place(
            Mail,
            is_mail_of(customer),
            ("kind", "transaction_id", "recipient", "subject", "text", "state", "sent_at"),
            {
                "recipient": lambda _old: erased_address(customer.id),
                "subject": lambda _old: ERASED,
                "text": lambda _old: "",
                "html": lambda _old: "",
                "link": _nothing,
                "state": _dropped,
                "taken_until": _nothing,
            },
        ),
        Place(
            WebhookEvent,
            WebhookEvent.transaction_id.in_(paid),
            ("type", "transaction_id", "merchant_id", "body", "created_at"),
            {"body": _body},
        ),
        Place(
            Message,
            or_(Message.subject.in_(paid), Message.subject.in_(mails)),
            cut={"last_error": _text},
        ),
        Place(
            HistoryEntry,
            or_(
                HistoryEntry.transaction_id.in_(paid),
                and_(
                    HistoryEntry.transaction_id.is_(None),
                    or_(
                        HistoryEntry.subject == customer.id,
                        HistoryEntry.subject.in_(mails),
                        HistoryEntry.subject.in_(
                            select(Subscription.id).where(Subscription.customer_id == customer.id)
                        ),
                    ),
                ),
            ),
            ("at", "what", "transaction_id", "data"),
        ),
    )
