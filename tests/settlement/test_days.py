"""Where a business day ends, also where clocks are changed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_app.settlement.days import business_day, ends_at, starts_at

NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["UTC", "America/New_York", "Europe/Zurich", "Asia/Kathmandu", "America/Santiago",
         "Australia/Lord_Howe", "America/Havana", "Pacific/Auckland"]  # fmt: skip


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_midnight_ends_the_day_that_it_follows() -> None:
    assert business_day(utc("2026-11-22T04:59:59.999"), NEW_YORK, 0) == day("2026-11-21")
    assert business_day(utc("2026-11-22T05:00:00"), NEW_YORK, 0) == day("2026-11-22")


def test_what_comes_at_the_cutoff_belongs_to_the_next_day() -> None:
    five = 17 * 60
    assert business_day(utc("2026-11-20T21:59:59.999"), NEW_YORK, five) == day("2026-11-20")
    assert business_day(utc("2026-11-20T22:00:00"), NEW_YORK, five) == day("2026-11-21")


def test_the_day_on_which_clocks_go_forward_has_23_hours() -> None:
    length = ends_at(day("2026-03-08"), NEW_YORK, 0) - starts_at(day("2026-03-08"), NEW_YORK, 0)
    assert length == dt.timedelta(hours=23)


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    length = ends_at(day("2026-11-01"), NEW_YORK, 0) - starts_at(day("2026-11-01"), NEW_YORK, 0)
    assert length == dt.timedelta(hours=25)


def test_a_cutoff_that_comes_twice_counts_when_it_comes_first() -> None:
    half_past_one = 90
    assert ends_at(day("2026-11-01"), NEW_YORK, half_past_one) == utc("2026-11-01T05:30")
    # 01:10 for the second time is after 01:30 for the first.
    assert business_day(utc("2026-11-01T06:10"), NEW_YORK, half_past_one) == day("2026-11-02")


def test_a_cutoff_that_is_skipped_counts_at_its_instant() -> None:
    half_past_two = 150
    assert ends_at(day("2026-03-08"), NEW_YORK, half_past_two) == utc("2026-03-08T07:30")


@pytest.mark.parametrize("zone", ZONES)
@given(
    moment=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)),
    cutoff=st.integers(0, 1439),
)
def test_every_moment_is_within_its_day_and_days_touch(
    zone: str, moment: dt.datetime, cutoff: int
) -> None:
    where, instant = ZoneInfo(zone), moment.replace(tzinfo=dt.UTC)
    found = business_day(instant, where, cutoff)
    assert starts_at(found, where, cutoff) <= instant < ends_at(found, where, cutoff)
    assert ends_at(found, where, cutoff) == starts_at(found + dt.timedelta(1), where, cutoff)
