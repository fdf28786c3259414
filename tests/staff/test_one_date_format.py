"""Days and moments are written in one way on all pages of staff."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.staff_driver import StaffDriver
from tests.date_words import own_formats, printed_otherwise
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


def test_no_page_has_a_format_of_its_own() -> None:
    assert own_formats(AREAS, ELSEWHERE) == []


def test_no_page_prints_a_day_in_another_way(app: Flask) -> None:
    ids = LongLists(app).ids
    pages = [
        *("", "/payments", "/disputes", "/merchants", "/alerts", "/queues", "/audit", "/reports"),
        *("/settlements", "/ledger/journals", "/reconciliation", "/payouts", "/payment-links"),
        *(f"/payments/{ids['payment']}", f"/customers/{ids['customer']}", "/double-payments"),
        *(f"/subscriptions/{ids['subscription']}", f"/incidents/{ids['incident']}"),
        *("/payments?q=yesterday", "/payments?from=today"),
    ]
    browser = StaffDriver(app).signed_in("admin")
    assert printed_otherwise(browser, [f"/staff{page}" for page in pages]) == []
