"""pay_link: the form that asks for what is owed itself, so that what pays for it settles it; and
what a form for another amount begins with."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.gate import signed_in
from payments_app.payments.models import PaymentRecord, Role
from payments_app.payments.payable import payable_kinds
from payments_app.staff.presenter import Payment


def pay_links(session: Session, kind: str, ids: Sequence[str]) -> dict[str, str]:
    """By id, the addresses of the form, for those that nobody paid, is paying, or may not pay any
    more; none for a member who may not ask for a payment."""
    cls = payable_kinds().get(kind)
    if cls is None or not signed_in().may("request_payment"):
        return {}
    taken = select(PaymentRecord.payable_id).where(
        PaymentRecord.payable_type == kind,
        PaymentRecord.payable_id.in_(ids),
        PaymentRecord.role == Role.PAYS_FOR,
        PaymentRecord.active,
    )
    left = [session.get(cls, id_) for id_ in set(ids) - set(session.scalars(taken))]
    return {
        one.id: url_for("staff.new_payment_link", owed=one.id)
        for one in left
        if one is not None and one.closed(session) is None
    }


def pay_link_of(session: Session, transaction_id: str) -> str | None:
    """Of what a payment was to pay for."""
    paid_for = session.execute(
        select(PaymentRecord.payable_type, PaymentRecord.payable_id).where(
            PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == Role.PAYS_FOR
        )
    ).first()
    if paid_for is None:
        return None
    kind, id_ = paid_for
    return pay_links(session, kind, [id_]).get(id_)


def asked_again(payment: Payment) -> dict[str, str]:
    """What the form of a payment link begins with, where a payment's page leads to it."""
    return {
        "email": payment.email,
        "amount": payment.asked,
        "currency": payment.currency.lower(),
        "description": payment.description,
    }
