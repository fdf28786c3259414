"""The navigation leads to what a member may open, and says how much waits there."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from redis import Redis as RedisClient
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.payments.refunds.models import Refund
from payments_app.staff.zones import as_shown, when
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
LINK = re.compile(r'<a href="([^"]+)"[^>]*>([^<]+)(?:<span class="count[^>]*>(\d+))?')


@atomic
def raise_one(session: Session, key: str) -> None:
    alerts.raise_alert(session, "test", key, "Something is wrong.")


@atomic
def _need(session: Session, transaction_id: str) -> None:
    refund = Refund(
        transaction_id=transaction_id,
        state="failed",
        amount=100,
        currency="usd",
        reason="Sent back",
        requested_by="system",
    )
    session.add(refund)


def navigation(browser: Browser) -> dict[str, int]:
    """Labels with what waits there."""
    page = browser.get("/staff/payments").text
    side = page.partition('aria-label="Dashboard"')[2].partition("</nav>")[0]
    return {label.strip(): int(count or 0) for _, label, count in LINK.findall(side)}


def test_a_page_below_a_section_marks_it(app: Flask) -> None:
    browser = StaffDriver(app).signed_in("admin")
    for path, current in (("/staff/payments", "page"), ("/staff/payments/txn_none", "true")):
        marked = re.findall(r'<a href="([^"]+)"\s+aria-current="(\w+)"', browser.get(path).text)
        assert marked[0] == ("/staff/payments", current)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2026-12-27", "12/27/2026"),
        ("2026-11-30T02:38:48.208681+00:00", "11/29/2026 09:38 PM EST"),
        ("2026-13-27", "2026-13-27"),
        ("per_2026-12-27", "per_2026-12-27"),
    ],
)
def test_what_is_stored_as_a_day_is_shown_as_one(stored: str, shown: str) -> None:
    assert as_shown(stored, ZoneInfo("America/New_York")) == shown


def test_each_role_is_led_to_what_it_may_open(app: Flask) -> None:
    driver = StaffDriver(app)
    viewer, admin = navigation(driver.signed_in("viewer")), navigation(driver.signed_in("admin"))
    assert {"Overview", "Payments", "Disputes", "Payment links"} <= set(viewer)
    assert {"Staff", "API keys", "Audit"}.isdisjoint(viewer)
    assert {"Staff", "API keys", "Audit"} <= set(admin)


def test_what_waits_is_counted_and_what_is_closed_is_not(
    app: Flask, redis_clients: dict[str, RedisClient]
) -> None:
    browser, found = StaffDriver(app).signed_in("admin"), []
    for step in (None, "raise", "close"):
        with app.app_context():
            if step == "raise":
                raise_one("one")
                raise_one("two")
            elif step == "close":
                atomic(alerts.acknowledge)("one", "test")
        for client in redis_clients.values():  # the counts are kept for some seconds
            client.flushdb()
        found.append(navigation(browser))
    before, raised, closed = (each["Alerts"] for each in found)
    assert (raised - before, closed - before) == (2, 1)
    others = [{name: each[name] for name in each if name != "Alerts"} for each in found]
    assert others[0] == others[1] == others[2]


def test_payments_that_need_somebody_are_counted_where_they_are_listed(
    app: Flask, redis_clients: dict[str, RedisClient]
) -> None:
    browser, payments = StaffDriver(app).signed_in("viewer"), StoredPayments(app)
    before = navigation(browser)
    payments.payment(email="bob@example.com")
    id_ = payments.payment()
    with app.app_context():
        _need(id_)
    for client in redis_clients.values():
        client.flushdb()
    after = navigation(browser)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "Payments": 1
    }
    assert browser.get("/staff/payments?status=attention").text.count(f"/staff/payments/{id_}") == 1


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.01, "36 s ago"), (0.5, "30 min ago"), (3, "3 h ago"), (24 * 3, None), (24 * 800, None)],
)
def test_a_list_says_how_long_ago_it_was(hours: float, words: str | None) -> None:
    then = utcnow() - dt.timedelta(hours=hours)
    found = when(then, ZoneInfo("UTC"))
    assert found is not None
    assert found.ago == (words or f"{then:%m/%d/%Y}")
