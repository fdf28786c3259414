"""Findings are mended by name, once, and leave a history entry of their own."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import delete, event, func, select, update

from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Message
from payments_app.ledger.models import Journal
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.reconcile import internal_payments
from payments_app.reconcile.fix import fix, request_fix, run_fix
from payments_app.reconcile.fixes import FixFailedError
from payments_app.reconcile.revive import revive
from tests.bystanders import own
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import all_findings, compare_last_hours, execute, open_ones

pytestmark = pytest.mark.portable


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened a moment ago counts as long ago."""
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)


def paid_behind_our_back(driver: PaymentDriver) -> str:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    compare_last_hours()
    return transaction


def test_a_payment_that_stripe_has_is_settled_as_a_correction(driver: PaymentDriver) -> None:
    transaction = paid_behind_our_back(driver)
    fix(open_ones()[0].id, actor="ada")
    assert driver.read(transaction).phase == "complete"
    happened = driver.happened(transaction)
    assert "corrected_to_match_stripe" in happened
    assert happened[-1] == "reconcile.apply_stripe_state"
    driver.work()
    assert compare_last_hours() == 0


def test_the_finding_says_who_fixed_it(driver: PaymentDriver) -> None:
    paid_behind_our_back(driver)
    fix(open_ones()[0].id, actor="ada")
    assert [(f.resolution, f.resolved_by) for f in all_findings()] == [("fixed", "ada")]


def test_a_fixed_finding_cannot_be_fixed_again(driver: PaymentDriver) -> None:
    paid_behind_our_back(driver)
    number = open_ones()[0].id
    fix(number, actor="ada")
    with pytest.raises(FixFailedError, match="fixed already"):
        fix(number, actor="ada")


def test_eight_fixes_at_once_correct_once(driver: PaymentDriver) -> None:
    transaction = paid_behind_our_back(driver)
    number = str(open_ones()[0].id)
    run_at_once(driver.app, lambda: run_fix(number, claim(number)))
    happened = driver.happened(transaction)
    assert happened.count("corrected_to_match_stripe") == 1
    assert happened.count("reconcile.apply_stripe_state") == 1


def test_a_fix_that_cannot_read_stripe_leaves_the_finding_open(driver: PaymentDriver) -> None:
    transaction = paid_behind_our_back(driver)
    driver.fail_stripe("500_before", "/v1/payment_intents", times=1)
    with pytest.raises(FixFailedError, match="could not be read"):
        fix(open_ones()[0].id, actor="ada")
    assert driver.read(transaction).phase == "failed"
    assert len(open_ones()) == 1


def test_a_fix_that_cannot_be_recorded_is_not_made(driver: PaymentDriver) -> None:
    transaction = paid_behind_our_back(driver)

    def refuse(_mapper: object, _connection: object, entry: HistoryEntry) -> None:
        if entry.what == "reconcile.apply_stripe_state":
            raise OSError("the disk is full")

    event.listen(HistoryEntry, "before_insert", refuse)
    try:
        with pytest.raises(OSError, match="disk is full"):
            fix(open_ones()[0].id, actor="ada")
    finally:
        event.remove(HistoryEntry, "before_insert", refuse)
    assert driver.read(transaction).phase == "failed"
    assert len(open_ones()) == 1


def test_a_missing_ledger_entry_is_posted(driver: PaymentDriver) -> None:
    driver.open()
    driver.work("charges")
    lost = ("ledger.post_capture", "ledger.post_fee")
    execute(delete(Message).where(Message.command.in_(lost)))
    compare_last_hours()
    fix(open_ones()[0].id, actor="ada")
    driver.work("payment_critical")
    assert db.session.scalar(select(func.count()).select_from(Journal).where(own(Journal))) == 1
    assert compare_last_hours() == 0


def test_an_open_intent_of_a_cancelled_payment_is_closed(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    execute(update(Transaction).where(Transaction.id == transaction).values(phase="canceled"))
    compare_last_hours()
    fix(open_ones()[0].id, actor="ada")
    assert [intent["status"] for intent in driver.intents()] == ["canceled"]
    assert compare_last_hours() == 0


def test_an_orphan_record_is_corrected(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    execute(
        update(PaymentRecord).where(PaymentRecord.transaction_id == transaction).values(active=True)
    )
    compare_last_hours()
    fix(open_ones()[0].id, actor="ada")
    assert compare_last_hours() == 0


def test_a_finding_without_a_safe_fix_is_for_a_person(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(update(Transaction).where(Transaction.id == transaction).values(amount=1100))
    compare_last_hours()
    (differs,) = [f for f in open_ones() if f.kind == "amount_differs"]
    with pytest.raises(FixFailedError, match="no safe fix"):
        fix(differs.id, actor="ada")


def test_a_fix_asked_for_on_a_page_is_made_by_a_job(driver: PaymentDriver) -> None:
    transaction = paid_behind_our_back(driver)
    assert request_fix(open_ones()[0].id, "ada")
    assert driver.read(transaction).phase == "failed"
    driver.work("default")
    assert driver.read(transaction).phase == "complete"
    assert all_findings()[0].resolved_by == "ada"


def stuck_payment(driver: PaymentDriver) -> str:
    transaction = driver.open()
    driver.age(transaction, 120)
    execute(delete(Message))
    return transaction


def test_a_stuck_payment_is_revived_and_ends(driver: PaymentDriver) -> None:
    transaction = stuck_payment(driver)
    assert revive() == 1
    driver.work()
    assert driver.read(transaction).phase == "complete"
    assert "reconcile.revived" in driver.happened(transaction)


def test_eight_sweepers_at_once_revive_once(driver: PaymentDriver) -> None:
    stuck_payment(driver)
    assert sum(run_at_once(driver.app, revive)) == 1  # type: ignore[arg-type]
    assert len(driver.messages("charge")) == 1


def test_what_has_a_next_step_is_not_revived(driver: PaymentDriver) -> None:
    driver.age(driver.open(), 120)
    assert revive() == 0


@pytest.mark.expects_failure("charge")
def test_a_dead_charge_is_revived_at_a_slow_pace(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.age(transaction, 120)
    execute(update(Message).values(dead_at=func.current_timestamp()))
    assert revive() == 1
    driver.work()
    assert driver.read(transaction).phase == "created"


def test_the_command_line_runs_lists_and_fixes(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    db.session.rollback()
    ran = cli.invoke(args=["reconcile", "run"])
    assert "1 differences" in ran.output, ran.output
    assert (
        f"paid_at_stripe_not_here  {transaction}" in cli.invoke(args=["reconcile", "list"]).output
    )
    number = open_ones()[0].id
    assert cli.invoke(args=["reconcile", "fix", str(number)]).exit_code == 0
    again = cli.invoke(args=["reconcile", "fix", str(number)])
    assert (again.exit_code, "fixed already" in again.output) == (1, True)
