"""Ranges of amounts and of days are read as people write them, and said in one way."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from payments_app.staff.payments.search import _ORDER
from payments_app.staff.payments.typed_dates import describe
from payments_app.staff.payments.typed_spans import read_amount_span, read_day_span

TODAY = dt.date(2026, 11, 28)
NARROW = "\u202f"  # a space


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("10-20 dollars", "10 to 20 USD"),
        ("$10 - $20", "10 to 20 USD"),
        ("$10\u2013$20.50", "10 to 20.50 USD"),
        ("between 10 and 20 euros", "10 to 20 EUR"),
        ("from 20 to 10", "10 to 20 in any currency"),
        ("USD 1,000 to 2,000", "1000 to 2,000 USD"),
    ],
)
def test_a_range_of_amounts(typed: str, words: str) -> None:
    span = read_amount_span(typed)
    assert span is not None
    assert f"{span[0].amount} to {span[1].words}" == words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Nov 1 - Nov 5", "Sun 11/01/2026 to Thu 11/05/2026"),
        ("Nov 1-5", "Sun 11/01/2026 to Thu 11/05/2026"),
        ("11/1 to 11/5", "Sun 11/01/2026 to Thu 11/05/2026"),
        ("2026-11-01 - 2026-11-05", "Sun 11/01/2026 to Thu 11/05/2026"),
        ("Nov 1 to Nov 5, 2025", "Sat 11/01/2025 to Wed 11/05/2025"),
        ("Dec 28 - Jan 3", "Sun 12/28/2025 to Sat 01/03/2026"),
        ("Nov 27 - Dec 3", "Fri 11/27/2026 to Thu 12/03/2026"),
        ("from yesterday until today", "Fri 11/27/2026 to Sat 11/28/2026"),
        ("Nov 5 - Nov 1", "Sun 11/01/2026 to Thu 11/05/2026"),
    ],
)
def test_a_range_of_days(typed: str, words: str) -> None:
    days = read_day_span(typed, TODAY)
    assert days is not None
    assert describe(days) == words


@pytest.mark.parametrize(
    "typed", ["-10", "AB12-CD34", "Anne-Marie", "$10 - \u20ac20", "2026-11-01", "10 -", "to 20"]
)
def test_what_is_no_range(typed: str) -> None:
    assert read_amount_span(typed) is None
    assert read_day_span(typed, TODAY) is None


def test_odd_spaces_cost_no_more_than_other_letters() -> None:
    """Each way to share them out was tried: three seconds for what fits into the search box."""
    began = time.process_time()
    assert read_amount_span(f"-{NARROW * 150}{'-' * 100}1x") is None
    assert _ORDER.fullmatch(f"order{' ' * 1500}!") is None
    assert time.process_time() - began < 0.5
