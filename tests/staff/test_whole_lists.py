"""No list of a page is cut silently: the way from its first page leads to all of its rows."""

from __future__ import annotations

import html
import importlib
import re
from pathlib import Path

import pytest
from flask import Flask

from tests.accounts.staff_driver import Browser, StaffDriver
from tests.portal.portal_driver import Portal
from tests.staff.long_lists import COUNT, LongLists

pytestmark = [pytest.mark.portable, pytest.mark.expects_failure]
SIZE = 2
PACKAGE = Path(__file__).parents[2] / "payments_app"

# The page, the limit, what names a row there, and the anchor of the list where a page has many.
LISTS = {
    "attempts of a customer": (
        "/staff/customers/{customer}",
        "staff.customers.queries.SHOWN",
        r'href="/staff/payments/(txn_\w+)">Details',
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
        r'href="/staff/payments/(txn_\w+)"',
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
        r'class="go"\s+href="/staff/payments/(txn_\w+)"',
        None,
    ),
    "what a search found": (
        "/staff/payments?q=Order+%23{order}",
        "staff.payments.search.SHOWN",
        r'class="go"\s+href="/staff/payments/(txn_\w+)"',
        None,
    ),
    "settlements": (
        "/staff/settlements",
        "settlement.views.LISTED settlement.statement.LISTED",
        r"settlements/(stl_\w+)",
        None,
    ),
    "a merchant's statements": (
        "/portal/statements",
        "portal.statement_pages.LISTED settlement.statement.LISTED",
        r'statements/(stl_\w+)"',
        None,
    ),
    "a merchant's payments": (
        "/portal/payments",
        "portal.pages.PAGE_SIZE",
        r"/portal/payments/(txn_\w+)",
        None,
    ),
    "an endpoint's deliveries": (
        "/portal/webhooks/{endpoint}",
        "portal.deliveries.SHOWN",
        r"Send (evt_\w+) again",
        "deliveries",
    ),
}
# Limits that cut no list of a page, or lists with a walk of their own.
ELSEWHERE = {
    "1": "one row is asked for",
    "NEWEST": "the page says among how many was looked",
    "SCANNED": "tests/portal/test_payments.py",
    "MOST_CUSTOMERS + 1": "beyond them another search is made",
    "_BATCH": "a file, batch by batch",
    "BATCH": "a job, batch by batch",
    "4 * _CALLS": "a measure, no list",
    "2": "one more than is needed, to tell",
    "_MOST": "a dispute's answer is filled from the newest mails",
    "_SIZE + 1": "staff's own entries, by their ids",
    "most": "tests/staff/test_whole_lists.py, the timeline",
}


@pytest.fixture
def world(app: Flask) -> LongLists:
    return LongLists(app)


@pytest.fixture
def browser(app: Flask, request: pytest.FixtureRequest) -> Browser:
    """A merchant's for the portal, else an administrator's."""
    if "portal" in request.node.callspec.params["place"]:
        return Portal(app).signed_in()
    return StaffDriver(app).signed_in("admin")


def ways(page: str, anchor: str | None) -> list[str]:
    """Where the next pages of a list are, as its page links them."""
    found = re.findall(
        r'<a\s+(?:class="[^"]*"\s+)?(?:rel="next"\s+)?href="([^"]+)"[^>]*>([^<]+)</a>', page
    )
    words = ("Next", "Older", "Earlier attempts", "Show more")
    links = [html.unescape(href) for href, label in found if label.strip().startswith(words)]
    return [link for link in links if anchor is None or link.endswith(f"#{anchor}")]


def walk(browser: Browser, path: str, row: str, anchor: str | None) -> set[str]:
    """All rows that the way from a page leads to."""
    seen: set[str] = set()
    left, been = [path], set()
    while left:
        if (here := left.pop().partition("#")[0]) in been:
            continue
        been.add(here)
        answer = browser.get(here)
        assert answer.status_code == 200, here
        seen |= set(re.findall(row, answer.text))
        left += ways(answer.text, anchor)
    return seen


@pytest.mark.parametrize(("place", "limit", "row", "anchor"), LISTS.values(), ids=LISTS)
def test_every_row_of_a_list_is_led_to(
    world: LongLists,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    limit: str,
    row: str,
    anchor: str | None,
) -> None:
    path = place.format(**world.ids, order=world.order_number)
    whole = set(re.findall(row, browser.get(path).text))
    for name in limit.split():
        module, _, constant = f"payments_app.{name}".rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), constant, SIZE)
    first = browser.get(path).text
    assert len(whole) == COUNT
    assert set(re.findall(row, first)) < whole or anchor == "timeline"
    assert walk(browser, path, row, anchor) == whole
    assert not anchor or anchor == "timeline" or re.search(r" of \d+ shown", first)


def test_a_list_that_is_shown_whole_says_nothing_of_pages(world: LongLists, app: Flask) -> None:
    page = StaffDriver(app).signed_in("admin").get(f"/staff/customers/{world.ids['customer']}").text
    assert "shown" not in page
    assert 'rel="next"' not in page


def test_every_limit_of_the_pages_is_walked_or_explained() -> None:
    """One that is added tomorrow is walked too."""
    walked = {
        name.rpartition(".")[2] for _, limit, _, _ in LISTS.values() for name in limit.split()
    }
    limits = set()
    for package in ("staff", "portal"):
        for path in (PACKAGE / package).rglob("*.py"):
            limits |= set(re.findall(r"\.limit\(([^()]+)\)", path.read_text()))
            limits |= set(
                re.findall(r'(?:part|scalars)_of\(\w+, [^"]+"\w+", ([^)]+)\)', path.read_text())
            )
    unknown = {
        limit
        for limit in limits - set(ELSEWHERE)
        if limit.removeprefix("2 * ").removesuffix(" + 1") not in walked | {"size", "limit"}
    }
    assert unknown == set()
