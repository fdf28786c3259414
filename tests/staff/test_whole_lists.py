"""No list of staff's pages is cut silently: the way from its first page leads to all its rows."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.accounts.staff_driver import Browser, StaffDriver
from tests.list_walk import PACKAGE, Listed, check_all_led_to, unknown_limits
from tests.staff.long_lists import COUNT, LongLists

pytestmark = [pytest.mark.portable, pytest.mark.expects_failure]

LISTS: dict[str, Listed] = {
    "attempts of a customer": (
        "/staff/customers/{customer}",
        "staff.customers.queries.SHOWN",
        r'href="/staff/payments/(txn_\w+)(?:\?[^"]*)?">Details',
        "attempts",
    ),
    "bills": (
        "/staff/subscriptions/{subscription}",
        "staff.subscriptions.queries.SHOWN",
        r">(\$15\.0\d)<",
        "bills",
    ),
    "what happened to a subscription": (
        "/staff/subscriptions/{subscription}",
        "staff.subscriptions.queries.SHOWN",
        r"(?i)(step.\d)",
        "timeline",
    ),
    "disputes that wait": (
        "/staff/disputes",
        "staff.disputes.queries.PAGE",
        r"<code>(dp_long\d)(?=[\s\S]*All, newest first)",
        "waiting",
    ),
    "all disputes": (
        "/staff/disputes",
        "staff.disputes.queries.PAGE",
        r"<code>(dp_long\d)(?![\s\S]*All, newest first)",
        None,
    ),
    "what matched no payment": (
        "/staff/disputes",
        "staff.disputes.queries.PAGE",
        r"<code>(re_unmatched\d)",
        "unmatched",
    ),
    "merchants": (
        "/staff/merchants",
        "staff.merchants.queries.MOST",
        r"(Seller \d)\.",
        "merchants",
    ),
    "open alerts": ("/staff/alerts", "ops.alert_pages.PAGE", r"(Alert \d)\.", "alerts"),
    "seen alerts": (
        "/staff/alerts?acknowledged=1",
        "ops.alert_pages.PAGE",
        r"(Alert \d)\.",
        "alerts",
    ),
    "dead letters": (
        "/staff/queues",
        "ops.dead_letters.PAGE",
        r"(subject_\d)",
        "dead",
    ),
    "payments of an incident": (
        "/staff/incidents/{incident}",
        "ops.touched.MOST",
        r'href="/staff/payments/(txn_\w+)(?:\?[^"]*)?"',
        "payments",
    ),
    "refunds of an incident": (
        "/staff/incidents/{incident}",
        "ops.touched.MOST",
        r">(\$1\.0\d)<",
        "refunds",
    ),
    "mails of a payment": (
        "/staff/payments/{payment}",
        "staff.payments.sent.MOST",
        r"Mail: (Kind \d)",
        "mails",
    ),
    "webhooks of a payment": (
        "/staff/payments/{payment}",
        "staff.payments.sent.MOST",
        r"deliveries/(whd_\w+)/resends",
        "webhooks",
    ),
    "the timeline of a payment": (
        "/staff/payments/{payment}",
        "staff.payments.pages.MOST",
        r"(Note \d)",
        "timeline",
    ),
    "attempts at a payment": (
        "/staff/payments/{payment}",
        "staff.payments.pages._ATTEMPTS",
        r'class="go"\s+href="/staff/payments/(txn_\w+)(?:\?[^"]*)?"',
        None,
    ),
    "what a search found": (
        "/staff/payments?q=Order+%23{order}",
        "staff.payments.search.SHOWN",
        r'class="go"\s+href="/staff/payments/(txn_\w+)(?:\?[^"]*)?"',
        None,
    ),
    "links to pay": (
        "/staff/payment-links",
        "staff.payment_requests.pages._SHOWN",
        r"(Asked \d)\.",
        None,
    ),
    "settlements": (
        "/staff/settlements",
        "settlement.views.LISTED settlement.statement.LISTED",
        r"settlements/(stl_\w+)",
        None,
    ),
}
# Limits of the rest of the package by module, and why each cuts no list silently.
NO_LIST = {
    "accounts/api_keys.py: 2 if overlap else 1": "those that a new key replaces",
    "api/events.py: asked.limit + 1": "`has_more`",
    "attention/keep.py: _BATCH": "a job, batch by batch",
    "attention/work.py: MOST": '`exact`: the overview says "at least"',
    "core/history.py: count": "the last entries, to look among",
    "core/jobs/turns.py: limit": "what is claimed now",
    "core/jobs/turns.py: max(0, most)": "what is claimed now",
    "core/web/part.py: size + 1": "a part says of how many it is one",
    "customers/given_back.py: NEWEST + 1": "tests/customers/test_pages.py",
    "ledger/queries.py: limit": "the page leads to older ones",
    "merchants/read_again.py: MOST": "a job, batch by batch",
    "notices/deliver.py: most": "a count up to there",
    "notices/replay.py: MOST + 1": "more are refused",
    "ops/bulk.py: MOST": "the page says of how many",
    "ops/clean_up.py: BATCH": "a job, batch by batch",
    "ops/incident.py: 4 * _CALLS": "the last calls, to look among",
    "ops/late_work.py: MOST_NOW + 1": "tests/ops/test_incident.py",
    "ops/late_work.py: MOST_THEN + 1": "tests/ops/test_incident.py",
    "ops/notice_end.py: count": "which payments go on first",
    "orders/bestsellers.py: RANKS": "it is asked for the first ten",
    "payment_requests/customers.py: limit + 1": "`has_more`",
    "payment_requests/find.py: limit + 1": "`has_more`; the page leads to older ones",
    "payments/transactions/misconfigured.py: _LATEST": "the last attempts, to look among",
    "reconcile/findings.py: limit": "the page says of how many, or leads to older ones",
    "settlement/statement.py: LISTED + 1": "the page leads to older ones",
}
# Limits that cut no list of a page, or lists with a walk of their own.
ELSEWHERE = {
    "1": "one row is asked for",
    "NEWEST": "the page says among how many was looked",
    "MOST_CUSTOMERS + 1": "beyond them another search is made",
    "_BATCH": "a file, batch by batch",
    "_MOST": "a dispute's answer says how many downloads there were in all",
    "_MOST + 1": "a dispute's answer says that more mails followed",
    "_SIZE + 1": "staff's own entries, by their ids",
    "most": "tests/staff/test_whole_lists.py, the timeline",
}


@pytest.fixture
def world(app: Flask) -> LongLists:
    return LongLists(app)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return StaffDriver(app).signed_in("admin")


@pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
def test_every_row_of_a_list_is_led_to(
    world: LongLists, browser: Browser, monkeypatch: pytest.MonkeyPatch, listed: Listed
) -> None:
    ids = {**world.ids, "order": world.order_number}
    check_all_led_to(browser, monkeypatch, listed, COUNT, **ids)


def test_a_list_that_is_shown_whole_says_nothing_of_pages(world: LongLists, app: Flask) -> None:
    page = StaffDriver(app).signed_in("admin").get(f"/staff/customers/{world.ids['customer']}").text
    assert "shown" not in page
    assert 'rel="next"' not in page


def test_every_limit_of_the_pages_is_walked_or_explained() -> None:
    """One that is added tomorrow is walked too."""
    assert unknown_limits("staff", LISTS.values(), ELSEWHERE) == set()


def test_every_other_limit_of_the_package_is_explained() -> None:
    """One that is added tomorrow is looked at, too."""
    found = {
        f"{path.relative_to(PACKAGE).as_posix()}: {limit}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ("staff", "portal")
        for limit in re.findall(r"\.limit\(((?:[^()]|\([^()]*\))*)\)", path.read_text())
    }
    assert {one for one in found if not one.endswith(": 1")} == set(NO_LIST)
