"""Refunds and disputes in the comparison: what Stripe has, what we have, what the ledger says."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.payments.refunds.send import send
from payments_app.reconcile import internal_payments
from payments_app.reconcile.fix import fix
from payments_app.reconcile.revive import revive
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, execute, found, open_ones
from tests.refunds.refund_steps import ask, give_back, move_on, read, refund_outside, refunds

pytestmark = pytest.mark.portable


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened a moment ago counts as long ago."""
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)


def mend(driver: PaymentDriver) -> None:
    """Make every fix that there is."""
    for finding in open_ones():
        fix(finding.id, actor="ada")
    driver.work()


def test_refunds_and_disputes_that_agree_have_no_findings(driver: PaymentDriver) -> None:
    give_back(driver, driver.pay(), 300)
    driver.pay("pm_card_createDispute")
    refresh_disputes(driver.sandbox("GET", "/v1/disputes")["data"][0]["id"], claim("x"))
    driver.work()
    assert compare_last_hours() == 0


def test_a_refund_made_outside_that_we_never_heard_of_is_found_and_taken_in(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay()
    refund_outside(driver, transaction, 400)
    compare_last_hours()
    assert found() == [("refund_differs", "refresh_refund")]
    mend(driver)
    assert [r.amount for r in refunds(transaction)] == [400]
    assert compare_last_hours() == 0


def test_a_refund_that_failed_unheard_is_found_and_mended(driver: PaymentDriver) -> None:
    refund = give_back(driver, driver.pay("pm_card_refundFail"))
    move_on(driver, refund)
    compare_last_hours()
    assert found() == [("refund_differs", "refresh_refund")]
    mend(driver)
    assert read(refund).state == "failed"
    assert compare_last_hours() == 0


def test_a_dispute_that_we_never_heard_of_is_found_and_taken_in(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    compare_last_hours()
    assert found() == [("dispute_differs", "refresh_dispute")]
    mend(driver)
    assert compare_last_hours() == 0


def test_a_dispute_that_names_its_charge_alone_is_compared_by_it(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    theirs = driver.sandbox("GET", "/v1/disputes")["data"][0]["id"]
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", payment_intent=None)
    compare_last_hours()
    assert found() == [("dispute_differs", "refresh_dispute")]
    mend(driver)
    assert compare_last_hours() == 0


@pytest.mark.parametrize("status", [None, "xyz_new"])
def test_a_status_that_we_do_not_know_is_no_difference(
    driver: PaymentDriver, status: str | None
) -> None:
    refund = read(give_back(driver, driver.pay(), 300)).stripe_refund_id
    driver.pay("pm_card_createDispute")
    dispute = driver.sandbox("GET", "/v1/disputes")["data"][0]["id"]
    refresh_disputes(dispute, claim("x"))
    driver.work()
    driver.sandbox("POST", f"/_sandbox/refunds/{refund}", status=status)
    driver.sandbox("POST", f"/_sandbox/disputes/{dispute}", status=status)
    assert compare_last_hours() == 0


def test_a_refund_of_what_was_never_paid_is_no_difference(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    theirs = refund_outside(driver, transaction, 100)
    intent = driver.read(transaction).stripe_payment_id
    path = f"/_sandbox/payment_intents/{intent}"
    driver.sandbox("POST", path, status="canceled", amount_received=0)
    refresh_refunds(theirs, claim("x"))
    assert [r.error_code for r in refunds(transaction)] == ["never_paid"]
    assert compare_last_hours() == 0


def test_a_refund_missing_from_the_ledger_is_found_and_posted(driver: PaymentDriver) -> None:
    ask(driver.pay())
    _forget_postings(driver)
    compare_last_hours()
    assert found() == [("refund_not_in_ledger", "post_refund")]
    mend(driver)
    assert compare_last_hours() == 0


def test_a_dispute_missing_from_the_ledger_is_found_and_posted(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    refresh_disputes(driver.sandbox("GET", "/v1/disputes")["data"][0]["id"], claim("x"))
    execute(delete(Message).where(Message.command == "ledger.post_dispute"))
    compare_last_hours()
    assert found() == [("dispute_not_in_ledger", "post_dispute")]
    mend(driver)
    assert compare_last_hours() == 0


def test_a_stuck_refund_is_found_revived_and_ends(driver: PaymentDriver) -> None:
    refund = _stuck_refund(driver)
    compare_last_hours()
    assert found() == [("stuck_refund", "revive_refund")]
    assert revive() == 1
    driver.work()
    assert read(refund).state == "succeeded"
    assert compare_last_hours() == 0


def test_a_stuck_refund_is_mended_by_name(driver: PaymentDriver) -> None:
    refund = _stuck_refund(driver)
    compare_last_hours()
    mend(driver)
    assert read(refund).state == "succeeded"


def test_eight_sweepers_at_once_revive_a_refund_once(driver: PaymentDriver) -> None:
    _stuck_refund(driver)
    assert sum(run_at_once(driver.app, revive)) == 1  # type: ignore[arg-type]


def _stuck_refund(driver: PaymentDriver) -> str:
    refund = ask(driver.pay())
    execute(delete(Message))
    _age(refund)
    return refund


def _forget_postings(driver: PaymentDriver) -> None:
    """The refund succeeds, and the message that would post it is lost."""
    (subject,) = [m.subject for m in driver.messages("refunds.send")]
    send(subject, claim(subject))
    execute(delete(Message).where(Message.command == "ledger.post_refund"))
    driver.work()


@atomic
def _age(session: Session, refund_id: str) -> None:
    session.execute(
        update(Refund).where(Refund.id == refund_id).values(state_at=database_now(-120))
    )


@pytest.mark.parametrize(
    ("path", "odd"),
    [
        ("^/v1/refunds$", {"created": None}),
        ("^/v1/refunds$", {"object": None, "created": "soon"}),
        ("^/v1/disputes$", {"created": 10**20}),
        ("^/v1/disputes$", {"balance_transactions": [{"id": "", "amount": None}]}),
        ("^/v1/disputes$", {"balance_transactions": "none"}),
    ],
)
def test_one_odd_refund_or_dispute_ends_no_comparison(
    driver: PaymentDriver, path: str, odd: dict[str, object]
) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    driver.pay("pm_card_createDispute")
    listed = driver.sandbox("GET", path.strip("^$"))["data"]
    driver.fail_stripe("say", path, set={"data": [each | odd for each in listed]}, times=1)
    compare_last_hours()
    assert {finding.kind for finding in open_ones()} == {"refund_differs", "dispute_differs"}
    assert theirs in [finding.subject for finding in open_ones()]
