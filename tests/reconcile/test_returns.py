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
from payments_app.reconcile import own_books
from payments_app.reconcile.fix import fix
from payments_app.reconcile.revive import revive
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import Till
from tests.reconcile.books import compare_last_hours, execute, found, open_ones
from tests.refunds.refund_steps import ask, give_back, move_on, read, refund_outside, refunds

pytestmark = pytest.mark.portable


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened a moment ago counts as long ago."""
    monkeypatch.setattr(own_books, "GRACE_SECONDS", -5)


def mend(till: Till) -> None:
    """Make every fix that there is."""
    for finding in open_ones():
        fix(finding.id, actor="ada")
    till.work()


def test_refunds_and_disputes_that_agree_have_no_findings(till: Till) -> None:
    give_back(till, till.pay(), 300)
    till.pay("pm_card_createDispute")
    refresh_disputes(till.sandbox("GET", "/v1/disputes")["data"][0]["id"], claim("x"))
    till.work()
    assert compare_last_hours() == 0


def test_a_refund_made_outside_that_we_never_heard_of_is_found_and_taken_in(till: Till) -> None:
    transaction = till.pay()
    refund_outside(till, transaction, 400)
    compare_last_hours()
    assert found() == [("refund_differs", "refresh_refund")]
    mend(till)
    assert [r.amount for r in refunds(transaction)] == [400]
    assert compare_last_hours() == 0


def test_a_refund_that_failed_unheard_is_found_and_mended(till: Till) -> None:
    refund = give_back(till, till.pay("pm_card_refundFail"))
    move_on(till, refund)
    compare_last_hours()
    assert found() == [("refund_differs", "refresh_refund")]
    mend(till)
    assert read(refund).state == "failed"
    assert compare_last_hours() == 0


def test_a_dispute_that_we_never_heard_of_is_found_and_taken_in(till: Till) -> None:
    till.pay("pm_card_createDispute")
    compare_last_hours()
    assert found() == [("dispute_differs", "refresh_dispute")]
    mend(till)
    assert compare_last_hours() == 0


def test_a_dispute_that_names_its_charge_alone_is_compared_by_it(till: Till) -> None:
    till.pay("pm_card_createDispute")
    theirs = till.sandbox("GET", "/v1/disputes")["data"][0]["id"]
    till.sandbox("POST", f"/_sandbox/disputes/{theirs}", payment_intent=None)
    compare_last_hours()
    assert found() == [("dispute_differs", "refresh_dispute")]
    mend(till)
    assert compare_last_hours() == 0


@pytest.mark.parametrize("status", [None, "xyz_new"])
def test_a_status_that_we_do_not_know_is_no_difference(till: Till, status: str | None) -> None:
    refund = read(give_back(till, till.pay(), 300)).stripe_refund_id
    till.pay("pm_card_createDispute")
    dispute = till.sandbox("GET", "/v1/disputes")["data"][0]["id"]
    refresh_disputes(dispute, claim("x"))
    till.work()
    till.sandbox("POST", f"/_sandbox/refunds/{refund}", status=status)
    till.sandbox("POST", f"/_sandbox/disputes/{dispute}", status=status)
    assert compare_last_hours() == 0


def test_a_refund_of_what_was_never_paid_is_no_difference(till: Till) -> None:
    transaction = till.pay("pm_card_visa_chargeDeclined")
    till.confirm_behind_our_back(transaction, "pm_card_visa")
    theirs = refund_outside(till, transaction, 100)
    intent = till.read(transaction).stripe_payment_id
    path = f"/_sandbox/payment_intents/{intent}"
    till.sandbox("POST", path, status="canceled", amount_received=0)
    refresh_refunds(theirs, claim("x"))
    assert [r.error_code for r in refunds(transaction)] == ["never_paid"]
    assert compare_last_hours() == 0


def test_a_refund_missing_from_the_ledger_is_found_and_posted(till: Till) -> None:
    ask(till.pay())
    _forget_postings(till)
    compare_last_hours()
    assert found() == [("refund_not_in_ledger", "post_refund")]
    mend(till)
    assert compare_last_hours() == 0


def test_a_dispute_missing_from_the_ledger_is_found_and_posted(till: Till) -> None:
    till.pay("pm_card_createDispute")
    refresh_disputes(till.sandbox("GET", "/v1/disputes")["data"][0]["id"], claim("x"))
    execute(delete(Message).where(Message.command == "ledger.post_dispute"))
    compare_last_hours()
    assert found() == [("dispute_not_in_ledger", "post_dispute")]
    mend(till)
    assert compare_last_hours() == 0


def test_a_stuck_refund_is_found_revived_and_ends(till: Till) -> None:
    refund = _stuck_refund(till)
    compare_last_hours()
    assert found() == [("stuck_refund", "revive_refund")]
    assert revive() == 1
    till.work()
    assert read(refund).state == "succeeded"
    assert compare_last_hours() == 0


def test_a_stuck_refund_is_mended_by_name(till: Till) -> None:
    refund = _stuck_refund(till)
    compare_last_hours()
    mend(till)
    assert read(refund).state == "succeeded"


def test_eight_sweepers_at_once_revive_a_refund_once(till: Till) -> None:
    _stuck_refund(till)
    assert sum(run_at_once(till.app, revive)) == 1  # type: ignore[arg-type]


def _stuck_refund(till: Till) -> str:
    refund = ask(till.pay())
    execute(delete(Message))
    _age(refund)
    return refund


def _forget_postings(till: Till) -> None:
    """The refund succeeds, and the message that would post it is lost."""
    (subject,) = [m.subject for m in till.messages("refunds.send")]
    send(subject, claim(subject))
    execute(delete(Message).where(Message.command == "ledger.post_refund"))
    till.work()


@atomic
def _age(session: Session, refund_id: str) -> None:
    session.execute(
        update(Refund).where(Refund.id == refund_id).values(state_at=database_now(-120))
    )
