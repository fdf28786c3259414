"""Exact months, and exact parts of them."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from payments_app.subscriptions.calendar import local_day, next_boundary, prorated


def boundaries(start: str, interval: str, count: int) -> list[str]:
    day = dt.date.fromisoformat(start)
    anchor, found = day.day, []
    for _ in range(count):
        day = next_boundary(day, interval, anchor)
        found.append(day.isoformat())
    return found


def test_the_31st_is_the_last_day_of_shorter_months_and_the_31st_again() -> None:
    assert boundaries("2026-01-31", "month", 4) == [
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]


def test_february_has_its_29th_in_a_leap_year() -> None:
    assert boundaries("2028-01-30", "month", 2) == ["2028-02-29", "2028-03-30"]


def test_a_year_that_began_on_a_leap_day_ends_on_one_four_years_later() -> None:
    assert boundaries("2028-02-29", "year", 4) == [
        "2029-02-28",
        "2030-02-28",
        "2031-02-28",
        "2032-02-29",
    ]


def test_december_is_followed_by_january() -> None:
    assert boundaries("2026-12-31", "month", 2) == ["2027-01-31", "2027-02-28"]


def test_a_week_is_seven_days_across_the_end_of_a_month() -> None:
    assert boundaries("2026-02-26", "week", 1) == ["2026-03-05"]


@pytest.mark.parametrize(
    ("amount", "left", "days", "currency", "part"),
    [
        (1500, 15, 30, "usd", 750),
        (1000, 1, 3, "usd", 333),
        (1001, 1, 2, "usd", 501),  # a half goes up
        (1500, 0, 30, "usd", 0),
        (1500, 30, 30, "usd", 1500),
        (1000, 1, 3, "jpy", 333),
        (5000, 1, 3, "kwd", 1670),  # the last digit of three must be 0
        (100_000, 1, 3, "isk", 33_300),  # whole units only
    ],
)
def test_a_part_of_a_price_is_exact_and_rounded_half_up(
    amount: int, left: int, days: int, currency: str, part: int
) -> None:
    assert prorated(amount, left, days, currency) == part


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Auckland", "2026-04-01"), ("America/Los_Angeles", "2026-03-31")]
)
def test_the_day_is_the_business_time_zones(settings: dict[str, str], zone: str, day: str) -> None:
    from payments_app import create_app
    from payments_app.config import Config

    app: Flask = create_app(Config.from_env(settings | {"BUSINESS_TIMEZONE": zone}))
    with app.app_context():
        moment = dt.datetime(2026, 3, 31, 23, 30, tzinfo=dt.UTC)
        assert str(local_day(moment)) == day
