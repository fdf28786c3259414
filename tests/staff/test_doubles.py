"""Payments that may be one mistake wait for somebody, by one rule in each place that says so."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from redis import Redis as RedisClient
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_navigation import navigation
from tests.staff.test_overview import Overview

pytestmark = pytest.mark.portable
DAY = dt.timedelta(days=1)


class Places:
    """Where staff read of double payments."""

    def __init__(self, browser: Browser, redis_clients: dict[str, RedisClient]) -> None:
        self.browser, self._clients = browser, redis_clients

    def counts(self) -> tuple[int, int, int]:
        """In the navigation, on the overview and on the page of their own."""
        for client in self._clients.values():  # the navigation's counts are kept for some seconds
            client.flushdb()
        counted = navigation(self.browser)["Double payments"]
        lines = [line for line in Overview(self.browser).lines() if "Paid twice" in line.what]
        page = self.browser.get("/staff/double-payments").text
        return counted, len(lines), page.count(">Refund the second<")


@pytest.fixture
def places(app: Flask, redis_clients: dict[str, RedisClient]) -> Places:
    return Places(StaffDriver(app).signed_in("admin"), redis_clients)


def _twice(payments: StoredPayments, ago: dt.timedelta, email: str) -> tuple[str, str]:
    at = utcnow() - ago
    first, second = (
        payments.payment(email=email, created_at=each, ended_at=each)
        for each in (at - dt.timedelta(seconds=30), at)
    )
    return first, second


@pytest.mark.parametrize(("days", "found"), [(0, 1), (2, 1), (6, 1), (8, 0)])
def test_a_double_waits_in_each_place_until_it_is_really_old(
    places: Places, stored_payments: StoredPayments, days: int, found: int
) -> None:
    stored_payments.payment(email="bob@example.com", created_at=utcnow() - days * DAY)
    _twice(stored_payments, days * DAY, "ada@example.com")
    assert places.counts() == (found, found, found)


@atomic
def _refund(session: Session, transaction_id: str) -> None:
    row = Refund(transaction_id=transaction_id, amount=1099, currency="usd")
    row.reason, row.requested_by = "Paid twice", "system"
    session.add(row)


@atomic
def _dispute(session: Session, transaction_id: str, state: str) -> None:
    row = Dispute(transaction_id=transaction_id, stripe_dispute_id=new_id("dp"), stripe_data={})
    row.amount, row.currency, row.reason = 1099, "usd", "duplicate"
    row.state, row.funds, row.opened_at = state, "withdrawn", utcnow()
    session.add(row)


@pytest.mark.parametrize("state", ["needs_response", "lost", "a_word_of_tomorrow"])
@pytest.mark.parametrize("which", [0, 1])
def test_of_a_pair_that_is_disputed_no_refund_is_proposed_and_of_another_it_is(
    places: Places,
    stored_payments: StoredPayments,
    staff_driver: StaffDriver,
    which: int,
    state: str,
) -> None:
    """The bank has one back already: with the other they would have both."""
    pair = _twice(stored_payments, 3 * DAY, "ada@example.com")
    _twice(stored_payments, 4 * DAY, "bob@example.com")
    staff_driver.do(_dispute, pair[which], state)
    assert places.counts() == (1, 1, 1)


@pytest.mark.parametrize("how", ["dismissed", "refunded"])
def test_one_that_somebody_dealt_with_leaves_each_place_and_another_stays(
    places: Places, stored_payments: StoredPayments, staff_driver: StaffDriver, how: str
) -> None:
    first, second = _twice(stored_payments, 3 * DAY, "ada@example.com")
    _twice(stored_payments, 4 * DAY, "bob@example.com")
    assert places.counts() == (2, 2, 2)
    if how == "refunded":
        staff_driver.do(_refund, second)
    else:
        key = f"double:{first}:{second}"
        places.browser.post("/staff/work", key=key, said="not_ours", back="doubles")
    assert places.counts() == (1, 1, 1)
