"""Days and moments are written in one way on all pages of staff and of merchants."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from flask import Flask

from tests.accounts.staff_driver import StaffDriver
from tests.portal.portal_driver import Portal
from tests.staff.long_lists import LongLists

pytestmark = [pytest.mark.portable, pytest.mark.expects_failure]
ROOT = Path(__file__).parents[2]
AREAS = ("staff", "portal", "ops", "ledger", "settlement", "attention")
# What is read by machines or in a terminal, or is no day of a page.
ELSEWHERE = {
    "staff/payments/export.py",
    "ledger/export.py",
    "settlement/export.py",
    "portal/payment_pages.py",
    "ops/security_txt.py",
    "ops/last_resort.py",
    "ops/stripe_destination_checks.py",
    "staff/reports/pages.py",  # the key of a cache
    "staff/payments/typed_dates.py",  # reads them
    "staff/disputes/prefilled.py",  # what the bank reads
    "staff/zones.py",  # UTC, where the pointer rests
    "staff/causes/timeline.py",  # milliseconds of technical steps
}
FORMAT = re.compile(r"strftime\(|:%[a-zA-Z]|isoformat\(sep")
MONTH_ALONE = re.compile(r"%B %Y|%a\b")  # a month of the reports, and a day of the week
OTHER = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}\b"
    r"|\b\d{1,2}/\d{1,2}/\d{2}\b|(?<![\d:])\d:\d\d(?::\d\d)? [AP]M"
)


def test_no_page_has_a_format_of_its_own() -> None:
    found = []
    for area in AREAS:
        paths = [*(ROOT / "payments_app" / area).rglob("*.py")]
        paths += [path for path in (ROOT / "templates" / area).rglob("*") if path.is_file()]
        for path in paths:
            name = str(path.relative_to(path.parents[len(path.parts) - len(ROOT.parts) - 2]))
            lines = path.read_text().splitlines()
            own = [line for line in lines if FORMAT.search(MONTH_ALONE.sub("", line))]
            if own and name not in ELSEWHERE:
                found.append((name, own))
    assert found == []


def shown(page: str) -> str:
    """What a page shows, without what its author typed or its search box offers."""
    bare = re.sub(r"(?s)<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page)
    return html.unescape(bare)


def test_no_page_prints_a_day_in_another_way(app: Flask) -> None:
    world = LongLists(app)
    staff, merchant = StaffDriver(app).signed_in("admin"), Portal(app).signed_in()
    ids = world.ids
    pages = [
        *("", "/payments", "/disputes", "/merchants", "/alerts", "/queues", "/audit", "/reports"),
        *("/settlements", "/ledger/journals", "/reconciliation", "/payouts", "/payment-links"),
        *(f"/payments/{ids['payment']}", f"/customers/{ids['customer']}", "/double-payments"),
        *(f"/subscriptions/{ids['subscription']}", f"/incidents/{ids['incident']}"),
        *("/payments?q=yesterday", "/payments?from=today"),
    ]
    theirs = ["payments", f"payments/{ids['payment']}", "statements", "sessions", "webhooks"]
    theirs.append(f"webhooks/{ids['endpoint']}")
    found = []
    for browser, paths in (
        (staff, [f"/staff{page}" for page in pages]),
        (merchant, [f"/portal/{page}" for page in theirs]),
    ):
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code == 200, path
            found += [(path, each[0]) for each in OTHER.finditer(shown(answer.text))]
    assert [each for each in found if "Nov 22" not in each[1]] == []
