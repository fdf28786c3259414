"""Days and amounts are read as people write them."""

from __future__ import annotations

import datetime as dt

import pytest

from payments_app.staff.payments.typed_dates import describe, read_days
from payments_app.staff.payments.typed_money import read_money

TODAY = dt.date(2026, 11, 26)  # a Thursday


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("yesterday", "Wed 11/25/2026"),
        ("Tuesday", "Tue 11/24/2026"),
        ("thu", "Thu 11/26/2026"),
        ("last Thursday", "Thu 11/19/2026"),
        ("Nov 25", "Wed 11/25/2026"),
        ("25. November 2025", "Tue 11/25/2025"),
        ("25.11.2026", "Wed 11/25/2026"),
        ("11/25/26", "Wed 11/25/2026"),
        ("25/11/2026", "Wed 11/25/2026"),
        ("Dec 24", "Wed 12/24/2025"),
        ("Wed Nov 25, 2:47 PM", "Wed 11/25/2026"),
        ("11/25/2026 02:47 PM UTC", "Wed 11/25/2026"),
        ("2026-11-25T10:00:01Z", "Wed 11/25/2026"),
        ("last week", "Mon 11/16/2026 to Sun 11/22/2026"),
        ("November", "Sun 11/01/2026 to Mon 11/30/2026"),
        ("Feb 29 2024", "Thu 02/29/2024"),
    ],
)
def test_a_day_is_read(typed: str, read: str) -> None:
    days = read_days(typed, TODAY)
    assert days is not None
    assert describe(days) == read


@pytest.mark.parametrize(
    "typed", ["02/30/2026", "ada", "mayer", "satin", "4343", "12.34", "1/2/1999", "99/99", ""]
)
def test_what_is_no_day_is_none(typed: str) -> None:
    assert read_days(typed, TODAY) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("$1,099.50", "1,099.50 USD"),
        ("1.099,50 \u20ac", "1,099.50 EUR"),
        ("10,99", "10.99 in any currency"),
        ("USD 12", "12 USD"),
        ("12 usd", "12 USD"),
        ("US$5", "5 USD"),
        ("CA$10", "10 CAD"),
        ("\u00a51,800", "1,800 JPY"),
        ("-\u00a33.20", "\u22123.20 GBP"),
        ("\u2212$4.00", "\u22124.00 USD"),
        ("1 099.50", "1,099.50 in any currency"),
    ],
)
def test_an_amount_is_read(typed: str, read: str) -> None:
    money = read_money(typed)
    assert money is not None
    assert money.words == read


@pytest.mark.parametrize("typed", ["ada", "4 pm", "12.34 xyz", "3-4", "1.2.3", "$", "9" * 40, ""])
def test_what_is_no_amount_is_none(typed: str) -> None:
    assert read_money(typed) is None
