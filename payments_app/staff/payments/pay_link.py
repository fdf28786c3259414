"""pay_link: the form that asks for what is owed itself, so that what pays for it settles it; and
what a form for another amount begins with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.gate import signed_in
from payments_app.payments.models import PaymentRecord, Role
from payments_app.payments.payable import Payable, payable_kinds
from payments_app.payments.phases import State
from payments_app.payments.queries import joined, payable_of
from payments_app.payments.said import said
from payments_app.payments.transactions.open import why_closed
from payments_app.staff.presenter import Payment


def pay_links(
    session: Session, kind: str, ids: Sequence[str], customer_id: str | None
) -> dict[str, str]:
    """By id, the addresses of the form that asks for it, for those that this customer can begin to
    pay for now: nobody paid or is paying, and the checkout would take it. None for a member who may
    not ask for a payment."""
    cls = payable_kinds().get(kind)
    if cls is None or not signed_in().may("request_payment"):
        return {}
    taken = select(PaymentRecord.payable_id).where(
        PaymentRecord.payable_type == kind,
        PaymentRecord.payable_id.in_(ids),
        PaymentRecord.role == Role.PAYS_FOR,
        PaymentRecord.active,
    )
    left = [session.get(cls, id_) for id_ in sorted(set(ids) - set(session.scalars(taken)))]
    return {
        one.id: url_for("staff.new_payment_link", owed=one.id)
        for one in left
        if one is not None and said(partial(_takes, session, one, customer_id), instead=False)
    }


def _takes(session: Session, payable: Payable, customer_id: str | None) -> bool:
    if why_closed(session, payable):
        return False
    return customer_id is None or payable.already(session, customer_id, None) is None


def pay_link_of(session: Session, payment: Payment) -> str | None:
    """Of what a payment that failed or was cancelled was to pay for."""
    paid_for = payable_of(session, payment.id) if payment.state == State.FAILED else None
    if paid_for is None:
        return None
    customer_id = session.scalar(joined(payment.id, Role.CUSTOMER))
    return pay_links(session, paid_for[0], [paid_for[1]], customer_id).get(paid_for[1])


def asked_again(payment: Payment) -> dict[str, str]:
    """What the form of a payment link begins with, where a payment's page leads to it."""
    return {
        "email": payment.email,
        "amount": payment.asked,
        "currency": payment.currency.lower(),
        "description": payment.description,
    }
