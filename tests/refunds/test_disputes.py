"""Disputes: kept as Stripe tells them, and in the ledger when money moves."""

from __future__ import annotations

import datetime as dt

import pytest
import requests
from sqlalchemy import select, update

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Later
from payments_app.ledger import queries
from payments_app.ledger.post_dispute import post_dispute
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.double_payments import likely_doubles, twin_of
from payments_app.payments.refunds.request import RefundRefusedError
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import Till
from tests.refunds.refund_steps import ask, execute, posted

pytestmark = pytest.mark.portable


def their_dispute(till: Till) -> str:
    return str(till.sandbox("GET", "/v1/disputes")["data"][0]["id"])


def dispute() -> Dispute:
    db.session.rollback()
    return db.session.scalars(select(Dispute).execution_options(populate_existing=True)).one()


def pay_and_dispute(till: Till, card: str = "pm_card_createDispute") -> str:
    """A disputed payment, and what Stripe tells of it taken in."""
    transaction = till.pay(card)
    hear(till)
    return transaction


def hear(till: Till) -> None:
    subject = their_dispute(till)
    refresh(subject, claim(subject))
    till.work()


def answer(till: Till, evidence: str) -> None:
    requests.post(
        f"{till.config.stripe_api_base}/v1/disputes/{their_dispute(till)}",
        auth=(till.config.stripe_secret_key, ""),
        data={"evidence[uncategorized_text]": evidence},
        timeout=10,
    ).raise_for_status()


def test_a_dispute_is_kept_with_what_staff_need(till: Till) -> None:
    transaction = pay_and_dispute(till)
    kept = dispute()
    assert (kept.transaction_id, kept.amount, kept.currency) == (transaction, 1099, "usd")
    assert (kept.state, kept.reason, kept.funds) == ("needs_response", "fraudulent", "withdrawn")
    assert kept.due_by is not None
    assert kept.due_by > utcnow()
    assert kept.needs_answer


def test_a_dispute_never_changes_the_paid_state(till: Till) -> None:
    transaction = pay_and_dispute(till)
    assert till.read(transaction).state == "complete"
    assert "dispute.opened" in till.happened(transaction)


def test_a_dispute_is_debited_in_the_ledger(till: Till) -> None:
    pay_and_dispute(till)
    assert posted("dispute") == [("debit", "disputes", 1099), ("credit", "stripe_balance", 1099)]


def test_a_dispute_that_is_won_is_reinstated(till: Till) -> None:
    pay_and_dispute(till)
    answer(till, "winning_evidence")
    hear(till)
    assert (dispute().state, dispute().funds) == ("won", "reinstated")
    assert posted("dispute_reinstated") == [
        ("debit", "stripe_balance", 1099),
        ("credit", "disputes", 1099),
    ]
    assert queries.balances(db.session(), "disputes") == {"usd": 0}


def test_a_dispute_that_is_lost_stays_debited(till: Till) -> None:
    pay_and_dispute(till)
    answer(till, "losing_evidence")
    hear(till)
    assert (dispute().state, dispute().funds) == ("lost", "withdrawn")
    assert queries.balances(db.session(), "disputes") == {"usd": 1099}


def test_an_inquiry_moves_no_money(till: Till) -> None:
    pay_and_dispute(till, "pm_card_createDisputeInquiry")
    assert (dispute().state, dispute().funds) == ("warning_needs_response", "none")
    assert posted("dispute") == []


def test_a_dispute_alerts_with_its_deadline(till: Till) -> None:
    pay_and_dispute(till)
    alert = db.session.scalars(select(Alert).where(Alert.kind == "dispute")).one()
    assert alert.severity == "critical"
    assert "hand in evidence by" in alert.message


def test_what_the_bank_took_back_is_not_refunded_as_well(till: Till) -> None:
    transaction = pay_and_dispute(till)
    with pytest.raises(RefundRefusedError, match="in a dispute"):
        ask(transaction)


def test_news_that_comes_twice_is_one_dispute(till: Till) -> None:
    transaction = pay_and_dispute(till)
    hear(till)
    intent = till.read(transaction).stripe_payment_id or ""
    refresh(intent, claim(intent))
    till.work()
    assert dispute().version == 1
    assert len(posted("dispute")) == 2
    assert till.happened(transaction).count("dispute.opened") == 1


def test_eight_refreshes_and_postings_at_once_have_one_effect(till: Till) -> None:
    transaction = till.pay("pm_card_createDispute")
    subject = their_dispute(till)
    run_at_once(till.app, lambda: refresh(subject, claim(subject)))
    kept = dispute().id
    run_at_once(till.app, lambda: post_dispute(kept, claim(kept)))
    till.work()
    assert till.happened(transaction).count("dispute.opened") == 1
    assert len(posted("dispute")) == 2


def test_a_refresh_waits_while_stripe_cannot_be_read(till: Till) -> None:
    till.pay("pm_card_createDispute")
    subject = their_dispute(till)
    till.fail_stripe("500_before", "/v1/disputes", times=1)
    with pytest.raises(Later):
        refresh(subject, claim(subject))


def test_a_dispute_that_is_not_ours_is_left_alone(till: Till) -> None:
    refresh("dp_of_nobody", claim("x"))
    assert db.session.scalars(select(Dispute)).all() == []


def test_two_alike_payments_within_ten_minutes_are_likely_doubles(till: Till) -> None:
    first, second = till.pay(), till.pay()
    (double,) = likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1))
    assert (double.first, double.second) == (first, second)
    assert (double.email, double.money.amount) == ("ada@example.com", 1099)


def test_payments_of_nobody_known_are_no_doubles(till: Till) -> None:
    first, second = till.pay(), till.pay()
    execute(update(Transaction).values(email=""))
    assert likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1)) == []
    assert (twin_of(db.session(), first), twin_of(db.session(), second)) == (None, None)


def test_payments_far_apart_unlike_or_failed_are_no_doubles(till: Till) -> None:
    till.age(till.pay(), 700)
    till.pay()
    till.pay(order=till.create_order(500))
    till.pay("pm_card_visa_chargeDeclined", till.create_order(500))
    assert likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1)) == []
