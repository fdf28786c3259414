"""The trial balance costs what the last hours brought: sums of the days before are kept."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ledger import days
from payments_app.ledger.days import LedgerDay, balance_of_days, keep_days, period_of
from payments_app.ledger.models import Entry, Journal
from payments_app.ledger.queries import trial_balance
from payments_app.staff.reports.aggregate import aggregate
from payments_app.staff.zones import business_zone
from tests.accounts.staff_driver import StaffDriver
from tests.ledger.concurrency import run_at_once
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.alone, pytest.mark.dialect]
# The days begin at other moments than in UTC, and one of them has 23 hours.
ZONE, FIRST = ZoneInfo("America/New_York"), dt.date(2026, 3, 6)
DAY = dt.timedelta(days=1)


@atomic
def post(session: Session, payment: str, day: dt.date, hour: float, amount: int) -> None:
    """A journal of that moment in the zone."""
    at = dt.datetime.combine(day, dt.time(), ZONE).astimezone(dt.UTC) + dt.timedelta(hours=hour)
    key = f"capture_{day}_{hour}"
    journal = Journal(
        key=key, entry_type="capture", transaction_id=payment, currency="usd", posted_at=at
    )
    sides = (("debit", "stripe_balance"), ("credit", "sales"))
    journal.entries = [
        Entry(
            key=f"{side}_{key}",
            transaction_id=payment,
            entry_type="capture",
            account=account,
            side=side,
            amount=amount,
            currency="usd",
        )
        for side, account in sides
    ]
    session.add(journal)


@pytest.fixture
def payment(driver: PaymentDriver) -> str:
    """One of today, and older journals: at both ends of days, and none on some."""
    paid = driver.pay()
    for day, hour, amount in ((0, 0, 1), (0, 23.99, 20), (2, 0, 300), (2, 22.99, 4000), (5, 1, 7)):
        post(paid, FIRST + day * DAY, hour, amount)
    return paid


def kept() -> set[dt.date]:
    db.session.rollback()
    return set(db.session.scalars(select(LedgerDay.day)))


RANGES = (
    (None, None),
    (FIRST, FIRST),
    (FIRST + DAY, FIRST + 2 * DAY),
    (FIRST + 2 * DAY, None),
    (None, FIRST + 4 * DAY),
    (dt.date(2020, 1, 1), dt.date(2020, 1, 2)),
    (dt.date(2999, 1, 1), None),
    (FIRST + 3 * DAY, FIRST),
)


@pytest.mark.parametrize(("first", "last"), RANGES)
@pytest.mark.parametrize("times", [0, 1, 20])
@pytest.mark.usefixtures("payment")
def test_what_is_kept_says_what_the_journals_say(
    monkeypatch: pytest.MonkeyPatch, first: dt.date | None, last: dt.date | None, times: int
) -> None:
    monkeypatch.setattr(days, "_DAYS_AT_ONCE", 3 if times == 1 else 50)
    for _ in range(times):
        keep_days(ZONE)
    exact = trial_balance(db.session(), period_of(first, last, ZONE))
    assert balance_of_days(db.session(), first, last, ZONE) == exact
    if first is None and last is None:
        assert {one.account: one.balance for one in exact if one.account == "sales"} == {
            "sales": -1099 - 4328
        }


@pytest.mark.usefixtures("payment")
def test_days_are_kept_without_a_gap_until_the_last_that_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert keep_days(ZONE) == days._DAYS_AT_ONCE
    assert min(kept()) == FIRST
    while keep_days(ZONE):
        pass
    newest = max(kept())
    assert len(kept()) == (newest - FIRST).days + 1
    ended = dt.datetime.combine(newest + DAY, dt.time(), ZONE)
    assert dt.timedelta(hours=1) <= utcnow() - ended < dt.timedelta(hours=26)
    before = kept()
    monkeypatch.setattr(days, "_SETTLED", -2 * DAY)  # as if today were over
    assert keep_days(ZONE) > 0
    assert kept() > before


@pytest.mark.usefixtures("payment")
def test_the_reports_job_keeps_them_and_several_at_once_keep_each_once(
    driver: PaymentDriver,
) -> None:
    ended = run_at_once(driver.app, aggregate)
    assert [each for each in ended if isinstance(each, Exception)] == []
    zone = business_zone()
    assert len(kept()) >= days._DAYS_AT_ONCE
    assert balance_of_days(db.session(), None, None, zone) == trial_balance(db.session())


def test_another_zone_has_days_of_its_own(payment: str) -> None:
    while keep_days(ZONE):
        pass
    utc = ZoneInfo("UTC")
    post(payment, FIRST - DAY, 0, 5)
    assert balance_of_days(db.session(), None, None, utc) == trial_balance(db.session())


@pytest.mark.usefixtures("payment")
def test_the_page_reads_no_journal_of_a_day_that_is_kept(driver: PaymentDriver) -> None:
    zone = ZoneInfo(driver.app.config["CONFIG"].business_timezone)
    while keep_days(zone):
        pass
    sent = list[str]()

    def keep(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    viewer = StaffDriver(driver.app).signed_in("viewer")
    event.listen(db.engine, "before_cursor_execute", keep)
    page = viewer.get("/staff/ledger").text
    event.remove(db.engine, "before_cursor_execute", keep)
    assert "$54.27" in page  # 1099 + 4328
    of_journals = [statement for statement in sent if "pay_ledger_entries" in statement]
    assert len(of_journals) == 1
    assert "posted_at >= " in of_journals[0]
