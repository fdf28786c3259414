"""The comparisons come round by themselves, each once, however many sweepers there are."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.reconcile import sweep
from payments_app.reconcile.rounds import run_compare, stage_rounds
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
NOON = dt.datetime(2026, 3, 4, 12, 1, tzinfo=dt.UTC)


def test_a_round_is_staged_once_by_eight_sweepers(driver: PaymentDriver) -> None:
    run_at_once(driver.app, lambda: stage_rounds(NOON))
    windows = [m.subject for m in driver.messages("reconcile.compare")]
    assert len(windows) == 1 + 72
    assert len(set(windows)) == 73


def test_five_minutes_later_only_the_recent_window_comes_round(driver: PaymentDriver) -> None:
    stage_rounds(NOON)
    assert stage_rounds(NOON + dt.timedelta(minutes=5)) == 1
    assert stage_rounds(NOON + dt.timedelta(minutes=6)) == 0


def test_the_next_day_the_last_three_days_come_round(driver: PaymentDriver) -> None:
    stage_rounds(NOON)
    assert stage_rounds(NOON + dt.timedelta(days=1)) == 73


@pytest.mark.alone
def test_the_sweeper_stages_the_comparisons_and_a_worker_makes_them(driver: PaymentDriver) -> None:
    sweep.run(threading.Event(), once=True)
    assert driver.messages("reconcile.compare")
    driver.work("default")
    assert any(m.done_at for m in driver.messages("reconcile.compare"))


def test_a_comparison_waits_while_stripe_is_away(driver: PaymentDriver) -> None:
    stage_rounds(NOON)
    driver.fail_stripe("500_before", "/v1/payment_intents", times=1)
    driver.work("default")
    put_off = [m for m in driver.messages("reconcile.compare") if m.tries]
    assert [m.done_at for m in put_off] == [None]


def test_a_comparison_that_can_not_be_made_is_told_and_left_to_a_later_one(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("500_before", "/v1/payment_intents", times=1)
    run_compare("0-60", claim("0-60", tries=60))
    (told,) = db.session.scalars(select(Alert.message).where(Alert.kind == "not_compared"))
    assert "could not be compared for an hour" in told
