"""Days and moments are written in one way on all pages of staff."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.staff_driver import StaffDriver
from tests.date_words import own_formats, printed_otherwise, written_otherwise
from tests.staff.long_lists import LongLists

pytestmark = [pytest.mark.portable, pytest.mark.expects_failure]
AREAS = ("staff", "ops", "ledger", "settlement", "attention")
# What is read by machines or in a terminal, or is no day of a page.
ELSEWHERE = {
    "staff/payments/export.py",
    "ledger/export.py",
    "settlement/export.py",
    "ops/security_txt.py",
    "ops/last_resort.py",
    "ops/stripe_destination_checks.py",
    "staff/reports/pages.py",  # the key of a cache
    "staff/payments/typed_dates.py",  # reads them
    "staff/disputes/prefilled.py",  # what the bank reads
    "staff/zones.py",  # UTC, where the pointer rests
    "staff/causes/timeline.py",  # milliseconds of technical steps
}


@pytest.mark.parametrize(
    "day",
    [
        *("Nov 22", "Nov. 22", "November 22nd", "22 Nov", "22nd of November", "22. May", "Sept 9"),
        *("2026-11-22", "22.11.2026", "11/22/26"),
    ],
)
def test_a_day_in_another_form_is_seen_with_a_year_or_without(day: str) -> None:
    assert written_otherwise(f"Paid on {day}, and on 11/22/2026 at 02:47 PM") == [day]


def test_a_month_and_a_number_of_things_are_no_day() -> None:
    assert written_otherwise("November 2026: 3 marks, 12 decisions, you may 2 times") == []


def test_no_page_has_a_format_of_its_own() -> None:
    assert own_formats(AREAS, ELSEWHERE) == []


def test_no_page_prints_a_day_in_another_way(app: Flask) -> None:
    ids = LongLists(app).ids
    pages = [
        *("", "/payments", "/disputes", "/merchants", "/alerts", "/queues", "/audit", "/reports"),
        *("/settlements", "/ledger/journals", "/reconciliation", "/payouts", "/payment-links"),
        *(f"/payments/{ids['payment']}", f"/customers/{ids['customer']}", "/double-payments"),
        *(f"/subscriptions/{ids['subscription']}", f"/incidents/{ids['incident']}"),
        *("/payments?q=yesterday", "/payments?from=today", "/payments?q=nobody.here"),
        *("/alerts?acknowledged=1", "/alerts?incidents=1"),
    ]
    browser = StaffDriver(app).signed_in("admin")
    assert printed_otherwise(browser, [f"/staff{page}" for page in pages]) == []
