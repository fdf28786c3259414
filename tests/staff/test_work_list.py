"""What needs somebody, on the overview: each kind's first, the rest folded, and true counts."""

from __future__ import annotations

import re

import pytest
from redis import Redis as RedisClient
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.refunds.models import Refund
from payments_app.staff.payments.work import FIRST, SHOWN
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
TOTAL = re.compile(r'What needs somebody\s*<span class="muted">(at least )?(\d+)</span>')


@pytest.fixture
def overview(staff_driver: StaffDriver, redis_clients: dict[str, RedisClient]) -> OverviewReader:
    return OverviewReader(staff_driver.signed_in("support"), redis_clients)


class OverviewReader:
    """The page, with nothing counted before."""

    def __init__(self, browser: Browser, clients: dict[str, RedisClient]) -> None:
        self.browser, self.clients = browser, clients

    def __call__(self) -> str:
        for client in self.clients.values():  # the counts are kept for some seconds
            client.flushdb()
        return self.browser.get("/staff").text


def total(page: str) -> int:
    """As the page says it."""
    said = TOTAL.search(page)
    return int(said[2]) if said else 0


@atomic
def raise_alerts(session: Session, count: int) -> None:
    for _ in range(count):
        alerts.raise_alert(session, "test", new_id("test"), "Something is wrong.")


@atomic
def fail_refund(session: Session, transaction_id: str) -> None:
    refund = Refund(transaction_id=transaction_id, state="failed", amount=100, currency="usd")
    refund.reason, refund.requested_by = "Sent back", "system"
    session.add(refund)


def test_a_kind_folds_beyond_its_first_and_the_others_do_not(
    staff_driver: StaffDriver, stored_payments: StoredPayments, overview: OverviewReader
) -> None:
    before = total(overview())
    staff_driver.do(raise_alerts, FIRST)
    staff_driver.do(fail_refund, stored_payments.payment())
    assert "more</summary>" not in overview()
    staff_driver.do(raise_alerts, SHOWN + 2)
    page = overview()
    first, _, rest = page.partition("<details>")
    assert (first.count(">Alert</a>"), rest.count(">Alert</a>")) == (FIRST, SHOWN)
    assert first.count(">Refund failed</a>") == 1
    assert f"<summary>Alert: {SHOWN + 2} more</summary>" in page
    assert f"The first {SHOWN} of {SHOWN + 2} are shown." in page
    assert '<a href="/staff/alerts">All of them</a>' in page
    assert page.count("more</summary>") == 1
    assert total(page) - before == FIRST + SHOWN + 2 + 1
