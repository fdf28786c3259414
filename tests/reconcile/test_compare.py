"""Differences between Stripe, the payments and the ledger: each found, by its name."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.gateway import look
from payments_app.ledger.models import Journal
from payments_app.payments.models import PaymentRecord, Transaction
from tests.bystanders import own
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import (
    all_findings,
    claim_complete,
    compare_last_hours,
    execute,
    found,
    make_intent,
    open_ones,
    two_postings,
)

pytestmark = pytest.mark.portable


@pytest.mark.usefixtures("no_grace")
def test_books_that_agree_have_no_findings(driver: PaymentDriver) -> None:
    driver.pay()
    driver.pay("pm_card_visa_chargeDeclined")
    driver.pay(amount=0)
    assert compare_last_hours() == 0
    assert all_findings() == []


@pytest.mark.usefixtures("no_grace")
def test_a_payment_that_stripe_has_and_we_do_not_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    compare_last_hours()
    assert found() == [("paid_at_stripe_not_here", "apply_stripe_state")]
    assert open_ones()[0].details["intent"] == driver.read(transaction).stripe_payment_id


def test_what_stripe_charged_a_moment_ago_is_no_finding_yet(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    assert compare_last_hours() == 0


def test_a_payment_that_only_we_call_complete_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    claim_complete(transaction)
    compare_last_hours()
    assert ("complete_here_not_at_stripe", None) in found()


def test_a_complete_payment_that_stripe_does_not_know_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(stripe_payment_id="pi_of_nobody")
    )
    compare_last_hours()
    assert ("complete_here_not_at_stripe", None) in found()


@pytest.mark.parametrize("status", [None, "xyz_new"])
@pytest.mark.parametrize("phase", ["complete", "canceled"])
def test_a_status_that_we_do_not_know_is_neither_paid_nor_unpaid(
    driver: PaymentDriver, phase: str, status: str | None
) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    if phase == "canceled":
        values = {"state": "failed", "phase": "canceled", "amount_received": None}
        execute(update(Transaction).where(own(Transaction)).values(**values))
        execute(delete(Message))
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", status=status)
    compare_last_hours()
    kinds = {kind for kind, _ in found()} - {"ledger_without_payment", "orphan_active_record"}
    assert kinds == {"status_unknown"}
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", status="succeeded")
    compare_last_hours()
    assert "status_unknown" not in {kind for kind, _ in found()}


def test_for_a_payment_that_names_no_intent_none_is_asked_for(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(update(Transaction).where(own(Transaction)).values(stripe_payment_id=None))
    compare_last_hours()
    assert [(f.kind, f.transaction_id) for f in open_ones()] == [
        ("complete_here_not_at_stripe", transaction)
    ]
    asked = driver.sandbox("GET", "/_sandbox/requests?path=/v1/payment_intents/$")
    assert asked["requests"] == []


def test_another_amount_at_stripe_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(amount=1100, amount_received=1100)
    )
    compare_last_hours()
    assert ("amount_differs", None) in found()


def test_another_amount_in_the_ledger_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    change = update(Transaction).where(Transaction.id == transaction)
    execute(change.values(amount=1100, amount_received=1100))
    compare_last_hours()
    assert ("ledger_amount_differs", None) in found()


def test_an_intent_that_is_nobodys_is_found(driver: PaymentDriver) -> None:
    intent = make_intent(driver)
    compare_last_hours()
    assert [(f.kind, f.subject) for f in open_ones()] == [("unknown_intent", intent)]


def test_an_intent_of_the_doctors_is_not_found_unless_it_took_money(driver: PaymentDriver) -> None:
    own_check = look.make_intent("usd").body
    assert own_check is not None
    paid = make_intent(
        driver, **dict.fromkeys([f"metadata[{name}]" for name in own_check["metadata"]], "1")
    )
    compare_last_hours()
    assert [f.subject for f in open_ones()] == [paid]


def test_a_second_intent_for_one_payment_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    intent = make_intent(driver, **{"metadata[transaction_id]": transaction})
    compare_last_hours()
    assert [(f.kind, f.subject) for f in open_ones()] == [("second_intent", intent)]


def test_an_intent_left_open_by_a_cancelled_payment_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    execute(update(Transaction).where(Transaction.id == transaction).values(phase="canceled"))
    compare_last_hours()
    assert found() == [("ended_here_open_at_stripe", "close_intent")]


@pytest.mark.usefixtures("no_grace")
def test_a_payment_missing_from_the_ledger_is_found(driver: PaymentDriver) -> None:
    driver.open()
    driver.work("charges")
    compare_last_hours()
    assert found() == [("missing_ledger_entry", "post_capture")]


def test_a_ledger_entry_without_its_payment_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(state="failed", phase="failed", amount_received=None)
    )
    compare_last_hours()
    assert ("ledger_without_payment", None) in found()


def test_a_pending_payment_with_nothing_scheduled_is_found(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.age(transaction, 120)
    execute(delete(Message))
    compare_last_hours()
    assert found() == [("stuck_pending", "revive")]


def test_a_pending_payment_with_a_next_step_is_not_stuck(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.age(transaction, 120)
    assert compare_last_hours() == 0


def test_a_record_that_holds_its_order_after_a_failure_is_found(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    execute(
        update(PaymentRecord).where(PaymentRecord.transaction_id == transaction).values(active=True)
    )
    compare_last_hours()
    assert found() == [("orphan_active_record", "correct_active_record")]


def test_postings_by_hand_do_not_hide_in_another_type(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    posted = select(Journal.id).where(Journal.transaction_id == transaction)
    journal = db.session.scalars(posted.where(Journal.entry_type == "capture")).one()
    db.session.rollback()
    execute(
        two_postings(journal, transaction, "capture", 1099, debit="stripe_balance", credit="sales")
    )
    compare_last_hours()
    assert ("ledger_amount_differs", None) in found()
