"""prefilled: the texts that the form of an answer begins with, of what we know of the payment: who
paid, for what, what was sent and handed over, which mails went out, and what else was paid with the
card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import in_zone
from payments_app.core.db.columns import as_object
from payments_app.core.history import HistoryEntry
from payments_app.downloads.models import DigitalPurchase
from payments_app.notices.models import Mail
from payments_app.notices.receipts import RECEIPT
from payments_app.orders.models import Order
from payments_app.payments.disputes.evidence import MOST_IN_A_TEXT, MOST_IN_ALL
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import Payable, find_payable
from payments_app.payments.payment_of import charge_of
from payments_app.payments.phases import State
from payments_app.payments.queries import joined
from payments_app.payments.refunds.double_payments import twin_of
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.said import said
from payments_app.staff.cells import in_words

_MOST = 20  # mails, or downloads, that are named: the first ones


def prefilled(session: Session, dispute: Dispute, zone: ZoneInfo) -> dict[str, str]:
    """Texts by field of the evidence; none for what we hold nothing of."""
    payment = session.get_one(Transaction, dispute.transaction_id)
    paid_for = session.scalar(joined(payment.id, Role.PAYS_FOR))
    payable = find_payable(session, paid_for) if paid_for else None
    billing = as_object(_charge(payment).get("billing_details"))
    story = [*_sale(payment, zone), *_bank(payment), *_delivery(payable, zone)]
    story += [*_terms(payable), *_shop_terms(), *_mails(session, payment, zone)]
    story += [
        *_returns(session, payment, zone),
        *_earlier(session, payment, zone),
        *_receipt(session, payment),
    ]
    found = {
        "uncategorized_text": "\n".join(story),
        "product_description": _sold(payment, payable),
        "customer_name": str(billing.get("name") or ""),
        "customer_email_address": payment.email,
        "billing_address": _address(billing.get("address")),
        "refund_policy_disclosure": "\n".join(_shop_terms()),
        **_handed_over(session, payment, payable, zone),
    }
    if dispute.reason == "duplicate":
        found |= _duplicate(session, payment)
    return _cut({name: text for name, text in found.items() if text})


def _cut(found: dict[str, str]) -> dict[str, str]:
    """As much as Stripe takes, of each and of all together; the long story gives way first."""
    left, kept = MOST_IN_ALL, {}
    for name in sorted(found, key=lambda name: name == "uncategorized_text"):
        kept[name] = found[name][: min(MOST_IN_A_TEXT, left)]
        left -= len(kept[name])
    return {name: text for name, text in kept.items() if text}


def _charge(payment: Transaction) -> dict[str, Any]:
    return as_object(as_object(payment.stripe_data).get("latest_charge"))


def _day(moment: dt.datetime, zone: ZoneInfo) -> str:
    local = in_zone(moment, zone)
    return f"{local:%b} {local.day}, {local.year}, {local:%H:%M} {local.tzname()}"


def _address(address: Any) -> str:
    names = ("line1", "line2", "postal_code", "city", "state", "country")
    parts = as_object(address)
    return ", ".join(str(parts[name]) for name in names if parts.get(name))


def _sale(payment: Transaction, zone: ZoneInfo) -> Iterator[str]:
    card, day = payment.card_words or "card", _day(payment.ended_at or payment.created_at, zone)
    yield (
        f"{payment.email or 'The customer'} paid {payment.money_paid} on {day} by {card} for "
        f"{payment.description}. "
        f"Our reference is {payment.reference}."
    )


def _bank(payment: Transaction) -> Iterator[str]:
    """What the card's own bank checked."""
    card = as_object(as_object(_charge(payment).get("payment_method_details")).get("card"))
    words = {
        "cvc_check": "the security code",
        "address_postal_code_check": "the postal code",
        "address_line1_check": "the street",
    }
    checks = as_object(card.get("checks"))
    passed = [words[name] for name in words if checks.get(name) == "pass"]
    if passed:
        yield f"The card's bank confirmed {', '.join(passed)}."
    if as_object(card.get("three_d_secure")).get("result") == "authenticated":
        yield "The card's bank had its owner confirm this payment (3-D Secure)."


def _sold(payment: Transaction, payable: Payable | None) -> str:
    if isinstance(payable, Order):
        lines = [f"{line.quantity} \u00d7 {line.name}" for line in payable.lines]
        return f"{payable.payment_description}: {', '.join(lines)}"
    return payment.description


def _delivery(payable: Payable | None, zone: ZoneInfo) -> Iterator[str]:
    if isinstance(payable, Order) and payable.fulfilled_at:
        yield f"The order was handed over for sending on {_day(payable.fulfilled_at, zone)}."
    if isinstance(payable, DigitalPurchase) and payable.downloads:
        yield f"The file was downloaded {payable.downloads} times."


def _handed_over(
    session: Session, payment: Transaction, payable: Payable | None, zone: ZoneInfo
) -> dict[str, str]:
    if isinstance(payable, Order) and payable.fulfilled_at:
        return {"shipping_date": _day(payable.fulfilled_at, zone)}
    if isinstance(payable, DigitalPurchase) and payable.delivered_at:
        log = [f"The file was handed over on {_day(payable.delivered_at, zone)}."]
        log += [f"Its link was mailed {mailed}." for mailed in _receipts(session, payment, zone)]
        log += [f"It was downloaded on {day}." for day in _downloads(session, payment, zone)]
        if payable.downloads:
            log.append(f"The file was downloaded {payable.downloads} times in all.")
        return {
            "service_date": _day(payable.delivered_at, zone),
            "access_activity_log": "\n".join(log),
        }
    return {}


def _receipts(session: Session, payment: Transaction, zone: ZoneInfo) -> Iterator[str]:
    """To whom its receipt went, which has the link, and when."""
    sent = select(Mail.recipient, Mail.sent_at).where(
        Mail.transaction_id == payment.id, Mail.kind == RECEIPT, Mail.sent_at.is_not(None)
    )
    for recipient, sent_at in session.execute(sent.order_by(Mail.sent_at, Mail.id).limit(_MOST)):
        if sent_at:
            yield f"to {recipient} on {_day(sent_at, zone)}"


def _downloads(session: Session, payment: Transaction, zone: ZoneInfo) -> Iterator[str]:
    """When, the first ones."""
    found = select(HistoryEntry.at).where(
        HistoryEntry.transaction_id == payment.id, HistoryEntry.what == "purchase.downloaded"
    )
    for at in session.scalars(found.order_by(HistoryEntry.id).limit(_MOST)):
        yield _day(at, zone)


def _terms(payable: Payable | None) -> Iterator[str]:
    terms = said(lambda: payable.card_terms, "") if payable is not None else ""
    if terms:
        yield f"By paying they agreed to these terms: {terms}"


def _shop_terms() -> Iterator[str]:
    """Where the shop's own terms stand, which each page and mail links."""
    config = current_app.config["CONFIG"]
    if config.shop_terms_url:
        yield f"Our terms are linked on the page where they paid: {config.shop_terms_url}"
    if config.shop_refund_policy_url:
        yield f"How we refund is linked there too: {config.shop_refund_policy_url}"


def _receipt(session: Session, payment: Transaction) -> Iterator[str]:
    """The words of the receipt, without its links: some of those sign in."""
    sent = select(Mail.text).where(
        Mail.transaction_id == payment.id, Mail.kind == RECEIPT, Mail.sent_at.is_not(None)
    )
    for text in session.scalars(sent.order_by(Mail.sent_at, Mail.id).limit(1)):
        lines = [line for line in text.splitlines() if line.strip() and "://" not in line]
        yield "\n".join(["The receipt that we mailed them says:", *lines])


def _mails(session: Session, payment: Transaction, zone: ZoneInfo) -> Iterator[str]:
    sent = (
        select(Mail)
        .where(Mail.transaction_id == payment.id, Mail.sent_at.is_not(None))
        .order_by(Mail.sent_at, Mail.id)
    )
    mails = session.scalars(sent.limit(_MOST + 1)).all()
    for mail in mails[:_MOST]:
        if mail.sent_at:
            day = _day(mail.sent_at, zone)
            yield f"We mailed {mail.recipient} on {day}: {mail.subject}"
    if len(mails) > _MOST:
        yield "More mails followed."


def _returns(session: Session, payment: Transaction, zone: ZoneInfo) -> Iterator[str]:
    mine = select(Refund).where(Refund.transaction_id == payment.id)
    for refund in session.scalars(mine.order_by(Refund.created_at, Refund.id)):
        state = (
            "was refunded"
            if refund.state == RefundState.SUCCEEDED
            else f"is a refund that is {(in_words(refund.state) or refund.state).lower()}"
        )
        yield f"{refund.money} {state}, asked for on {_day(refund.created_at, zone)}."


def _earlier(session: Session, payment: Transaction, zone: ZoneInfo) -> Iterator[str]:
    """What was paid with the same card before."""
    if payment.card_fingerprint is None:
        return
    disputed = exists().where(Dispute.transaction_id == Transaction.id)
    count, first, contested = session.execute(
        select(
            func.count(),
            func.min(Transaction.created_at),
            func.count().filter(disputed),
        ).where(
            Transaction.card_fingerprint == payment.card_fingerprint,
            Transaction.state == State.COMPLETE,
            Transaction.created_at < payment.created_at,
        )
    ).one()
    if count:
        others = "none was disputed" if not contested else f"{contested} of them were disputed"
        since = _day(first, zone)
        yield f"The same card paid us {count} times before, since {since}, and {others}."


def _duplicate(session: Session, payment: Transaction) -> dict[str, str]:
    twin = twin_of(session, payment.id)
    other = session.get(Transaction, twin) if twin else None
    if other is None:
        return {}
    return {
        "duplicate_charge_id": charge_of(other) or "",
        "duplicate_charge_explanation": f"The other payment was for {other.description}, this one "
        f"for {payment.description}.",
    }
