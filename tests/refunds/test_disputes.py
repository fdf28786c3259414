"""Disputes: kept as Stripe tells them, and in the ledger when money moves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import requests
from sqlalchemy import select, update

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ledger import queries
from payments_app.ledger.post_dispute import post_dispute
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.double_payments import likely_doubles, twin_of
from payments_app.payments.refunds.request import RefundRefusedError, request_refund
from tests.bystanders import own
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import ask, execute, posted

pytestmark = pytest.mark.portable


def their_dispute(driver: PaymentDriver) -> str:
    return str(driver.sandbox("GET", "/v1/disputes")["data"][0]["id"])


def dispute() -> Dispute:
    db.session.rollback()
    return db.session.scalars(
        select(Dispute).where(own(Dispute)).execution_options(populate_existing=True)
    ).one()


def pay_and_dispute(driver: PaymentDriver, card: str = "pm_card_createDispute") -> str:
    """A disputed payment, and what Stripe tells of it taken in."""
    transaction = driver.pay(card)
    send_event(driver)
    return transaction


def send_event(driver: PaymentDriver) -> None:
    subject = their_dispute(driver)
    refresh(subject, claim(subject))
    driver.work()


def answer(driver: PaymentDriver, evidence: str) -> None:
    requests.post(
        f"{driver.config.stripe_api_base}/v1/disputes/{their_dispute(driver)}",
        auth=(driver.config.stripe_secret_key, ""),
        data={"evidence[uncategorized_text]": evidence},
        timeout=10,
    ).raise_for_status()


def test_a_dispute_is_kept_with_what_staff_need(driver: PaymentDriver) -> None:
    transaction = pay_and_dispute(driver)
    kept = dispute()
    assert (kept.transaction_id, kept.amount, kept.currency) == (transaction, 1099, "usd")
    assert (kept.state, kept.reason, kept.funds) == ("needs_response", "fraudulent", "withdrawn")
    assert kept.due_by is not None
    assert kept.due_by > utcnow()
    assert kept.needs_answer


def test_a_dispute_never_changes_the_paid_state(driver: PaymentDriver) -> None:
    transaction = pay_and_dispute(driver)
    assert driver.read(transaction).state == "complete"
    assert "dispute.opened" in driver.happened(transaction)


def test_a_dispute_is_debited_in_the_ledger(driver: PaymentDriver) -> None:
    pay_and_dispute(driver)
    assert posted("dispute") == [("debit", "disputes", 1099), ("credit", "stripe_balance", 1099)]


def test_a_dispute_that_is_won_is_reinstated(driver: PaymentDriver) -> None:
    pay_and_dispute(driver)
    answer(driver, "winning_evidence")
    send_event(driver)
    assert (dispute().state, dispute().funds) == ("won", "reinstated")
    assert posted("dispute_reinstated") == [
        ("debit", "stripe_balance", 1099),
        ("credit", "disputes", 1099),
    ]
    assert queries.balances(db.session(), "disputes") == {"usd": 0}


def test_a_dispute_that_is_lost_stays_debited(driver: PaymentDriver) -> None:
    pay_and_dispute(driver)
    answer(driver, "losing_evidence")
    send_event(driver)
    assert (dispute().state, dispute().funds) == ("lost", "withdrawn")
    assert queries.balances(db.session(), "disputes") == {"usd": 1099}


def test_an_inquiry_moves_no_money(driver: PaymentDriver) -> None:
    pay_and_dispute(driver, "pm_card_createDisputeInquiry")
    assert (dispute().state, dispute().funds) == ("warning_needs_response", "none")
    assert posted("dispute") == []


def test_a_dispute_alerts_with_its_deadline(driver: PaymentDriver) -> None:
    pay_and_dispute(driver)
    alert = db.session.scalars(select(Alert).where(Alert.kind == "dispute")).one()
    assert alert.severity == "critical"
    assert "is disputed as fraudulent: hand in evidence by" in alert.message


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("pm_card_createDisputeProductNotReceived", "is disputed as product not received: hand in"),
        ("pm_card_createDisputeInquiry", "is asked about by the bank as fraudulent: hand in"),
    ],
)
def test_an_alert_says_in_words_what_the_bank_wants(
    driver: PaymentDriver, card: str, words: str
) -> None:
    pay_and_dispute(driver, card)
    alert = db.session.scalars(select(Alert).where(Alert.kind == "dispute")).one()
    assert words in alert.message


def test_what_the_bank_took_back_is_not_refunded_as_well(driver: PaymentDriver) -> None:
    transaction = pay_and_dispute(driver)
    with pytest.raises(RefundRefusedError, match="is disputed"):
        ask(transaction)


def test_news_that_comes_twice_is_one_dispute(driver: PaymentDriver) -> None:
    transaction = pay_and_dispute(driver)
    send_event(driver)
    intent = driver.read(transaction).stripe_payment_id or ""
    refresh(intent, claim(intent))
    driver.work()
    assert dispute().version == 1
    assert len(posted("dispute")) == 2
    assert driver.happened(transaction).count("dispute.opened") == 1


def test_eight_refreshes_and_postings_at_once_have_one_effect(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_createDispute")
    subject = their_dispute(driver)
    run_at_once(driver.app, lambda: refresh(subject, claim(subject)))
    kept = dispute().id
    run_at_once(driver.app, lambda: post_dispute(kept, claim(kept)))
    driver.work()
    assert driver.happened(transaction).count("dispute.opened") == 1
    assert len(posted("dispute")) == 2


def test_a_refresh_waits_while_stripe_cannot_be_read(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    subject = their_dispute(driver)
    driver.fail_stripe("500_before", "/v1/disputes", times=1)
    with pytest.raises(Later):
        refresh(subject, claim(subject))


def test_a_dispute_that_is_not_ours_is_left_alone(driver: PaymentDriver) -> None:
    refresh("dp_of_nobody", claim("x"))
    assert db.session.scalars(select(Dispute).where(own(Dispute))).all() == []


def test_two_alike_payments_within_ten_minutes_are_likely_doubles(driver: PaymentDriver) -> None:
    first, second = driver.pay(), driver.pay()
    (double,) = likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1))
    assert (double.first, double.second) == (first, second)
    assert (double.email, double.money.amount) == ("ada@example.com", 1099)


@pytest.mark.parametrize(
    ("refunded", "left"), [(0, [(2, 1)]), (1, [(2, 0)]), (2, [(1, 0)]), (None, [(2, 1), (1, 0)])]
)
def test_of_three_alike_the_other_two_are_a_double_once_one_is_refunded(
    driver: PaymentDriver, refunded: int | None, left: list[tuple[int, int]]
) -> None:
    made = [driver.pay() for _ in range(3)]
    if refunded is not None:
        request_refund(made[refunded], 300, reason="Paid twice", actor="ada")
    found = likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1))
    pairs = [(made.index(double.second), made.index(double.first)) for double in found]
    assert pairs == left


def test_one_card_under_two_addresses_is_a_likely_double(driver: PaymentDriver) -> None:
    first, second = driver.pay(email="ada@example.com"), driver.pay(email="ada@example.org")
    third = driver.pay("pm_card_mastercard", email="grace@example.org")
    (double,) = likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1))
    assert (double.first, double.second, double.email) == (first, second, "ada@example.org")
    assert (twin_of(db.session(), first), twin_of(db.session(), third)) == (second, None)


def test_how_close_doubles_are_is_a_setting(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.age(driver.pay(), 700)
    driver.pay()
    hour_ago = utcnow() - dt.timedelta(hours=1)
    assert likely_doubles(db.session(), hour_ago) == []
    wider = replace(driver.app.config["CONFIG"], double_payment_minutes=15)
    monkeypatch.setitem(driver.app.config, "CONFIG", wider)
    assert len(likely_doubles(db.session(), hour_ago)) == 1


def test_payments_of_nobody_known_are_no_doubles(driver: PaymentDriver) -> None:
    first, second = driver.pay(), driver.pay()
    unknown = {"email": "", "card_fingerprint": None}
    execute(update(Transaction).where(own(Transaction)).values(unknown))
    assert likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1)) == []
    assert (twin_of(db.session(), first), twin_of(db.session(), second)) == (None, None)


def test_payments_far_apart_unlike_or_failed_are_no_doubles(driver: PaymentDriver) -> None:
    driver.age(driver.pay(), 700)
    driver.pay()
    driver.pay(order=driver.create_order(500))
    driver.pay("pm_card_visa_chargeDeclined", driver.create_order(500))
    assert likely_doubles(db.session(), utcnow() - dt.timedelta(hours=1)) == []


@pytest.mark.parametrize(
    "odd",
    [{"evidence_details": {"due_by": 10**20}}, {"evidence_details": "soon"}, {"created": "x"}],
)
def test_a_dispute_is_kept_whatever_its_times_are(
    driver: PaymentDriver, odd: dict[str, object]
) -> None:
    driver.pay("pm_card_createDispute")
    driver.sandbox("POST", f"/_sandbox/disputes/{their_dispute(driver)}", **odd)
    send_event(driver)
    kept = dispute()
    assert (kept.amount, kept.funds) == (1099, "withdrawn")
    assert kept.due_by is None or "created" in odd
    assert abs((kept.opened_at - utcnow()).total_seconds()) < 3600


@pytest.mark.parametrize(
    "odd", [{"amount": None}, {"amount": 2**63}, {"amount": 0}, {"currency": None}]
)
def test_a_dispute_of_no_amount_is_asked_for_again(
    driver: PaymentDriver, odd: dict[str, object]
) -> None:
    driver.pay("pm_card_createDispute")
    driver.sandbox("POST", f"/_sandbox/disputes/{their_dispute(driver)}", **odd)
    with pytest.raises(Later):
        send_event(driver)
    assert db.session.scalars(select(Dispute).where(own(Dispute))).all() == []
