"""search: a merchant's payments that match what was typed, however many there are.

What an index finds is looked for among all of them: an id, a reference, a whole address. The rest
is read one by one, among the merchant's newest payments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import ColumnElement, Subquery, and_, func, literal_column, or_, select, union_all

from payments_app.core.email_addresses import compared
from payments_app.core.money import THREE_DECIMAL, ZERO_DECIMAL
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.portal.payments import owned

NEWEST = 50_000  # payments that are read one by one
_REFERENCE = re.compile(r"#?([0-9A-Za-z]{4})[- ]?([0-9A-Za-z]{4})")
_AMOUNT = re.compile(r"[^\w.\-]?\s?([0-9]{1,12}(?:\.[0-9]{1,3})?)")
# As the indexes in staff/indexes.py are written, or the planner would not know them.
_T = Transaction.__tablename__
_email: ColumnElement[str] = literal_column(f"lower({_T}.email)")
_reference: ColumnElement[str] = literal_column(f"substr({_T}.id, 23)")


def matches(merchant_id: str, typed: str) -> ColumnElement[bool]:
    """The condition on payments: one of the ids that each reading of `typed` finds by itself. Read
    together, by OR, none could use its index. Those found by an index may be of other merchants,
    so the list still has to be limited to its own."""
    newest = _newest(merchant_id)
    found = [
        *(select(Transaction.id).where(reading) for reading in _indexed(typed)),
        select(newest.c.id).where(or_(*_read(newest, typed))),
    ]
    return Transaction.id.in_(union_all(*found))


def _indexed(typed: str) -> Iterator[ColumnElement[bool]]:
    """An id, a reference, a whole address."""
    yield Transaction.id == typed.lower()
    if reference := _REFERENCE.fullmatch(typed):
        yield _reference == (reference[1] + reference[2]).lower()
    if "@" in typed:
        yield _email == compared(typed)


def _read(newest: Subquery, typed: str) -> Iterator[ColumnElement[bool]]:
    """Part of an address or of a description, the last four digits of a card, an amount."""
    part = typed.lower()
    yield func.lower(newest.c.email).contains(part, autoescape=True)
    if words := part.lstrip("#"):
        yield func.lower(newest.c.description).contains(words, autoescape=True)
    if re.fullmatch("[0-9]{4}", typed):
        yield newest.c.card_last4 == typed
    if amount := _AMOUNT.fullmatch(typed):
        yield from _amounts(newest, Decimal(amount[1]))


def _newest(merchant_id: str) -> Subquery:
    columns = ("id", "email", "description", "card_last4", "amount", "amount_received", "currency")
    return (
        select(*(getattr(Transaction, name) for name in columns))
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .where(*owned(merchant_id))
        .order_by(PaymentRecord.created_at.desc(), PaymentRecord.id.desc())
        .limit(NEWEST)
        .subquery()
    )


def _amounts(newest: Subquery, major: Decimal) -> Iterator[ColumnElement[bool]]:
    """As the list shows it: what was captured, in any currency; whatever is in no table has two
    decimals."""
    shown, currency = func.coalesce(newest.c.amount_received, newest.c.amount), newest.c.currency
    for digits, which in (
        (0, currency.in_(sorted(ZERO_DECIMAL))),
        (2, currency.not_in(sorted(ZERO_DECIMAL | THREE_DECIMAL))),
        (3, currency.in_(sorted(THREE_DECIMAL))),
    ):
        minor = major.scaleb(digits)
        if minor == int(minor):
            yield and_(shown == int(minor), which)
