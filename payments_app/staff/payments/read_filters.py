"""read_filters: what the address asks the payments list for."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from payments_app.core.ago import day_shown
from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.db.clock import day_bounds
from payments_app.core.email_addresses import compared
from payments_app.core.money import THREE_DECIMAL, code_of
from payments_app.core.web.query import UnreadableQueryError, read_query
from payments_app.payments.models import Transaction
from payments_app.staff.cells import in_words
from payments_app.staff.indexes import lower_email, reason_code
from payments_app.staff.payments.amount_filters import read_amount, shown_is
from payments_app.staff.payments.filters import STATUSES, Filters
from payments_app.staff.payments.typed_dates import read_day

# As people write it, where it can be read in one way only.
_PLAIN_AMOUNT = re.compile(r"([1-9][0-9]{0,2}(,[0-9]{3})+|[0-9]{1,13})(\.[0-9]{1,3})?")
_THREE_DECIMALS = re.compile(r"[0-9]{1,3},[0-9]{3}")  # or thousands, in a currency that has three
_SIGN = "Enter digits only, such as 10.99. Choose the currency beside it."


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
    filters.labels[name] = f"{name.capitalize()} {day_shown(day)}"


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
