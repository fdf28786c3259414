"""No list of a merchant's pages is cut silently: the way from its first page leads to all of its
rows."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.list_walk import Listed, check_all_led_to, unknown_limits
from tests.portal.portal_driver import Portal
from tests.staff.long_lists import COUNT, LongLists

pytestmark = [pytest.mark.portable, pytest.mark.expects_failure]
LISTS: dict[str, Listed] = {
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
ELSEWHERE = {
    "NEWEST": "the page says among how many was looked",
    "2": "one more than is needed, to tell",
    "SCANNED": "tests/portal/test_payments.py",
}


@pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
def test_every_row_of_a_merchant_s_list_is_led_to(
    app: Flask, portal: Portal, monkeypatch: pytest.MonkeyPatch, listed: Listed
) -> None:
    ids = LongLists(app).ids
    check_all_led_to(portal.signed_in(), monkeypatch, listed, COUNT, **ids)


def test_every_limit_of_a_merchant_s_pages_is_walked_or_explained() -> None:
    """One that is added tomorrow is walked too."""
    assert unknown_limits("portal", LISTS.values(), ELSEWHERE) == set()
