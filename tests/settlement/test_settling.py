"""A line for each movement of money, in one batch only; and batches that close on the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.command import Later
from payments_app.core.jobs.outbox import Message
from payments_app.ledger import queries as ledger
from payments_app.ledger.post import post_capture
from payments_app.payments.refunds.request import request_refund
from payments_app.settlement.close import POLICY, close_batch, missing
from payments_app.settlement.models import Batch, Line, Part
from payments_app.settlement.settle import settle_capture, settle_refund
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.settlement.books import batches, complete_at, end_days, line_count, lines, move_shop, now

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def close(batch: Batch) -> None:
    close_batch(batch.id, claim(batch.id))


def test_a_capture_is_a_line_of_its_day(driver: PaymentDriver) -> None:
    driver.pay()
    (batch,) = batches()
    assert lines() == [("capture", 1037)]
    assert batch.starts_at <= now() < batch.ends_at
    assert batch.closed_at is None


def test_a_failed_payment_is_no_line(driver: PaymentDriver) -> None:
    driver.pay("pm_card_visa_chargeDeclined")
    assert (batches(), lines()) == ([], [])


def test_a_payment_of_nothing_is_no_line(driver: PaymentDriver) -> None:
    driver.pay(amount=0)
    assert lines() == []
    assert [m.dead_at for m in driver.messages("settlement.capture")] == [None]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe", "../etc/passwd", "x" * 60])
def test_a_time_zone_that_is_none_holds_up_no_settlement(driver: PaymentDriver, zone: str) -> None:
    move_shop(zone, 0)
    driver.pay()
    (batch,) = batches()
    assert (batch.timezone, lines()) == (driver.config.business_timezone, [("capture", 1037)])
    assert [m.dead_at for m in driver.messages("settlement.posted") if m.dead_at] == []
    told = db.session.scalars(select(Alert).where(Alert.kind == "unknown_zone")).one()
    assert batch.merchant_id in told.message


def test_each_currency_has_a_batch_of_its_own(driver: PaymentDriver) -> None:
    driver.pay()
    driver.pay(order=driver.create_order(1800, "jpy"))
    driver.pay()
    assert [batch.currency for batch in batches()] == ["jpy", "usd"]


def test_settling_twice_and_eight_at_once_is_one_line(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    post_capture(transaction, claim(transaction))
    outcomes = run_at_once(driver.app, lambda: settle_capture(transaction, claim(transaction)))
    settle_capture(transaction, claim(transaction))
    assert outcomes == [None] * 8
    assert (line_count(), len(batches())) == (1, 1)


def test_a_pending_payment_is_refused(driver: PaymentDriver) -> None:
    transaction = driver.open()
    with pytest.raises(LookupError, match="nothing to settle"):
        settle_capture(transaction, claim(transaction))


def test_the_cutoff_is_exact_in_the_merchants_zone(driver: PaymentDriver) -> None:
    move_shop("America/New_York", 17 * 60)
    for moment in ("2026-03-06T21:59:59.999", "2026-03-06T22:00:00"):
        transaction = driver.open()
        driver.work("charges")
        complete_at(transaction, dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC))
        post_capture(transaction, claim(transaction))
        settle_capture(transaction, claim(transaction))
    days = [batch.business_day.isoformat() for batch in batches()]
    assert days == ["2026-03-06", "2026-03-07"]


def test_a_refund_is_a_line_of_its_own_and_takes_from_the_total(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    request_refund(transaction, 500, reason="scratched", actor="staff@example.com")
    driver.work()
    driver.work_all_waiting()
    assert lines() == [("capture", 1037), ("refund", -500)]


def test_settling_a_refund_eight_times_at_once_is_one_line(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund = request_refund(transaction, 500, reason="scratched", actor="staff@example.com")
    driver.work()
    outcomes = run_at_once(driver.app, lambda: settle_refund(refund, claim(refund)))
    assert outcomes == [None] * 8
    assert lines() == [("capture", 1037), ("refund", -500)]


def test_a_day_that_is_not_over_is_not_closed(driver: PaymentDriver) -> None:
    driver.pay()
    (batch,) = batches()
    with pytest.raises(Later, match="not over"):
        close(batch)


@pytest.mark.alone
def test_a_day_that_is_over_is_closed_by_its_message_with_the_ledgers_total(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay()
    driver.pay()
    request_refund(transaction, 500, reason="scratched", actor="staff@example.com")
    driver.work()
    driver.work_all_waiting()
    end_days()
    driver.work_all_waiting()
    (batch,) = batches()
    assert batch.closed_at is not None
    assert (batch.total, batch.line_count) == (1574, 3)
    assert ledger.balances(db.session(), "stripe_balance") == {"usd": 1574}


def test_closing_twice_and_eight_at_once_closes_once(driver: PaymentDriver) -> None:
    driver.pay()
    end_days()
    (batch,) = batches()
    outcomes = run_at_once(driver.app, lambda: close(batch))
    close(batch)
    assert outcomes == [None] * 8
    assert len(_history()) == 1


def test_a_capture_that_was_never_settled_is_found_when_its_day_is_closed(
    driver: PaymentDriver,
) -> None:
    driver.pay()
    driver.open()
    driver.work("charges")
    _lose("settlement.capture")
    _lose("ledger.post_fee")
    driver.work()
    assert line_count() == 1
    end_days()
    close(batches()[0])
    assert lines() == [("capture", 1037), ("capture", 1099)]
    assert batches()[0].total == 2136


def test_what_a_batch_misses_is_its_merchants_in_its_currency_and_of_its_day(
    driver: PaymentDriver,
) -> None:
    driver.pay()
    lost, euros = driver.open(), driver.open(order=driver.create_order(currency="eur"))
    nothing = driver.open(amount=0)
    driver.work("charges")
    _lose("settlement.capture")
    _lose("ledger.post_fee")
    driver.work()
    (batch,) = batches()

    def missed(**other: Any) -> list[str]:
        values = {name: getattr(batch, name) for name in ("merchant_id", "currency")}
        days = {name: getattr(batch, name) for name in ("starts_at", "ends_at")}
        return missing(db.session(), Batch(**values | days | other))

    assert (missed(), missed(currency="eur")) == ([lost], [euros])
    assert missed(merchant_id="nobody") == missed(ends_at=batch.starts_at) == []
    assert nothing not in missed()
    settle_capture(lost, claim(lost))
    assert missed() == []


def test_what_is_settled_after_its_day_was_closed_goes_into_the_open_one(
    driver: PaymentDriver,
) -> None:
    driver.pay()
    end_days()
    close(batches()[0])
    late = driver.open()
    driver.work("charges")
    complete_at(late, batches()[0].ends_at - dt.timedelta(seconds=1))
    post_capture(late, claim(late))
    settle_capture(late, claim(late))
    first, second = batches()
    assert (first.line_count, second.closed_at) == (1, None)
    assert second.starts_at <= now() < second.ends_at
    assert line_count() == 2


@pytest.mark.expects_failure("settlement.close")
def test_a_batch_that_the_ledger_contradicts_stays_open_and_calls_a_person(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay()
    _add_line(transaction, batches()[0].id)
    end_days()
    for _ in range(len(POLICY.waits) + 1):
        driver.make_due("settlement.close")
        driver.work("payment_critical")
    (batch,) = batches()
    assert batch.closed_at is None
    (alert,) = db.session.scalars(select(Alert).where(Alert.kind == "dead_letter"))
    assert (alert.severity, alert.data["retries"]) == ("critical", 5)
    assert "1042 here, 1037 in the ledger" in alert.message


def test_what_the_ledger_does_not_have_yet_is_settled_later(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    with pytest.raises(Later, match="not in the ledger yet"):
        settle_capture(transaction, claim(transaction))


def test_a_journal_is_in_one_line_only(driver: PaymentDriver) -> None:
    driver.pay()
    with pytest.raises(IntegrityError):
        _execute(insert(Part).from_select(["journal_id", "line_id"], select(Part)))


def test_the_database_refuses_to_change_a_line(driver: PaymentDriver) -> None:
    driver.pay()
    with pytest.raises(DBAPIError, match="append-only"):
        _change_line()


def _history() -> list[str]:
    db.session.rollback()
    closed = select(HistoryEntry.what).where(HistoryEntry.what == "settlement.closed")
    return list(db.session.scalars(closed))


@atomic
def _lose(session: Session, command: str) -> None:
    """As if these messages had never been."""
    session.execute(delete(Message).where(Message.command == command))


@atomic
def _add_line(session: Session, transaction_id: str, batch_id: str) -> None:
    """A line of $0.05 that no journal stands behind."""
    session.add(
        Line(
            key="odd",
            batch_id=batch_id,
            kind="odd",
            transaction_id=transaction_id,
            amount=5,
            currency="usd",
            occurred_at=now(),
        )
    )


@atomic
def _execute(session: Session, statement: Any) -> None:
    session.execute(statement)


@atomic
def _change_line(session: Session) -> None:
    session.execute(update(Line).values(amount=1))
