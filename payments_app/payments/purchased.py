"""purchased: what a payment is for, as its buyer reads it on each page and in its mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from payments_app.merchants.accounts import seller_of
from payments_app.merchants.find import shop_name
from payments_app.merchants.receipt_details import ReceiptDetails, receipt_details
from payments_app.payments.models import Role
from payments_app.payments.payable import Item, find_payable
from payments_app.payments.queries import joined, payable_of
from payments_app.payments.said import known_items, said


class Described(Protocol):
    """A payment with what was stored of what it is for."""

    @property
    def id(self) -> str: ...

    @property
    def description(self) -> str: ...


@dataclass(frozen=True)
class Purchased:
    """The items that a payment is for, and the name of who sells them."""

    items: Sequence[Item]
    seller: str


def purchased(session: Session, transaction_id: str) -> Purchased | None:
    """What a payment is for; None of what buys nothing, or is not known here."""
    paid_for = payable_of(session, transaction_id)
    payable = find_payable(session, paid_for[1]) if paid_for else None
    items = known_items(payable) if payable is not None else ()
    if payable is None or not items:
        return None
    return Purchased(items, seller_name(session, said(lambda: payable.payee_id, None)))


def described(session: Session, transaction: Described) -> str:
    """What a payment is for, as its buyer reads it: in their language, where it is still what was
    stored."""
    paid_for = payable_of(session, transaction.id)
    payable = find_payable(session, paid_for[1]) if paid_for else None
    if payable is None:
        return transaction.description
    now = said(lambda: payable.payment_description, "")
    return now if now == transaction.description else transaction.description


def sold_by(session: Session, transaction_id: str) -> ReceiptDetails | None:
    """What a receipt tells of who was paid, beside the name; None where nothing was set."""
    return receipt_details(session, session.scalar(joined(transaction_id, Role.MERCHANT)))


def seller_name(session: Session, payee_id: str | None) -> str:
    """What a buyer knows the payee by; the shop itself is meant by None."""
    return seller_of(session, payee_id).name if payee_id else shop_name()
