"""One search box: what was typed is read in every way that it can be meant, and each result says
in which it matched."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.db.ids import looks_like_id
from payments_app.core.email_addresses import compared
from payments_app.core.web.query import UnreadableQueryError
from payments_app.customers.models import Customer
from payments_app.orders.models import Order
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import payable_kinds
from payments_app.payments.payment_of import charge_id
from payments_app.staff.indexes import captured_in_part, lower_email, reference_tail
from payments_app.staff.payments.amount_filters import amount_is, read_amount
from payments_app.staff.payments.details import payments
from payments_app.staff.payments.filters import read_day
from payments_app.staff.payments.paging import read_page
from payments_app.staff.presenter import Payment
from payments_app.staff.zones import day_bounds

SHOWN = 25
MAX_LENGTH = 255
_ORDER_NUMBER = re.compile(r"[0-9A-Za-z]{10}")


@dataclass(frozen=True)
class Group:
    """Payments that matched in one way. `more` says that there are others, which the list with
    `filters` shows."""

    why: str
    payments: list[Payment]
    more: bool
    filters: dict[str, str] | None


@dataclass(frozen=True)
class Reading:
    """One way to read what was typed."""

    why: str
    condition: ColumnElement[bool]
    filters: dict[str, str] | None = None


def search(session: Session, typed: str, zone: ZoneInfo, today: dt.date) -> list[Group]:
    """Groups of matches, the surest reading first, the newest payments first; none where nothing
    matches. Raises UnreadableQueryError where there is no way to read what was typed."""
    groups = []
    for reading in _understood(session, typed.strip(), zone, today):
        page = read_page(session, [reading.condition], size=SHOWN)
        if page.keys:
            found = payments(session, page.keys, zone, page.customers)
            groups.append(Group(reading.why, found, page.older is not None, reading.filters))
    return groups


def _understood(session: Session, typed: str, zone: ZoneInfo, today: dt.date) -> list[Reading]:
    try:
        refuse(typed)
    except CardNumberError as error:
        raise UnreadableQueryError({"q": str(error)}) from error
    if len(typed) > MAX_LENGTH:
        raise UnreadableQueryError({"q": f"Type {MAX_LENGTH} characters at most."})
    found = list(readings(session, typed, zone, today))
    if not found:
        raise UnreadableQueryError({"q": "This can't be searched for."})
    return found


def readings(session: Session, typed: str, zone: ZoneInfo, today: dt.date) -> Iterator[Reading]:
    """Every way to read what was typed."""
    bare = typed.lstrip("#")
    yield from _ids(session, bare)
    if "@" in typed:
        address = compared(typed)
        yield Reading("E-mail", lower_email == address, {"email": address})
    if re.fullmatch(r"[0-9A-Za-z]{4}-[0-9A-Za-z]{4}", typed):
        yield Reading("Reference", reference_tail == typed.replace("-", "").lower())
    orders = session.scalars(select(Order.id).where(Order.number == bare.upper())).all()
    if orders or _ORDER_NUMBER.fullmatch(bare):
        yield Reading("Order number", _joined(list(orders)))
    if re.fullmatch(r"\d{4}", typed):
        filters = {"last4": typed}
        yield Reading("Last four of the card", Transaction.card_last4 == typed, filters)
    amount = read_amount(typed)
    condition = amount_is(amount) if amount is not None else None
    if condition is not None:
        whole = or_(
            Transaction.amount_received.is_(None), Transaction.amount_received == Transaction.amount
        )
        shown = {"least": str(amount), "most": str(amount)}
        yield Reading("Amount", and_(condition, whole), shown)
        yield Reading("Amount requested", and_(condition, captured_in_part))
    captured = amount_is(amount, column=Transaction.amount_received) if amount is not None else None
    if captured is not None:
        yield Reading("Captured amount", and_(captured, captured_in_part))
    day = read_day(typed.lower(), today)
    if day is not None:
        first, after = day_bounds(day, zone)
        condition = (Transaction.created_at >= first) & (Transaction.created_at < after)
        yield Reading("Date", condition, {"from": day.isoformat(), "to": day.isoformat()})


def _ids(session: Session, typed: str) -> Iterator[Reading]:
    if looks_like_id(typed, "txn"):
        yield Reading("Our id", Transaction.id == typed)
    prefix = typed.partition("_")[0]
    for kind in payable_kinds().values():
        if kind.payable_prefix == prefix and looks_like_id(typed, prefix):
            yield Reading(f"{kind.payable_type.capitalize()} id", _joined([typed]))
    if typed.startswith("pi_"):
        yield Reading("Stripe payment id", Transaction.stripe_payment_id == typed)
    if typed.startswith(("ch_", "py_")):
        yield Reading("Stripe charge id", charge_id == typed)
    if typed.startswith("cus_"):
        ids = session.scalars(select(Customer.id).where(Customer.stripe_customer_id == typed))
        yield Reading("Stripe customer id", Transaction.stripe_customer_id == typed)
        yield Reading("Customer", _joined(list(ids)))


def _joined(ids: list[str]) -> ColumnElement[bool]:
    """Transactions of these payables or customers, by the index on (type, id, role)."""
    kinds = [kind.payable_type for kind in payable_kinds().values()]
    return Transaction.id.in_(
        select(PaymentRecord.transaction_id).where(
            PaymentRecord.payable_type.in_(kinds),
            PaymentRecord.payable_id.in_(ids),
            PaymentRecord.role.in_((Role.PAYS_FOR, Role.CUSTOMER)),
        )
    )
