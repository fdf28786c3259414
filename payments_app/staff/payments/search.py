"""One search box: what was typed is read in every way that it can be meant, and each result says
in which it matched."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.db.clock import day_bounds
from payments_app.core.email_addresses import compared
from payments_app.core.web.query import UnreadableQueryError
from payments_app.customers.models import Customer
from payments_app.orders.models import Order
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.staff.indexes import captured_in_part, lower_email, reference_tail
from payments_app.staff.payments.amount_filters import amount_is, shown_is
from payments_app.staff.payments.details import payments
from payments_app.staff.payments.paging import read_page
from payments_app.staff.payments.search_ids import id_conditions, ids_in, joined
from payments_app.staff.payments.search_pages import Place, pages_of
from payments_app.staff.payments.search_people import people
from payments_app.staff.payments.typed_dates import describe, read_days
from payments_app.staff.payments.typed_money import TypedMoney, read_money
from payments_app.staff.payments.typed_spans import read_amount_span, read_day_span
from payments_app.staff.presenter import Payment

SHOWN = 25
MAX_LENGTH = 255
_ORDER = re.compile(r"((?:order\s*+(?:no\.?|number)?)?\s*+#?)\s*+([\w-]{1,20})", re.IGNORECASE)
_ORDER_LENGTH = 10
_REFERENCE = re.compile(r"#?([0-9A-Za-z]{4})[-\u2010-\u2015 ]?([0-9A-Za-z]{4})")


@dataclass(frozen=True)
class Group:
    """Payments that matched in one way, which is the `way`th. `older` is the cursor of others,
    which the list with `filters` shows too."""

    why: str
    payments: list[Payment]
    way: int
    older: str | None
    filters: dict[str, str] | None


@dataclass(frozen=True)
class Reading:
    """One way to read what was typed."""

    why: str
    condition: ColumnElement[bool]
    filters: dict[str, str] | None = None


@dataclass(frozen=True)
class Found:
    """What a search came to: groups of payments, pages about an id that was typed, and each way in
    which what was typed was read."""

    groups: list[Group]
    places: list[Place]
    read_as: list[str]


def search(
    session: Session,
    typed: str,
    zone: ZoneInfo,
    today: dt.date,
    way: int | None = None,
    before: str = "",
) -> Found:
    """Groups of matches, the surest reading first, the newest payments first; none where nothing
    matches. Of one `way` alone, those before the cursor, where that is named. Raises
    UnreadableQueryError where there is no way to read what was typed, or no such page."""
    groups = []
    read_as, places = _understood(session, typed.strip(), zone, today)
    for number, reading in enumerate(read_as):
        if way not in (None, number):
            continue
        page = read_page(session, [reading.condition], size=SHOWN, before=before or None)
        if page.keys:
            found = payments(session, page.keys, zone, page.customers)
            groups.append(Group(reading.why, found, number, page.older, reading.filters))
    return Found(groups, places, [reading.why for reading in read_as])


def _understood(
    session: Session, typed: str, zone: ZoneInfo, today: dt.date
) -> tuple[list[Reading], list[Place]]:
    try:
        refuse(typed)
    except CardNumberError as error:
        raise UnreadableQueryError({"q": str(error)}) from error
    if len(typed) > MAX_LENGTH:
        raise UnreadableQueryError({"q": f"Type {MAX_LENGTH} characters at most."})
    found = list(readings(session, typed, zone, today))
    ids = ids_in(typed)
    if not found and not ids:
        raise UnreadableQueryError({"q": "This can't be searched for."})
    return found, [place for id_ in ids for place in pages_of(session, id_)]


def readings(session: Session, typed: str, zone: ZoneInfo, today: dt.date) -> Iterator[Reading]:
    """Every way to read what was typed."""
    named = [
        Reading(why, condition) for id_ in ids_in(typed) for why, condition in id_conditions(id_)
    ]
    yield from named
    address = compared(typed) if "@" in typed else None
    if address:
        yield Reading("E-mail", lower_email == address, {"email": address})
    yield from _numbers(session, typed)
    yield from _amounts(typed)
    yield from _amount_spans(typed)
    days = read_days(typed, today) or read_day_span(typed, today)
    if days is not None:
        (first, _), (_, after) = day_bounds(days[0], zone), day_bounds(days[1], zone)
        condition = (Transaction.created_at >= first) & (Transaction.created_at < after)
        span = {"from": days[0].isoformat(), "to": days[1].isoformat()}
        yield Reading(f"Date {describe(days)}", condition, span)
    known = named or (address and _is_customer(session, address))
    if not known and not _is_no_name(typed, dated=days is not None):
        found = people(session, typed, SHOWN + 1)
        yield from (Reading(why, condition) for why, condition in found)


def _is_no_name(typed: str, *, dated: bool) -> bool:
    """Whether it is surely something else: names are the dearest to look for."""
    if typed.lower().startswith(("order", "#")):
        return True
    amount = read_money(typed) or read_amount_span(typed)
    other = dated or _REFERENCE.fullmatch(typed) or amount
    return bool(other) and any(map(str.isdigit, typed))


def _is_customer(session: Session, address: str) -> bool:
    return session.scalar(select(Customer.id).where(Customer.email == address)) is not None


def _numbers(session: Session, typed: str) -> Iterator[Reading]:
    """References, order numbers, the last four of a card: as we print them, or without their
    marks."""
    if reference := _REFERENCE.fullmatch(typed):
        tail = (reference[1] + reference[2]).lower()
        yield Reading("Reference", reference_tail == tail)
    if order := _ORDER.fullmatch(typed):
        ids = session.scalars(select(Order.id).where(Order.number == order[2].upper())).all()
        if ids or order[1] or len(order[2]) == _ORDER_LENGTH:
            yield Reading("Order number", joined(list(ids)))
    card = re.fullmatch(r"(?:\D*(?:[\u2022*.x]{2,4}|ending in|ending)\s*)?(\d{4})", typed.lower())
    if card:
        condition = Transaction.card_last4 == card[1]
        yield Reading("Last four of the card", condition, {"last4": card[1]})


def _amounts(typed: str) -> Iterator[Reading]:
    money = read_money(typed)
    condition = amount_is(money.amount) if money else None
    if money is None or condition is None:
        return
    if money.back:
        returned = amount_is(money.amount, column=Refund.amount, currency=Refund.currency)
        if returned is not None:
            refunds = select(Refund.transaction_id).where(
                returned, *_in_currency(money, Refund.currency)
            )
            yield Reading(f"Refund of {money.words}", Transaction.id.in_(refunds))
        return
    mine = _in_currency(money, Transaction.currency)
    whole = or_(
        Transaction.amount_received.is_(None), Transaction.amount_received == Transaction.amount
    )
    shown = {"least": str(money.amount), "most": str(money.amount)}
    shown |= {"currency": money.currency} if money.currency else {}
    yield Reading(f"Amount {money.words}", and_(condition, whole, *mine), shown)
    yield Reading(f"Amount requested {money.words}", and_(condition, captured_in_part, *mine))
    captured = amount_is(money.amount, column=Transaction.amount_received)
    if captured is not None:
        yield Reading(f"Captured amount {money.words}", and_(captured, captured_in_part, *mine))


def _amount_spans(typed: str) -> Iterator[Reading]:
    span = read_amount_span(typed)
    if span is None:
        return
    least, most = span
    above, below = shown_is(least.amount, "__ge__"), shown_is(most.amount, "__le__")
    if above is None or below is None:
        return
    shown = {"least": str(least.amount), "most": str(most.amount)}
    shown |= {"currency": least.currency} if least.currency else {}
    condition = and_(above, below, *_in_currency(least, Transaction.currency))
    yield Reading(f"Amount from {least.amount:,} to {most.words}", condition, shown)


def _in_currency(
    money: TypedMoney, column: InstrumentedAttribute[str]
) -> list[ColumnElement[bool]]:
    return [column == money.currency] if money.currency else []
