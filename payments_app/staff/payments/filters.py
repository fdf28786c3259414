"""Filters of the payments list: read from the address, told as chips, turned into conditions."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import aliased

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.email_addresses import compared
from payments_app.core.money import THREE_DECIMAL, code_of
from payments_app.core.web.query import UnreadableQueryError, read_query
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.transactions.stuck import is_stuck
from payments_app.staff.cells import in_words
from payments_app.staff.indexes import lower_email, reason_code
from payments_app.staff.payments.amount_filters import read_amount, shown_is
from payments_app.staff.payments.paging import DISPUTES, PAYMENTS, REFUNDS, SortKey
from payments_app.staff.zones import day_bounds


def _earlier(model: type[Refund | Dispute], state: str | None = None) -> ColumnElement[bool]:
    """Whether another row of this payment comes first: the list shows a payment once."""
    other = aliased(model)
    same = [other.transaction_id == model.transaction_id, other.id < model.id]
    return exists().where(*same, *([other.state == state] if state else []))


STATUSES: dict[str, tuple[str, ColumnElement[bool]]] = {
    "complete": ("Success", Transaction.state == State.COMPLETE),
    "failed": ("Failed", Transaction.phase == Phase.FAILED),
    "canceled": ("Canceled", Transaction.phase == Phase.CANCELED),
    "pending": ("Pending", Transaction.state == State.PENDING),
    "requires_action": ("Waiting for customer", Transaction.phase == Phase.REQUIRES_ACTION),
    "unknown": ("Checking with Stripe", Transaction.phase == Phase.UNKNOWN),
    "refunded": (
        "Refunded",
        and_(Refund.state == RefundState.SUCCEEDED, ~_earlier(Refund, RefundState.SUCCEEDED)),
    ),
    "disputed": ("Disputed", ~_earlier(Dispute)),
    "stuck": ("Stuck pending", is_stuck()),
    "attention": ("Needs somebody", Transaction.need.is_not(None)),
}
# As people write it, where it can be read in one way only.
_PLAIN_AMOUNT = re.compile(r"([1-9][0-9]{0,2}(,[0-9]{3})+|[0-9]{1,13})(\.[0-9]{1,3})?")
_THREE_DECIMALS = re.compile(r"[0-9]{1,3},[0-9]{3}")  # or thousands, in a currency that has three
_SIGN = "Enter digits only, such as 10.99. Choose the currency beside it."
_WALKS = {"refunded": REFUNDS, "disputed": DISPUTES}


@dataclass(frozen=True)
class Chip:
    """One active filter: its words, and the filters that remain without it."""

    label: str
    rest: dict[str, str]


@dataclass(frozen=True)
class Filters:
    """What the address asks for. `given` is kept as it was typed; what can't be read is in
    `problems` by field: such filters are for their own page alone, and never for a query."""

    given: dict[str, str]
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def sort_key(self) -> SortKey:
        """What the list is sorted along; `conditions` hold with this sort key only."""
        return _WALKS.get(self.given.get("status", ""), PAYMENTS)

    @property
    def chips(self) -> list[Chip]:
        """The active filters, each with what remains once it is taken away."""
        return [
            Chip(label, {k: v for k, v in self.given.items() if k != name})
            for name, label in self.labels.items()
        ]

    def day(self, name: str, today: dt.date) -> str:
        """The day of `from` or `to` as a date field wants it; empty where there is none."""
        found = read_day(self.given.get(name, ""), today)
        return found.isoformat() if found else ""


class UnreadableFiltersError(UnreadableQueryError):
    """`filters` has what could be read, and what is wrong with the rest, for the page to show."""

    def __init__(self, filters: Filters) -> None:
        kept = {k: v for k, v in filters.given.items() if k not in filters.problems}
        super().__init__(filters.problems, kept)
        self.filters = filters


def read_filters(
    values: Mapping[str, str], zone: ZoneInfo, today: dt.date, beside: Collection[str] = ()
) -> Filters:
    """Read the address's values; days begin in `zone`. The names in `beside` are somebody else's.

    Raises UnreadableFiltersError where any of the others is no filter, or can't be read.
    """
    names = (*_READERS, *_FIELDS)
    given, problems = read_query(values, {*names, *beside})
    filters = Filters({name: given[name] for name in names if name in given}, problems=problems)
    for name in ("from", "to"):
        if name in given:
            _read_day(filters, name, zone, today)
    for name, reader in _READERS.items():
        if name in given:
            reader(filters, given[name])
    _read_amounts(filters)
    for name, text in filters.given.items():
        try:
            refuse(text)
        except CardNumberError as error:
            filters.problems[name] = str(error)
    if filters.problems:
        raise UnreadableFiltersError(filters)
    return filters


def read_day(text: str, today: dt.date) -> dt.date | None:
    """`today`, 2026-11-22 or 11/22/2026; None for anything else."""
    if text == "today":
        return today
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            day = dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return day if 2000 <= day.year <= 2200 else None
    return None


def _read_day(filters: Filters, name: str, zone: ZoneInfo, today: dt.date) -> None:
    day = read_day(filters.given[name], today)
    if day is None:
        filters.problems[name] = "This must be a date."
        return
    first, after = day_bounds(day, zone)
    if name == "from":
        filters.conditions.append(Transaction.created_at >= first)
    else:
        filters.conditions.append(Transaction.created_at < after)
    filters.labels[name] = f"{name.capitalize()} {day:%m/%d/%Y}"


def _read_status(filters: Filters, value: str) -> None:
    if value not in STATUSES:
        filters.problems["status"] = "There is no such status."
        return
    label, condition = STATUSES[value]
    filters.conditions.append(condition)
    filters.labels["status"] = f"Status: {label}"


def _read_currency(filters: Filters, value: str) -> None:
    code = code_of(value)  # any: what was paid at Stripe may be in one that the shop never asks for
    if code is None:
        filters.problems["currency"] = "There is no such currency."
        return
    filters.conditions.append(Transaction.currency == code)
    filters.labels["currency"] = f"Currency: {code.upper()}"


def _read_reason(filters: Filters, value: str) -> None:
    if not re.fullmatch(r"\S{1,100}", value):
        filters.problems["reason"] = "This must be a code such as insufficient_funds."
        return
    filters.conditions.append(reason_code == value)
    filters.labels["reason"] = f"Reason: {in_words(value)}"


def _read_email(filters: Filters, value: str) -> None:
    if "@" not in value:
        filters.problems["email"] = "This must be a whole e-mail address."
        return
    filters.conditions.append(lower_email == compared(value))
    filters.labels["email"] = f"E-mail: {value}"


def _read_last4(filters: Filters, value: str) -> None:
    if not re.fullmatch(r"[0-9]{4}", value):
        filters.problems["last4"] = "This must be the card's last four digits."
        return
    filters.conditions.append(Transaction.card_last4 == value)
    filters.labels["last4"] = f"Card ending {value}"


def _read_amounts(filters: Filters) -> None:
    currency = code_of(filters.given.get("currency"))
    for name, comparison, words in (("least", "__ge__", "At least"), ("most", "__le__", "At most")):
        if name not in filters.given:
            continue
        typed = filters.given[name]
        if any(unicodedata.category(char) == "Sc" for char in typed):
            filters.problems[name] = _SIGN
            continue
        either = currency in THREE_DECIMAL and _THREE_DECIMALS.fullmatch(typed)
        amount = read_amount(typed) if _PLAIN_AMOUNT.fullmatch(typed) and not either else None
        condition = shown_is(amount, comparison) if amount is not None else None
        if condition is None:
            filters.problems[name] = "This must be an amount such as 10.99."
            continue
        filters.conditions.append(condition)
        filters.labels[name] = f"{words} {filters.given[name]}"


_READERS: dict[str, Any] = {
    "status": _read_status,
    "currency": _read_currency,
    "reason": _read_reason,
    "email": _read_email,
    "last4": _read_last4,
}
_FIELDS = ("from", "to", "least", "most")
PRESETS = (
    ("Needs somebody", {"status": "attention"}),
    ("Failed today", {"status": "failed", "from": "today"}),
    ("Stuck pending", {"status": "stuck"}),
    ("Refunded", {"status": "refunded"}),
    ("Successful today", {"status": "complete", "from": "today"}),
)
