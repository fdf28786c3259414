"""Ranges as people write them: "10-20 dollars", "$10 to $20", "Nov 1 - Nov 5", "between 11/1 and
11/5". No query here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from payments_app.staff.payments.typed_dates import Days, read_days
from payments_app.staff.payments.typed_money import TypedMoney, read_money

_BETWEEN = re.compile(r"\s+(?:-|to|until|till|and)\s+|\s*(?:[\u2013\u2014]|\.{2,3})\s*|-")
_WORD_AND_DAY = re.compile(r"([a-z]{3,9}\.?) \d", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:\d{4}|\d{1,2}/\d{1,2}/\d{2})\b")


def read_amount_span(typed: str) -> tuple[TypedMoney, TypedMoney] | None:
    """The least and the most that are meant, both of one currency or of any; None for anything
    else. A currency that is written once is that of both."""
    for left, right in _halves(typed):
        first, last = read_money(left), read_money(right)
        if first is None or last is None or first.back or last.back:
            continue
        currency = first.currency or last.currency
        if (first.currency or currency, last.currency or currency) != (currency, currency):
            continue
        least, most = sorted((first.amount, last.amount))
        return TypedMoney(least, currency, back=False), TypedMoney(most, currency, back=False)
    return None


def read_day_span(typed: str, today: dt.date) -> Days | None:
    """The first and the last day that are meant; None for anything else. "Nov 1 - 5" is of one
    month, a year that is written once is that of both, and the last day is not before the first."""
    for left, right in _halves(typed):
        first = read_days(_with_year_of(left, right), today)
        month = _WORD_AND_DAY.match(left)
        last = read_days(right, today)
        if last is None and month:
            last = read_days(f"{month[1]} {right}", today)
        if first is None or last is None:
            continue
        if last[1] < first[0] and last[1].year < first[0].year and not _YEAR.search(right):
            last = (first[0], _a_year_later(last[1]))
        return min(first[0], last[0]), max(first[1], last[1])
    return None


def _halves(typed: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind each word or sign that may mean "to"."""
    text = re.sub(r"^(?:between|from) ", "", typed.strip(), flags=re.IGNORECASE)
    for sign in _BETWEEN.finditer(text):
        left, right = text[: sign.start()].strip(), text[sign.end() :].strip()
        if left and right:
            yield left, right


def _with_year_of(left: str, right: str) -> str:
    year = re.search(r"[ ,](\d{4})$", right)
    return (
        f"{left}, {year[1]}"
        if year and _WORD_AND_DAY.match(left) and not _YEAR.search(left)
        else left
    )


def _a_year_later(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # the 29th of February
        return dt.date(day.year + 1, 3, 1)
